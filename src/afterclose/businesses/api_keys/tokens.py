"""The token of a key: how it looks and what is kept of it."""

from __future__ import annotations

import hashlib
import re
import secrets
import string

PREFIX = "ac_live_"
_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 40
_SHAPE = re.compile(rf"{PREFIX}[A-Za-z0-9]{{{_LENGTH}}}")


def make() -> str:
    """A new token of 40 random letters and digits (238 bits) behind a prefix that scanners for
    leaked secrets can know."""
    return PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def is_token(text: str) -> bool:
    """Whether the text has the shape of a token, so that anything else costs no query."""
    return _SHAPE.fullmatch(text) is not None


def digest(token: str) -> str:
    """What is kept: SHA-256 in hex. A token has more entropy than can be tried, so a slow hash
    would protect nothing and cost every request."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def start(token: str) -> str:
    """The first characters, by which a person tells one key from another."""
    return token[: len(PREFIX) + 4]
