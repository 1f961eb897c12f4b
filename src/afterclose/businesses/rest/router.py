"""Declaring an operation of the API: its right, its answer, its examples; the rest follows."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.operation import Operation

from afterclose.businesses.actors import Actor
from afterclose.businesses.api_keys.lookup import Caller
from afterclose.businesses.api_keys.scopes import scope_for
from afterclose.businesses.permissions import Right, require
from afterclose.businesses.rest import idempotency
from afterclose.businesses.rest.etags import etag, is_known
from afterclose.businesses.rest.middleware import NO_KEY
from afterclose.kit.problems import FieldError, Problem

ROOT = "/api/v1"
JSON = "application/json"
MULTIPART = "multipart/form-data"

# Errors that every operation may answer, and those that some kinds may.
ALWAYS = (400, 401, 403, 404, 406, 422, 429, 500, 503)
WRITING = (409, 413, 415)
CHANGING = (412,)  # what If-Match and If-None-Match may answer


class ApiRequest(HttpRequest):
    """A request by a valid key, as operations get it."""

    api: Caller
    viewer: Actor


class ApiRouter(Router):
    """A router whose operations name their right.

    ``@router.operation("POST", "/accounts", right=Right.ACCOUNTS_EDIT, returns=AccountOut,
    status=201, example=…)``: the summary is the docstring's first line, the description the rest.
    An operation returns an instance of ``returns``, or a Created around one.
    """

    def operation(
        self,
        method: str,
        path: str,
        *,
        right: Right,
        returns: Any,
        status: int = 200,
        also: tuple[int, ...] = (),
        example: Any = None,
        takes: Any = None,
        cached: bool = False,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """See the class. ``also`` are further good statuses with the same answer, ``example`` is
        one of the answer, ``takes`` one of the body; ``cached`` gives the answer an ETag."""

        def declare(view: Callable[..., Any]) -> Callable[..., Any]:
            summary, _, description = (view.__doc__ or "").strip().partition("\n")
            view.right = right  # type: ignore[attr-defined]  # read by the guard and the schema
            view.cached = cached  # type: ignore[attr-defined]
            view.status = status  # type: ignore[attr-defined]
            self.api_operation(
                [method],
                path,
                response=dict.fromkeys((status, *also), returns),
                operation_id=view.__name__,
                tags=[path.split("/")[1].replace("-", " ").capitalize()],
                summary=summary.rstrip("."),
                description=_described(description, right, method),
                openapi_extra=_extra(method, status, also, example, takes, cached),
            )(view)
            return view

        return declare


class Created:
    """An answer that says where the new row is."""

    def __init__(self, value: Any, location: str, status: int = 201) -> None:
        self.value, self.location, self.status = value, location, status


def _described(text: str, right: Right, method: str) -> str:
    lines = [" ".join(text.split())] if text.strip() else []
    lines.append(f"Needs the scope `{scope_for(right)}`.")
    if method == "POST":
        lines.append("Send an `Idempotency-Key` header to repeat it safely.")
    if method in ("PUT", "PATCH"):
        lines.append(
            "Send `If-Match` with the ETag that you read to change only what you have seen."
        )
    return "\n\n".join(lines)


def _extra(
    method: str, status: int, also: tuple[int, ...], example: Any, takes: Any, cached: bool
) -> dict[str, Any]:
    responses: dict[Any, Any] = {
        code: {"$ref": f"#/components/responses/Problem{code}"}
        for code in (
            *ALWAYS,
            *(WRITING if method != "GET" else ()),
            *(CHANGING if method in ("PUT", "PATCH") else ()),
        )
    }
    for code in (status, *also):
        good: dict[str, Any] = {
            "headers": {"RateLimit": {"$ref": "#/components/headers/RateLimit"}}
        }
        if cached or method in ("PUT", "PATCH"):
            good["headers"]["ETag"] = {"$ref": "#/components/headers/ETag"}
        if method == "POST":
            good["headers"]["Idempotent-Replayed"] = {
                "$ref": "#/components/headers/IdempotentReplayed"
            }
        if example is not None:
            good["content"] = {JSON: {"example": example}}
        responses[code] = good
    if cached:
        responses[304] = {
            "description": "You have this version already (If-None-Match).",
            "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
        }
    extra: dict[str, Any] = {
        "responses": responses,
        "parameters": [
            {"$ref": f"#/components/parameters/{name}"}
            for name in _header_parameters(method, cached)
        ],
    }
    if takes is not None:
        extra["requestBody"] = {"content": {JSON: {"example": takes}}}
    return extra


def _header_parameters(method: str, cached: bool) -> list[str]:
    """Which of `describing.PARAMETERS` an operation heeds."""
    if method == "GET":
        return ["IfNoneMatch"] if cached else []
    return {
        "POST": ["IdempotencyKey"],
        "PUT": ["IfMatch", "IfNothingThere"],
        "PATCH": ["IfMatch"],
    }.get(method, [])


def guarded(run: Callable[..., Any]) -> Callable[..., Any]:
    """Around every operation: key, right, headers, idempotency (a ninja decorator, mode view)."""
    # A bound method by ninja's contract; the function in it carries what `operation` put on it.
    operation: Operation = run.__self__  # type: ignore[attr-defined]

    def answer(request: Any, **path: Any) -> HttpResponse:
        try:
            call: Caller | None = getattr(request, "api", None)
            if call is None:
                raise NO_KEY
            require(call.actor, operation.view_func.right)  # type: ignore[attr-defined]
            _check_headers(request, operation)
            _check_query(request, operation)
            if request.method == "POST":
                return idempotency.once(request, call, lambda: run(request, **path))
            return run(request, **path)  # type: ignore[no-any-return]
        except Exception as problem:  # whatever it is, its answer is a problem (rest.errors)
            return operation.api.on_exception(request, problem)

    return answer


def answered(view: Callable[..., Any]) -> Callable[..., Any]:
    """Inside every operation: what it returned as an answer, with ETag, Location and 304 where they
    belong (a ninja decorator, mode operation)."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **values: Any) -> HttpResponse:
        return _response(request, view, view(request, *args, **values))

    return answer


