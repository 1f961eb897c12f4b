"""The renewal pipeline in the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from afterclose.businesses.permissions import Right
from afterclose.businesses.rest.fields import MoneyOut, Named, Out
from afterclose.businesses.rest.lists import list_operation
from afterclose.businesses.rest.router import ApiRouter
from afterclose.kit.money import Money
from afterclose.renewals import queries
from afterclose.renewals.lists import RenewalList

router = ApiRouter()


class RenewalOut(Out):
    """Something that renews within the business's window, and how it stands."""

    account: Named
    subscription_id: int | None
    renews_on: date
    days_left: int
    stage: str
    reasons: list[str]
    plan: str
    arr: MoneyOut | None
    seats: int | None
    health_score: float | None


def _build(row: Mapping[str, Any]) -> RenewalOut:
    standing = queries.standing_of(row)
    worth = row["arr"] is not None and row["currency"]
    return RenewalOut.model_construct(
        account=Named.model_construct(id=row["account_id"], name=row["account__name"]),
        subscription_id=row["subscription_id"],
        renews_on=row["renews_on"],
        days_left=standing.days,
        stage=str(standing.stage.value),
        reasons=list(standing.reasons),
        plan=row["plan"] or "",
        arr=MoneyOut.of(Money(row["arr"], row["currency"])) if worth else None,
        seats=row["seats"],
        health_score=row["account__health__score"],
    )


list_operation(
    router,
    "/renewals",
    RenewalList,
    right=Right.RENEWALS_VIEW,
    out=RenewalOut,
    paths=tuple(
        dict.fromkeys(
            (
                *queries.JUDGED_BY, "account_id", "account__name", "subscription_id", "plan",
                "arr", "currency", "seats",
            )
        )
    ),
    build=_build,
    operation_id="list_renewals",
    example={
        "account": {"id": 17, "name": "Globex"}, "subscription_id": 31, "renews_on": "2027-04-01",
        "days_left": 41, "stage": "at_risk", "reasons": ["Flagged at risk"], "plan": "Pro",
        "arr": {"amount_minor": 1440000, "currency": "USD"}, "seats": 20, "health_score": 41.5,
    },
)  # fmt: skip
