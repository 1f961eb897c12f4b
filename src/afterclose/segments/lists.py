"""The lists of segments, of their members, and of who came and went."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar, override

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from afterclose.accounts.lists import AccountList, ContactList
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.segments import queries
from afterclose.segments.models import MEMBERSHIPS, Cause, Segment, Subject
from afterclose.ui import formats
from afterclose.ui.lists import (
    BooleanColumn,
    ChoiceColumn,
    ChoiceFilter,
    Column,
    Empty,
    InstantColumn,
    InstantRangeFilter,
    List,
    NumberColumn,
    PersonColumn,
    Row,
    TextSearch,
    View,
    url_of,
)


def _members(row: Row, value: int) -> SafeString:
    if row["is_counting"]:
        return SafeString('<span class="text-secondary">counting…</span>')
    return format_html("{}", formats.number(value))


class SegmentList(List):
    """Every segment that the viewer may use."""

    name = "segments"
    title = "Segments"
    lead = "Saved conditions over accounts or contacts, and who meets them."
    noun = ("segment", "segments")
    columns = [
        Column("name", "Name", sort="name_key", link=True),
        NumberColumn("members", "Members", sort=True, needs=("is_counting",), render=_members),
        ChoiceColumn("subject", "Of", choices=Subject),
        Column("text", "Condition"),
        PersonColumn(
            "owner",
            "Owner",
            needs=("owner__person__name", "owner__person__email"),
            value=lambda row: row["owner__person__name"] or row["owner__person__email"],
        ),
        BooleanColumn("is_shared", "Shared", optional=True),
        Column("description", "Description", optional=True),
        InstantColumn("refreshed_at", "As of", optional=True),
        InstantColumn("updated_at", "Last changed", sort=True, optional=True),
    ]
    filters = [ChoiceFilter("subject", "Of", choices=Subject)]
    search = TextSearch(prefix=["name_key"], contains=["name_key"], label="Search by name")
    default_sort = "name"
    views = [
        View("accounts", "Accounts", "subject=account"),
        View("contacts", "Contacts", "subject=contact"),
    ]
    empty = Empty(
        "No segments yet",
        "A segment is a saved question, such as “large accounts that stopped using us”. Its"
        " members are kept up to date by themselves.",
        actions=[("New segment", "segments:create")],
        icon="filter",
    )

    @override
    def queryset(self, viewer: Actor) -> QuerySet[Segment]:
        return queries.segments(viewer)

    @override
    def row_url(self, row: Row, /) -> str:
        return url_of("segments:detail", row["id"])

    @override
    def may_export(self, viewer: Actor, /) -> bool:
        return viewer.may(Right.ACCOUNTS_EXPORT)


@cache
def members_list(subject: str) -> type[List]:
    """The list of accounts or contacts, limited to the members of ``scope["segment_id"]``.

    Made when it is first asked for, since by then every app has added its columns.
    """
    base: type[AccountList] | type[ContactList]
    base = AccountList if subject == Subject.ACCOUNT else ContactList

    def queryset(self: Any, viewer: Actor) -> QuerySet[Any]:
        open_ones = MEMBERSHIPS[subject]._default_manager.filter(
            segment_id=self.scope["segment_id"],
            left_at__isnull=True,
            **{f"{subject}_id": OuterRef("pk")},
        )
        rows: QuerySet[Any] = base.queryset(self, viewer).filter(Exists(open_ones))
        return rows

    empty = Empty("Nobody meets the condition", "Change it, or wait until the data does.",
                  icon="filter")  # fmt: skip
    return type(
        _name_of(subject),
        (base,),
        {"name": f"segment-{subject}s", "queryset": queryset, "empty": empty},
    )


def __getattr__(name: str) -> type[List]:
    """The lists of members by the names of their classes: a file that is written in the
    background finds its list by that name, in a process that may not have made it yet."""
    for subject in Subject.values:
        if name == _name_of(subject):
            return members_list(subject)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _name_of(subject: str) -> str:
    return f"SegmentMembersOf{subject.capitalize()}"


def _columns(subject: str) -> list[Column]:
    name = f"{subject}__name"
    return [
        Column("name", "Name", path=name, link=True),
        InstantColumn("entered_at", "Entered", sort=True),
        ChoiceColumn("cause", "Because of", choices=Cause, tones={"definition": "info"}),
        InstantColumn("left_at", "Left", sort=True),
        ChoiceColumn("left_cause", "Left because of", choices=Cause),
    ]


class MovementList(List):
    """Which accounts came into a segment and left it; ``scope["segment_id"]``."""

    name = "segment-movements"
    title = "Who came and went"
    noun = ("membership", "memberships")
    columns = _columns(Subject.ACCOUNT)
    filters = [
        InstantRangeFilter("entered_at", "Entered"),
        InstantRangeFilter("left_at", "Left"),
        ChoiceFilter("cause", "Entered because of", choices=Cause),
        ChoiceFilter("left_cause", "Left because of", choices=Cause),
    ]
    default_sort = "-entered_at"
    views = [
        View("entered", "Entered in the last 30 days", "entered_at=last-30"),
        View("left", "Left in the last 30 days", "left_at=last-30&sort=-left_at"),
    ]
    empty = Empty("Nobody was ever in it", "Members are noted from its first refresh on.")
    row_needs = ("account_id",)
    subject: ClassVar[str] = Subject.ACCOUNT

    @override
    def queryset(self, viewer: Actor) -> QuerySet[Any]:
        queries.segment(viewer, self.scope["segment_id"])
        rows = MEMBERSHIPS[self.subject]._default_manager
        return rows.filter(segment_id=self.scope["segment_id"])

    @override
    def row_url(self, row: Row, /) -> str:
        return url_of("accounts:detail", row["account_id"])

    @override
    def may_export(self, viewer: Actor, /) -> bool:
        return viewer.may(Right.ACCOUNTS_EXPORT)


class ContactMovementList(MovementList):
    """Which contacts came into a segment and left it."""

    name = "segment-contact-movements"
    columns = _columns(Subject.CONTACT)
    row_needs = ("contact_id",)
    subject: ClassVar[str] = Subject.CONTACT

    @override
    def row_url(self, row: Row, /) -> str:
        return url_of("accounts:contact", row["contact_id"])


MOVEMENTS: dict[str, type[MovementList]] = {
    Subject.ACCOUNT: MovementList,
    Subject.CONTACT: ContactMovementList,
}
