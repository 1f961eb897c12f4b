"""The mail that lets a new member in: a link to set a password, by allauth's reset flow."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from afterclose.businesses.models import Membership, Person
from afterclose.kit import texts

DAY = 24 * 60 * 60


def set_password_url(person: Person) -> str:
    """An absolute link that lets exactly this person set a password, once, for some days."""
    path = reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(person),
            "key": default_token_generator.make_token(person),
        },
    )
    return f"{settings.SITE_URL}{path}"


def send(*, membership_id: int, invited_by: str) -> None:
    """Send the invitation; nothing for somebody who is no member (any more)."""
    with transaction.atomic():
        membership = (
            Membership.objects.select_related("person", "business")
            .filter(id=membership_id, deactivated_at__isnull=True, person__is_active=True)
            .first()
        )
    if membership is None:
        return
    person = membership.person
    # Whoever signs in already (to another business) needs no new password.
    is_new = not person.has_usable_password()
    context = {
        "person": person,
        "business": membership.business,
        "role": membership.get_role_display(),
        "invited_by": invited_by,
        "is_new": is_new,
        "url": set_password_url(person) if is_new else f"{settings.SITE_URL}/",
        "days": settings.PASSWORD_RESET_TIMEOUT // DAY,
    }
    mail = EmailMultiAlternatives(
        subject=texts.one_line(
            f"{invited_by} invites you to {membership.business.name} on Afterclose"
        ),
        body=render_to_string("businesses/mail/invitation.txt", context),
        to=[person.email],
    )
    mail.attach_alternative(
        render_to_string("businesses/mail/invitation.html", context), "text/html"
    )
    mail.send()
