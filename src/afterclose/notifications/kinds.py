"""What members can be told about (CS-92): a registry, so that apps above add their own kinds.

An app declares its kinds beside what it says (``telling.py``) and registers them as it starts.
Here are those of facts from apps that this one may not import.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models


class Pace(models.TextChoices):
    """When a kind reaches a member by mail."""

    NOW = "now", "At once"
    DAILY = "daily", "In the daily summary"
    WEEKLY = "weekly", "In the weekly summary"
    OFF = "off", "Never"


SUMMARIES = (Pace.DAILY, Pace.WEEKLY)


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that members are told about. ``slug`` is stored; ``pace`` is how it is mailed
    to whoever has chosen nothing (the inbox is on for all); ``order`` sorts the page of
    preferences."""

    slug: str
    label: str
    pace: Pace
    order: int = 50

    def __str__(self) -> str:
        return self.slug


class KindClash(ValueError):
    """Two kinds have the same slug."""


_kinds: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    """Make kinds known; called from an ``AppConfig.ready``. Raises KindClash."""
    for kind in kinds:
        if _kinds.setdefault(kind.slug, kind) != kind:
            raise KindClash(f"There is another kind “{kind.slug}” already.")


def every() -> list[Kind]:
    """All kinds in the order of the page of preferences."""
    return sorted(_kinds.values(), key=lambda kind: (kind.order, kind.label))


def get(slug: str) -> Kind | None:
    """The kind of that slug; None for one whose app is gone."""
    return _kinds.get(slug)


def label_of(slug: str) -> str:
    """A stored kind in words."""
    found = _kinds.get(slug)
    return found.label if found else slug.replace("_", " ").capitalize()


MENTION = Kind("mention", "Mention", Pace.NOW, 10)
TASK_ASSIGNED = Kind("task_assigned", "Task given to me", Pace.NOW, 20)
TASK_OVERDUE = Kind("task_overdue", "Task overdue", Pace.DAILY, 21)
WEBHOOK_DISABLED = Kind("webhook_disabled", "Webhook disabled", Pace.NOW, 70)
IMPORT_FINISHED = Kind("import_finished", "Import finished", Pace.OFF, 80)
EXPORT_READY = Kind("export_ready", "Export ready", Pace.OFF, 81)
OWN = (MENTION, TASK_ASSIGNED, TASK_OVERDUE, WEBHOOK_DISABLED, IMPORT_FINISHED, EXPORT_READY)
