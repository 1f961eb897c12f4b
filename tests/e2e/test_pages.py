"""Every page of the product as the resolver knows them: looked at by axe, drawn for people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from afterclose.accounts.exports.models import Export
from afterclose.accounts.models import Contact
from afterclose.accounts.tags.actions import create_tag, tag_accounts
from afterclose.businesses.models import SignInProvider
from afterclose.tasks.actions import add_task
from afterclose.tasks.models import Task
from tests.e2e.browser import assert_accessible
from tests.factories import MORNING
from tests.guards.addresses import samples
from tests.guards.rows import make_rows

PAGE = {"Accept": "text/html"}
PARTS = (
    "panels/",
    "progress/",
    "tiles/",
    "unread/",
    "movers/",
    "_gallery/",
    "<str:secret>",
    "<str:token>",
    "/api/<path:rest>",
    "/file/",
    "/metrics",  # text for Prometheus, off without a token
)


def addresses(patterns: Any = None, before: str = "") -> Iterator[str]:
    """The address of each view of ours, with the names of its parameters."""
    for entry in get_resolver(settings.ROOT_URLCONF).url_patterns if patterns is None else patterns:
        path = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, path)
        elif path.startswith("sign-in/"):
            continue  # Ways to a provider and closed addresses; test_sign_in.py looks at the rest.
        elif isinstance(entry, URLPattern) and entry.callback.__module__.startswith("afterclose."):
            yield "/" + path


# Parameters of which the cast has an example; the guards make up rows for the others, and those
# stand in every list from then on. So the pages that need them come last.
OF_THE_CAST = {
    "account_id",
    "contact_id",
    "loser_id",
    "membership_id",
    "other_contact_id",
    "provider_id",
    "tag_id",
    "task_id",
    "window_days",
}


def parameters(address: str) -> set[str]:
    """The names in an address."""
    return set(re.findall(r"<(?:\w+:)?(\w+)>", address))


def pages() -> list[str]:
    """Every address to look at, those first for which the cast is enough."""
    every = [path for path in addresses() if not any(part in path for part in PARTS)]
    return sorted(every, key=lambda path: not parameters(path) <= OF_THE_CAST)


def a_task(stage):
    """One of three tasks of the owner's, by when they are due."""
    today = timezone.localdate()
    for title, days in (("Call Bo about the tickets", -3), ("Send the offer", 0), ("Review", 40)):
        task = Task.objects.filter(title=title).first() or add_task(
            actor=stage.owner,
            at=timezone.now(),
            title=title,
            due_on=today + timedelta(days=days),
            assignee=stage.owner.membership,
            account=stage.birch,
            priority="high" if days < 0 else "normal",
            notes="What was agreed in the last call.",
        )
    return task


@pytest.fixture(scope="module")
def ids(tour):
    """What the parameters of addresses may be, of the cast."""
    stage = tour.cast
    with transaction.atomic(), stage.at_work():
        contact = Contact.objects.get(account=stage.birch)
        other = Contact.objects.get(account=stage.acme)
        tag = create_tag(actor=stage.manager, at=MORNING, name="Key account", tone="accent")
        tag_accounts(
            actor=stage.manager, at=MORNING, account_ids=[stage.birch.id], tag_ids=[tag.id]
        )
        task = a_task(stage)
        provider = SignInProvider.objects.create(
            slug="okta", name="Okta", issuer="https://login.example.com", client_id="northwind"
        )
    return {
        "account_id": stage.birch.id,
        "contact_id": contact.id,
        "loser_id": stage.cedar.id,
        "other_contact_id": other.id,
        "tag_id": tag.id,
        "task_id": task.id,
        "provider_id": provider.id,
        "membership_id": stage.manager.membership_id,
        "window_days": 90,
    }


@pytest.fixture(scope="module")
def of_the_guards(tour):
    """What they may be where the cast has no example: rows that the guards make up."""
    stage = tour.cast
    with transaction.atomic(), stage.at_work():
        rows = make_rows(stage.business.id)
        # A file is shown to whoever asked for it alone.
        rows[Export].member_id = stage.owner.membership_id
        rows[Export].save()
        return samples(stage, rows)


@pytest.fixture
def visitor(tour):
    """The owner at an empty tab, as wide as a laptop's; fails when the browser complains."""
    visitor = tour.visitor
    visitor.page.set_viewport_size({"width": 1440, "height": 900})
    visitor.page.emulate_media(color_scheme="light", reduced_motion="reduce")
    visitor.complaints.clear()
    yield visitor
    complaints = visitor.unexpected()
    visitor.page.goto("about:blank")
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("address", pages())
def test_axe_finds_nothing_on(address, tour, visitor, ids, request):
    if not parameters(address) <= set(ids):
        ids = request.getfixturevalue("of_the_guards") | ids
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(ids[found[1]]), address)

    answer = tour.client.get(path, headers=PAGE)
    if answer.status_code in (204, 302, 405):
        return  # It acts, it does not show.
    assert answer.status_code == 200, path
    if "text/html" not in answer["Content-Type"]:
        answer.getvalue()  # A file that is not read to its end is a request that never ends.
        return
    page = visitor.go(path)
    assert page.title()
    assert page.get_by_role("heading", level=1).count() == 1
    name = re.sub(r"\W+", "-", address.replace("int:", "")).strip("-") or "home"
    assert_accessible(page, f"page-{name}")


def test_the_cast_has_an_example_of_what_is_said_to_be_of_the_cast(ids):
    assert set(ids) == OF_THE_CAST
