"""What Ctrl-K finds: apps register providers, the search view asks them in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from afterclose.ui import navigation

Provider = Callable[[Any, str, int], "Iterable[Hit]"]


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found; `detail` is the grey second half of its line."""

    label: str
    url: str
    detail: str = ""
    icon: str = "search"
    group: str = ""
    drawer: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Hits under one heading."""

    label: str
    hits: tuple[Hit, ...]


_providers: dict[str, tuple[int, Provider]] = {}


def register(name: str, provider: Provider, *, order: int = 50) -> None:
    """Add a provider `(viewer, text, limit) -> hits`; `name` heads hits without a group.

    A provider is asked only for text that is not empty, and answers at most `limit` hits that
    the viewer may see.
    """
    _providers[name] = (order, provider)


def search(
    viewer: Any, text: str, allowed: navigation.Allowed, *, limit: int = 6
) -> Sequence[Group]:
    """Records, pages and actions that fit the text; without text, pages and actions. Whoever is in
    no business (viewer None) finds no records."""
    wanted = text.strip()
    groups: dict[str, list[Hit]] = {}
    if wanted and viewer is not None:
        for name, (_, provider) in sorted(_providers.items(), key=lambda kept: kept[1][0]):
            for hit in provider(viewer, wanted, limit):
                groups.setdefault(hit.group or name, []).append(hit)
    for section in navigation.sections(allowed):
        for link in section.links:
            if _fits(wanted, link.label, section.label, *link.keywords):
                groups.setdefault("Pages", []).append(
                    Hit(link.label, link.url, detail=section.label, icon=link.icon)
                )
    for link in navigation.creates(allowed):
        if _fits(wanted, f"Create {link.label}", "new", "add"):
            groups.setdefault("Actions", []).append(
                Hit(
                    f"Create {link.label[:1].lower()}{link.label[1:]}",
                    link.url,
                    icon="plus",
                    drawer=link.drawer,
                )
            )
    return [Group(name, tuple(hits)) for name, hits in groups.items()]


def _fits(wanted: str, *texts: str) -> bool:
    """Whether every word of what is wanted begins some word of the texts."""
    words = " ".join(texts).lower().split()
    return all(any(word.startswith(part) for word in words) for part in wanted.lower().split())
