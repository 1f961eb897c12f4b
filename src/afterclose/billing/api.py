"""Subscriptions in the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from afterclose.billing.lists import SubscriptionList
from afterclose.businesses.permissions import Right
from afterclose.businesses.rest.fields import MoneyOut, Named, Out
from afterclose.businesses.rest.lists import list_operation
from afterclose.businesses.rest.router import ApiRouter

router = ApiRouter()


class SubscriptionOut(Out):
    """Something sold for a period."""

    id: int
    external_id: str | None
    account: Named
    plan: str
    status: Literal["trialing", "active", "past_due", "cancelled"]
    quantity: int
    mrr: MoneyOut
    arr: MoneyOut
    interval: str
    auto_renews: bool
    started_on: date
    ended_on: date | None
    current_period_start: date
    current_period_end: date
    cancel_at_period_end: bool


PLAIN = (
    "id", "external_id", "plan", "status", "quantity", "interval", "auto_renews", "started_on",
    "ended_on", "current_period_start", "current_period_end", "cancel_at_period_end",
)  # fmt: skip


def _build(row: Mapping[str, Any]) -> SubscriptionOut:
    return SubscriptionOut.model_construct(
        **{name: row[name] for name in PLAIN},
        account=Named.model_construct(id=row["account_id"], name=row["account__name"]),
        mrr=MoneyOut(amount_minor=row["mrr"], currency=row["currency"]),
        arr=MoneyOut(amount_minor=row["arr"], currency=row["currency"]),
    )


list_operation(
    router,
    "/subscriptions",
    SubscriptionList,
    right=Right.ACCOUNTS_VIEW,
    out=SubscriptionOut,
    paths=(*PLAIN, "account_id", "account__name", "mrr", "arr", "currency"),
    build=_build,
    operation_id="list_subscriptions",
    example={
        "id": 31, "external_id": "sub_1", "account": {"id": 17, "name": "Globex"}, "plan": "Pro",
        "status": "active", "quantity": 20, "mrr": {"amount_minor": 120000, "currency": "USD"},
        "arr": {"amount_minor": 1440000, "currency": "USD"}, "interval": "year",
        "auto_renews": True, "started_on": "2025-04-01", "ended_on": None,
        "current_period_start": "2026-04-01", "current_period_end": "2027-04-01",
        "cancel_at_period_end": False,
    },
)  # fmt: skip
