"""The at-risk flag: set by hand or by the score, cleared only by a person (CS-1, CS-58)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from afterclose.accounts import timeline
from afterclose.accounts.models import Account, AtRiskFlag, Event, RiskReason
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require

FLAGGED = "at_risk.flagged"
CLEARED = "at_risk.cleared"

#: The reason that automation gives; not in the admin's list, because no person chooses it.
SCORE = "score"


class Crossing(NamedTuple):
    """A score that crossed the threshold; `before` is None for the first score."""

    account_id: int
    before: float | None
    after: float


def flag(
    *, actor: Actor, at: datetime, account_id: int, reasons: Sequence[str], note: str = ""
) -> AtRiskFlag:
    """Flag an account by hand, or change the reasons of its open flag.

    `reasons` are keys of the business's RiskReason rows. Raises ValidationError for none or an
    unknown one, Account.DoesNotExist.
    """
    require(actor, Right.HEALTH_EDIT)
    wanted = list(dict.fromkeys(reasons))
    known = RiskReason.objects.filter(key__in=wanted, archived_at__isnull=True)
    labels = {reason.key: reason.label for reason in known}
    if not wanted or set(wanted) - set(labels):
        raise ValidationError({"reasons": "Choose at least one reason from the list."})
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account_id)
        row = AtRiskFlag.objects.filter(account=account, cleared_at__isnull=True).first()
        if row is None:
            row = AtRiskFlag(account=account, set_at=at, set_by_id=actor.membership_id)
        elif SCORE in row.reasons:
            wanted.append(SCORE)  # what the score said stays said
        row.reasons, row.note = wanted, note
        row.save()
        timeline.record(
            FLAGGED,
            actor=actor,
            at=at,
            title=f"Flagged at risk: {', '.join(labels[key] for key in labels)}",
            body=note,
            account_id=account.pk,
            subject=row,
            payload={"reasons": wanted},
        )
    return row


def clear(*, actor: Actor, at: datetime, account_id: int, note: str = "") -> bool:
    """Take the flag off; False if the account was not flagged. Raises Account.DoesNotExist."""
    require(actor, Right.HEALTH_EDIT)
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account_id)
        row = AtRiskFlag.objects.filter(account=account, cleared_at__isnull=True).first()
        if row is None:
            return False
        row.cleared_at, row.cleared_by_id, row.clear_note = at, actor.membership_id, note
        row.save(update_fields=["cleared_at", "cleared_by", "clear_note"])
        timeline.record(
            CLEARED,
            actor=actor,
            at=at,
            title="No longer flagged at risk",
            body=note,
            account_id=account.pk,
            subject=row,
        )
    return True


# An account that a person has flagged already gets the score as one more reason; one that the
# score has flagged already gets nothing, so nobody is told twice.
_FLAG = """
    INSERT INTO accounts_atriskflag AS f
           (business_id, account_id, reasons, note, set_at, is_automatic,
            score_before, score_after, clear_note)
    SELECT %(business)s, c.account_id, ARRAY[%(reason)s], '', %(at)s, true, c.before, c.after, ''
      FROM unnest(%(accounts)s::bigint[], %(before)s::float8[], %(after)s::float8[])
           AS c (account_id, before, after)
     ORDER BY c.account_id
        ON CONFLICT (business_id, account_id) WHERE cleared_at IS NULL DO UPDATE
       SET reasons = f.reasons || excluded.reasons, score_before = excluded.score_before,
           score_after = excluded.score_after
     WHERE NOT f.reasons @> excluded.reasons
    RETURNING id, account_id, score_before, score_after
"""


def flag_by_score(*, actor: Actor, at: datetime, on: date, crossings: Sequence[Crossing]) -> int:
    """Flag the accounts whose score of the day `on` crossed the threshold (CS-58), set-wise.

    Returns how many were newly flagged by the score; each has one event with before and after.
    """
    require(actor, Right.HEALTH_EDIT)
    if not crossings:
        return 0
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
            flagged = cursor.fetchall()
        timeline.record_many(
            Event(
                kind=FLAGGED,
                actor_name=actor.name,
                by_id=actor.membership_id,
                account_id=account_id,
                occurred_at=at,
                title=_told(before, after),
                subject_type=AtRiskFlag._meta.label_lower,
                subject_id=flag_id,
                payload={
                    "reasons": [SCORE],
                    "before": before,
                    "after": after,
                    "on": on.isoformat(),
                },
            )
            for flag_id, account_id, before, after in flagged
        )
    return len(flagged)


def _told(before: float | None, after: float) -> str:
    if before is None:
        return f"Flagged at risk: first health score {after:.1f}"
    return f"Flagged at risk: health fell from {before:.1f} to {after:.1f}"
