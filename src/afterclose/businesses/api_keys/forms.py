"""The form of a new key."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms

from afterclose.businesses.actors import Actor
from afterclose.businesses.api_keys.actions import roles_for
from afterclose.businesses.api_keys.scopes import choices
from afterclose.ui.forms import offer_choices

LIFETIMES = (("30", "30 days"), ("90", "90 days"), ("365", "One year"), ("", "Never"))


class ApiKeyForm(forms.Form):
    """What a new key is called, may do, and until when."""

    name = forms.CharField(max_length=100, help_text="Which program will use it, such as Zapier.")
    role = forms.ChoiceField(help_text="It can do what this role can, and no more than you.")
    scopes = forms.MultipleChoiceField(
        choices=choices,
        widget=forms.CheckboxSelectMultiple,
        label="Areas",
        help_text="Give it only what it needs; reading is part of writing.",
    )
    days = forms.ChoiceField(choices=LIFETIMES, initial="90", required=False, label="Expires after")

    def __init__(self, *args: Any, viewer: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [(role.value, str(role.label)) for role in roles_for(viewer)]
        offer_choices(self, "role", roles)
        if len(roles) > 1:
            self.fields["role"].initial = roles[1][0]

    def wanted(self, at: datetime) -> dict[str, Any]:
        """The values as the action takes them."""
        values = dict(self.cleaned_data)
        days = values.pop("days")
        return values | {"expires_at": at + timedelta(days=int(days)) if days else None}
