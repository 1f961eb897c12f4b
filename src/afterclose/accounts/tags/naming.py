"""What a tag may be called, and how a cell of a file or a line of a form lists several."""

from __future__ import annotations

import re

NAME_LENGTH = 60
_SEPARATORS = re.compile(r"[,;|\n]")


class BadTagError(ValueError):
    """A text that cannot be a tag; the message says why."""


def clean_name(text: str) -> str:
    """A name as it is stored: trimmed, single spaces. Raises BadTagError."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= NAME_LENGTH:
        raise BadTagError(f"Enter 1 to {NAME_LENGTH} characters for a tag.")
    if _SEPARATORS.search(name):
        raise BadTagError(f"“{name}”: a tag has no comma, semicolon or |, which separate tags.")
    if "\x00" in name:
        raise BadTagError("A tag has no zero character.")
    return name


def key_of(name: str) -> str:
    """By what a tag is found whatever its case."""
    return " ".join(name.split()).casefold()


def split_names(text: str) -> list[str]:
    """The tags of a list such as ``VIP, EMEA; beta``: each once, in their order.

    Raises BadTagError for one that is too long.
    """
    names: dict[str, str] = {}
    for part in _SEPARATORS.split(text):
        if part.strip():
            name = clean_name(part)
            names.setdefault(key_of(name), name)
    return list(names.values())
