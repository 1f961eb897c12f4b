"""The choice of an account in a form: offers as one types, for there can be a hundred thousand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse

from afterclose.accounts.models import Account


class AccountSelect(forms.Select):
    """A searchable select that is drawn with the chosen account alone."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"data-select": "", **(attrs or {})})

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """The address that offers accounts by the start of their name."""
        address = f"{reverse('accounts:list')}?options=parent&q="
        return super().get_context(name, value, {**(attrs or {}), "data-select-url": address})

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        """Nothing chosen, and what is."""
        chosen = [text for text in value if text and str(text).isdigit()]
        known = Account.objects.filter(pk__in=chosen).values_list("pk", "name")
        options = [("", "None"), *((str(key), label) for key, label in known)]
        group = [
            self.create_option(name, key, label, key in map(str, value or [""]), index)
            for index, (key, label) in enumerate(options)
        ]
        return [(None, group, 0)]


# Django's field takes its type argument in the stubs only, not at run time.
class AccountField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """An account of the business, or none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            queryset=Account.objects.none(),
            **{"widget": AccountSelect(), "required": False, **kwargs},
        )

    def to_python(self, value: Any) -> Any:
        """The account by its id; the query is made when it is asked for, in the business."""
        self.queryset = Account.objects.all()
        return super().to_python(value)
