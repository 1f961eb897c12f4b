"""Error pages: what happened, why, what to do; in the shell where a person is signed in."""

import logging
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from afterclose.kit.problems import Problem as ApiProblem, is_api
from afterclose.ui import feedback

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """The words of an error page; `retry` offers to load the page again."""

    status: int
    title: str
    why: str
    todo: str
    icon: str
    retry: bool = False


BAD_REQUEST = Problem(
    400,
    "This request could not be understood",
    "The browser sent something that this page does not expect, often from an old bookmark or "
    "a form that stayed open for a long time.",
    "Go back, reload the page and try again.",
    "alert-circle",
)
FORBIDDEN = Problem(
    403,
    "You do not have access to this",
    "Your role does not include what this page does.",
    "Ask an admin of your business to change your role or to do it for you.",
    "lock",
)
NOT_FOUND = Problem(
    404,
    "This page does not exist",
    "It may have been deleted or moved, or it belongs to another business.",
    "Check the address, or search for what you need.",
    "map-off",
)
NOT_ALLOWED = Problem(
    405,
    "This address cannot be used that way",
    "It takes a form from the product, not a visit from the address bar.",
    "Go back to the page that you came from and use its button.",
    "hand-stop",
)
TOO_MANY = Problem(
    429,
    "Too many tries",
    "This was tried more often in a short time than a person would, so it is held back for a "
    "while. That protects accounts from guessing.",
    "Wait some minutes, then try again. If you forgot your password, have a link sent to you.",
    "hourglass",
)
SERVER_ERROR = Problem(
    500,
    "Something went wrong on our side",
    "An unexpected error stopped this page. It has been logged, and nothing was half saved.",
    "Try again. If it happens again, tell whoever runs Afterclose for you and give the time.",
    "bug",
    retry=True,
)
UNAVAILABLE = Problem(
    503,
    "Afterclose is not available right now",
    "The database does not answer, or the product is being updated.",
    "Wait a minute and try again. What was saved is safe.",
    "plug-connected-x",
    retry=True,
)
CSRF = Problem(
    403,
    "This form is too old to be sent",
    "Forms carry a key that proves that they come from you. The key of this one is missing or "
    "out of date, for example because you signed in again in another tab or block cookies.",
    "Go back, reload the page and send the form again.",
    "shield-x",
)


def wants_page(request: HttpRequest) -> bool:
    """Whether a person's browser asks, rather than a program."""
    return feedback.is_htmx(request) or "text/html" in request.headers.get("Accept", "")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400."""
    return render_problem(request, BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403; the text of a PermissionDenied replaces the general reason."""
    said = str(exception) if isinstance(exception, PermissionDenied) else ""
    return render_problem(request, FORBIDDEN, why=said)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404; the text of an Http404 raised by a view replaces the general reason."""
    said = str(exception) if isinstance(exception, Http404) and exception.args else ""
    # The resolver raises Http404 with a dict, and get_object_or_404 with a model's name.
    fit = said and not said.startswith(("{", "No ")) and said.endswith(".")
    return render_problem(request, NOT_FOUND, why=said if fit else "")


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler429, which allauth calls for tries over its limits."""
    response = render_problem(request, TOO_MANY)
    response["Retry-After"] = "300"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500; asks neither the database nor the session, which may be what broke."""
    return render_problem(request, SERVER_ERROR, framed=False)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503: the database is away or the product is being updated."""
    response = render_problem(request, UNAVAILABLE, framed=False)
    response["Retry-After"] = "60"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW."""
    logger.warning("CSRF check failed: %s", reason)
    return render_problem(request, CSRF)


def dressed_method_not_allowed(request: HttpRequest, bare: HttpResponseBase) -> HttpResponseBase:
    """The page for a 405 that Django answered without a body; keeps its Allow header."""
    response = render_problem(request, NOT_ALLOWED)
    response["Allow"] = bare.get("Allow", "")
    return response


def render_problem(
    request: HttpRequest, problem: Problem, *, why: str = "", framed: bool = True
) -> HttpResponse:
    """A whole page, a partial for htmx, or JSON for a program that asks for it."""
    context = {"problem": problem, "why": why or problem.why, "request_path": request.path}
    if is_api(request.path):
        return ApiProblem(problem.status, f"{problem.title}. {context['why']}").response()
    accept = request.headers.get("Accept", "")
    if "application/json" in accept and "text/html" not in accept:
        return JsonResponse(
            {"error": problem.title, "why": context["why"], "todo": problem.todo},
            status=problem.status,
        )
    if feedback.is_htmx(request):
        html = render_to_string("ui/errors/partial.html", context)
        return HttpResponse(html, status=problem.status)
    if framed and _signed_in(request):
        try:
            html = render_to_string("ui/errors/framed.html", context, request)
            return HttpResponse(html, status=problem.status)
        except Exception:
            # The frame asks the database for the person's navigation; an error page must
            # come out even when that is what failed.
            logger.exception("The frame of an error page could not be rendered.")
    theme = request.COOKIES.get("theme", "")
    context["theme"] = theme if theme in ("light", "dark") else "system"
    return HttpResponse(render_to_string("ui/errors/bare.html", context), status=problem.status)


def _signed_in(request: HttpRequest) -> bool:
    return getattr(request, "viewer", None) is not None
