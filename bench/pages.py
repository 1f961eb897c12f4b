"""Server time of pages, as Django answers them: middleware, sign-in and transaction included."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.test import Client

from afterclose.accounts.models import Account
from afterclose.businesses import actors
from afterclose.businesses.models import Business, Person
from afterclose.businesses.tenancy import business_context
from afterclose.health.actions import keep_comparisons
from bench.books import add_tasks
from bench.measuring import percentile

TIMES = 60
WARM = 5
_PARTS = re.compile(r'hx-get="([^"]+)"')
PARTS = ("panel", "tiles", "movers")
NO_PARTS = ("/search", "/inbox", "/notifications")


@dataclass
class Page:
    """A page or panel and how often it was asked for; times in milliseconds."""

    name: str
    times: list[float] = field(default_factory=list)
    queries: set[int] = field(default_factory=set)
    size: int = 0

    @property
    def p50(self) -> float:
        """Half of the answers were at least this fast."""
        return percentile(self.times, 0.50)

    @property
    def p95(self) -> float:
        """All but one in twenty were at least this fast."""
        return percentile(self.times, 0.95)


def pages(business: Business) -> list[Page]:
    """Dashboard, lists, account page: each whole, and each of its panels."""
    client = Client()
    client.force_login(Person.objects.get(email=f"owner@{business.slug}.example"))
    accounts = _accounts(business)
    add_tasks(business)
    _keep_movers(business)
    lists = {
        "Account list": "/accounts/",
        "Account list, sorted by score": "/accounts/?sort=health",
        "Account list, active, sorted by score": "/accounts/?stage=active&sort=health",
        "Account list, active, a CSM's, highest score first": (
            f"/accounts/?stage=active&csm={_csm(business)}&sort=-health"
        ),
        "Account list, search": "/accounts/?q=fal",
        "Accounts at risk": "/health/at-risk/",
        "Renewals, 90 days": "/renewals/",
        "Health": "/health/",
        "Contacts": "/accounts/contacts/",
        "My tasks": "/tasks/",
        "All tasks": "/tasks/all/",
        "All tasks, open, most urgent first": "/tasks/all/?state=open&sort=-priority",
    }
    found = _whole(client, "Dashboard", ["/"])
    for name, address in lists.items():
        if client.get(address).status_code == 200:
            found += _whole(client, name, [address])
    return found + _whole(client, "Account page", [f"/accounts/{each}/" for each in accounts])


def _keep_movers(business: Business) -> None:
    """What the nightly run leaves behind; the sample data may be older than it."""
    with business_context(business.id):
        with transaction.atomic():
            actor = actors.system(business.id)
        keep_comparisons(actor=actor)


def _accounts(business: Business) -> list[int]:
    with business_context(business.id), transaction.atomic():
        ids = list(Account.objects.filter(stage="active").values_list("id", flat=True)[:20_000])
    return random.Random(1).sample(ids, TIMES)


def _csm(business: Business) -> Any:
    with business_context(business.id), transaction.atomic():
        return Account.objects.exclude(csm=None).values_list("csm_id", flat=True).first()


def _whole(client: Client, name: str, addresses: list[str]) -> list[Page]:
    """The page itself and what it loads afterwards, each measured on all addresses."""
    html = client.get(addresses[0]).text
    parts = [
        part.replace("&amp;", "&")
        for part in _PARTS.findall(html)
        if not part.startswith(NO_PARTS) and any(word in part for word in PARTS)
    ]
    found = [_measured(client, name, addresses)]
    number = re.search(r"/accounts/(\d+)/", addresses[0])
    for part in dict.fromkeys(parts):
        own = [part]
        if number is not None:
            own = [
                part.replace(number[0], re.search(r"/accounts/\d+/", each)[0]) for each in addresses
            ]  # type: ignore[index]
        short = re.sub(r"^/|/$|\?.*|accounts/\d+/|panels/", "", part)
        found.append(_measured(client, f"{name}: {short}", own))
    return found


def _measured(client: Client, name: str, addresses: list[str]) -> Page:
    page = Page(name)
    for turn in range(WARM + TIMES):
        address = addresses[turn % len(addresses)]
        with _counted() as count:
            begun = time.perf_counter()
            answer = client.get(address, headers={"HX-Request": "true"} if ":" in name else None)
            took = (time.perf_counter() - begun) * 1000
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}")
        if turn >= WARM:
            page.times.append(took)
            page.queries.add(count[0])
            page.size = len(answer.content)
    return page


@contextmanager
def _counted() -> Iterator[list[int]]:
    count = [0]

    def one_more(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        count[0] += 1
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(one_more):
        yield count
