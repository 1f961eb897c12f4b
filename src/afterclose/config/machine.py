"""What the settings read from the machine: folders, the secret key, the mail server."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SHORTEST_TOKEN = 16


def data_dir(base: Path) -> Path:
    """Where uploaded files and the secret key lie; AFTERCLOSE_DATA_DIR or `.data`."""
    return Path(os.environ.get("AFTERCLOSE_DATA_DIR") or base / ".data")


def words(name: str, default: str) -> list[str]:
    """An environment variable as a list split at spaces and commas."""
    return os.environ.get(name, default).replace(",", " ").split()


def token(name: str) -> str:
    """A secret word of the environment, or none; raises ImproperlyConfigured for a short one."""
    found = os.environ.get(name, "").strip()
    if found and len(found) < SHORTEST_TOKEN:
        raise ImproperlyConfigured(
            f"{name} has {len(found)} characters and could be guessed: use {SHORTEST_TOKEN} or "
            "more, such as from “openssl rand -hex 32”."
        )
    return found


def secret_key(data: Path) -> str:
    """SECRET_KEY, else one made once and kept readable to its owner alone."""
    if key := os.environ.get("SECRET_KEY"):
        return key
    path = data / "secret-key"
    try:
        return path.read_text()
    except FileNotFoundError:
        data.mkdir(parents=True, exist_ok=True)
    # Written aside and linked into place, so that no other process reads half a key.
    draft = data / f"secret-key.{os.getpid()}"
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(50))
    with suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()
    return path.read_text()


def mail(url: str) -> dict[str, Any]:
    """Django's mailer from ``smtp[s|+tls]://user:password@host:port``; printed without one."""
    if not url:
        return {"BACKEND": "django.core.mail.backends.console.EmailBackend"}
    parts = urlsplit(url)
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": parts.hostname or "localhost",
            "port": parts.port or (465 if parts.scheme == "smtps" else 25),
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_ssl": parts.scheme == "smtps",
            "use_tls": parts.scheme == "smtp+tls",
            "timeout": 30,
        },
    }


def folder(path: Path) -> Path:
    """The folder, made if it is not there; WhiteNoise warns of one that is missing."""
    path.mkdir(parents=True, exist_ok=True)
    return path


def static_storage(is_collected: bool) -> str:
    """Hashed and compressed files where ``afterclose serve`` collected them, else the sources."""
    if is_collected:
        return "whitenoise.storage.CompressedManifestStaticFilesStorage"
    return "django.contrib.staticfiles.storage.StaticFilesStorage"
