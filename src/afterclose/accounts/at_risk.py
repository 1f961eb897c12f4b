"""Flagging accounts by their score, set-wise (CS-58); by hand is in ``accounts.actions``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection, transaction

from afterclose.accounts import timeline
from afterclose.accounts.models import AtRiskFlag
from afterclose.accounts.reasons import SCORE
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.ui import formats

FLAGGED = "at_risk.flagged"


class Crossing(NamedTuple):
    """A score that crossed the threshold; `before` is None for the first score."""

    account_id: int
    before: float | None
    after: float


class Flagged(NamedTuple):
    """An account that the score has flagged just now."""

    flag_id: int
    account_id: int
    name: str
    csm_id: int | None
    before: float | None
    after: float


# An account that a person has flagged already gets the score as one more reason; one that the
# score has flagged already gets nothing, so nobody is told twice.
_FLAG = """
    WITH flagged AS (
        INSERT INTO accounts_atriskflag AS f
               (business_id, account_id, reasons, note, set_at, is_automatic,
                score_before, score_after, clear_note)
        SELECT %(business)s, c.account_id, ARRAY[%(reason)s]::varchar[], '', %(at)s, true,
               c.before, c.after, ''
          FROM unnest(%(accounts)s::bigint[], %(before)s::float8[], %(after)s::float8[])
               AS c (account_id, before, after)
         ORDER BY c.account_id
            ON CONFLICT (business_id, account_id) WHERE cleared_at IS NULL DO UPDATE
           SET reasons = f.reasons || excluded.reasons, score_before = excluded.score_before,
               score_after = excluded.score_after
         WHERE NOT f.reasons @> excluded.reasons
        RETURNING id, account_id, score_before, score_after)
    SELECT f.id, f.account_id, a.name, a.csm_id, f.score_before, f.score_after
      FROM flagged f
      JOIN accounts_account a ON a.business_id = %(business)s AND a.id = f.account_id
     ORDER BY f.account_id
"""


def flag_by_score(
    *, actor: Actor, at: datetime, on: date, crossings: Sequence[Crossing]
) -> list[Flagged]:
    """Flag the accounts whose score of the day `on` crossed the threshold.

    Returns those that the score had not flagged already; each has one event with before and
    after. Runs in the transaction that wrote the scores.
    """
    require(actor, Right.HEALTH_EDIT)
    if not crossings:
        return []
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                _FLAG,
                {
                    "business": actor.business_id,
                    "reason": SCORE,
                    "at": at,
                    "accounts": [crossing.account_id for crossing in crossings],
                    "before": [crossing.before for crossing in crossings],
                    "after": [crossing.after for crossing in crossings],
                },
            )
            flagged = [Flagged(*row) for row in cursor.fetchall()]
        timeline.record_set(
            FLAGGED,
            actor=actor,
            at=at,
            subject_type=AtRiskFlag._meta.label_lower,
            facts=[_fact(each, on) for each in flagged],
        )
    return flagged


def _fact(flagged: Flagged, on: date) -> timeline.Fact:
    return timeline.Fact(
        account_id=flagged.account_id,
        subject_id=flagged.flag_id,
        title=f"Flagged at risk: {told(flagged)}",
        payload={
            "reasons": [SCORE],
            "automatic": True,
            "before": flagged.before,
            "after": flagged.after,
            "on": on.isoformat(),
        },
    )


def told(flagged: Flagged) -> str:
    """What happened to the score, for a person."""
    if flagged.before is None:
        return f"the first health score is {_tenth(flagged.after)}"
    drop = _tenth(flagged.before - flagged.after)
    return f"health fell by {drop} from {_tenth(flagged.before)} to {_tenth(flagged.after)}"


def _tenth(score: float) -> str:
    return formats.number(score, 1)
