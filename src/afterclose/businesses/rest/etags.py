"""ETags: what a representation was when somebody read it, so that nobody overwrites what they
have not seen."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from pydantic import BaseModel

from afterclose.kit.problems import Problem


def etag(content: bytes) -> str:
    """The tag of a body: the same bytes have the same tag."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _tags(header: str) -> list[str]:
    # A proxy (or our own compression) makes a tag weak; what it stands for is the same.
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]


def is_known(request: HttpRequest, tag: str) -> bool:
    """Whether the caller has this representation already (If-None-Match)."""
    header = request.headers.get("If-None-Match", "")
    return bool(header) and (header.strip() == "*" or tag in _tags(header))


def require_match(request: HttpRequest, current: BaseModel | None) -> None:
    """Refuse (412) a change whose If-Match or If-None-Match does not fit what is there now.

    `current` is what GET would answer, read after the row was locked; None when nothing is there.
    """
    wanted = request.headers.get("If-Match", "").strip()
    tag = etag(current.model_dump_json().encode()) if current is not None else ""
    if wanted and (current is None or (wanted != "*" and tag not in _tags(wanted))):
        raise Problem(
            412,
            "Somebody changed it since you read it. Read it again, then decide about your change.",
        )
    if current is not None and is_known(request, tag):
        raise Problem(412, "It is there already, and If-None-Match asked that it is not.")


def lock(request: HttpRequest, rows: QuerySet[Any]) -> None:
    """Hold the rows until the end of the request, when its answer depends on what they are now."""
    if "If-Match" in request.headers or "If-None-Match" in request.headers:
        list(rows.select_for_update(of=("self",)).values_list("pk"))
