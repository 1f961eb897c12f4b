"""Lists of billing."""

from __future__ import annotations

from typing import override

from django.db.models import QuerySet

from afterclose.accounts.fields import account_column, account_filter
from afterclose.billing import queries
from afterclose.billing.models import Interval, Status, Subscription
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.ui.lists import (
    BooleanFilter,
    ChoiceColumn,
    ChoiceFilter,
    Column,
    DateColumn,
    DateRangeFilter,
    Empty,
    List,
    MoneyColumn,
    NumberColumn,
)


class SubscriptionList(List):
    """Everything that is or was sold for a period."""

    name = "subscriptions"
    title = "Subscriptions"
    lead = "What customers have bought, and until when."
    noun = ("subscription", "subscriptions")
    columns = [
        account_column(),
        Column("plan", "Plan"),
        ChoiceColumn(
            "status",
            "Status",
            choices=Status,
            tones={"active": "good", "trialing": "info", "past_due": "bad", "cancelled": "neutral"},
        ),
        NumberColumn("quantity", "Seats"),
        MoneyColumn("arr", "ARR", amount="arr", currency="currency", total=True),
        MoneyColumn("mrr", "MRR", amount="mrr", currency="currency", optional=True),
        ChoiceColumn("interval", "Billed", choices=Interval),
        DateColumn("current_period_end", "Period ends", sort=True),
        DateColumn("started_on", "Started"),
        DateColumn("ended_on", "Ended", optional=True),
        Column("external_id", "Id in its source", optional=True),
    ]
    filters = [
        account_filter(),
        ChoiceFilter("status", "Status", choices=Status),
        DateRangeFilter("current_period_end", "Period ends"),
        ChoiceFilter("interval", "Billed", choices=Interval),
        BooleanFilter("cancel_at_period_end", "Cancels at period end"),
    ]
    default_sort = "current_period_end"
    empty = Empty(
        "No subscriptions yet",
        "They come with an import; renewals and contract health follow from them.",
        actions=[("Import a file", "imports:start")],
        icon="receipt",
    )

    @override
    def queryset(self, viewer: Actor) -> QuerySet[Subscription]:
        return queries.subscriptions(viewer)

    @override
    def may_export(self, viewer: Actor, /) -> bool:
        return viewer.may(Right.ACCOUNTS_EXPORT)
