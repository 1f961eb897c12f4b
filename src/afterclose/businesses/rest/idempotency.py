"""Idempotency-Key: the same POST sent twice has its effect once and the same answer twice.

The answer is stored by the transaction that has the effect, so a crash leaves both or neither.
An advisory lock on the key, held until that transaction ends, lets one of two concurrent requests
work and tells the other to come back.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from afterclose.businesses.api_keys.lookup import Caller
from afterclose.businesses.api_keys.models import KeptAnswer
from afterclose.kit.problems import FieldError, Problem

HEADER = "Idempotency-Key"
KEPT_FOR = timedelta(hours=24)
KEPT_HEADERS = ("Content-Type", "ETag", "Location")
_KEY = re.compile(r"[!-~]{1,255}")


def once(request: HttpRequest, call: Caller, run: Callable[[], HttpResponse]) -> HttpResponse:
    """Run the operation, or answer what it answered before. Must be called in the transaction of
    the request. Raises Problem: 409 while the first request runs, 422 for another request."""
    key = request.headers.get(HEADER)
    if key is None:
        return run()
    if not _KEY.fullmatch(key):
        problem = "Use 1 to 255 visible ASCII characters, such as a UUID."
        raise Problem(422, f"The {HEADER} is not valid.", [FieldError(HEADER, problem)])
    if not _lock(f"{call.actor.business_id}:{call.key_id}:{key}"):
        raise Problem(409, "The first request with this key is still at work. Try again shortly.")
    at, fingerprint = timezone.now(), _fingerprint(request)
    kept = KeptAnswer.objects.filter(api_key_id=call.key_id, key=key).first()
    if kept is not None and at - kept.kept_at < KEPT_FOR:
        if kept.request_hash != fingerprint:
            problem = "It was sent with another request before. Use a new one."
            raise Problem(422, f"The {HEADER} is taken.", [FieldError(HEADER, problem)])
        return _replay(kept)
    if kept is not None:
        kept.delete()
    response = run()
    if 200 <= response.status_code < 300:
        KeptAnswer.objects.create(
            api_key_id=call.key_id,
            key=key,
            request_hash=fingerprint,
            status=response.status_code,
            headers={name: response[name] for name in KEPT_HEADERS if response.has_header(name)},
            body=response.content.decode(),
            kept_at=at,
        )
    return response


def _replay(kept: KeptAnswer) -> HttpResponse:
    response = HttpResponse(kept.body, status=kept.status, headers=kept.headers)
    response["Idempotent-Replayed"] = "true"
    return response


def _lock(name: str) -> bool:
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        row = cursor.fetchone()
    return bool(row and row[0])


def _fingerprint(request: HttpRequest) -> str:
    """The request as far as it matters: method, address, and body or form with its files."""
    whole = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type != "multipart/form-data":
        whole.update(request.body)
        return whole.hexdigest()
    for name, values in sorted(request.POST.lists()):
        whole.update(f"{name}={values}\n".encode())
    # The stubs allow a list here, which items() of a MultiValueDict never gives.
    for name, file in sorted(request.FILES.items()):
        whole.update(f"{name}={file.name}\n".encode())  # type: ignore[union-attr]
        for chunk in file.chunks():  # type: ignore[union-attr]
            whole.update(chunk)
        file.seek(0)  # type: ignore[union-attr]
    return whole.hexdigest()
