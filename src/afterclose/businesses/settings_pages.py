"""The pages under Settings: apps add theirs, the index shows those that a person may open."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right

GROUPS = ("Business", "People", "Customers", "System")


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """One page; ``group`` is one of GROUPS, ``text`` says in a line what is there."""

    label: str
    text: str
    url_name: str
    icon: str
    right: Right
    group: str
    order: int = 50

    @property
    def url(self) -> str:
        """Its address."""
        return reverse(self.url_name)


_pages: dict[str, SettingsPage] = {}


def register(page: SettingsPage) -> None:
    """Add a page; called in ``ready()``. The same label again replaces it."""
    if page.group not in GROUPS:
        raise ValueError(f"“{page.group}” is none of {', '.join(GROUPS)}.")
    _pages[page.label] = page


def pages_for(viewer: Actor) -> list[tuple[str, list[SettingsPage]]]:
    """The groups and pages that this person may open."""
    mine = sorted(
        (page for page in _pages.values() if viewer.may(page.right)),
        key=lambda page: (page.order, page.label),
    )
    grouped = [(group, [page for page in mine if page.group == group]) for group in GROUPS]
    return [(group, pages) for group, pages in grouped if pages]
