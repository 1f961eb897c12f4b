"""Makes ordinary Django answers work for htmx: redirects, messages, errors."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from afterclose.ui import errors, feedback

_LEVELS: dict[str, feedback.Level] = {
    "success": "success",
    "warning": "warning",
    "error": "error",
}
_REDIRECTS = {301, 302, 303, 307, 308}


class HtmxMiddleware:
    """Place it after MessageMiddleware.

    fetch() follows redirects in silence, so that a sign-in page would land inside a panel: an
    answer that redirects becomes HX-Redirect, a visit of the whole page. Messages become toasts.
    A bare 405 gets the error page that the other codes have.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == 405 and errors.wants_page(request):
            response = errors.dressed_method_not_allowed(request, response)
        if not feedback.is_htmx(request):
            if response.get("Content-Type", "").startswith("text/html"):
                patch_vary_headers(response, ("HX-Request", "HX-Target"))
            return response
        patch_vary_headers(response, ("HX-Request", "HX-Target"))
        if response.status_code in _REDIRECTS and isinstance(response, HttpResponse):
            # Messages stay in their storage: the page that follows shows them.
            response["HX-Redirect"] = response["Location"]
            del response["Location"]
            response.status_code = 204
            response.content = b""
        elif "HX-Redirect" not in response and "HX-Refresh" not in response:
            for message in messages.get_messages(request):
                feedback.toast(response, str(message), _LEVELS.get(message.level_tag, "info"))
        return response
