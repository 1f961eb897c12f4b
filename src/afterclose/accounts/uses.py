"""What uses a custom field, a choice of one, or a tag: apps above (segments, later scorecards and
workflows) say so, for they may not be imported here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

from afterclose.accounts.custom_fields.models import CustomChoice, CustomField
from afterclose.accounts.tags.models import Tag
from afterclose.businesses.actors import Actor
from afterclose.businesses.errors import Refused

Thing = CustomField | CustomChoice | Tag


class UsedBy(NamedTuple):
    """One thing that would ask for what is not there any more."""

    label: str
    url: str = ""


class InUse(Refused):
    """It cannot be deleted while something asks for it."""

    def __init__(self, thing: Thing, users: Iterable[UsedBy]) -> None:
        named = ", ".join(user.label for user in users)
        super().__init__(
            f"“{name_of(thing)}” cannot be deleted, because it is used by {named}."
            " Change what uses it first."
        )


Finder = Callable[[Actor, Thing], Iterable[UsedBy]]
TagsMerged = Callable[..., list[Any]]
MergeUndone = Callable[..., None]
_finders: list[Finder] = []
when_tags_merge: list[TagsMerged] = []
"""Called with ``actor``, ``at``, ``merged`` (ids of the tags that go) and ``into_id``, in the
transaction of the merge, so that what named the former names the latter. Returns notes (JSON) on
what it did."""
when_merges_of_tags_are_undone: list[MergeUndone] = []
"""Called with ``actor``, ``at`` and the ``notes`` of all, once the tags are there again; each takes
its own notes up."""


def register(finder: Finder) -> None:
    """Say what of an app uses a thing, as the viewer may see it; from an ``AppConfig.ready``."""
    _finders.append(finder)


def of(viewer: Actor, thing: Thing) -> list[UsedBy]:
    """Everything that uses it."""
    return [found for finder in _finders for found in finder(viewer, thing)]


def require_unused(actor: Actor, things: Collection[Thing]) -> None:
    """Raise InUse for the first that something uses."""
    for thing in things:
        if users := of(actor, thing):
            raise InUse(thing, users)


def name_of(thing: Thing) -> str:
    """What people call it."""
    return thing.name if isinstance(thing, Tag) else thing.label
