"""Forms of second factors where allauth's are too strict, or say the wrong thing; named in
``settings.MFA_FORMS``.

A code of an app counts in its half minute and in the one before and after (RFC 6238, 5.2): phones
are some seconds off, and typing takes some. allauth notes a code as used for half a minute alone,
so here it is noted for as long as it could count.
"""

from __future__ import annotations

from typing import Any

from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from afterclose.businesses import people

NOT_THIS_KEY = (
    "This passkey or security key does not open this account: it was removed, belongs to somebody "
    "else, or did not ask for PIN, fingerprint or face. Use another way to sign in."
)

#: Longer than anybody needs to tell their keys apart.
NAME_LENGTH = 100

NOT_A_KEY = "The browser's answer cannot be read. Try again, or use another device."
# What comes from a browser as JSON may be anything; the library takes its shape for granted.
_NOT_AN_ANSWER = (AttributeError, LookupError, TypeError, ValueError)


class _Once:
    """A code that was taken is taken once, however long it would count."""

    user: Any
    cleaned_data: dict[str, Any]
    authenticator: Authenticator

    def clean_code(self) -> str:
        """The code; raises ValidationError for a wrong one, or one that was used."""
        used = _used_key(self.user, self.cleaned_data["code"])
        if cache.get(used):
            check_rate_limit(self.user)
            raise get_adapter().validation_error("incorrect_code")
        code: str = super().clean_code()  # type: ignore[misc]  # of the form beside it
        if self.authenticator.type == Authenticator.Type.TOTP:
            cache.set(used, 1, timeout=_counts_for())
        return code


class CodeForm(_Once, AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """The code after the password."""


class CodeAgainForm(_Once, ReauthenticateForm):  # type: ignore[misc]  # as above
    """The code before something that matters."""


class NewKeyForm(AddWebAuthnForm):  # type: ignore[misc]  # as above
    """A new passkey or security key."""

    def clean(self) -> dict[str, Any]:
        """What was typed, and the key; raises ValidationError."""
        try:
            cleaned: dict[str, Any] = super().clean()
        except (ValidationError, *_NOT_AN_ANSWER) as problem:
            raise ValidationError(NOT_A_KEY) from problem
        return cleaned


class KeyNameForm(EditWebAuthnForm):  # type: ignore[misc]  # as above
    """What a passkey or security key is called; a new name is noted in the audit log."""

    name = forms.CharField(max_length=NAME_LENGTH)

    @transaction.atomic
    def save(self) -> Authenticator:
        """The key by its new name. Whoever has to show again that it is them renames nothing."""
        before, after = self.instance.wrap().name, self.cleaned_data["name"]
        renamed: Authenticator = super().save()
        if before != after:
            people.record_everywhere(
                "person.passkey_renamed",
                person=renamed.user,
                at=timezone.now(),
                changes={"name": [before, after]},
            )
        return renamed


class NewAppForm(ActivateTOTPForm):  # type: ignore[misc]  # as above
    """The first code of an app, which signs nobody in afterwards."""

    def clean_code(self) -> str:
        """The code; raises ValidationError."""
        code: str = super().clean_code()
        cache.set(_used_key(self.user, code), 1, timeout=_counts_for())
        return code


class _Key:
    """Words for a passkey that does not fit, where allauth speaks of a code."""

    def clean_credential(self) -> Authenticator:
        """The passkey or security key; raises ValidationError."""
        try:
            return super().clean_credential()  # type: ignore[misc]  # of the form beside it
        except ValidationError as problem:
            if getattr(problem, "code", "") != "incorrect_code":
                raise
            raise ValidationError(NOT_THIS_KEY, code="incorrect_code") from problem
        except _NOT_AN_ANSWER as problem:
            raise ValidationError(NOT_THIS_KEY, code="incorrect_code") from problem


class KeyForm(_Key, AuthenticateWebAuthnForm):  # type: ignore[misc]  # as above
    """A passkey or security key after the password."""


class PasskeyForm(_Key, LoginWebAuthnForm):  # type: ignore[misc]  # as above
    """A passkey alone."""


class KeyAgainForm(_Key, ReauthenticateWebAuthnForm):  # type: ignore[misc]  # as above
    """A passkey or security key before something that matters."""


def _counts_for() -> int:
    """Seconds for which one code counts, a bit more than less."""
    return int(app_settings.TOTP_PERIOD) * (2 * int(app_settings.TOTP_TOLERANCE) + 2)


def _used_key(person: Any, code: str) -> str:
    return f"businesses.second_factors.used:{person.pk}:{normalize_user_code(code)}"
