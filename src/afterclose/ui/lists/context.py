"""What a list needs to know about the request, decided once at the face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

# One record as read by `.values()`: ORM path -> value.
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ListContext:
    """Who looks (`viewer`, the signed-in actor), what day it is for them, and `scope`: what the
    page around the list fixes (such as the account of a panel)."""

    viewer: Any
    today: date
    scope: Mapping[str, Any] = field(default_factory=dict)
    # What was read once for this answer, such as the options that two filters share.
    memo: dict[Any, Any] = field(default_factory=dict, compare=False)
