"""The choice of an account, or a contact, in a form: offers as one types, for there can be a
hundred thousand."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.urls import reverse

from afterclose.accounts.models import Account, Contact
from afterclose.kit.digits import whole_number


class _RowSelect(forms.Select):
    """A searchable select that is drawn with the chosen row alone."""

    model: ClassVar[type[Account | Contact]]

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"data-select": "", **(attrs or {})})

    def address(self) -> str:
        """What offers rows by the start of their name, which is put to its end."""
        raise NotImplementedError  # Each kind of row says its own; forms use those alone.

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """With the address of the offers."""
        return super().get_context(
            name, value, {**(attrs or {}), "data-select-url": self.address()}
        )

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        """Nothing chosen, and what is."""
        chosen = [row_id for each in value if (row_id := whole_number(each)) is not None]
        known = self.model._default_manager.filter(pk__in=chosen).values_list("pk", "name")
        options = [("", "None"), *((str(key), label) for key, label in known)]
        group = [
            self.create_option(name, key, label, key in map(str, value or [""]), index)
            for index, (key, label) in enumerate(options)
        ]
        return [(None, group, 0)]


class AccountSelect(_RowSelect):
    """An account."""

    model = Account

    def address(self) -> str:
        """What the filter of the list offers."""
        return f"{reverse('accounts:list')}?options=parent&q="


class ContactSelect(_RowSelect):
    """A contact."""

    model = Contact

    def address(self) -> str:
        """Contacts with their accounts."""
        return f"{reverse('accounts:contact_options')}?q="


# Django's field takes its type argument in the stubs only, not at run time.
class AccountField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """An account of the business, or none."""

    model: ClassVar[type[Account | Contact]] = Account
    select: ClassVar[type[_RowSelect]] = AccountSelect

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            queryset=self.model._default_manager.none(),
            **{"widget": self.select(), "required": False, **kwargs},
        )

    def to_python(self, value: Any) -> Any:
        """The row by its id; the query is made when it is asked for, in the business."""
        self.queryset = self.model._default_manager.all()
        return super().to_python(value)


class ContactField(AccountField):
    """A contact of the business, or none."""

    model = Contact
    select = ContactSelect
