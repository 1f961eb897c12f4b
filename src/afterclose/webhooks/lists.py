"""The lists of endpoints and of deliveries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, override

from django.db.models import QuerySet
from django.urls import reverse

from afterclose.accounts import facts
from afterclose.businesses.actors import Actor
from afterclose.kit import clock
from afterclose.ui.lists import (
    BulkAction,
    ChoiceColumn,
    ChoiceFilter,
    Column,
    Empty,
    InstantColumn,
    InstantRangeFilter,
    List,
    NumberColumn,
    Row,
    View,
)
from afterclose.webhooks import actions, queries
from afterclose.webhooks.models import Delivery, Endpoint, Standing, Status

STANDING_TONES = {"active": "good", "failing": "bad", "disabled": "bad", "paused": "warn"}
STATUS_TONES = {"delivered": "good", "waiting": "info", "failed": "bad", "skipped": "neutral"}


def _what(row: Row) -> str:
    return "All facts" if row["all_kinds"] else ", ".join(map(facts.label, row["kinds"]))


class EndpointList(List):
    """Where facts are sent."""

    name = "webhooks"
    title = "Webhooks"
    lead = "Other systems are told what happens here: signed, stored first, tried for three days."
    noun = ("webhook", "webhooks")
    columns = [
        Column(
            "url",
            "Webhook",
            needs=("url", "description"),
            value=lambda row: row["description"] or row["url"],
            link=True,
        ),
        Column("address", "Address", path="url", optional=True),
        Column("facts", "Facts", needs=("all_kinds", "kinds"), value=_what),
        ChoiceColumn("how", "Status", choices=Standing, tones=STANDING_TONES),
        InstantColumn("failing_since", "Failing since"),
        InstantColumn("delivered_at", "Last delivered"),
        InstantColumn("created_at", "Added", sort=True, optional=True),
    ]
    filters = [ChoiceFilter("how", "Status", choices=Standing)]
    default_sort = "created_at"
    empty = Empty(
        "No webhooks yet",
        "Add the address of a system that should hear of what happens here.",
        actions=[("Add webhook", "webhooks:add"), ("See the facts", "webhooks:catalogue")],
        icon="webhook",
    )

    @override
    def queryset(self, viewer: Actor) -> QuerySet[Endpoint]:
        return queries.endpoints(viewer)

    @override
    def row_url(self, row: Row, /) -> str:
        return reverse("webhooks:endpoint", args=[row["id"]])


class _Kinds:
    """The kinds on offer, read when they are asked for: apps above declare theirs later."""

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield from ((kind.name, kind.label) for kind in facts.declared())
        yield actions.TEST, "Test"


def _send_again(viewer: Actor, selection: Any, _data: dict[str, Any]) -> str:
    ids = [each for batch in selection.ids() for each in batch]
    count = actions.replay(actor=viewer, at=clock.now(), delivery_ids=ids)
    return f"{count} will be sent again"


def called(kind: str) -> str:
    """What the kind of a delivery is called."""
    return "Test" if kind == actions.TEST else facts.label(kind)


class DeliveryList(List):
    """What was sent to one endpoint, or waits to be."""

    name = "deliveries"
    title = "Deliveries"
    noun = ("delivery", "deliveries")
    columns = [
        Column("kind", "Fact", needs=("kind",), value=lambda row: called(row["kind"]), link=True),
        Column("about", "What happened", path="event__title"),
        ChoiceColumn("status", "Status", choices=Status, tones=STATUS_TONES),
        InstantColumn("created_at", "Stored", sort=True),
        InstantColumn("settled_at", "Settled", optional=True),
        NumberColumn("tries", "Tries", optional=True),
        Column("last_status", "Answer"),
        Column("last_error", "Problem", optional=True),
    ]
    filters = [
        ChoiceFilter("status", "Status", choices=Status),
        ChoiceFilter("kind", "Fact", choices=_Kinds()),
        InstantRangeFilter("created_at", "Stored"),
    ]
    default_sort = "-created_at"
    views = [
        View("failed", "Failed", "status=failed"),
        View("waiting", "Waiting", "status=waiting"),
    ]
    bulk_actions = [
        BulkAction(
            "replay",
            "Send again",
            run=_send_again,
            text="Each goes out under the same id as before, so a receiver that has it can tell.",
        )
    ]
    empty = Empty(
        "Nothing was sent yet",
        "Facts appear here as they are recorded. Send a test to try the receiver.",
        icon="send",
    )

    @override
    def queryset(self, viewer: Actor) -> QuerySet[Delivery]:
        return queries.deliveries(viewer, self.scope.get("endpoint_id"))

    @override
    def row_url(self, row: Row, /) -> str:
        return reverse("webhooks:delivery", args=[row["id"]])
