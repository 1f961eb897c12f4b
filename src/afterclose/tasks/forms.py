"""Forms of tasks: what is typed, as the actions take it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse

from afterclose.accounts.models import Account, Contact
from afterclose.accounts.queries import members
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right
from afterclose.kit.digits import whole_number
from afterclose.tasks.models import Priority, Task
from afterclose.ui.forms import DateInput, offer, plausible_day

Choices = list[tuple[Any, str]]


class TaskForm(forms.Form):
    """A task: what, until when, for whom."""

    title = forms.CharField(max_length=200, label="What is to be done")
    due_on = forms.DateField(
        required=False, label="Due", widget=DateInput, validators=[plausible_day]
    )
    priority = forms.ChoiceField(choices=Priority.choices, initial=Priority.NORMAL)
    assignee: forms.ModelChoiceField[Membership] = forms.ModelChoiceField(
        Membership.objects.none(),
        required=False,
        label="Assignee",
        empty_label="Nobody",
        widget=forms.Select(attrs={"data-select": ""}),
    )
    account: forms.ModelChoiceField[Account] = forms.ModelChoiceField(
        Account.objects.none(), required=False
    )
    contact: forms.ModelChoiceField[Contact] = forms.ModelChoiceField(
        Contact.objects.none(), required=False, help_text="A person of that account."
    )
    notes = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, viewer: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "assignee", members(viewer))
        if not viewer.may(Right.ACCOUNTS_VIEW):
            del self.fields["account"], self.fields["contact"]
            return
        self._offer("account", Account, reverse("tasks:account_options"))
        self._offer("contact", Contact, reverse("accounts:contact_options"))

    def _offer(self, name: str, model: Any, address: str) -> None:
        """Offer only the row that is chosen; the others come as one types."""
        field: Any = self.fields[name]
        field.queryset = model.objects.all()
        chosen = self.data.get(name) if self.is_bound else self.initial.get(name)
        chosen = getattr(chosen, "pk", chosen)
        choices: Choices = [("", "None")]
        if (row_id := whole_number(chosen)) is not None:
            choices += [(row.pk, str(row)) for row in model.objects.filter(pk=row_id)]
        field.widget = forms.Select(
            attrs={"data-select": "", "data-select-url": f"{address}?q="}, choices=choices
        )

    @staticmethod
    def from_task(task: Task) -> dict[str, Any]:
        """What the form shows of a task that is there."""
        names = ("title", "due_on", "priority", "assignee", "account", "contact", "notes")
        return {name: getattr(task, name) for name in names}


class QuickForm(forms.Form):
    """A task in one line, for oneself."""

    title = forms.CharField(max_length=200)
    due_on = forms.DateField(required=False, validators=[plausible_day])


class AssigneeForm(forms.Form):
    """Who has to do the selected tasks from now on."""

    assignee: forms.ModelChoiceField[Membership] = forms.ModelChoiceField(
        Membership.objects.none(), required=False, empty_label="Nobody"
    )

    def __init__(self, *args: Any, viewer: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "assignee", members(viewer))


class DueForm(forms.Form):
    """Until when the selected tasks are to be done from now on."""

    due_on = forms.DateField(
        required=False,
        label="Due",
        widget=DateInput,
        help_text="Empty: no date.",
        validators=[plausible_day],
    )
