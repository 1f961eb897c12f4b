"""Every number on a screen opens exactly the rows that it counts, and is one of the registry's.

A tile says which number it is (`data-number`), its value, and where its rows are; the list there
says how many it has. Read by the pages that a CSM opens, over the cast and a sample set.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from afterclose.businesses.actors import Actor
from afterclose.kit import numbers
from afterclose.ops.sample import actions, frame
from tests.cast import Cast
from tests.factories import MORNING

PAGES = ("/?whose=all", "/?whose=mine", "/renewals/", "/renewals/30-days/", "/health/")
# Numbers whose rows are no list with a count of its own, and how else their rows are counted.
UNREAD = "notifications.unread"


@dataclass(frozen=True)
class Shown:
    """A number as a page shows it."""

    page: str
    slug: str
    value: int
    url: str


@pytest.fixture
def client(
    at_work: Cast, sign_in: Callable[[Actor | None], Client], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    """Northwind's manager, on a morning with a book of sample customers."""
    detail = frame.Detail(40, 1, True, 3, (21, 14, 7, 3, 2, 1), 20)
    monkeypatch.setattr(frame, "_STEPS", ((300, detail),))
    actions.begin(actor=at_work.owner, at=MORNING, size=45, seed=7)
    actions.go_on(actor=at_work.owner, at=MORNING)
    with time_machine.travel(MORNING, tick=False):
        yield sign_in(at_work.manager)


def get(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def parts(client: Client, page: str) -> Iterator[str]:
    """The page and the panels that it loads."""
    text = get(client, page)
    yield text
    for url in re.findall(r'data-panel hx-get="([^"]+)"', text):
        yield get(client, html.unescape(url))


def shown(client: Client) -> Iterator[Shown]:
    pattern = re.compile(r'data-number="([^"]+)" data-value="(\d*)".*?href="([^"]+)"', re.S)
    for page in PAGES:
        for text in parts(client, page):
            for slug, value, url in pattern.findall(text):
                yield Shown(page, slug, int(value), html.unescape(url))


def rows_behind(client: Client, number: Shown) -> int:
    text = get(client, number.url)
    if number.slug == UNREAD:
        return text.count('<li class="list-group-item">')
    [count] = re.findall(r'data-list-count="(\d+)"', text)
    return int(count)


def test_each_number_on_a_screen_opens_the_rows_that_it_counts(client: Client) -> None:
    found = list(shown(client))

    wrong = [(each, rows) for each in found if (rows := rows_behind(client, each)) != each.value]

    assert wrong == []
    assert {each.slug for each in found} >= {
        "health.at_risk",
        "health.distribution",
        "home.churned",
        "home.newly_at_risk",
        "home.renewing_this_week",
        "renewals.by_stage",
        "renewals.pipeline",
    }
    # A guard over zeros would find nothing wrong.
    assert len({each.slug for each in found if each.value}) >= 5


def test_each_number_on_a_screen_is_registered(client: Client) -> None:
    registered = {number.slug for number in numbers.every()}

    assert {each.slug for each in shown(client)} <= registered


def test_each_registered_number_is_explained_where_it_says() -> None:
    for number in numbers.every():
        page = Path(settings.BASE_DIR) / number.doc
        assert page.is_file(), f"{number.slug}: there is no {number.doc}"


def test_each_registered_number_is_a_function_of_its_apps_queries() -> None:
    for number in numbers.every():
        app = number.slug.split(".")[0]
        assert number.query.__module__ == f"afterclose.{app}.queries", number.slug
        assert number.unit
        assert number.label
