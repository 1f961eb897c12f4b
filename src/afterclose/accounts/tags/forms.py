"""Forms of tags."""

from __future__ import annotations

from typing import Any

from django import forms

from afterclose.accounts.tags.models import Tag, Tone
from afterclose.accounts.tags.naming import NAME_LENGTH, BadTagError, split_names
from afterclose.ui.forms import offer


class NewNamesField(forms.CharField):
    """Names of tags that may not exist yet, separated by commas; cleans to a list."""

    def __init__(self, **kwargs: Any) -> None:
        defaults: dict[str, Any] = {
            "label": "New tags",
            "required": False,
            "max_length": 1_000,
            "help_text": "Separated by commas.",
        }
        super().__init__(**{**defaults, **kwargs})

    def clean(self, value: Any) -> list[str]:
        """Each name once, trimmed."""
        try:
            return split_names(str(super().clean(value) or ""))
        except BadTagError as problem:
            raise forms.ValidationError(str(problem)) from problem


class TagDetailsForm(forms.Form):
    """What a tag is called and how it looks."""

    name = forms.CharField(max_length=NAME_LENGTH)
    tone = forms.ChoiceField(choices=Tone.choices, label="Colour")


class MergeForm(forms.Form):
    """The tag that stays."""

    into = forms.ModelChoiceField(
        Tag.objects.none(),
        label="Merge into",
        empty_label="Choose a tag",
        widget=forms.Select(attrs={"data-select": ""}),
    )

    def __init__(self, *args: Any, exclude: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "into", Tag.objects.exclude(id=exclude).order_by("key"))


class TagsForm(forms.Form):
    """The tags of one account or contact."""

    tags = forms.ModelMultipleChoiceField(
        Tag.objects.none(),
        required=False,
        widget=forms.SelectMultiple(attrs={"data-select": ""}),
    )
    new = NewNamesField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "tags", Tag.objects.order_by("key"))
