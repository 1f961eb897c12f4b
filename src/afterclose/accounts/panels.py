"""The panels of the pages of accounts and contacts: each served and guarded by its own app (CS-5).

Apps register a panel as they start; the pages know only addresses, so they import nothing from
above.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.ui.components import Height

Page = Literal["account", "contact"]


@dataclass(frozen=True, slots=True)
class Panel:
    """One lazily loaded part of a page; its address takes ``account_id`` or ``contact_id``.

    ``height`` is what its content usually takes, so that nothing moves when it comes; ``phone``
    is the same where a table becomes cards.
    """

    key: str
    title: str
    url_name: str
    right: Right
    icon: str
    order: int
    area: Literal["main", "side"] = "main"
    height: Height = "md"
    phone: Height | None = None
    refresh: str = ""
    page: Page = "account"


_panels: dict[tuple[str, str], Panel] = {}


def register(panel: Panel) -> None:
    """Show a panel on every page of its kind; called from an ``AppConfig.ready``."""
    _panels[panel.page, panel.key] = panel


def panels(viewer: Actor, area: str, page: Page = "account") -> list[Panel]:
    """The panels of one area of a page that the viewer may see, in order."""
    found = (p for p in _panels.values() if (p.page, p.area) == (page, area))
    seen = (p for p in found if viewer.may(p.right))
    return sorted(seen, key=lambda panel: (panel.order, panel.key))
