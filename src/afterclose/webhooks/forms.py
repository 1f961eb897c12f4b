"""Forms of webhooks: what is typed, as the actions take it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from afterclose.accounts import facts
from afterclose.ui.forms import DateInput, offer_choices
from afterclose.webhooks.models import Endpoint


class EndpointForm(forms.Form):
    """Where facts go, and which."""

    url = forms.CharField(
        label="Address",
        max_length=2000,
        widget=forms.URLInput(attrs={"placeholder": "https://example.com/webhooks"}),
        help_text="Use https: with http anybody on the way can read what is sent.",
    )
    description = forms.CharField(
        required=False, max_length=200, help_text="What it is for, so that others know."
    )
    all_kinds = forms.TypedChoiceField(
        label="Which facts",
        choices=[("yes", "All of them, and those that come with new versions"),
                 ("no", "Only those chosen below")],
        coerce=lambda text: text == "yes",
        widget=forms.RadioSelect,
        initial="yes",
    )  # fmt: skip
    kinds = forms.MultipleChoiceField(
        label="Chosen facts", required=False, widget=forms.SelectMultiple(attrs={"data-select": ""})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(kind.name, f"{kind.label} ({kind.name})") for kind in facts.declared()]
        offer_choices(self, "kinds", kinds)

    @staticmethod
    def of(endpoint: Endpoint) -> dict[str, Any]:
        """What the form starts with for an endpoint that is there."""
        return {
            "url": endpoint.url,
            "description": endpoint.description,
            "all_kinds": "yes" if endpoint.all_kinds else "no",
            "kinds": endpoint.kinds,
        }


class ReplayForm(forms.Form):
    """From when on what failed is sent again."""

    since: forms.Field = forms.DateField(
        label="Failed deliveries since",
        widget=DateInput,
        help_text="The day on which the fact came about. Receivers drop copies by their id.",
    )

    def __init__(self, *args: Any, today: date | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["since"].initial = today
