"""Survey answers in the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from afterclose.businesses.permissions import Right
from afterclose.businesses.rest.fields import Named, Out
from afterclose.businesses.rest.lists import list_operation
from afterclose.businesses.rest.router import ApiRouter
from afterclose.feedback.lists import AnswerList

router = ApiRouter()


class AnswerOut(Out):
    """What a customer said when asked: NPS from 0 to 10, CSAT from 1 to 5, CES 1 to 7."""

    id: int
    external_id: str | None
    account: Named
    contact: Named | None
    survey: Literal["nps", "csat", "ces"]
    score: int
    comment: str
    answered_at: datetime


PLAIN = ("id", "external_id", "survey", "score", "comment", "answered_at")


def _build(row: Mapping[str, Any]) -> AnswerOut:
    contact = None
    if row["contact_id"]:
        contact = Named.model_construct(id=row["contact_id"], name=row["contact__name"])
    return AnswerOut.model_construct(
        **{name: row[name] for name in PLAIN},
        account=Named.model_construct(id=row["account_id"], name=row["account__name"]),
        contact=contact,
    )


list_operation(
    router,
    "/survey-answers",
    AnswerList,
    right=Right.ACCOUNTS_VIEW,
    out=AnswerOut,
    paths=(*PLAIN, "account_id", "account__name", "contact_id", "contact__name"),
    build=_build,
    operation_id="list_survey_answers",
    example={
        "id": 12, "external_id": None, "account": {"id": 17, "name": "Globex"}, "contact": None,
        "survey": "nps", "score": 9, "comment": "Fast.", "answered_at": "2026-03-02T09:00:00Z",
    },
)  # fmt: skip
