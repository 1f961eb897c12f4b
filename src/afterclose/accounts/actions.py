"""Writes of accounts: each one verb, checked, audited and told on the timeline."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from afterclose.accounts import timeline
from afterclose.accounts.custom_fields.models import Subject
from afterclose.accounts.custom_fields.writing import set_values
from afterclose.accounts.hierarchy import tree
from afterclose.accounts.hierarchy.models import AwaitedParent
from afterclose.accounts.models import Account, AtRiskFlag, Contact, Event, Mention, Stage
from afterclose.accounts.queries import ACTIVITY_KINDS, reason_labels
from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right, require

_HANDLE = re.compile(r"(?<!\w)@([\w.+-]+)")


@transaction.atomic
def create_account(
    *, actor: Actor, at: datetime, custom: Mapping[str, Any] | None = None, **values: Any
) -> Account:
    """Create an account; ValidationError names the fields that do not fit.

    ``custom`` holds values of custom fields by key; unless it is None, the required ones must
    be there.
    """
    require(actor, Right.ACCOUNTS_EDIT)
    account = Account(**_tidy(values))
    _settle_churn(account, at.date())
    account.full_clean()
    account.save()
    if account.parent_id is not None:
        tree.check_parent(account.id, account.parent_id)
    audit.record("account.created", actor=actor, at=at, subject=account)
    timeline.record(
        "account.created",
        actor=actor,
        at=at,
        title="Account created",
        account_id=account.id,
        subject=account,
    )
    if custom is not None:
        set_values(
            actor=actor,
            at=at,
            subject=Subject.ACCOUNT,
            values={account.id: custom},
            complete=True,
        )
    return account


@transaction.atomic
def change_account(
    *,
    actor: Actor,
    at: datetime,
    account_id: int,
    custom: Mapping[str, Any] | None = None,
    **values: Any,
) -> Account:
    """Change fields of an account; nothing is written when nothing differs.

    A changed stage is also a fact of its own on the timeline. ``custom``: values of custom
    fields by key, those not named stay.
    """
    require(actor, Right.ACCOUNTS_EDIT)
    account = Account.objects.select_for_update(of=("self",)).get(pk=account_id)
    if custom:
        set_values(actor=actor, at=at, subject=Subject.ACCOUNT, values={account_id: custom})
    values = _tidy(values)
    changes = audit.difference({name: getattr(account, name) for name in values}, values)
    if not changes:
        return account
    before, parent_before = account.stage, account.parent
    for name, value in values.items():
        setattr(account, name, value)
    _settle_churn(account, at.date())
    if "parent" in changes and account.parent_id is not None:
        tree.check_parent(account.id, account.parent_id)
    account.full_clean()
    account.save()
    audit.record("account.changed", actor=actor, at=at, subject=account, changes=changes)
    if account.stage != before:
        _tell_stage(actor, at, account, before)
    if account.parent != parent_before:
        _tell_parent(actor, at, account, parent_before)
    return account


def change_stage(
    *, actor: Actor, at: datetime, account_id: int, stage: str, churned_on: date | None = None
) -> Account:
    """Move an account to another stage of its life; churned takes the day it left."""
    extra: dict[str, Any] = (
        {"churned_on": churned_on} if stage == Stage.CHURNED and churned_on else {}
    )
    return change_account(actor=actor, at=at, account_id=account_id, stage=stage, **extra)


@transaction.atomic
def flag_at_risk(
    *, actor: Actor, at: datetime, account_id: int, reasons: Collection[str], note: str = ""
) -> AtRiskFlag:
    """Flag an account by hand, or change the reasons of its open flag (CS-1)."""
    require(actor, Right.ACCOUNTS_EDIT)
    if not reasons:
        raise ValidationError({"reasons": "Choose at least one reason."})
    account = Account.objects.select_for_update(of=("self",)).get(pk=account_id)
    if account.is_churned:
        raise ValidationError("A churned account cannot be at risk any more.")
    flag = AtRiskFlag.objects.filter(account=account, cleared_at__isnull=True).first()
    chosen = sorted(set(reasons))
    if flag is None:
        flag = AtRiskFlag.objects.create(
            account=account, reasons=chosen, note=note, set_at=at, set_by_id=actor.membership_id
        )
        verb, title = "at_risk.flagged", "Flagged at risk"
    else:
        flag.reasons, flag.note = chosen, note
        flag.save(update_fields=["reasons", "note"])
        verb, title = "at_risk.changed", "At-risk reasons changed"
    labels = ", ".join(reason_labels(chosen))
    audit.record(
        verb, actor=actor, at=at, subject=account, changes={"reasons": chosen, "note": note}
    )
    timeline.record(
        verb,
        actor=actor,
        at=at,
        title=f"{title}: {labels}",
        body=note,
        account_id=account.id,
        subject=flag,
        payload={"reasons": chosen, "automatic": False},
    )
    return flag


@transaction.atomic
def clear_at_risk(*, actor: Actor, at: datetime, account_id: int, note: str = "") -> bool:
    """A person closes the loop: the account is not at risk any more (CS-58).

    Returns whether there was an open flag. Only a new crossing of the threshold, or a person,
    sets it again.
    """
    require(actor, Right.ACCOUNTS_EDIT)
    flag = (
        AtRiskFlag.objects.select_for_update(of=("self",))
        .filter(account_id=account_id, cleared_at__isnull=True)
        .select_related("account")
        .first()
    )
    if flag is None:
        return False
    flag.cleared_at, flag.cleared_by_id, flag.clear_note = at, actor.membership_id, note
    flag.save(update_fields=["cleared_at", "cleared_by", "clear_note"])
    audit.record("at_risk.cleared", actor=actor, at=at, subject=flag.account)
    timeline.record(
        "at_risk.cleared",
        actor=actor,
        at=at,
        title="No longer at risk",
        body=note,
        account_id=account_id,
        subject=flag,
    )
    return True


@transaction.atomic
def log_activity(
    *,
    actor: Actor,
    at: datetime,
    account_id: int,
    kind: str,
    title: str,
    body: str = "",
    occurred_at: datetime | None = None,
    mention: Iterable[int] = (),
    contact_id: int | None = None,
) -> Event:
    """Put an e-mail, call, meeting or note on the timeline (CS-4).

    Members named with @ in the body, or by id in ``mention``, are told. ``kind`` is one of
    ``ACTIVITY_KINDS``. What was done with a contact of the account is on their page too.
    """
    require(actor, Right.ACCOUNTS_EDIT)
    if kind not in ACTIVITY_KINDS:
        raise ValidationError({"kind": "Choose an e-mail, a call, a meeting or a note."})
    if occurred_at is not None and occurred_at > at:
        raise ValidationError({"occurred_at": "This lies in the future; log it once it happened."})
    account = Account.objects.get(pk=account_id)
    contact = None
    if contact_id is not None:
        contact = Contact.objects.filter(pk=contact_id, account=account).first()
        if contact is None:
            raise ValidationError({"contact_id": "Choose a contact of this account."})
    event = timeline.record(
        kind,
        actor=actor,
        at=occurred_at or at,
        title=title or ACTIVITY_KINDS[kind],
        body=body,
        account_id=account.id,
        subject=contact,
    )
    told = {*mention, *mentioned(body)} - {actor.membership_id}
    members = Membership.objects.filter(id__in=told, deactivated_at__isnull=True)
    mentions = [Mention(event=event, member=member) for member in members]
    Mention.objects.bulk_create(mentions)
    if mentions:
        timeline.record(
            "mention.made",
            actor=actor,
            at=at,
            title=f"Mentioned {', '.join(str(m.member) for m in mentions)}",
            account_id=None,
            subject=event,
            payload={"event": event.id, "account": account.id},
        )
    return event


def mentioned(text: str) -> set[int]:
    """The members that a text names: @ and the part of their address before the @, or their
    name without spaces (``@dana.reyes``, ``@DanaReyes``)."""
    handles = {handle.rstrip(".").casefold() for handle in _HANDLE.findall(text)}
    if not handles:
        return set()
    people = Membership.objects.filter(deactivated_at__isnull=True).values_list(
        "id", "person__email", "person__name"
    )
    return {
        key
        for key, email, name in people
        if handles & {email.split("@")[0].casefold(), name.replace(" ", "").casefold()}
    }


@transaction.atomic
def add_contact(
    *,
    actor: Actor,
    at: datetime,
    account_id: int,
    custom: Mapping[str, Any] | None = None,
    **values: Any,
) -> Contact:
    """Add a person to an account (CS-3); ``custom`` as in ``create_account``."""
    require(actor, Right.ACCOUNTS_EDIT)
    contact = Contact(account_id=account_id, **_tidy(values))
    contact.full_clean()
    contact.save()
    audit.record("contact.added", actor=actor, at=at, subject=contact)
    timeline.record(
        "contact.added",
        actor=actor,
        at=at,
        title=f"{contact.name} added as a contact",
        account_id=account_id,
        subject=contact,
    )
    if custom is not None:
        set_values(
            actor=actor,
            at=at,
            subject=Subject.CONTACT,
            values={contact.id: custom},
            complete=True,
        )
    return contact


@transaction.atomic
def change_contact(
    *,
    actor: Actor,
    at: datetime,
    contact_id: int,
    custom: Mapping[str, Any] | None = None,
    **values: Any,
) -> Contact:
    """Change a person at an account; nothing is written when nothing differs. ``custom`` as in
    ``change_account``."""
    require(actor, Right.ACCOUNTS_EDIT)
    contact = Contact.objects.select_for_update(of=("self",)).get(pk=contact_id)
    if custom:
        set_values(actor=actor, at=at, subject=Subject.CONTACT, values={contact_id: custom})
    values = _tidy(values)
    changes = audit.difference({name: getattr(contact, name) for name in values}, values)
    if not changes:
        return contact
    for name, value in values.items():
        setattr(contact, name, value)
    contact.full_clean()
    contact.save()
    audit.record("contact.changed", actor=actor, at=at, subject=contact, changes=changes)
    return contact


@transaction.atomic
def remove_contact(*, actor: Actor, at: datetime, contact_id: int) -> None:
    """Remove a person from an account; what they answered in surveys stays, without the name."""
    require(actor, Right.ACCOUNTS_EDIT)
    contact = Contact.objects.select_for_update(of=("self",)).get(pk=contact_id)
    audit.record("contact.removed", actor=actor, at=at, subject=contact)
    timeline.record(
        "contact.removed",
        actor=actor,
        at=at,
        title=f"{contact.name} removed from the contacts",
        account_id=contact.account_id,
    )
    contact.delete()


def _tidy(values: dict[str, Any]) -> dict[str, Any]:
    """Keys that are compared bytewise are stored in lower case; empty ids as none."""
    tidy = dict(values)
    for name in ("domain", "email"):
        if isinstance(tidy.get(name), str):
            tidy[name] = tidy[name].strip().lower()
    if "external_id" in tidy:
        tidy["external_id"] = tidy["external_id"] or None
    return tidy


def _settle_churn(account: Account, on: date) -> None:
    """Churned accounts have the day they left (today unless told), others have none."""
    if not account.is_churned:
        account.churned_on = None
    elif account.churned_on is None:
        account.churned_on = on


def _tell_parent(actor: Actor, at: datetime, account: Account, before: Account | None) -> None:
    # What a person decides outranks what an import still waits for.
    AwaitedParent.objects.filter(account=account).delete()
    timeline.record(
        "parent.changed",
        actor=actor,
        at=at,
        title=f"Is part of {account.parent}" if account.parent else f"No longer part of {before}",
        account_id=account.id,
        subject=account,
        payload={"from": before.id if before else None, "to": account.parent_id},
    )


def _tell_stage(actor: Actor, at: datetime, account: Account, before: str) -> None:
    timeline.record(
        "stage.changed",
        actor=actor,
        at=at,
        title=f"Stage changed from {Stage(before).label} to {Stage(account.stage).label}",
        account_id=account.id,
        subject=account,
        payload={"from": before, "to": account.stage},
    )
