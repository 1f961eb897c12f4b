"""Rules that open tasks by themselves (CS-91); apps above register theirs as they start.

A rule opens a task under a key through ``many.open_for_trigger``, and closes it when what
it stands for is over. The daily sweep asks each rule which of the open ones no longer hold,
so a task closes also when the moment was missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from afterclose.businesses.actors import Actor

#: Of these source keys, which still hold on that day? Called in the business's context with at
#: most a thousand keys.
StillHolds = Callable[[Actor, Iterable[str], date], set[str]]


@dataclass(frozen=True, slots=True)
class Trigger:
    """A rule: ``name`` is stored with its tasks, ``label`` stands on the page as the source,
    ``still_holds`` says which keys are not over yet."""

    name: str
    label: str
    still_holds: StillHolds


_triggers: dict[str, Trigger] = {}


def register(trigger: Trigger) -> None:
    """Make a rule known; the same name again replaces it."""
    _triggers[trigger.name] = trigger


def forget(name: str) -> None:
    """Take a rule out again; its open tasks stay until a person completes them."""
    _triggers.pop(name, None)


def every() -> list[Trigger]:
    """All rules, by name."""
    return sorted(_triggers.values(), key=lambda trigger: trigger.name)


def label_of(name: str) -> str:
    """A rule in words; one that is gone is called by its name."""
    found = _triggers.get(name)
    return found.label if found else name.replace("_", " ").capitalize()
