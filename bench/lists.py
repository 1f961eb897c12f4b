"""Every filter of the account list with every order: the first page, as Django answers it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.test import Client
from django.utils import timezone

from afterclose.accounts.lists import AccountList
from afterclose.businesses import actors
from afterclose.businesses.models import Business, Membership, Person
from afterclose.businesses.tenancy import business_context
from afterclose.ui.lists import ListContext
from afterclose.ui.lists.filters import (
    BooleanFilter,
    ChoiceFilter,
    DateRangeFilter,
    Filter,
    InstantRangeFilter,
    MoneyRangeFilter,
    NumberRangeFilter,
    RelationFilter,
)
from afterclose.ui.lists.state import Reader
from bench.measuring import percentile

TIMES = 2


@dataclass(frozen=True)
class Combination:
    """A filter and an order, and the fastest of three answers in milliseconds: what the server
    needs, without what else the machine did."""

    query: str
    milliseconds: float


def combinations(business: Business) -> list[Combination]:
    """Each filter of the account list (and none) in each order, slowest first."""
    person = Person.objects.get(email=f"owner@{business.slug}.example")
    with business_context(business.id), transaction.atomic():
        membership = Membership.objects.select_related("person", "business").get(person=person)
        context = ListContext(actors.member(membership), timezone.localdate(), {})
        queries = list(_queries(Reader(AccountList(context)), context))
    client = Client()
    client.force_login(person)
    found = [Combination(query, _fastest(client, f"/accounts/?{query}")) for query in queries]
    return sorted(found, key=lambda each: -each.milliseconds)


def share_within(found: list[Combination], milliseconds: float) -> float:
    """The part of them that is answered within so long, 0 to 1."""
    return sum(each.milliseconds < milliseconds for each in found) / len(found)


def p95(found: list[Combination]) -> float:
    """All but one in twenty are at least this fast."""
    return percentile([each.milliseconds for each in found], 0.95)


def _fastest(client: Client, address: str) -> float:
    times = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        answer = client.get(address)
        times.append((time.perf_counter() - begun) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}")
    return min(times)


def _queries(reader: Reader, context: ListContext) -> Iterator[str]:
    orders = [
        sign + column.name
        for column in reader.all_columns
        if column.sort_path
        for sign in ("", "-")
    ]
    narrowed: list[dict[str, Any]] = [{}]
    for each in reader.all_filters:
        narrowed += _uses(each, context)
    for params in narrowed:
        for order in orders:
            yield urlencode({**params, "sort": order}, doseq=True)


def _uses(each: Filter, context: ListContext) -> list[dict[str, Any]]:
    """A narrow and a wide use of the filter."""
    name = each.name
    if isinstance(each, ChoiceFilter):
        options = [option.value for option in each.options()]
        return [{name: options[:1]}, {name: options[-1:]}]
    if isinstance(each, BooleanFilter):
        return [{name: "yes"}, {name: "no"}]
    if isinstance(each, DateRangeFilter | InstantRangeFilter):
        return [{name: preset} for preset in list(each.presets)[:2]]
    if isinstance(each, MoneyRangeFilter | NumberRangeFilter):
        return [{f"{name}_min": "10", f"{name}_max": "50"}]
    if isinstance(each, RelationFilter):
        offered = list(each.options(context.viewer, "", 2))
        return [{name: offered[0].value}] if offered else []
    return []
