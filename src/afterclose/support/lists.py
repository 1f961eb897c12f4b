"""Lists of support."""

from __future__ import annotations

from typing import override

from django.db.models import QuerySet

from afterclose.accounts.fields import account_column, account_filter
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.support import queries
from afterclose.support.models import Priority, Ticket
from afterclose.ui.lists import (
    BooleanColumn,
    ChoiceColumn,
    ChoiceFilter,
    Column,
    Empty,
    InstantColumn,
    InstantRangeFilter,
    List,
    NumberColumn,
)


class TicketList(List):
    """Support tickets of all accounts."""

    name = "tickets"
    title = "Tickets"
    lead = "What customers asked support, joined to accounts by id or e-mail domain."
    noun = ("ticket", "tickets")
    columns = [
        Column("subject", "Ticket", needs=("subject", "external_id"), value=queries.called),
        account_column(),
        ChoiceColumn(
            "priority",
            "Priority",
            choices=Priority,
            tones={"urgent": "bad", "high": "warn", "normal": "neutral", "low": "neutral"},
        ),
        InstantColumn("opened_at", "Opened", sort=True),
        InstantColumn("solved_at", "Solved"),
        NumberColumn("reopened_count", "Reopened"),
        NumberColumn("satisfaction", "Satisfaction", optional=True),
        NumberColumn("first_response_minutes", "First response, minutes", optional=True),
        BooleanColumn("was_escalated", "Escalated", optional=True),
        Column("requester_email", "Requester", optional=True),
    ]
    filters = [
        account_filter(empty="No account known"),
        ChoiceFilter(
            "state",
            "State",
            choices=[("open", "Open"), ("solved", "Solved")],
            where=lambda states, _viewer: queries.in_state(states),
        ),
        ChoiceFilter("priority", "Priority", choices=Priority),
        InstantRangeFilter("opened_at", "Opened"),
    ]
    default_sort = "-opened_at"
    empty = Empty(
        "No tickets yet",
        "They come with an import, and count in the health score's support part.",
        actions=[("Import a file", "imports:start")],
        icon="lifebuoy",
    )

    @override
    def queryset(self, viewer: Actor) -> QuerySet[Ticket]:
        return queries.tickets(viewer)

    @override
    def may_export(self, viewer: Actor, /) -> bool:
        return viewer.may(Right.ACCOUNTS_EXPORT)
