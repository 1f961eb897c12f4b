"""What this app does when something became true; listed in ``config/reactions.py``."""

from __future__ import annotations

from django.urls import reverse

from afterclose.accounts.models import Event
from afterclose.businesses import actors
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right
from afterclose.notifications.actions import Message, notify_many
from afterclose.notifications.models import Kind


def tell_mentioned(event_id: int) -> None:
    """Tell the members whom a note names (CS-4)."""
    fact = Event.objects.get(pk=event_id)
    note = Event.objects.select_related("account").get(pk=fact.subject_id or 0)
    url = f"{reverse('accounts:detail', args=[note.account_id])}#timeline"
    messages = [
        Message(
            member_id=member_id,
            kind=Kind.MENTION,
            key=f"mention:{note.id}",
            title=f"{note.actor_name} mentioned you at {note.account}",
            body=note.body or note.title,
            url=url,
            account_id=note.account_id,
        )
        for member_id in note.mentions.values_list("member_id", flat=True)
    ]
    notify_many(actor=actors.system(fact.business_id), at=fact.occurred_at, messages=messages)


def tell_exporter(event_id: int) -> None:
    """Tell whoever asked for a file that it is there, or why not."""
    fact = Event.objects.get(pk=event_id)
    message = Message(
        member_id=fact.payload["member"],
        kind=Kind.IMPORT_FINISHED,
        key=fact.key or f"export:{fact.id}",
        title=fact.title,
        body=fact.body,
        url=reverse("exports:show", args=[fact.payload["export"]]),
    )
    notify_many(actor=actors.system(fact.business_id), at=fact.occurred_at, messages=[message])


def tell_importer(event_id: int) -> None:
    """Tell whoever started an import that it is done; nobody for one from the command line."""
    fact = Event.objects.get(pk=event_id)
    member_id = fact.payload.get("member")
    if member_id is None:
        return
    message = Message(
        member_id=member_id,
        kind=Kind.IMPORT_FINISHED,
        key=fact.key or f"import:{fact.subject_id}",
        title=fact.title,
        url=reverse("imports:run", args=[fact.payload["run"]]),
    )
    notify_many(actor=actors.system(fact.business_id), at=fact.occurred_at, messages=[message])


def tell_of_disabled_webhook(event_id: int) -> None:
    """Tell whoever may mend it that a webhook was switched off by itself (OP-9)."""
    fact = Event.objects.get(pk=event_id)
    members = Membership.objects.filter(deactivated_at__isnull=True).select_related("person")
    messages = [
        Message(
            member_id=member.id,
            kind=Kind.WEBHOOK_DISABLED,
            key=f"webhook.disabled:{fact.id}",
            title=fact.title,
            body=fact.body,
            url=reverse("webhooks:endpoint", args=[fact.payload["endpoint"]]),
            is_urgent=True,
        )
        for member in members
        if actors.member(member).may(Right.WEBHOOKS_EDIT)
    ]
    notify_many(actor=actors.system(fact.business_id), at=fact.occurred_at, messages=messages)
