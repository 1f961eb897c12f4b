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

TIMES = 3
UNFILTERED = "/accounts/"


@dataclass(frozen=True)
class Combination:
    """A filter and an order, and the fastest of three answers in milliseconds: what the server
    needs, without what else the machine did. `unfiltered` is that of the list that nothing
    narrows, asked for in between, because the machine's own speed changes by the minute."""

    query: str
    milliseconds: float
    unfiltered: float

    @property
    def ratio(self) -> float:
        """How many times as long as the list that nothing narrows."""
        return self.milliseconds / self.unfiltered


def combinations(business: Business) -> list[Combination]:
    """Each filter of the account list (and none) in each order, slowest first."""
    person = Person.objects.get(email=f"owner@{business.slug}.example")
    with business_context(business.id), transaction.atomic():
        membership = Membership.objects.select_related("person", "business").get(person=person)
        context = ListContext(actors.member(membership), timezone.localdate(), {})
        queries = list(_queries(Reader(AccountList(context)), context))
    client = Client()
    client.force_login(person)
    found = [_measure(client, query) for query in queries]
    return sorted(found, key=lambda each: -each.ratio)


def _measure(client: Client, query: str) -> Combination:
    answers = [
        (_ask(client, UNFILTERED), _ask(client, f"{UNFILTERED}?{query}")) for _ in range(TIMES)
    ]
    unfiltered, narrowed = (min(times) for times in zip(*answers, strict=True))
    return Combination(query, narrowed, unfiltered)


def _ask(client: Client, address: str) -> float:
    begun = time.perf_counter()
    answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")
    return (time.perf_counter() - begun) * 1000


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
