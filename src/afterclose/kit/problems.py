"""Errors of the API as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from django.http import HttpResponse

MEDIA_TYPE = "application/problem+json"
API_ROOT = "/api/"

# Status to a word that programs compare, which never changes though the sentences may.
CODES: dict[int, str] = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    412: "precondition_failed",
    413: "content_too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "rate_limited",
    500: "server_error",
    503: "unavailable",
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: its path such as ``contacts.0.email``, and a sentence."""

    field: str
    message: str


@dataclass
class Problem(Exception):
    """Ends a request with this status; `detail` says what happened and what to do."""

    status: int
    detail: str
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str = ""

    def __str__(self) -> str:
        return self.detail

    def response(self) -> HttpResponse:
        """The answer."""
        body: dict[str, object] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code or CODES.get(self.status, "error"),
        }
        if self.errors:
            body["errors"] = [
                {"field": error.field, "message": error.message} for error in self.errors
            ]
        text = json.dumps(body, ensure_ascii=True)
        return HttpResponse(
            text, status=self.status, content_type=MEDIA_TYPE, headers=dict(self.headers)
        )


def is_api(path: str) -> bool:
    """Whether an address belongs to the API, where every error is a problem."""
    return path.startswith(API_ROOT) and not path.rstrip("/").endswith("/docs")
