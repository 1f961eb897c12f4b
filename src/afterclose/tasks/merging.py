"""What becomes of tasks when two contacts are merged (CS-11)."""

from __future__ import annotations

from afterclose.accounts.merging.engine import Engine
from afterclose.accounts.models import Contact
from afterclose.tasks.models import Task


def follow_contact(engine: Engine, contact_id: int) -> None:
    """What is about a contact is about their account: the tasks of both are at it now."""
    account_id = Contact.objects.values_list("account_id", flat=True).get(pk=contact_id)
    elsewhere = Task.objects.filter(contact_id=contact_id).exclude(account_id=account_id)
    ids = sorted(elsewhere.values_list("id", flat=True))
    engine.change(Task, ids, {"account_id": account_id})
