"""Health scores in the API: read, with the reasons."""

from __future__ import annotations

from datetime import date
from typing import Literal

from django.http import Http404
from ninja import Path, Query
from pydantic import Field

from afterclose.businesses.permissions import Right
from afterclose.businesses.rest.fields import LEFT_OUT, AddressId, Day, In, Out
from afterclose.businesses.rest.router import ApiRequest, ApiRouter
from afterclose.health import queries, scoring
from afterclose.health.explaining import component_rows

router = ApiRouter()


class ComponentOut(Out):
    """One part of a score; score, share and points are null where there was no input."""

    label: str
    weight: int
    share_percent: int | None
    score: float | None
    points: float | None
    sentence: str


class HealthOut(Out):
    """An account's health on a day, and why."""

    account_id: int
    on: date
    score: float | None = Field(description="0 to 100; null where there was no data.")
    word: Literal["Healthy", "OK", "At risk", "Critical", "No data"]
    coverage_percent: int
    previous_score: float | None
    previous_on: date | None
    components: list[ComponentOut]


class HealthQuery(In):
    """Which day."""

    on: Day = Field(LEFT_OUT, description="A day of the last 90; empty: the current score.")


@router.operation(
    "GET",
    "/accounts/{account_id}/health",
    right=Right.HEALTH_VIEW,
    returns=HealthOut,
    cached=True,
    example={
        "account_id": 17, "on": "2026-03-02", "score": 71.4, "word": "OK",
        "coverage_percent": 100, "previous_score": 74.0, "previous_on": "2026-03-01",
        "components": [
            {"label": "Usage", "weight": 40, "share_percent": 40, "score": 80.0, "points": 32.0,
             "sentence": "Last used 2 days ago."}
        ],
    },
)  # fmt: skip
def get_account_health(
    request: ApiRequest, account_id: Path[AddressId], query: Query[HealthQuery]
) -> HealthOut:
    """Read an account's health score and what it is made of.

    404 also where the account was not scored on that day.
    """
    found = queries.explanation(request.viewer, account_id, query.on)
    if found is None:
        raise Http404
    before = found.before
    return HealthOut(
        account_id=account_id,
        on=found.snapshot.on,
        score=found.score,
        word=scoring.word(found.score).value,
        coverage_percent=found.snapshot.coverage,
        previous_score=before.score if before else None,
        previous_on=before.on if before else None,
        components=[
            ComponentOut(
                label=str(row.label),
                weight=row.weight,
                share_percent=row.share,
                score=row.percent if row.score is not None else None,
                points=float(row.points) if row.points is not None else None,
                sentence=str(row.sentence),
            )
            for row in component_rows(found, account_id)
        ],
    )
