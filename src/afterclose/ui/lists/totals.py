"""How many rows there are and what their money sums to, per currency, in one query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Sum

from afterclose.kit.money import Money
from afterclose.ui.lists.columns import Column, MoneyColumn


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of one money column: one amount per currency that occurs."""

    label: str
    amounts: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """The number of rows and the sums."""

    count: int
    sums: tuple[Total, ...] = ()


def read_totals(rows: QuerySet[Any], columns: tuple[Column, ...]) -> Totals:
    """Count and sums of the shown money columns that declare `total`."""
    summed = [c for c in columns if isinstance(c, MoneyColumn) and c.total and c.value is None]
    rows = rows.order_by()
    if not summed:
        return Totals(rows.count())
    currencies = list(dict.fromkeys(c.currency for c in summed if c.currency))
    figures = {f"sum_{index}": Sum(column.read_path) for index, column in enumerate(summed)}
    groups = list(
        rows.values(*currencies).annotate(list_count=Count("pk"), **figures)
        if currencies
        else [rows.aggregate(list_count=Count("pk"), **figures)]
    )
    amounts: list[dict[str, int]] = [{} for _ in summed]
    for group in groups:
        for index, column in enumerate(summed):
            code = group[column.currency] if column.currency else column.currency_code
            minor = group[f"sum_{index}"]
            if code and minor is not None:
                amounts[index][code] = amounts[index].get(code, 0) + int(minor)
    sums = tuple(
        Total(column.label, tuple(Money(minor, code) for code, minor in sorted(found.items())))
        for column, found in zip(summed, amounts, strict=True)
        if found
    )
    return Totals(sum(group["list_count"] for group in groups), sums)
