"""The numbers that several places show: each is one function, registered once.

Page, API, export, tool and report call the registered query, so that they cannot differ; the
formula stands in prose on the number's page under docs/numbers. A tile names its number by
slug, and a guard compares what the tile says with the rows that its link opens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class NumberClash(ValueError):
    """Two numbers have the same slug."""


@dataclass(frozen=True, slots=True)
class Number:
    """A shared number: `slug` is app.name, `unit` what it counts or measures, `doc` the page of
    its formula, `query` the one function in that app's queries.py that computes it."""

    slug: str
    label: str
    unit: str
    doc: str
    query: Callable[..., Any]


_numbers: dict[str, Number] = {}


def register(number: Number) -> None:
    """Make a number known; called from an `AppConfig.ready`. Raises NumberClash."""
    held = _numbers.setdefault(number.slug, number)
    if held != number:
        raise NumberClash(f"“{number.slug}” is already {held.query.__module__}'s.")


def get(slug: str) -> Number:
    """The number of that slug; raises KeyError."""
    return _numbers[slug]


def every() -> list[Number]:
    """All registered numbers by slug."""
    return sorted(_numbers.values(), key=lambda number: number.slug)
