"""What conditions of segments can ask about billing."""

from __future__ import annotations

from afterclose.billing.models import AccountBilling, Interval, Status, Subscription
from afterclose.segments import fields
from afterclose.segments.fields import Field, One, Own, Relation, Type, fixed

GROUP = "Subscriptions"


def register() -> None:
    """Called as the product starts."""
    fields.register(
        Field("arr", "ARR", GROUP, Type.MONEY, One(AccountBilling, "arr", currency="currency"),
              help="Of live subscriptions; another currency than the account's compares false."),
        Field("subscriptions", "Live subscriptions", GROUP, Type.NUMBER,
              One(AccountBilling, "live_subscriptions")),
        Field("subscribed_seats", "Subscribed seats", GROUP, Type.NUMBER,
              One(AccountBilling, "seats")),
        Field("renews_on", "Period ends", GROUP, Type.DATE, One(AccountBilling, "period_ends_on"),
              help="The earliest end among live subscriptions, else the last end."),
    )  # fmt: skip
    fields.register_relation(
        Relation("subscriptions", "Subscriptions", Subscription, _rows(), on="started_on")
    )


def _rows() -> list[Field]:
    def row(key: str, label: str, kind: Type, column: str = "") -> Field:
        return Field(key, label, "", kind, Own(column or key), subject="row")

    def choice(key: str, label: str, choices: list[tuple[str, str]]) -> Field:
        return Field(key, label, "", Type.CHOICE, Own(key), subject="row", choices=fixed(choices))

    def money(key: str, label: str) -> Field:
        return Field(key, label, "", Type.MONEY, Own(key, currency="currency"), subject="row")

    return [
        choice("status", "Status", Status.choices),
        row("plan", "Plan", Type.TEXT),
        money("arr", "ARR"),
        money("mrr", "MRR"),
        row("quantity", "Seats", Type.NUMBER),
        choice("interval", "Billed", Interval.choices),
        row("auto_renews", "Renews by itself", Type.BOOLEAN),
        row("cancels", "Cancels at period end", Type.BOOLEAN, "cancel_at_period_end"),
        row("upgraded", "Was upgraded", Type.BOOLEAN, "had_upgrade"),
        row("downgraded", "Was downgraded", Type.BOOLEAN, "had_downgrade"),
        row("started_on", "Started", Type.DATE),
        row("ended_on", "Ended", Type.DATE),
        row("period_ends_on", "Period ends", Type.DATE, "current_period_end"),
    ]
