"""From what is to be said to the mail that waits: both parts, and the link that stops it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from afterclose.kit import texts
from afterclose.notifications import stopping
from afterclose.notifications.kinds import Kind
from afterclose.notifications.models import OutgoingMail
from afterclose.notifications.wishes import Wishes

TITLE_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to a member: `template` names a pair of templates, `<template>.txt` and
    `<template>.html`, that get `context`, `business`, `member`, `site_url` and `stop_url`."""

    member_id: int
    kind: Kind
    key: str
    subject: str
    template: str
    context: dict[str, object]
    is_urgent: bool = False


def key_of(mail: Mail) -> str:
    """Names the mail among those of all members."""
    return f"{mail.member_id}:{mail.key}"


def written(at: datetime, mail: Mail, wishes: Wishes, *, stops: str = "") -> OutgoingMail:
    """The mail as it waits (not saved); it may not go before the member's quiet hours are over.

    ``stops`` is what its link switches off: the mail's own kind, or a pace of summaries.
    """
    member = wishes.members[mail.member_id]
    token = stopping.token_for(wishes.business.pk, member.pk, stops or mail.kind.slug)
    stop_url = stopping.address(token)
    context = {
        **mail.context,
        "subject": mail.subject,
        "business": wishes.business,
        "member": member,
        "site_url": settings.SITE_URL,
        "stop_url": stop_url,
    }
    locale = member.person.locale or None
    with translation.override(locale), timezone.override(wishes.zone(member.pk)):
        text = render_to_string(f"{mail.template}.txt", context)
        html = render_to_string(f"{mail.template}.html", context)
    return OutgoingMail(
        member=member,
        to=member.person.email,
        subject=texts.one_line(mail.subject)[:TITLE_LENGTH],
        text=text.strip() + "\n",
        html=html,
        stop_url=stop_url,
        created_at=at,
        next_try_at=wishes.quiet_until(member.pk, at) or at,
        key=key_of(mail),
    )
