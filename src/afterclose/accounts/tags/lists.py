"""The tag manager's list; every count opens the rows that it counts."""

from __future__ import annotations

from typing import Any, override

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from afterclose.accounts import uses
from afterclose.accounts.lists import AccountList, ContactList
from afterclose.accounts.tags import actions, queries
from afterclose.accounts.tags.forms import MergeForm
from afterclose.accounts.tags.models import Tag
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.ui.lists import (
    BulkAction,
    Column,
    Empty,
    InstantColumn,
    List,
    NumberColumn,
    Row,
    Selected,
    TextSearch,
    url_of,
)
from afterclose.ui.templatetags.ui import badge


def may_arrange(viewer: Actor) -> bool:
    """Whether tags may be merged and deleted."""
    return viewer.may(Right.SETTINGS_EDIT)


def merge(viewer: Actor, selection: Selected, data: dict[str, Any]) -> str:
    """Make the selected tags one."""
    ids = [each for batch in selection.ids() for each in batch]
    into = actions.merge_tags(actor=viewer, at=timezone.now(), tag_ids=ids, into_id=data["into"].id)
    return f"They are all “{into.name}” now. You can undo this for 30 days."


def delete(viewer: Actor, selection: Selected, data: dict[str, Any]) -> str:
    """Delete the selected tags."""
    ids = [each for batch in selection.ids() for each in batch]
    kept = {
        tag.id: tag.name
        for tag in Tag.objects.filter(id__in=ids).order_by("key")
        if uses.of(viewer, tag)
    }
    free = [each for each in ids if each not in kept]
    gone = actions.delete_tags(actor=viewer, at=timezone.now(), tag_ids=free)
    said = f"{gone} tag{'' if gone == 1 else 's'} deleted."
    if kept:
        names = ", ".join(f"“{name}”" for name in kept.values())
        said += f" Segments use {names}, so {'it stays' if len(kept) == 1 else 'they stay'}."
    return f"{said} You can restore what is deleted for 30 days." if gone else said


def _badge(row: Row, value: str) -> SafeString:
    return badge(value, tone=row["tone"])


class TagList(List):
    """Every tag of the business."""

    name = "tags"
    title = "Tags"
    lead = "Words of your own on accounts and contacts. Filter any list by them."
    noun = ("tag", "tags")
    columns = [
        Column("name", "Tag", sort="key", link=True, needs=("tone",), render=_badge),
        NumberColumn("accounts", "Accounts",
                     link=lambda row: AccountList.url(reverse("accounts:list"), tag=row["id"])),
        NumberColumn("contacts", "Contacts",
                     link=lambda row: ContactList.url(reverse("accounts:contacts"), tag=row["id"])),
        InstantColumn("created_at", "Since", optional=True),
    ]  # fmt: skip
    search = TextSearch(prefix=["key"], contains=["key"], key=str.casefold, label="Search tags")
    default_sort = "name"
    bulk_actions = [
        BulkAction("merge", "Merge", merge, form=MergeForm, visible=may_arrange,
                   text="What has one of the tags gets the one that stays."
                        " You can undo this for 30 days."),
        BulkAction("delete", "Delete", delete, danger=True, visible=may_arrange,
                   text="They are taken off all accounts and contacts."
                        " You can restore them for 30 days."),
    ]  # fmt: skip
    empty = Empty(
        "No tags yet",
        "Tag accounts on their page, many at once in the list, or with an import.",
        actions=[("Add tag", "accounts:tag_add"), ("Go to accounts", "accounts:list")],
        icon="tags",
    )
    row_needs = ("id",)

    @override
    def queryset(self, viewer: Actor) -> QuerySet[Tag]:
        return queries.tags(viewer)

    @override
    def row_url(self, row: Row, /) -> str:
        return url_of("accounts:tag", row["id"])
