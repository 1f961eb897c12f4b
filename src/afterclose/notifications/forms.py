"""What a member wants to be told, how, and when, as the actions take it."""

from __future__ import annotations

from datetime import time
from typing import Any

from django import forms

from afterclose.businesses.actors import Actor
from afterclose.notifications import kinds, queries
from afterclose.notifications.kinds import Kind, Pace

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CLOCK = {"type": "time", "step": 900}


class WishesForm(forms.Form):
    """Per kind: whether it goes into the inbox, and at which pace it is mailed."""

    def __init__(self, *args: Any, viewer: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, (in_app, pace) in queries.wishes(viewer).items():
            self.fields[f"{kind.slug}-app"] = forms.BooleanField(required=False, initial=in_app)
            self.fields[f"{kind.slug}-mail"] = forms.ChoiceField(
                choices=Pace.choices,
                initial=pace,
                widget=forms.Select(attrs={"aria-label": f"{kind.label}, by mail"}),
            )

    @property
    def rows(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """(label, inbox field, mail field) per kind."""
        return [
            (kind.label, self[f"{kind.slug}-app"], self[f"{kind.slug}-mail"])
            for kind in kinds.every()
        ]

    @property
    def wishes(self) -> dict[Kind, tuple[bool, Pace]]:
        """What was chosen, as the action takes it."""
        chosen = self.cleaned_data
        return {
            kind: (chosen[f"{kind.slug}-app"], Pace(chosen[f"{kind.slug}-mail"]))
            for kind in kinds.every()
        }


class TimesForm(forms.Form):
    """Quiet hours, and when summaries come; wall times of the member's zone."""

    quiet_from = forms.TimeField(
        required=False, label="Quiet from", widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M")
    )
    quiet_to = forms.TimeField(
        required=False,
        label="Quiet until",
        widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M"),
        help_text="Both empty: mails come at any time.",
    )
    summary_at = forms.TimeField(
        label="Summaries come at", widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M")
    )
    summary_weekday = forms.TypedChoiceField(
        label="The weekly one on", choices=list(enumerate(WEEKDAYS)), coerce=int
    )

    @staticmethod
    def from_now(viewer: Actor) -> dict[str, time | int | None]:
        """What the form shows at first."""
        found = queries.mail_times(viewer)
        names = ("quiet_from", "quiet_to", "summary_at", "summary_weekday")
        return {name: getattr(found, name) for name in names}
