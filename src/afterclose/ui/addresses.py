"""Addresses of rows, for pages that link many."""

from __future__ import annotations

from functools import cache

from django.urls import reverse

# No row has this id.
_STAND_IN = 2**63 - 1


@cache
def _address(name: str) -> str:
    return reverse(name, args=[_STAND_IN])


def url_of(name: str, row_id: int) -> str:
    """The address `name` of the row: `reverse(name, args=[row_id])`, resolved once per name, since
    a page links fifty rows."""
    return _address(name).replace(str(_STAND_IN), str(row_id))
