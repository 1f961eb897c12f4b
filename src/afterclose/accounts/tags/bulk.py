"""Tagging many rows of a list at once; the list shows first how many they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from afterclose.accounts.tags import actions
from afterclose.accounts.tags.forms import TagsForm
from afterclose.accounts.tags.models import Tag
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.ui.forms import offer
from afterclose.ui.lists import BulkAction, Selected

# A thousand rows are one statement, so a request can do many.
MOST = 20_000


def may_tag(viewer: Actor) -> bool:
    """Whether tagging is on offer."""
    return viewer.may(Right.ACCOUNTS_EDIT)


class TagForm(TagsForm):
    """Which tags are put on the rows."""

    def clean(self) -> dict[str, Any]:
        """At least one, from either field."""
        values = super().clean() or self.cleaned_data
        if not self.errors and not values.get("tags") and not values.get("new"):
            raise ValidationError("Choose a tag, or write a new one.")
        return values


class UntagForm(forms.Form):
    """Which tags are taken off the rows."""

    tags = forms.ModelMultipleChoiceField(
        Tag.objects.none(), widget=forms.SelectMultiple(attrs={"data-select": ""})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "tags", Tag.objects.order_by("key"))


Run = Callable[[Actor, Selected, dict[str, Any]], str]


def _tagging(act: Callable[..., int], ids_name: str, noun: str, verb: str) -> Run:
    def run(viewer: Actor, selection: Selected, data: dict[str, Any]) -> str:
        at, changed = timezone.now(), 0
        ids = {tag.id for tag in data["tags"]}
        if data.get("new"):
            ids |= set(actions.ensure_tags(actor=viewer, at=at, names=data["new"]).values())
        # The ids first: what tagging does may move rows out of the filter.
        for rows in list(selection.ids()):
            changed += act(actor=viewer, at=at, tag_ids=ids, **{ids_name: rows})
        if not changed:
            return "Nothing had to change."
        return f"{changed:,} {noun}{'' if changed == 1 else 's'} {verb}."

    return run


def _pair(add: Callable[..., int], remove: Callable[..., int], noun: str) -> list[BulkAction]:
    return [
        BulkAction(
            "tag",
            "Add tags",
            _tagging(add, f"{noun}_ids", noun, "tagged"),
            form=TagForm,
            visible=may_tag,
            most=MOST,
            text="Noted on the timeline of every account that gets a new tag.",
        ),
        BulkAction(
            "untag",
            "Remove tags",
            _tagging(remove, f"{noun}_ids", noun, "untagged"),
            form=UntagForm,
            visible=may_tag,
            most=MOST,
            text="The tags themselves stay for other rows.",
        ),
    ]


ACCOUNT_TAGGING = _pair(actions.tag_accounts, actions.untag_accounts, "account")
CONTACT_TAGGING = _pair(actions.tag_contacts, actions.untag_contacts, "contact")
