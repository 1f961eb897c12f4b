"""Pieces that compiling is made of: a query with its parameters, and days."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models.expressions import RawSQL


@dataclass(frozen=True, slots=True)
class Compiled:
    """``SELECT id …`` with its parameters in order."""

    sql: str
    params: tuple[Any, ...]

    def as_expression(self) -> RawSQL:
        """For ``filter(id__in=…)``."""
        return RawSQL(self.sql, self.params)  # noqa: S611 - made of the registry's SQL alone


def positional(sql: str, named: dict[str, Any]) -> Compiled:
    """Named parameters brought into the order of the text."""
    order: list[Any] = []

    def place(match: re.Match[str]) -> str:
        order.append(named[match[1]])
        return "%s"

    return Compiled(re.sub(r"%\((\w+)\)s", place, sql), tuple(order))


def shifted(day: date, days: int) -> date:
    """So many days later."""
    return day + timedelta(days=days)


def days_of_year(today: date, days: int) -> list[int]:
    """Month and day (331 for 31 March) of today and the next ``days`` days; in a year without
    a 29 February its anniversary is the 28th."""
    found = []
    for offset in range(days + 1):
        each = today + timedelta(days=offset)
        found.append(each.month * 100 + each.day)
        if (each.month, each.day) == (2, 28) and not calendar.isleap(each.year):
            found.append(229)
    return sorted(set(found))
