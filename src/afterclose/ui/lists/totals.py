"""What the money of all rows found sums to, per currency, in one query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Sum

from afterclose.kit.money import Money
from afterclose.ui.lists.columns import Column, MoneyColumn


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of one money column: one amount per currency that occurs."""

    label: str
    amounts: tuple[Money, ...]


def summed(columns: tuple[Column, ...]) -> list[MoneyColumn]:
    """The money columns that declare a `total`."""
    return [c for c in columns if isinstance(c, MoneyColumn) and c.total and c.value is None]


def read_totals(rows: QuerySet[Any], columns: tuple[Column, ...]) -> list[Total]:
    """The sums of the shown money columns that declare `total`; no query without one."""
    wanted = summed(columns)
    if not wanted:
        return []
    currencies = list(dict.fromkeys(c.currency for c in wanted if c.currency))
    figures = {f"sum_{index}": Sum(column.read_path) for index, column in enumerate(wanted)}
    rows = rows.order_by()
    groups = (
        list(rows.values(*currencies).annotate(**figures))
        if currencies
        else [rows.aggregate(**figures)]
    )
    amounts: list[dict[str, int]] = [{} for _ in wanted]
    for group in groups:
        for index, column in enumerate(wanted):
            code = group[column.currency] if column.currency else column.currency_code
            minor = group[f"sum_{index}"]
            if code and minor is not None:
                amounts[index][code] = amounts[index].get(code, 0) + int(minor)
    return [
        Total(column.label, tuple(Money(minor, code) for code, minor in sorted(found.items())))
        for column, found in zip(wanted, amounts, strict=True)
        if found
    ]
