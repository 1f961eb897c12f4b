"""What the settings read from the machine: folders, the secret key, the mail server."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


def data_dir(base: Path) -> Path:
    """Where uploaded files and the secret key lie; AFTERCLOSE_DATA_DIR or `.data`."""
    return Path(os.environ.get("AFTERCLOSE_DATA_DIR") or base / ".data")


def words(name: str, default: str) -> list[str]:
    """An environment variable as a list split at spaces and commas."""
    return os.environ.get(name, default).replace(",", " ").split()


def secret_key(data: Path) -> str:
    """SECRET_KEY, else one made once and kept readable to its owner alone."""
    if key := os.environ.get("SECRET_KEY"):
        return key
    path = data / "secret-key"
    try:
        return path.read_text()
    except FileNotFoundError:
        data.mkdir(parents=True, exist_ok=True)
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass  # another process was first
    return path.read_text()


def mail(url: str) -> tuple[str, dict[str, Any]]:
    """Django's mail backend and settings from ``smtp[s|+tls]://user:password@host:port``."""
    if not url:
        return "django.core.mail.backends.console.EmailBackend", {}
    parts = urlsplit(url)
    return "django.core.mail.backends.smtp.EmailBackend", {
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_TIMEOUT": 30,
    }


def static_storage(root: Path) -> str:
    """Hashed, compressed files once `collectstatic` has run; straight from the sources before."""
    if (root / "staticfiles.json").exists():
        return "whitenoise.storage.CompressedManifestStaticFilesStorage"
    return "django.contrib.staticfiles.storage.StaticFilesStorage"
