"""Text that somebody typed, made fit for one line: a subject, a name, the title of a task."""

from __future__ import annotations

import unicodedata

# They join letters and emoji in names that are as they should be.
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
# Controls, formats (those that turn the direction of what follows are among them, and a text that
# is read backwards says something else than it is), and halves of a character.
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})


def one_line(text: str) -> str:
    """The text without line breaks, doubled spaces, and characters that nobody sees but that
    change how the rest is read."""
    spaced = " ".join(text.split())
    if spaced.isascii() and spaced.isprintable():
        return spaced
    kept = (c for c in spaced if c in _JOINERS or unicodedata.category(c) not in _UNSEEN)
    return " ".join("".join(kept).split())
