"""What becomes of two rows of a table that cannot both point at the account or contact that stays.

Each app says it for its own tables, from its ``AppConfig.ready``; a table without a rule has its
rows moved. A guard (tests/guards/test_merging.py) fails for a table whose rows can collide and
that has no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from afterclose.accounts.merging.references import Model
from afterclose.businesses.actors import Actor

if TYPE_CHECKING:
    from afterclose.accounts.merging.engine import Engine, Pairs


@dataclass(frozen=True)
class Rule:
    """Of two rows that collide, the winner's stays and takes ``combine``: column to an SQL
    expression over ``w`` (the winner's row) and ``l`` (the loser's), such as
    ``{"count": "w.count + l.count"}``. The other row goes, and what points at it follows.
    ``afterwards`` gets the engine, the pairs and the images of the rows that went. ``rewritten``
    says that the app writes rows anew where they change: an undo brings those back that are gone
    since, unless something newer has their place."""

    combine: Mapping[str, str] = field(default_factory=dict)
    afterwards: Callable[[Engine, Pairs, Sequence[Mapping[str, Any]]], None] | None = None
    rewritten: bool = False


@dataclass(frozen=True)
class Derived:
    """Rows computed from others: the loser's go, the winner's are computed anew by the app's
    ``register_refresh``; an undo puts both back as they were."""


KEEP_WINNERS = Rule()

_rules: dict[Model, Rule | Derived] = {}


@dataclass(frozen=True)
class Naming:
    """Rows that name others by an id that is no key of the database, such as the facts about a
    contact: how many name some of them, and what has them name the winner instead."""

    label: str
    count: Callable[[Collection[int]], int]
    follow: Callable[[Engine, Pairs], None]


_namings: dict[Model, list[Naming]] = {}

Settle = Callable[["Engine", int], None]
_settlements: dict[str, Settle] = {}

Refresh = Callable[[Actor, datetime, Collection[int]], None]
_refreshes: dict[str, tuple[Refresh, bool]] = {}

Lock = Callable[[Actor, Collection[int]], None]
_locks: dict[str, Lock] = {}


def register(model: Model, rule: Rule | Derived) -> None:
    """Say what becomes of rows of this table that collide."""
    _rules[model] = rule


def rule_of(model: Model) -> Rule | Derived | None:
    """The rule of a table, or None where its rows just move."""
    return _rules.get(model)


def register_naming(model: Model, naming: Naming) -> None:
    """Say where rows of ``model`` are named without a key."""
    _namings.setdefault(model, []).append(naming)


def namings_of(model: Model) -> Sequence[Naming]:
    """Where rows of a model are named without a key."""
    return _namings.get(model, ())


def register_settlement(name: str, settle: Settle) -> None:
    """Have rows of a contact agree with it (such as on its account) at the end of its merge;
    ``settle`` gets the engine, by which it changes them, and the contact's id."""
    _settlements[name] = settle


def settle(engine: Engine, contact_id: int) -> None:
    """Have the rows of every app agree with a merged contact."""
    for _, each in sorted(_settlements.items()):
        each(engine, contact_id)


def register_refresh(name: str, refresh: Refresh, *, at_once: bool) -> None:
    """Have derived rows of accounts computed anew after a merge and after its undo.

    ``at_once``: within the merge itself, for what is cheap and shows on the page; all run in
    the background after both.
    """
    _refreshes[name] = (refresh, at_once)


def refresh(actor: Actor, at: datetime, account_ids: Collection[int], *, at_once: bool) -> None:
    """Run the refreshes that are cheap, or all."""
    for _, (each, is_quick) in sorted(_refreshes.items()):
        if is_quick or not at_once:
            each(actor, at, account_ids)


def register_lock(name: str, lock: Lock) -> None:
    """Have a merge, and its undo, wait until nobody writes rows of the accounts that no foreign
    key holds on to, and keep others from it until it commits. Taken before any row is locked."""
    _locks[name] = lock


def lock(actor: Actor, account_ids: Collection[int]) -> None:
    """Take the locks of every app."""
    for _, each in sorted(_locks.items()):
        each(actor, account_ids)
