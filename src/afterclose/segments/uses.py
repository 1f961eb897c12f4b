"""What uses a segment: other segments, and whatever apps above say (scorecards, workflows…)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from django.urls import reverse

from afterclose.segments import queries
from afterclose.segments.models import Segment


class UsedBy(NamedTuple):
    """One thing that would break without the segment."""

    label: str
    url: str = ""


Finder = Callable[[Segment], Iterable[UsedBy]]
_finders: list[Finder] = []


def register(finder: Finder) -> None:
    """Say what of an app uses a segment; called from an ``AppConfig.ready``."""
    _finders.append(finder)


def of(segment: Segment) -> list[UsedBy]:
    """Everything that uses a segment; it cannot be deleted while there is any."""
    found = [
        UsedBy(f"the segment “{each.name}”", reverse("segments:detail", args=[each.id]))
        for each in queries.segments_using(segment)
    ]
    for finder in _finders:
        found += finder(segment)
    return found
