"""Every exception as a problem; whatever fails leaves nothing half-written."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError as SchemaError

from afterclose.businesses.errors import Refused
from afterclose.businesses.rest.fields import NO_NUL, NOT_BLANK
from afterclose.kit.problems import FieldError, Problem

logger = logging.getLogger(__name__)
SOURCES = {"body", "query", "path", "header", "form", "file"}
# What a person makes of the patterns of the most texts.
PATTERNS = {
    NO_NUL: "Must not contain NUL characters",
    NOT_BLANK: "Must not be blank, nor contain NUL characters",
}


def install(api: NinjaAPI) -> None:
    """Register a handler per exception; the most particular one is chosen."""
    handlers: dict[type[Exception], Callable[[Any], Problem]] = {
        Problem: lambda problem: problem,
        SchemaError: _schema,
        HttpError: lambda error: Problem(error.status_code, f"{error}."),
        PermissionDenied: lambda error: Problem(403, str(error) or "You may not do this."),
        Http404: lambda _: Problem(404, "There is nothing here that this key may see."),
        ObjectDoesNotExist: lambda _: Problem(404, "There is nothing here that this key may see."),
        ValidationError: _domain,
        Refused: lambda refusal: Problem(refusal.status, refusal.message),
        IntegrityError: _integrity,
        DataError: _data,
        RequestDataTooBig: lambda _: Problem(
            413, "The body is larger than 5 MB. Send less at once."
        ),
        MultiPartParserError: lambda _: Problem(400, "The form in the body cannot be read."),
        SuspiciousOperation: lambda _: Problem(400, "The request could not be understood."),
        OperationalError: _away,
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, _rolling_back(handler))


def _rolling_back(
    handler: Callable[[Any], Problem],
) -> Callable[[HttpRequest, Any], HttpResponse]:
    def handle(request: HttpRequest, error: Any) -> HttpResponse:
        if connection.in_atomic_block:
            transaction.set_rollback(True)
        return handler(error).response()

    return handle


def _schema(error: SchemaError) -> Problem:
    found = [FieldError(_place(each["loc"]), _words(each)) for each in error.errors]
    return Problem(422, "Some fields are not as they have to be.", found[:50])


def _words(error: Mapping[str, Any]) -> str:
    return PATTERNS.get((error.get("ctx") or {}).get("pattern", "")) or _sentence(error["msg"])


def _place(location: Any) -> str:
    parts = [str(part) for part in location]
    if parts and parts[0] in SOURCES:
        parts = parts[1:]
    # The name of the operation's own parameter says nothing to the caller.
    if len(parts) > 1 and parts[0] in ("body", "query"):
        parts = parts[1:]
    return ".".join(parts)[:200].encode(errors="replace").decode()


def _sentence(text: str) -> str:
    words = text.removeprefix("Value error, ").strip().encode(errors="replace").decode()
    return f"{words[:1].upper()}{words[1:300]}"


def _domain(error: ValidationError) -> Problem:
    listed = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
    found = [_field_error(name, each) for name, many in listed.items() for each in many]
    detail = " ".join(each.message for each in found) or "It does not fit what is there."
    return Problem(409, detail, found)


def _field_error(name: str, error: ValidationError) -> FieldError:
    if error.code in ("unique", "unique_together"):
        # Django names the tenant too, which is in every key of ours.
        checked = (error.params or {}).get("unique_check", (name,))
        names = [each for each in checked if each not in ("business", "__all__", "")]
        words = " and ".join(each.replace("_", " ") for each in names) or "value"
        return FieldError(names[-1] if names else "", f"Another one has this {words} already.")
    return FieldError("" if name == "__all__" else name, " ".join(error.messages))


def _integrity(error: IntegrityError) -> Problem:
    logger.warning("The API refused a write that breaks a constraint: %s", error)
    return Problem(
        409, "It does not fit what is there, or somebody was faster. Read and try again."
    )


def _data(error: DataError) -> Problem:
    logger.error("The API let a value through that cannot be stored: %s", error)
    return Problem(422, "A value is too long or too large to be stored.")


def _away(error: OperationalError) -> Problem:
    logger.error("The database does not answer the API: %s", error)
    return Problem(503, "The database does not answer. Try again.", headers={"Retry-After": "5"})


def _unexpected(error: Exception) -> Problem:
    logger.error("The API failed", exc_info=error)
    return Problem(500, "Something went wrong on our side. It has been logged, nothing was saved.")
