"""What the page about sample data asks for."""

from __future__ import annotations

from django import forms

from afterclose.ops.sample.errors import SMALLEST
from afterclose.ui.forms import WholeField

#: More than this is for measuring, and made by command.
LARGEST_BY_PAGE = 100_000


class GenerateForm(forms.Form):
    """How much sample data, and which."""

    size = WholeField(
        label="Accounts",
        min_value=SMALLEST,
        max_value=LARGEST_BY_PAGE,
        initial=120,
        help_text=f"{SMALLEST} to {LARGEST_BY_PAGE:,}. 100,000 take some minutes.",
    )
    seed = WholeField(
        label="Seed",
        min_value=0,
        max_value=1_000_000,
        initial=7,
        help_text="The same seed gives the same customers; another one gives others.",
    )
