"""The panels of the account page: each served and guarded by its own app (CS-5).

Apps register a panel as they start; the page knows only addresses, so it imports nothing from
above.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right


@dataclass(frozen=True, slots=True)
class Panel:
    """One lazily loaded part of the account page; its address takes ``account_id``."""

    key: str
    title: str
    url_name: str
    right: Right
    icon: str
    order: int
    area: Literal["main", "side"] = "main"
    height: Literal["sm", "md", "lg", "xl"] = "md"
    refresh: str = ""


_panels: dict[str, Panel] = {}


def register(panel: Panel) -> None:
    """Show a panel on every account page; called from an ``AppConfig.ready``."""
    _panels[panel.key] = panel


def panels(viewer: Actor, area: str) -> list[Panel]:
    """The panels of one area that the viewer may see, in order."""
    seen = (p for p in _panels.values() if p.area == area and viewer.may(p.right))
    return sorted(seen, key=lambda panel: (panel.order, panel.key))
