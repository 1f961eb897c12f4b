"""Mails about somebody's own sign-in: what each says. Sent by a job, so that a mail server that is
down keeps nobody from changing a password.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from afterclose.businesses.invitations import DAY, set_password_url
from afterclose.businesses.models import Person
from afterclose.businesses.sessions.devices import device
from afterclose.kit import clock

WAS_NOT_YOU = (
    "This was not you? Change your password at once, look under Your profile where you are signed "
    "in, and tell an admin of your business."
)
IGNORE = "You did not ask for this? Then leave this mail alone; nothing changes."

#: allauth's name of the letter with the link to a new password.
RESET = "account/email/password_reset_key"


@dataclass(frozen=True, slots=True)
class Letter:
    """A subject, what happened or is to be done, and what to do if it was somebody else.

    ``verb`` is what the audit log says of it, where the mail follows from allauth's pages.
    """

    title: str
    text: str
    otherwise: str = WAS_NOT_YOU
    verb: str = ""


#: By allauth's name of the mail, or ours.
LETTERS = {
    RESET: Letter(
        "Choose a new password",
        "Somebody, probably you, asked for a new password for this address. The link works once "
        "and for {days} days.",
        IGNORE,
    ),
    "account/email/password_reset": Letter(
        "Your password was changed",
        "A new password was set by a link in a mail. Other devices are signed out.",
        verb="person.password_reset",
    ),
    "account/email/password_changed": Letter(
        "Your password was changed",
        "The password of your account was changed. Other devices are signed out.",
        verb="person.password_changed",
    ),
    "account/email/password_set": Letter(
        "Your account has a password",
        "A password was set for your account, which had none.",
        verb="person.password_set",
    ),
    "mfa/email/totp_activated": Letter(
        "An authenticator app was set up",
        "From now on a code is asked for after your password.",
        verb="person.totp_added",
    ),
    "mfa/email/totp_deactivated": Letter(
        "The authenticator app was switched off",
        "No code of an app is asked for any more when you sign in.",
        verb="person.totp_removed",
    ),
    "mfa/email/webauthn_added": Letter(
        "A passkey or security key was added",
        "It can now be used to sign in to your account.",
        verb="person.passkey_added",
    ),
    "mfa/email/webauthn_removed": Letter(
        "A passkey or security key was removed",
        "It cannot be used any more to sign in to your account.",
        verb="person.passkey_removed",
    ),
    "mfa/email/recovery_codes_generated": Letter(
        "New recovery codes were made",
        "Those of before stopped working.",
        verb="person.recovery_codes_made",
    ),
    "factors_removed": Letter(
        "Your second factors were removed",
        "Whoever runs the server has removed your authenticator app, passkeys, security keys and "
        "recovery codes, as for somebody who lost them. Your password alone signs you in: set up a "
        "second factor again under Your profile.",
    ),
    "socialaccount/email/account_connected": Letter(
        "Your account was linked to a sign-in provider",
        "You signed in by your company's provider, and it signs you in from now on.",
        verb="person.linked",
    ),
    "email_wanted": Letter(
        "Confirm your new address",
        "You want to sign in to Afterclose with this address from now on. Confirm it while you are "
        "signed in; the link works for a day.",
        IGNORE,
    ),
    "email_taken": Letter(
        "This address has an account already",
        "Somebody, perhaps you, wants to use this address for another account of Afterclose. An "
        "address belongs to one account only, so nothing was changed.",
        IGNORE,
    ),
    "email_changed": Letter(
        "Your address was changed",
        "You now sign in to Afterclose with {new}, and mails go there. This address no longer "
        "opens your account.",
        "This was not you? Tell an admin of your business at once: they sign you out everywhere "
        "and take the access away until it is mended.",
    ),
}
_ACTIONS = {
    RESET: "Choose a new password",
    "email_wanted": "Confirm this address",
}


def send(*, kind: str, person_id: int, to: str, facts: Mapping[str, str]) -> None:
    """Send one letter; nothing to somebody who is gone. ``facts`` are texts of the letter and,
    if known, ``at`` (ISO 8601), ``ip`` and ``user_agent`` of who did it. The link to a new password
    goes to whoever has the address ``to``."""
    if kind == RESET:
        to = to.strip().lower()
        person = Person.objects.filter(email=to, is_active=True).first()
    else:
        person = Person.objects.filter(pk=person_id, is_active=True).first()
    if person is None:
        return
    letter = LETTERS[kind]
    url = facts.get("url", "")
    if kind == RESET:
        # Made here rather than kept in the queue, where it would lie for a week.
        url = set_password_url(person)
    days = settings.PASSWORD_RESET_TIMEOUT // DAY
    zone = clock.zone(person.time_zone or settings.TIME_ZONE)
    with translation.override(person.locale or None), timezone.override(zone):
        context = {
            "person": person,
            "subject": letter.title,
            "title": letter.title,
            "text": letter.text.format(days=days, new=facts.get("new", "")),
            "otherwise": letter.otherwise,
            "action": _ACTIONS.get(kind, ""),
            "url": url,
            "facts": _facts(facts),
        }
        body = render_to_string("businesses/mail/letter.txt", context)
        html = render_to_string("businesses/mail/letter.html", context)
    mail = EmailMultiAlternatives(
        letter.title, body, to=[to], headers={"Auto-Submitted": "auto-generated"}
    )
    mail.attach_alternative(html, "text/html")
    mail.send()


def confirm_url(token: str) -> str:
    """Where a new address is confirmed."""
    return f"{settings.SITE_URL}{reverse('businesses:email_confirm', args=[token])}"


def _facts(facts: Mapping[str, str]) -> list[tuple[str, str]]:
    found = []
    if "at" in facts:
        at = timezone.localtime(datetime.fromisoformat(facts["at"]))
        found.append(("When", f"{at:%Y-%m-%d %H:%M} {at.tzname()}"))
    if facts.get("user_agent"):
        found.append(("Device", device(facts["user_agent"])))
    if facts.get("ip"):
        found.append(("Network address", facts["ip"]))
    return found
