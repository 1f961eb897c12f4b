"""What can be done to the selected rows of the lists of accounts and contacts (CS-9)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone

from afterclose.accounts import many, queries
from afterclose.accounts.models import Stage
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right
from afterclose.ui import formats
from afterclose.ui.forms import DateInput, offer, offer_choices, plausible_day
from afterclose.ui.lists import BulkAction, BulkPage, Selected


def may_edit(viewer: Actor) -> bool:
    """Whether bulk changes are on offer."""
    return viewer.may(Right.ACCOUNTS_EDIT)


def counted(count: int, one: str, more: str) -> str:
    """`1 account`, `1,234 accounts`."""
    return f"{formats.number(count)} {one if count == 1 else more}"


def _accounts(count: int) -> str:
    return counted(count, "account", "accounts")


def _contacts(count: int) -> str:
    return counted(count, "contact", "contacts")


class MemberForm(forms.Form):
    """Who looks after the selected accounts from now on."""

    member: forms.ModelChoiceField[Membership] = forms.ModelChoiceField(
        Membership.objects.none(), label="To", required=False, empty_label="Nobody"
    )

    def __init__(self, *args: Any, viewer: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "member", queries.members(viewer))


class StageForm(forms.Form):
    """The stage that the selected accounts are in."""

    stage = forms.ChoiceField(choices=Stage.choices)


class FlagForm(forms.Form):
    """Why the selected accounts are at risk."""

    reasons = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    note = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, viewer: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reasons = queries.risk_reasons(viewer).values_list("key", "label")
        offer_choices(self, "reasons", reasons)


class ClearForm(forms.Form):
    """What was done about it."""

    note = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))


class PartForm(forms.Form):
    """Which part the selected contacts play."""

    part = forms.ChoiceField(choices=list(many.PARTS.items()))
    value = forms.ChoiceField(
        label="They", choices=[("yes", "play this part"), ("no", "do not play it")]
    )


class LeftForm(forms.Form):
    """The day on which the selected contacts left."""

    on = forms.DateField(label="Left on", widget=DateInput, validators=[plausible_day])


def _give(part: str) -> Any:
    def run(viewer: Actor, selection: Selected, data: dict[str, Any]) -> str:
        at, to = timezone.now(), data["member"]
        count = sum(
            many.give_accounts(actor=viewer, at=at, account_ids=ids, part=part, member=to)
            for ids in selection.ids()
        )
        return f"{_accounts(count)} changed: the {part.upper()} is {to or 'nobody'}."

    return run


def change_stage(viewer: Actor, selection: Selected, data: dict[str, Any]) -> str:
    """Put the selected accounts into a stage."""
    at, stage = timezone.now(), data["stage"]
    count = sum(
        many.move_accounts(actor=viewer, at=at, account_ids=ids, stage=stage)
        for ids in selection.ids()
    )
    verb = "is" if count == 1 else "are"
    return f"{_accounts(count)} {verb} now in stage {Stage(stage).label}."


def flag(viewer: Actor, selection: Selected, data: dict[str, Any]) -> str:
    """Flag the selected accounts at risk."""
    at = timezone.now()
    done = [
        many.flag_accounts(
            actor=viewer, at=at, account_ids=ids, reasons=data["reasons"], note=data["note"]
        )
        for ids in selection.ids()
    ]
    flagged, before, churned = (sum(each) for each in zip(*done, strict=True))
    text = f"{_accounts(flagged)} flagged at risk."
    if before:
        text += f" {_accounts(before)} had a flag before and kept it."
    if churned:
        text += f" {_accounts(churned)} left out, because churned."
    return text


def clear(viewer: Actor, selection: Selected, data: dict[str, Any]) -> str:
    """Take the flags of the selected accounts away."""
    at = timezone.now()
    count = sum(
        many.clear_accounts(actor=viewer, at=at, account_ids=ids, note=data["note"])
        for ids in selection.ids()
    )
    return f"{_accounts(count)} no longer at risk."


def mark(viewer: Actor, selection: Selected, data: dict[str, Any]) -> str:
    """Say which part the selected contacts play."""
    at, value = timezone.now(), data["value"] == "yes"
    count = sum(
        many.mark_contacts(actor=viewer, at=at, contact_ids=ids, part=data["part"], value=value)
        for ids in selection.ids()
    )
    return f"{_contacts(count)} changed."


def left(viewer: Actor, selection: Selected, data: dict[str, Any]) -> str:
    """Say that the selected contacts have left."""
    at = timezone.now()
    count = sum(
        many.contacts_left(actor=viewer, at=at, contact_ids=ids, on=data["on"])
        for ids in selection.ids()
    )
    return f"{_contacts(count)} marked as left."


def remove(viewer: Actor, selection: Selected, data: dict[str, Any]) -> str:
    """Remove the selected contacts."""
    at = timezone.now()
    count = sum(
        many.remove_contacts(actor=viewer, at=at, contact_ids=ids) for ids in selection.ids()
    )
    return f"{_contacts(count)} removed."


def _with_viewer(viewer: Actor) -> dict[str, Any]:
    return {"viewer": viewer}


def _merge(url_name: str) -> BulkPage:
    """The older of the two stays, unless one turns it round there."""
    return BulkPage(
        "merge",
        "Merge",
        lambda ids: reverse(url_name, args=ids),
        exactly=2,
        key="m",
        visible=may_edit,
    )


ACCOUNT_ACTIONS: list[BulkAction | BulkPage] = [
    BulkAction("owner", "Change CSM", _give("csm"), form=MemberForm, form_kwargs=_with_viewer,
               visible=may_edit),
    BulkAction("ae", "Change AE", _give("ae"), form=MemberForm, form_kwargs=_with_viewer,
               visible=may_edit),
    BulkAction("stage", "Change stage", change_stage, form=StageForm, visible=may_edit,
               text="The change of stage is noted on the timeline of every account."),
    BulkAction("flag", "Flag at risk", flag, form=FlagForm, form_kwargs=_with_viewer,
               visible=may_edit,
               text="Accounts that are flagged already keep their reasons; churned ones stay out."),
    BulkAction("clear", "Clear risk", clear, form=ClearForm, visible=may_edit,
               text="Open at-risk flags are closed and noted on the timeline."),
    _merge("accounts:merge"),
]  # fmt: skip
CONTACT_ACTIONS: list[BulkAction | BulkPage] = [
    BulkAction("part", "Change part", mark, form=PartForm, visible=may_edit),
    BulkAction("left", "Mark as left", left, form=LeftForm, visible=may_edit,
               text="Contacts with a leaving date keep it."),
    _merge("accounts:contact_merge"),
    BulkAction("remove", "Remove", remove, danger=True, visible=may_edit,
               text="They go from their accounts for good. Answers that they gave stay, without "
               "their names; every removal is noted on the timeline and in the audit log."),
]  # fmt: skip
