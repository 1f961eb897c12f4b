"""Reads of accounts: viewer in, rows out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.urls import reverse

from afterclose.accounts.hierarchy.tree import group_ids
from afterclose.accounts.models import (
    Account,
    AccountTag,
    AtRiskFlag,
    Contact,
    ContactAlias,
    ContactTag,
    Event,
    RiskReason,
    Stage,
)
from afterclose.accounts.tags.queries import shown
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right, require
from afterclose.ui.palette import Hit

# What people did, as against what the product noted by itself (CS-4).
ACTIVITY_KINDS = {
    "activity.email": "Email",
    "activity.call": "Call",
    "activity.meeting": "Meeting",
    "activity.note": "Note",
}
TIMELINE_FILTERS = {
    "email": ("activity.email",),
    "call": ("activity.call",),
    "meeting": ("activity.meeting",),
    "note": ("activity.note",),
}
TIMELINE_PAGE = 20


def open_flags() -> QuerySet[AtRiskFlag]:
    """The open at-risk flag of the account that the outer query is at."""
    return AtRiskFlag.objects.filter(account_id=OuterRef("pk"), cleared_at__isnull=True)


def accounts(viewer: Actor) -> QuerySet[Account]:
    """Every account of the viewer's business, with ``is_at_risk`` and ``tags`` for lists."""
    require(viewer, Right.ACCOUNTS_VIEW)
    return Account.objects.annotate(
        is_at_risk=Exists(open_flags()), tags=shown(AccountTag, "account_id")
    )


def account(viewer: Actor, account_id: int) -> Account:
    """One account with its people; raises Http404 when the business has none of that id."""
    require(viewer, Right.ACCOUNTS_VIEW)
    try:
        return Account.objects.select_related("csm__person", "ae__person", "parent").get(
            pk=account_id
        )
    except Account.DoesNotExist as missing:
        raise Http404("There is no such account.") from missing


def group_size(viewer: Actor, account_id: int) -> int:
    """How many accounts an account's group has, itself included (docs/numbers/hierarchy.md)."""
    require(viewer, Right.ACCOUNTS_VIEW)
    return Account.objects.filter(pk__in=group_ids(account_id)).count()


def at_risk_flag(viewer: Actor, account_id: int) -> AtRiskFlag | None:
    """The account's open flag, if it is at risk."""
    require(viewer, Right.ACCOUNTS_VIEW)
    return (
        AtRiskFlag.objects.filter(account_id=account_id, cleared_at__isnull=True)
        .select_related("set_by__person")
        .first()
    )


def risk_reasons(viewer: Actor) -> QuerySet[RiskReason]:
    """The reasons that can be chosen now, in the admin's order."""
    require(viewer, Right.ACCOUNTS_VIEW)
    return RiskReason.objects.filter(archived_at__isnull=True)


def reason_labels(keys: Iterable[str]) -> list[str]:
    """Reasons in words, archived ones included; an unknown key stands for itself."""
    wanted = list(keys)
    known = dict(RiskReason.objects.filter(key__in=wanted).values_list("key", "label"))
    return [known.get(key, key.replace("-", " ").capitalize()) for key in wanted]


def members(viewer: Actor) -> QuerySet[Membership]:
    """The people who can own accounts or be mentioned."""
    return (
        Membership.objects.filter(deactivated_at__isnull=True)
        .select_related("person")
        .order_by("person__name", "person__email")
    )


def contacts(viewer: Actor, account_id: int) -> QuerySet[Contact]:
    """The people at an account, those with a part to play first."""
    require(viewer, Right.ACCOUNTS_VIEW)
    return Contact.objects.filter(account_id=account_id).order_by(
        "-is_champion", "-is_economic_buyer", "-is_technical_buyer", "name_key"
    )


def all_contacts(viewer: Actor) -> QuerySet[Contact]:
    """Everybody at every account of the viewer's business."""
    require(viewer, Right.ACCOUNTS_VIEW)
    return Contact.objects.annotate(tags=shown(ContactTag, "contact_id"))


