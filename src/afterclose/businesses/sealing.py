"""The hash chain over audit entries: pure rules, so that anybody can compute it again.

    fingerprint(n) = SHA-256( fingerprint(n - 1) + "\\n" + content(n) ), in hex;
    fingerprint(0) = sixty-four zeros

``content`` is JSON with sorted keys and no spaces, in UTF-8; docs/decisions/0130 has it in words.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

BEGINNING = "0" * 64
# What an entry says; a field that is added later makes a new version of the form.
FIELDS = (
    "id",
    "business_id",
    "at",
    "person_id",
    "actor_name",
    "verb",
    "subject_type",
    "subject_id",
    "subject_label",
    "changes",
)
VERSION = 1


def content(entry: Mapping[str, Any], number: int) -> bytes:
    """The canonical form of an entry (its FIELDS, as stored) as seal ``number``."""
    at: datetime = entry["at"]
    form = {key: entry[key] for key in FIELDS} | {
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "number": number,
        "version": VERSION,
    }
    return json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def fingerprint(previous: str, said: bytes) -> str:
    """The next fingerprint: 64 hexadecimal digits."""
    return hashlib.sha256(previous.encode() + b"\n" + said).hexdigest()
