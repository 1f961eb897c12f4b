"""Secrets at rest: what the database keeps can be read only with the site's secret key.

For secrets that we must show or use again (a webhook's signing key, an OIDC client's secret);
what we only compare (a password, an API key) is hashed instead. Keys are derived from
``SECRET_KEY`` by HKDF, one per purpose, so that a text of one purpose is worthless in another.
A new ``SECRET_KEY`` with the old one in ``SECRET_KEY_FALLBACKS`` reads everything; ``renewed``
says what to write back so that the old key can go.
"""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class NotReadable(Exception):
    """The text was encrypted with another key or for another purpose, or was changed."""

    def __init__(self) -> None:
        super().__init__(
            "A stored secret cannot be read: SECRET_KEY was changed without keeping the old one "
            "in SECRET_KEY_FALLBACKS. Put it there, or enter the secret again."
        )


def encrypt(plain: str, *, purpose: str) -> str:
    """The text as it may be stored (ASCII, about 1.4 times as long plus 100 characters).

    ``purpose`` names what it is for, ``app.what`` (``webhooks.signing``), and is needed again
    to read it. The same text gives another result each time.
    """
    return _keys(purpose).encrypt(plain.encode()).decode()


def decrypt(stored: str, *, purpose: str) -> str:
    """The text that ``encrypt`` was given; raises NotReadable."""
    try:
        return _keys(purpose).decrypt(stored).decode()
    except InvalidToken as wrong:
        raise NotReadable from wrong


def renewed(stored: str, *, purpose: str) -> str | None:
    """The same secret under the newest key, or None when it already is; raises NotReadable."""
    try:
        Fernet(_key(settings.SECRET_KEY, purpose)).decrypt(stored)
    except InvalidToken:
        return encrypt(decrypt(stored, purpose=purpose), purpose=purpose)
    return None


def _keys(purpose: str) -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key(secret, purpose)) for secret in secrets])


@lru_cache(maxsize=256)
def _key(secret: str, purpose: str) -> bytes:
    derived = HKDF(
        algorithm=SHA256(), length=32, salt=None, info=b"afterclose.encryption:" + purpose.encode()
    ).derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
