"""Reads of support: viewer in, rows out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.support.models import Ticket

Row = Mapping[str, Any]
SHOWN_IN_PANEL = 5


def tickets(viewer: Actor) -> QuerySet[Ticket]:
    """Every ticket of the business, those without an account included."""
    require(viewer, Right.ACCOUNTS_VIEW)
    return Ticket.objects.all()


def in_state(states: Collection[str]) -> Q:
    """Open or solved tickets; both or neither means all."""
    chosen = set(states) & {"open", "solved"}
    return Q(solved_at__isnull="open" in chosen) if len(chosen) == 1 else Q()


def called(row: Row) -> str:
    """What a ticket is called: its subject, else its id in its source."""
    return str(row["subject"] or row["external_id"] or "Ticket without a subject")


@dataclass(frozen=True, slots=True)
class AccountTickets:
    """An account's tickets in figures, and its open ones, oldest first."""

    total: int
    open: int
    oldest_opened_at: datetime | None
    shown: list[Ticket]


def account_tickets(viewer: Actor, account_id: int) -> AccountTickets:
    """The support panel of an account page."""
    rows = tickets(viewer).filter(account_id=account_id)
    still_open = rows.filter(in_state(["open"])).order_by("opened_at", "id")
    shown = list(still_open[:SHOWN_IN_PANEL])
    return AccountTickets(
        total=rows.count(),
        open=still_open.count() if len(shown) == SHOWN_IN_PANEL else len(shown),
        oldest_opened_at=shown[0].opened_at if shown else None,
        shown=shown,
    )
