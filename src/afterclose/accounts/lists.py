"""The lists of accounts and of contacts (CS-8, CS-9); apps above add columns and filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import override

from django.db.models import Q, QuerySet
from django.utils.safestring import SafeString

from afterclose.accounts import queries
from afterclose.accounts.bulk import ACCOUNT_ACTIONS, CONTACT_ACTIONS
from afterclose.accounts.custom_fields.lists import WithCustomFields
from afterclose.accounts.custom_fields.models import Subject
from afterclose.accounts.hierarchy.tree import group_ids
from afterclose.accounts.models import Account, Contact, Stage
from afterclose.accounts.set_field import ACCOUNT_FIELDS, CONTACT_FIELDS
from afterclose.accounts.tags.bulk import ACCOUNT_TAGGING, CONTACT_TAGGING
from afterclose.accounts.tags.filters import account_tag_filter, contact_tag_filter, tag_column
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right
from afterclose.ui.escaping import format_html_join
from afterclose.ui.lists import (
    NOTHING,
    BooleanColumn,
    BooleanFilter,
    ChoiceColumn,
    ChoiceFilter,
    Column,
    DateColumn,
    DateRangeFilter,
    Empty,
    InstantColumn,
    InstantRangeFilter,
    NumberColumn,
    NumberRangeFilter,
    Option,
    PersonColumn,
    RelationFilter,
    Row,
    TextSearch,
    View,
    url_of,
)
from afterclose.ui.templatetags.ui import badge

# Most accounts are not, and a column of dashes would hide those that are.
NOT_AT_RISK = SafeString('<span class="visually-hidden">No</span>')
STAGE_TONES = {
    Stage.PROSPECT: "neutral",
    Stage.ONBOARDING: "info",
    Stage.ACTIVE: "good",
    Stage.RENEWAL: "accent",
    Stage.EXPANDING: "good",
    Stage.CHURNED: "neutral",
}


def _at_risk(_row: Row, value: bool) -> SafeString:
    return badge("At risk", tone="bad", dot=True) if value else NOT_AT_RISK


def member_options(viewer: Actor, text: str, limit: int) -> list[Option]:
    """Members whose name or address holds the text."""
    found = queries.members(viewer)
    if text:
        found = found.filter(Q(person__name__icontains=text) | Q(person__email__icontains=text))
    return [Option(str(member.id), str(member.person)) for member in found[:limit]]


def member_labels(_viewer: Actor, ids: Sequence[str]) -> Mapping[str, str]:
    """Names of members by id, also of those who have left."""
    found = Membership.objects.filter(id__in=ids).select_related("person")
    return {str(member.id): str(member.person) for member in found}


def account_options(_viewer: Actor, text: str, limit: int) -> list[Option]:
    """Accounts whose name begins with the text."""
    found = Account.objects.order_by("name_key", "id")
    if text:
        found = found.filter(queries.prefix("name_key", text.strip().lower()))
    rows = found.values_list("id", "name")[:limit]
    return [Option(str(account_id), name) for account_id, name in rows]


def account_labels(_viewer: Actor, ids: Sequence[str]) -> Mapping[str, str]:
    """Names of accounts by id."""
    found = Account.objects.filter(id__in=ids).values_list("id", "name")
    return {str(account_id): name for account_id, name in found}


def in_groups(ids: Sequence[str], _viewer: Actor) -> Q:
    """The accounts of some groups: each with everything under it."""
    found = Q(pk__in=[])
    for each in ids:
        found |= Q(pk__in=group_ids(int(each)))
    return found


def _member_column(name: str, label: str, *, optional: bool = False) -> PersonColumn:
    full, email = f"{name}__person__name", f"{name}__person__email"
    return PersonColumn(
        name,
        label,
        needs=(full, email),
        value=lambda row: row[full] or row[email],
        optional=optional,
    )


class AccountList(WithCustomFields):
    """Every account of the business."""

    subject = Subject.ACCOUNT
    name = "accounts"
    title = "Accounts"
    lead = "Every customer, from the first talk to the last renewal."
    noun = ("account", "accounts")
    columns = [
        Column("name", "Name", sort="name_key", link=True),
        ChoiceColumn("stage", "Stage", choices=Stage, tones=STAGE_TONES),
        BooleanColumn(
            "at_risk",
            "At risk",
            path="is_at_risk",
            render=_at_risk,
        ),
        _member_column("csm", "CSM"),
        tag_column(),
        DateColumn("customer_since", "Customer since", sort=True),
        Column("plan", "Plan", sort=True, optional=True),
        NumberColumn("seats", "Seats", optional=True),
        Column("industry", "Industry", sort=True, optional=True),
        Column("country", "Country", sort=True, optional=True),
        Column("domain", "Domain", sort=True, optional=True),
        Column("source", "Source", optional=True),
        _member_column("ae", "AE", optional=True),
        Column("parent", "Parent", path="parent__name", optional=True),
        DateColumn("churned_on", "Churned on", optional=True),
        Column("external_id", "External id", optional=True),
        InstantColumn("updated_at", "Last changed", sort=True, optional=True),
    ]
    filters = [
        ChoiceFilter("stage", "Stage", choices=Stage),
        BooleanFilter("at_risk", "At risk", path="is_at_risk"),
        RelationFilter(
            "csm", "CSM", path="csm_id", options=member_options, labels=member_labels,
            empty="Nobody",
        ),
        RelationFilter(
            "ae", "AE", path="ae_id", options=member_options, labels=member_labels,
            empty="Nobody",
        ),
        account_tag_filter(),
        DateRangeFilter("customer_since", "Customer since"),
        DateRangeFilter("churned_on", "Churned on"),
        NumberRangeFilter("seats", "Seats"),
        RelationFilter(
            "parent", "Parent", path="parent_id", options=account_options, labels=account_labels,
            empty="No parent", limit=20,
        ),
        RelationFilter(
            "group", "Group", where=in_groups, options=account_options, labels=account_labels,
            empty="", limit=20, help="An account and everything under it.",
        ),
        InstantRangeFilter("updated_at", "Last changed"),
    ]  # fmt: skip
    search = TextSearch(
        exact=["external_id"],
        prefix=["name_key", "domain"],
        contains=["name_key"],
        label="Search by name, domain or external id",
    )
    default_sort = "name"
    views = [
        View("at-risk", "At risk", "at_risk=yes"),
        View("onboarding", "Onboarding", "stage=onboarding"),
        View("churned", "Churned", "stage=churned&cols=name,churned_on,csm,customer_since"),
    ]
    bulk_actions = [*ACCOUNT_ACTIONS, *ACCOUNT_FIELDS, *ACCOUNT_TAGGING]
    empty = Empty(
        "No accounts yet",
        "Import your customers from a file, or add the first one by hand.",
        actions=[("Import files", "imports:start"), ("Add account", "accounts:create")],
        icon="building",
    )

    @override
    def queryset(self, viewer: Actor) -> QuerySet[Account]:
        return self.with_custom(queries.accounts(viewer))

    @override
    def row_url(self, row: Row, /) -> str:
        return url_of("accounts:detail", row["id"])

    @override
    def may_export(self, viewer: Actor, /) -> bool:
        return viewer.may(Right.ACCOUNTS_EXPORT)


PARTS = {
    "is_champion": ("Champion", "good"),
    "is_economic_buyer": ("Economic buyer", "info"),
    "is_technical_buyer": ("Technical buyer", "info"),
    "is_detractor": ("Detractor", "bad"),
}


def _parts(row: Row) -> list[str]:
    return [word for path, (word, _) in PARTS.items() if row[path]]


def _part_badges(_row: Row, parts: list[str]) -> SafeString:
    if not parts:
        return NOTHING
    tones = dict(PARTS.values())
    return format_html_join(" ", "{}", ((badge(word, tone=tones[word]),) for word in parts))


class ContactList(WithCustomFields):
    """Everybody at every account."""

    subject = Subject.CONTACT
    name = "contacts"
    title = "Contacts"
    lead = "The people at your accounts, and the parts they play."
    noun = ("contact", "contacts")
    columns = [
        Column("name", "Name", sort="name_key", link=True),
        Column("account", "Account", path="account__name", needs=("account_id",),
               link=lambda row: url_of("accounts:detail", row["account_id"])),
        Column("title", "Title"),
        Column("email", "E-mail", sort=True),
        Column("phone", "Phone", optional=True),
        Column("parts", "Plays the part of", needs=tuple(PARTS), value=_parts,
               render=_part_badges),
        tag_column(),
        DateColumn("left_on", "Left on", optional=True),
        Column("external_id", "External id", optional=True),
    ]  # fmt: skip
    filters = [
        BooleanFilter("champion", "Champion", path="is_champion"),
        BooleanFilter("economic_buyer", "Economic buyer", path="is_economic_buyer"),
        BooleanFilter("technical_buyer", "Technical buyer", path="is_technical_buyer"),
        BooleanFilter("detractor", "Detractor", path="is_detractor"),
        RelationFilter(
            "account", "Account", path="account_id", options=account_options,
            labels=account_labels, empty="", limit=20,
        ),
        ChoiceFilter("stage", "Account stage", path="account__stage", choices=Stage),
        contact_tag_filter(),
        account_tag_filter("account_tag", "Account tags", over="account_id"),
        DateRangeFilter("left_on", "Left on"),
    ]  # fmt: skip
    search = TextSearch(
        exact=["external_id"],
        prefix=["name_key", "email"],
        contains=["name_key"],
        label="Search by name or e-mail",
    )
    default_sort = "name"
    views = [
        View("champions", "Champions", "champion=yes"),
        View("detractors", "Detractors", "detractor=yes"),
    ]
    empty = Empty(
        "No contacts yet",
        "Contacts come with an import, or are added on the page of an account.",
        actions=[("Go to accounts", "accounts:list")],
        icon="users",
    )
    bulk_actions = [*CONTACT_ACTIONS, *CONTACT_FIELDS, *CONTACT_TAGGING]

    @override
    def queryset(self, viewer: Actor) -> QuerySet[Contact]:
        return self.with_custom(queries.all_contacts(viewer))

    @override
    def row_url(self, row: Row, /) -> str:
        return url_of("accounts:contact", row["id"])

    @override
    def may_export(self, viewer: Actor, /) -> bool:
        return viewer.may(Right.ACCOUNTS_EXPORT)
