"""Every address, on every rung: visitor, stranger, member without the right, allowed, wrong verb.

The addresses come from the URL resolver. A new parameter fails until ``addresses.OBJECTS`` (or
``VALUES``) has a sample for it; a view without ``@page`` fails until it is exempted below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise

import pytest
from django.db import transaction
from django.test import Client

from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Membership, Role
from afterclose.businesses.permissions import Right
from tests.guards.addresses import OBJECTS, VALUES, Address, addresses
from tests.guards.world import World, world

__all__ = ["world"]

SignIn = Callable[[Actor | None], Client]

# Start of a name or route: why it wears no @page, and the day on which somebody looks again.
DEBUG_ONLY = "name:ui:gallery"
EXEMPT: dict[str, tuple[str, date]] = {
    "route:sign-in/": ("allauth's own pages guard themselves", date(2027, 6, 1)),
    "name:notifications:stop": ("signed; see notifications/tests/test_summaries", date(2027, 6, 1)),
    "name:tasks:feed": ("its private link is the key; see tests/test_calendar", date(2027, 6, 1)),
    "name:ui:search": ("ui is below businesses; its providers ask the viewer", date(2027, 6, 1)),
    "name:api:": ("takes API keys, see test_api_ladder.py", date(2027, 6, 1)),
    "name:api_openapi": ("describes the API, says nothing about anybody", date(2027, 6, 1)),
    "name:api_unknown": ("answers 404 to everything", date(2027, 6, 1)),
    DEBUG_ONLY: ("only with DEBUG; shows no data", date(2027, 6, 1)),
    "name:ops:healthz": ("for monitors; says nothing about customers", date(2027, 6, 1)),
    "name:ops:readyz": ("for monitors; says nothing about customers", date(2027, 6, 1)),
    "name:ops:metrics": ("asks for its own token; see ops/tests/test_metrics", date(2027, 6, 1)),
}
FINE = range(200, 400)
# What an empty POST may answer where it is allowed: what is wrong, not that something broke.
REFUSED_INPUT = {400, 404, 409, 422}
NORTHWIND = ("Acme", "Birch", "Cedar", "Dune Inc", "Marek Novak", "dana@northwind")


def exempt(address: Address) -> bool:
    return any(
        f"name:{address.name}".startswith(start) or f"route:{address.route}".startswith(start)
        for start in EXEMPT
    )


def pages() -> list[Address]:
    return [address for address in addresses() if not exempt(address)]


def ask(client: Client, address: Address, world: World) -> Iterator[tuple[str, int, str]]:
    """GET, and POST where that is refused; nothing that a POST does stays."""
    url = address.url(world.values)
    client.raise_request_exception = False  # a 500 is a finding like any other
    with transaction.atomic():
        answer = client.get(url)
        yield "GET", answer.status_code, answer.get("Location", "")
        transaction.set_rollback(True)
    with transaction.atomic():
        answer = client.post(url)
        yield "POST", answer.status_code, answer.get("Location", "")
        transaction.set_rollback(True)


def test_every_exemption_has_time_left_and_something_to_exempt() -> None:
    known = {kind for each in addresses() for kind in (f"name:{each.name}", f"route:{each.route}")}
    for start, (reason, until) in EXEMPT.items():
        assert reason
        is_there = any(each.startswith(start) for each in known)
        assert is_there or start == DEBUG_ONLY, f"{start} is not there any more"
        assert date.today() < until, f"The exemption {start} has ended: {reason}"


def test_every_other_view_wears_the_page_decorator() -> None:
    assert [address.name for address in pages() if not address.is_page] == []


def test_every_parameter_has_a_sample() -> None:
    used = {parameter for address in pages() for parameter in address.parameters}
    assert used - set(OBJECTS) - set(VALUES) == set(), "add samples to tests/guards/addresses.py"


def test_a_visitor_is_sent_to_sign_in(world: World, sign_in: SignIn) -> None:
    client, wrong = sign_in(None), []
    for address in pages():
        for verb, status, location in ask(client, address, world):
            if status != 405 and not (status == 302 and location.startswith("/sign-in/")):
                wrong.append((address.name, verb, status))
    assert wrong == []


def test_a_stranger_does_not_find_rows_of_another_business(world: World, sign_in: SignIn) -> None:
    client, wrong = sign_in(world.cast.stranger), []
    for address in pages():
        if set(address.parameters) & set(OBJECTS):
            for verb, status, _ in ask(client, address, world):
                if status not in (404, 405):
                    wrong.append((address.name, verb, status))
    assert wrong == []


def test_a_stranger_sees_nothing_of_another_business(world: World, sign_in: SignIn) -> None:
    client, leaks = sign_in(world.cast.stranger), []
    client.raise_request_exception = False
    for address in pages():
        if not set(address.parameters) & set(OBJECTS):
            url = address.url(world.values)
            for query in ("", "?q=Acme", "?format=csv"):
                answer = client.get(url + query)
                body = answer.getvalue().decode(errors="replace")
                for echo in ('value="Acme"', 'data-searched="Acme"', "“Acme”", "q=Acme"):
                    body = body.replace(echo, "")  # what was asked for, said back
                leaks += [(address.name, query, name) for name in NORTHWIND if name in body]
    assert client.get("/search/?q=acme").getvalue().count(b"/accounts/") <= 2
    assert leaks == []


def test_who_lacks_the_right_is_refused(world: World, sign_in: SignIn) -> None:
    wrong = []
    for role, actor in (("member", world.cast.member), ("manager", world.cast.manager)):
        client = sign_in(actor)
        for address in pages():
            if address.right is None or actor.may(address.right):
                continue
            for verb, status, _ in ask(client, address, world):
                if status not in (403, 405):
                    wrong.append((role, address.name, verb, status))
    assert wrong == []


@pytest.mark.parametrize("role", ["owner", "admin", "manager", "member"])
def test_who_has_the_right_gets_in(world: World, sign_in: SignIn, role: str) -> None:
    actor: Actor = getattr(world.cast, role)
    client, wrong = sign_in(actor), []
    for address in pages():
        if address.right is not None and not actor.may(address.right):
            continue
        own = {"notification_id", "business_id", "export_id", "session_id"}
        if set(address.parameters) & own and role != "owner":
            continue  # these rows are the owner's own
        asked = {verb: status for verb, status, _ in ask(client, address, world)}
        if asked["GET"] == 405:
            good = asked["POST"] in FINE or asked["POST"] in REFUSED_INPUT
        else:
            good = asked["GET"] in FINE and (
                asked["POST"] in FINE or asked["POST"] in REFUSED_INPUT | {405}
            )
        if not good:
            wrong.append((address.name, asked))
    assert wrong == []


def test_no_view_answers_verbs_that_it_does_not_know(world: World, sign_in: SignIn) -> None:
    client, wrong = sign_in(world.cast.owner), []
    for address in pages():
        for verb in ("put", "delete", "patch"):
            with transaction.atomic():
                status = getattr(client, verb)(address.url(world.values)).status_code
                transaction.set_rollback(True)
            if status != 405:
                wrong.append((address.name, verb, status))
    assert wrong == []


def test_every_right_is_somebodys_and_nobody_has_more_than_above(world: World) -> None:
    cast = world.cast
    ladder = [cast.member, cast.manager, cast.admin, cast.owner]
    for lower, higher in pairwise(ladder):
        assert not [right for right in Right if lower.may(right) and not higher.may(right)]
    assert all(cast.owner.may(right) for right in Right)
    assert not any(cast.member.may(right) for right in Right)


def test_a_role_that_changes_holds_from_the_next_request(world: World, sign_in: SignIn) -> None:
    client = sign_in(world.cast.manager)
    assert client.get("/accounts/").status_code == 200
    with world.cast.at_work():
        Membership.objects.filter(id=world.cast.manager.membership_id).update(role=Role.MEMBER)
    assert client.get("/accounts/").status_code == 403
