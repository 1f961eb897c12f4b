"""Forms of segments: what is not the condition."""

from __future__ import annotations

from typing import ClassVar

from django import forms

from afterclose.segments.models import Segment


class SegmentForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Name and who may use it; the condition comes from the builder or the text."""

    class Meta:
        model = Segment
        fields: ClassVar = ["name", "description", "is_shared"]
        labels: ClassVar = {"is_shared": "Shared with everybody"}
        help_texts: ClassVar = {
            "is_shared": "A segment that is not shared is seen by you alone.",
            "description": "What it is for.",
        }
