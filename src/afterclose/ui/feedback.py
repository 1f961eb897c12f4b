"""Answers that say something beside their HTML: toasts, events, where to go next."""

import json
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

Level = Literal["success", "info", "warning", "error"]

DRAWER_TARGET = "#drawer-body"


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx asks (not a history restore, which wants the whole page)."""
    return (
        request.headers.get("HX-Request") == "true"
        and request.headers.get("HX-History-Restore-Request") != "true"
    )


def in_drawer(request: HttpRequest) -> bool:
    """Whether the answer is going to be shown in the side drawer."""
    return is_htmx(request) and request.headers.get("HX-Target", "").endswith(DRAWER_TARGET)


def announce[R: HttpResponseBase](response: R, event: str, detail: Any = True) -> R:
    """Have the browser raise `event` after the swap; panels with `refresh=event` reload."""
    raised = json.loads(response.get("HX-Trigger", "{}"))
    raised[event] = detail
    response["HX-Trigger"] = json.dumps(raised)
    return response


def toast[R: HttpResponseBase](
    response: R, text: str, level: Level = "success", *, undo: str = ""
) -> R:
    """Show a short note in the corner, in addition to those already on the response; ``undo``
    is an address whose POST takes back what the note says."""
    shown = json.loads(response.get("HX-Trigger", "{}")).get("toasts", {}).get("items", [])
    item = {"text": text, "level": level, **({"undo": undo} if undo else {})}
    return announce(response, "toasts", {"items": [*shown, item]})


def close_drawer[R: HttpResponseBase](response: R) -> R:
    """Close the side drawer; combine with `announce` to refresh what it changed."""
    return announce(response, "close-drawer")


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Send the person to another page, also when htmx asked."""
    if is_htmx(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
