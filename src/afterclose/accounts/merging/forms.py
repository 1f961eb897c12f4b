"""Forms of merging."""

from __future__ import annotations

from django import forms

from afterclose.accounts.hierarchy.choosing import AccountField


class OtherForm(forms.Form):
    """The other account."""

    other = AccountField(
        label="Merge with", required=True, help_text="Type the beginning of its name."
    )
