"""Whole numbers as addresses and forms hold them."""

from __future__ import annotations

LONGEST = 18
"""Digits; a column of the database holds any number of so many."""


def whole_number(text: object) -> int | None:
    """An id or a count from text, None for anything else.

    ASCII digits and no more than a column holds: `int` takes digits of any script and underscores,
    `str.isdigit` calls ² a digit, and of more than 4,300 digits `int` makes an error.
    """
    written = str(text)
    fits = written.isascii() and written.isdigit() and len(written) <= LONGEST
    return int(written) if fits else None