def _response(request: HttpRequest, view: Any, result: Any) -> HttpResponse:
    location, status = "", view.status
    if isinstance(result, Created):
        result, location, status = result.value, result.location, result.status
    if result is None:
        return HttpResponse(status=204)
    content = result.model_dump_json().encode()
    response = HttpResponse(content, status=status, content_type=JSON)
    if location:
        response["Location"] = location
    if view.cached or request.method in ("PUT", "PATCH"):
        tag = etag(content)
        if request.method == "GET" and is_known(request, tag):
            response = HttpResponse(status=304)
        response["ETag"] = tag
    return response


def _check_headers(request: HttpRequest, operation: Operation) -> None:
    accepted = request.headers.get("Accept", "")
    if accepted and not request.accepts(JSON):
        raise Problem(406, "Answers are application/json; send “Accept: application/json”.")
    sources = {model.__ninja_param_source__ for model in operation.models}
    wanted = MULTIPART if {"file", "form"} & sources else JSON if "body" in sources else ""
    if wanted and request.content_type != wanted:
        raise Problem(415, f"Send the body as “Content-Type: {wanted}”.")


def _check_query(request: HttpRequest, operation: Operation) -> None:
    if getattr(operation.view_func, "checks_query", False):
        return  # a list, whose business may have filters of its own
    known: set[str] = set()
    for model in operation.models:
        if model.__ninja_param_source__ == "query":
            known |= set(getattr(model, "__ninja_flatten_map__", None) or model.model_fields)
    refuse_unknown(request, known)


def refuse_unknown(request: HttpRequest, known: set[str]) -> None:
    """Refuse parameters that nobody reads, rather than answer as if they had been heeded."""
    unknown = [key for key in request.GET if key not in known]
    if unknown:
        raise Problem(
            422,
            "The request has parameters that this operation does not know.",
            [FieldError(key[:100], "There is no such parameter.") for key in unknown[:20]],
        )
