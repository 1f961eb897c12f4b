"""Importers and references, registered by each app from its `AppConfig.ready()`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from afterclose.accounts.imports import guessing

if TYPE_CHECKING:
    from afterclose.accounts.imports.importers import Importer

_importers: dict[str, Importer] = {}

# External ids to account ids, set-wise; ids that are not known are left out.
Resolver = Callable[[Collection[str]], dict[str, int]]
_references: dict[str, Resolver] = {}


class UnknownKind(LookupError):
    """A kind of file that no app imports."""

    def __init__(self, kind: str) -> None:
        known = ", ".join(importer.kind for importer in importers())
        super().__init__(f"There is no import of “{kind}”. There is: {known}.")


def register(importer: Importer) -> None:
    """Offer an importer; once per kind."""
    _importers[importer.kind] = importer


def importers() -> list[Importer]:
    """All importers, those first that others refer to."""
    return sorted(_importers.values(), key=lambda importer: importer.order)


def importer_of(kind: str) -> Importer:
    """The importer of a kind; raises `UnknownKind`."""
    try:
        return _importers[kind]
    except KeyError:
        raise UnknownKind(kind) from None


def recognise(headers: Sequence[str]) -> str | None:
    """The kind whose fields fit the headings best, or None when none has what it requires."""
    # `max` keeps the first of equals: what others refer to goes before what refers.
    best = max(importers(), key=lambda each: guessing.score(each.fields, headers), default=None)
    return best.kind if best and guessing.score(best.fields, headers) > 0 else None


def register_reference(name: str, resolver: Resolver) -> None:
    """Let rows refer to accounts by the external id of something of this app."""
    _references[name] = resolver


def resolve(name: str, external_ids: Collection[str]) -> dict[str, int]:
    """External ids of a registered sort to account ids, in one query; {} for none."""
    return _references[name](external_ids) if external_ids else {}
