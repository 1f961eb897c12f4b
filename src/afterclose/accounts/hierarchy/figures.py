"""What apps above know of a group: contract value, health; shown in the panel of the group.

An app registers a figure as it starts; accounts imports nothing from above.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure of one group: ``value`` on the screen, what to say beside it, its rows."""

    value: SafeString | str
    url: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of any group; ``read(viewer, account_id)`` gives one or several (currencies)."""

    key: str
    label: str
    right: Right
    order: int
    read: Callable[[Actor, int], Sequence[Shown]]


_figures: dict[str, Figure] = {}


def register(figure: Figure) -> None:
    """Show a figure on the panel of every group; called from an ``AppConfig.ready``."""
    _figures[figure.key] = figure


def of_group(viewer: Actor, account_id: int) -> list[tuple[str, Sequence[Shown]]]:
    """Label and values of the figures that the viewer may see, in order."""
    seen = sorted(_figures.values(), key=lambda each: (each.order, each.key))
    return [(each.label, each.read(viewer, account_id)) for each in seen if viewer.may(each.right)]
