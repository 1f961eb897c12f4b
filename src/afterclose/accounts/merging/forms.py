"""Forms of merging."""

from __future__ import annotations

from django import forms

from afterclose.accounts.hierarchy.choosing import AccountField, ContactField


class OtherForm(forms.Form):
    """The other account."""

    other = AccountField(
        label="Merge with", required=True, help_text="Type the beginning of its name."
    )


class OtherContactForm(forms.Form):
    """The other contact."""

    other = ContactField(
        label="Merge with",
        required=True,
        help_text="Type the beginning of their name or e-mail address.",
    )
