"""Lists of feedback."""

from __future__ import annotations

from typing import override

from django.db.models import QuerySet

from afterclose.accounts.fields import account_column, account_filter, contact_column
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.feedback import queries
from afterclose.feedback.models import Survey, SurveyAnswer
from afterclose.ui.lists import (
    ChoiceColumn,
    ChoiceFilter,
    Column,
    Empty,
    InstantColumn,
    InstantRangeFilter,
    List,
    NumberColumn,
)


class AnswerList(List):
    """Survey answers of all accounts."""

    name = "answers"
    title = "Survey answers"
    lead = "What customers said when asked."
    noun = ("answer", "answers")
    columns = [
        account_column(),
        ChoiceColumn("survey", "Survey", choices=Survey),
        NumberColumn("score", "Score"),
        Column("comment", "Comment"),
        contact_column(),
        InstantColumn("answered_at", "Answered", sort=True),
    ]
    filters = [
        account_filter(),
        ChoiceFilter("survey", "Survey", choices=Survey),
        InstantRangeFilter("answered_at", "Answered"),
    ]
    default_sort = "-answered_at"
    empty = Empty(
        "No answers yet",
        "NPS and CSAT answers make the score's sentiment part; until then champions and "
        "detractors among the contacts stand in.",
        icon="message-star",
    )

    @override
    def queryset(self, viewer: Actor) -> QuerySet[SurveyAnswer]:
        return queries.answers(viewer)

    @override
    def may_export(self, viewer: Actor, /) -> bool:
        return viewer.may(Right.ACCOUNTS_EXPORT)