def contact(viewer: Actor, contact_id: int, *, account_id: int | None = None) -> Contact:
    """One person with their account, at ``account_id`` if that is given; raises Http404."""
    require(viewer, Right.ACCOUNTS_VIEW)
    found = Contact.objects.select_related("account")
    if account_id is not None:
        found = found.filter(account_id=account_id)
    try:
        return found.get(pk=contact_id)
    except Contact.DoesNotExist as missing:
        raise Http404("There is no such contact.") from missing


def timeline(
    viewer: Actor,
    account_id: int,
    *,
    contact_id: int | None = None,
    kind: str = "",
    before: tuple[datetime, int] | None = None,
    limit: int = TIMELINE_PAGE,
) -> tuple[list[Event], bool]:
    """A page of an account's timeline, newest first, and whether there is more (CS-4).

    ``contact_id`` leaves what is about one of its contacts, and has beside it what came of those
    that were merged into it, at their accounts. ``kind`` is email, call, meeting,
    note or system; anything else shows all. ``before`` is (occurred_at, id) of the last event
    of the page before.
    """
    require(viewer, Right.ACCOUNTS_VIEW)
    events = Event.objects.filter(account_id=account_id)
    if contact_id is not None:
        places = ContactAlias.objects.filter(contact_id=contact_id, account__isnull=False)
        accounts = {account_id, *places.values_list("account_id", flat=True)}
        events = Event.objects.filter(account_id__in=accounts)
        # What is about something else that it did, such as a segment, names it in the payload.
        about = Q(subject_type=Contact._meta.label_lower, subject_id=contact_id)
        events = events.filter(about | Q(payload__contact=contact_id))
    if kind in TIMELINE_FILTERS:
        events = events.filter(kind__in=TIMELINE_FILTERS[kind])
    elif kind == "system":
        events = events.exclude(kind__in=ACTIVITY_KINDS)
    if before is not None:
        at, key = before
        events = events.filter(
            Q(occurred_at__lt=at) | Q(occurred_at=at, id__lt=key), occurred_at__lte=at
        )
    page = list(
        events.select_related("by__person")
        .prefetch_related("mentions__member__person")
        .order_by("-occurred_at", "-id")[: limit + 1]
    )
    return page[:limit], len(page) > limit


def prefix(path: str, text: str) -> Q:
    """Rows whose bytewise key starts with ``text``, as a range that the index serves."""
    return Q(**{f"{path}__gte": text, f"{path}__lt": text + "\U0010ffff"})


def find_accounts(viewer: Actor, text: str, limit: int) -> list[Hit]:
    """Accounts for the search box: by start of name or domain, then by any part of the name.

    This is the one reviewed place for a search inside names: LIKE is not leakproof, so under
    row-level security it reads every name of the business (about 30 ms at 100,000 accounts);
    it runs only when too few names start with the text.
    """
    if not viewer.may(Right.ACCOUNTS_VIEW):
        return []
    key = text.strip().lower()
    if not key:
        return []
    columns = ("id", "name", "stage", "domain")
    found = list(
        Account.objects.filter(prefix("name_key", key) | prefix("domain", key))
        .order_by("name_key", "id")
        .values_list(*columns)[:limit]
    )
    if len(found) < limit:
        known = [row[0] for row in found]
        found += list(
            Account.objects.filter(name_key__contains=key)
            .exclude(id__in=known)
            .order_by("name_key", "id")
            .values_list(*columns)[: limit - len(found)]
        )
    return [
        Hit(
            label=name,
            url=reverse("accounts:detail", args=[account_id]),
            detail=" · ".join(filter(None, [str(Stage(stage).label), domain])),
            icon="building",
            group="Accounts",
        )
        for account_id, name, stage, domain in found
    ]


def find_contacts(viewer: Actor, text: str, limit: int) -> list[Hit]:
    """Contacts for the search box, by start of name or e-mail address."""
    if not viewer.may(Right.ACCOUNTS_VIEW):
        return []
    key = text.strip().lower()
    if not key:
        return []
    found = (
        Contact.objects.filter(prefix("name_key", key) | prefix("email", key))
        .order_by("name_key", "id")
        .values_list("id", "name", "email", "account__name")[:limit]
    )
    return [
        Hit(
            label=name,
            url=reverse("accounts:contact", args=[contact_id]),
            detail=" · ".join(filter(None, [company, email])),
            icon="user",
            group="Contacts",
        )
        for contact_id, name, email, company in found
    ]
