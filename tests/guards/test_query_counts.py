"""No page asks the database more questions when there are more rows."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from afterclose.businesses.actors import Actor
from tests.guards.test_access_ladder import pages
from tests.guards.world import World, world

__all__ = ["world"]

# The most that any page may ask; the frame around it is part of it.
MOST = 45
# The preview of a merge counts the rows of every table that points at an account, table by table.
# The page of operations asks each business of the site in turn, for row-level security shows one
# at a time.
MORE = {"accounts:merge": 80, "ops:operations": 60}


def counts(client: Client, world: World) -> dict[str, list[str]]:
    found = {}
    for address in pages():
        url = address.url(world.values)
        if client.get(url).status_code != 200:  # also fills caches that live with the process
            continue
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(url)
        found[address.name] = [query["sql"] for query in captured.captured_queries]
    return found


def test_the_number_of_queries_does_not_grow_with_the_rows(
    world: World, sign_in: Callable[[Actor | None], Client]
) -> None:
    client = sign_in(world.cast.owner)
    client.raise_request_exception = False
    world.grow(3)
    few = counts(client, world)
    world.grow(20)
    many = counts(client, world)
    grown = {
        name: (len(few[name]), len(many[name]), repeated(many[name]))
        for name in few
        if len(many.get(name, ())) > len(few[name])
    }
    assert grown == {}
    assert {
        name: len(asked) for name, asked in many.items() if len(asked) > MORE.get(name, MOST)
    } == {}
    assert len(few) > 20


def repeated(statements: list[str]) -> str:
    """The statement that looks most like a loop."""
    starts = [statement[:120] for statement in statements]
    return max(starts, key=starts.count, default="")
