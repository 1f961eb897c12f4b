"""Scopes of API keys: read and write per area, derived from the table of rights.

A right is named ``noun.verb``: ``noun.view`` gives the scope ``noun:read``, every other verb of
the noun belongs to ``noun:write``, which includes reading. So a new right is covered by itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from afterclose.businesses.permissions import Right
from afterclose.businesses.settings import app_of

# Areas that only people may touch: a key that leaks must not be able to make itself a bigger one,
# let somebody in, or have what happens sent elsewhere.
FOR_PEOPLE_ONLY = frozenset(
    {"api_keys", "home", "ops", "people", "sample_data", "settings", "sign_in", "webhooks"}
)


def _derived() -> dict[str, frozenset[Right]]:
    scopes: dict[str, frozenset[Right]] = {}
    for noun in dict.fromkeys(app_of(right) for right in Right):
        if noun in FOR_PEOPLE_ONLY:
            continue
        rights = [right for right in Right if app_of(right) == noun]
        reading = [right for right in rights if right.value == f"{noun}.view"]
        if reading:
            scopes[f"{noun}:read"] = frozenset(reading)
        if len(rights) > len(reading):
            scopes[f"{noun}:write"] = frozenset(rights)
    return scopes


SCOPES = _derived()


def label(scope: str) -> str:
    """``accounts:write`` as “Accounts: read and write”."""
    noun, _, verb = scope.partition(":")
    words = noun.replace("_", " ").capitalize()
    return f"{words}: read and write" if verb == "write" else f"{words}: read"


def choices() -> list[tuple[str, str]]:
    """Every scope with its words."""
    return [(scope, label(scope)) for scope in SCOPES]


def rights_of(scopes: Iterable[str]) -> frozenset[Right]:
    """The rights that these scopes let through; one that is no more gives none."""
    return frozenset(right for scope in scopes for right in SCOPES.get(scope, ()))


def scope_for(right: Right) -> str:
    """The smallest scope that has the right, or empty when no key can have it."""
    having = [scope for scope, rights in SCOPES.items() if right in rights]
    return min(having, key=lambda scope: len(SCOPES[scope]), default="")
