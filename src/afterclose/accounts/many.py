"""Writes to many accounts or contacts at once: what `accounts.actions` does to one, set-wise.

Each locks the rows in the order of their ids, leaves alone those that are so already, and writes
one audit entry (and one event, where one account would have one) per row that changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce

from afterclose.accounts import timeline
from afterclose.accounts.custom_fields.models import Subject
from afterclose.accounts.custom_fields.queries import SUBJECTS
from afterclose.accounts.models import Account, AtRiskFlag, Contact, Event, Stage
from afterclose.accounts.queries import reason_labels
from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require

PARTS = {
    "is_champion": "Champion",
    "is_economic_buyer": "Economic buyer",
    "is_technical_buyer": "Technical buyer",
    "is_detractor": "Detractor",
}


# What many accounts or contacts can be given at once: what is likely to be the same of many, and
# is neither a key nor has a bulk action of its own.
SETTABLE: dict[Subject, tuple[str, ...]] = {
    Subject.ACCOUNT: (
        "plan", "industry", "country", "source", "currency", "seats", "customer_since",
        "renewal_date", "website",
    ),
    Subject.CONTACT: ("title", "left_on"),
}  # fmt: skip


class Flagging(NamedTuple):
    """How many accounts were flagged, and how many were left as they are and why."""

    flagged: int
    flagged_before: int
    churned: int


@transaction.atomic
def give_accounts(
    *, actor: Actor, at: datetime, account_ids: Collection[int], part: str, member: Any
) -> int:
    """Make a member (or nobody) the `csm` or the `ae` of accounts; how many had another."""
    require(actor, Right.ACCOUNTS_EDIT)
    if part not in ("csm", "ae"):
        raise ValidationError({"part": "An account has a CSM and an AE."})
    locked = _locked(Account.objects.select_related(f"{part}__person"), account_ids)
    to = member.pk if member is not None else None
    changed = [account for account in locked if getattr(account, f"{part}_id") != to]
    _update(changed, {f"{part}_id": to, "updated_at": at})
    _audit("account.changed", actor, at, changed, part, member)
    return len(changed)


@transaction.atomic
def move_accounts(*, actor: Actor, at: datetime, account_ids: Collection[int], stage: str) -> int:
    """Put accounts into a stage; churned ones have the day they left, today unless it is known."""
    require(actor, Right.ACCOUNTS_EDIT)
    if stage not in Stage.values:
        raise ValidationError({"stage": "Choose one of the stages."})
    changed = [a for a in _locked(Account.objects.all(), account_ids) if a.stage != stage]
    left: Any = None
    if stage == Stage.CHURNED:
        left = Coalesce(F("churned_on"), Value(at.date()))
    _update(changed, {"stage": stage, "churned_on": left, "updated_at": at})
    _audit("account.changed", actor, at, changed, "stage", stage)
    timeline.record_many(
        _event(
            "stage.changed",
            actor,
            at,
            account,
            f"Stage changed from {Stage(account.stage).label} to {Stage(stage).label}",
            payload={"from": account.stage, "to": stage},
        )
        for account in changed
    )
    return len(changed)


@transaction.atomic
def flag_accounts(
    *,
    actor: Actor,
    at: datetime,
    account_ids: Collection[int],
    reasons: Collection[str],
    note: str = "",
) -> Flagging:
    """Flag accounts at risk by hand (CS-1); those with an open flag keep it as it is, and those
    that have churned cannot be at risk any more."""
    require(actor, Right.ACCOUNTS_EDIT)
    if not reasons:
        raise ValidationError({"reasons": "Choose at least one reason."})
    chosen = sorted(set(reasons))
    accounts = _locked(Account.objects.all(), account_ids)
    open_flags = AtRiskFlag.objects.filter(account_id__in=account_ids, cleared_at__isnull=True)
    flagged = set(open_flags.values_list("account_id", flat=True))
    churned = {account.pk for account in accounts if account.is_churned} - flagged
    fresh = [account for account in accounts if account.pk not in flagged | churned]
    flags = AtRiskFlag.objects.bulk_create(
        AtRiskFlag(
            account=account, reasons=chosen, note=note, set_at=at, set_by_id=actor.membership_id
        )
        for account in fresh
    )
    what = {"reasons": chosen, "note": note}
    audit.record_many(
        "at_risk.flagged", actor=actor, at=at, changes=[(account, what) for account in fresh]
    )
    labels = ", ".join(reason_labels(chosen))
    timeline.record_many(
        _event(
            "at_risk.flagged",
            actor,
            at,
            account,
            f"Flagged at risk: {labels}",
            body=note,
            subject=flag,
            payload={"reasons": chosen, "automatic": False},
        )
        for account, flag in zip(fresh, flags, strict=True)
    )
    return Flagging(len(fresh), len(flagged), len(churned))


@transaction.atomic
def clear_accounts(
    *, actor: Actor, at: datetime, account_ids: Collection[int], note: str = ""
) -> int:
    """Close the open flags of accounts (CS-58); how many there were."""
    require(actor, Right.ACCOUNTS_EDIT)
    flags = list(
        AtRiskFlag.objects.select_for_update(of=("self",))
        .filter(account_id__in=account_ids, cleared_at__isnull=True)
        .select_related("account")
        .order_by("pk")
    )
    AtRiskFlag.objects.filter(pk__in=[flag.pk for flag in flags]).update(
        cleared_at=at, cleared_by_id=actor.membership_id, clear_note=note
    )
    audit.record_many(
        "at_risk.cleared", actor=actor, at=at, changes=[(flag.account, {}) for flag in flags]
    )
    timeline.record_many(
        _event(
            "at_risk.cleared", actor, at, flag.account, "No longer at risk", body=note, subject=flag
        )
        for flag in flags
    )
    return len(flags)


@transaction.atomic
def set_own(
    *,
    actor: Actor,
    at: datetime,
    subject: Subject,
    ids: Collection[int],
    field: str,
    value: Any,
) -> int:
    """Give a field of accounts or contacts (one of `SETTABLE`) the same value, None or "" to
    empty it; how many had another. Raises ValidationError for a value that does not fit."""
    require(actor, Right.ACCOUNTS_EDIT)
    if field not in SETTABLE[subject]:
        raise ValidationError({"field": "Choose one of the fields that many can be given."})
    rows: QuerySet[Any] = SUBJECTS[subject].objects.all()
    fitting = _fitting(rows.model, field, value)
    changed = [row for row in _locked(rows, ids) if getattr(row, field) != fitting]
    _update(changed, {field: fitting, "updated_at": at})
    _audit(f"{subject}.changed", actor, at, changed, field, fitting)
    return len(changed)


@transaction.atomic
def mark_contacts(
    *, actor: Actor, at: datetime, contact_ids: Collection[int], part: str, value: bool
) -> int:
    """Say that contacts play a part (one of `PARTS`), or that they do not; how many changed."""
    require(actor, Right.ACCOUNTS_EDIT)
    if part not in PARTS:
        raise ValidationError({"part": "Choose one of the parts that a contact can play."})
    contacts = _locked(Contact.objects.all(), contact_ids)
    changed = [contact for contact in contacts if getattr(contact, part) != value]
    _update(changed, {part: value, "updated_at": at})
    _audit("contact.changed", actor, at, changed, part, value)
    return len(changed)


@transaction.atomic
def contacts_left(*, actor: Actor, at: datetime, contact_ids: Collection[int], on: date) -> int:
    """Say that contacts have left their company; whoever has a day already keeps it."""
    require(actor, Right.ACCOUNTS_EDIT)
    contacts = _locked(Contact.objects.all(), contact_ids)
    changed = [contact for contact in contacts if contact.left_on is None]
    _update(changed, {"left_on": on, "updated_at": at})
    _audit("contact.changed", actor, at, changed, "left_on", on)
    return len(changed)


@transaction.atomic
def remove_contacts(*, actor: Actor, at: datetime, contact_ids: Collection[int]) -> int:
    """Remove people from their accounts; what they answered in surveys stays, without names."""
    require(actor, Right.ACCOUNTS_EDIT)
    contacts = _locked(Contact.objects.select_related("account"), contact_ids)
    audit.record_many(
        "contact.removed", actor=actor, at=at, changes=[(contact, {}) for contact in contacts]
    )
    timeline.record_many(
        _event(
            "contact.removed",
            actor,
            at,
            contact.account,
            f"{contact.name} removed from the contacts",
            subject=None,
        )
        for contact in contacts
    )
    Contact.objects.filter(pk__in=[contact.pk for contact in contacts]).delete()
    return len(contacts)


def differing(*, subject: Subject, ids: Collection[int], field: str, value: Any) -> int:
    """How many of these accounts or contacts `set_own` would change."""
    rows: QuerySet[Any] = SUBJECTS[subject].objects.filter(pk__in=ids)
    fitting = _fitting(rows.model, field, value)
    return sum(before != fitting for before in rows.values_list(field, flat=True))


def _fitting(model: type[Account | Contact], field: str, value: Any) -> Any:
    """A value as the column of an account or contact has it; raises ValidationError."""
    column: Any = model._meta.get_field(field)
    if value in (None, ""):
        value = None if column.null else ""
    try:
        return column.clean(value, None)
    except ValidationError as wrong:
        raise ValidationError({field: wrong.messages}) from wrong


def _locked[M: (Account, Contact)](rows: QuerySet[M], ids: Collection[int]) -> list[M]:
    return list(rows.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))


def _update(rows: list[Any], values: Mapping[str, Any]) -> None:
    if rows:
        model = type(rows[0])
        model.objects.filter(pk__in=[row.pk for row in rows]).update(**values)


def _audit(
    verb: str, actor: Actor, at: datetime, rows: list[Any], field: str, after: object
) -> None:
    audit.record_many(
        verb,
        actor=actor,
        at=at,
        changes=[
            (row, audit.difference({field: getattr(row, field)}, {field: after})) for row in rows
        ],
    )


_ITSELF = object()


def _event(
    kind: str,
    actor: Actor,
    at: datetime,
    account: Account,
    title: str,
    *,
    body: str = "",
    subject: Any = _ITSELF,
    payload: Mapping[str, Any] | None = None,
) -> Event:
    about = account if subject is _ITSELF else subject
    return Event(
        kind=kind,
        account_id=account.pk,
        by_id=actor.membership_id,
        actor_name=actor.name,
        occurred_at=at,
        title=title,
        body=body,
        subject_type=about._meta.label_lower if about is not None else "",
        subject_id=about.pk if about is not None else None,
        payload=dict(payload or {}),
    )
