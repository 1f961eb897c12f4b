"""Reads of feedback: viewer in, rows out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.feedback.models import Survey, SurveyAnswer

# The window of the sentiment part of the health score (CS-53).
WINDOW = timedelta(days=180)
SHOWN_IN_PANEL = 4
SHOWN_OF_CONTACT = 10


def answers(viewer: Actor) -> QuerySet[SurveyAnswer]:
    """Every survey answer of the business."""
    require(viewer, Right.ACCOUNTS_VIEW)
    return SurveyAnswer.objects.all()


@dataclass(frozen=True, slots=True)
class AccountAnswers:
    """An account's answers in the window, in figures, and the newest ones."""

    nps: float | None
    nps_answers: int
    csat: float | None
    csat_answers: int
    shown: list[SurveyAnswer]


def account_answers(viewer: Actor, account_id: int, at: datetime) -> AccountAnswers:
    """The surveys panel: NPS (-100 to 100) and CSAT (percent of 4 and 5), 180 days to ``at``."""
    rows = answers(viewer).filter(account_id=account_id)
    nps, csat = Q(survey=Survey.NPS), Q(survey=Survey.CSAT)
    figures = rows.filter(answered_at__gt=at - WINDOW, answered_at__lte=at).aggregate(
        nps=Count("id", filter=nps),
        promoters=Count("id", filter=nps & Q(score__gte=9)),
        detractors=Count("id", filter=nps & Q(score__lte=6)),
        csat=Count("id", filter=csat),
        satisfied=Count("id", filter=csat & Q(score__gte=4)),
    )
    return AccountAnswers(
        nps=100 * (figures["promoters"] - figures["detractors"]) / figures["nps"]
        if figures["nps"]
        else None,
        nps_answers=figures["nps"],
        csat=100 * figures["satisfied"] / figures["csat"] if figures["csat"] else None,
        csat_answers=figures["csat"],
        shown=list(rows.select_related("contact").order_by("-answered_at")[:SHOWN_IN_PANEL]),
    )


def contact_answers(viewer: Actor, contact_id: int) -> list[SurveyAnswer]:
    """What one person answered, newest first."""
    rows = answers(viewer).filter(contact_id=contact_id)
    return list(rows.order_by("-answered_at", "-id")[:SHOWN_OF_CONTACT])
