"""What the left navigation and the create menu offer: apps register, the shell asks.

An app calls `register` in its AppConfig.ready(). The shell passes a predicate (has this person
the right, is the feature on), and what it refuses is absent, not greyed; a section without
entries is absent too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from django.urls import NoReverseMatch, reverse

SECTIONS = ("", "Success", "Finance", "Automation", "End")


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the navigation.

    `right` and `switch` are names that only the predicate understands; `prefix` is the path
    under which the entry is highlighted when that is not the entry's own URL.
    """

    label: str
    url_name: str
    icon: str
    section: str = ""
    right: str | None = None
    switch: str | None = None
    order: int = 50
    keywords: tuple[str, ...] = ()
    prefix: str | None = None


@dataclass(frozen=True, slots=True)
class Create:
    """One thing that the create menu can make; `drawer` opens its form at the side."""

    label: str
    url_name: str
    icon: str = "plus"
    right: str | None = None
    switch: str | None = None
    drawer: bool = False
    order: int = 50


@dataclass(frozen=True, slots=True)
class Link:
    """An entry with its address, ready for a template."""

    label: str
    url: str
    icon: str
    prefix: str
    keywords: tuple[str, ...] = ()
    drawer: bool = False
    active: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its links; the heading of the first and last section is empty."""

    label: str
    links: tuple[Link, ...]


Allowed = Callable[[Entry | Create], bool]

_entries: dict[tuple[str, str], Entry] = {}
_creates: dict[str, Create] = {}


def register(entry: Entry) -> None:
    """Add an entry; the same section and label again replaces it."""
    if entry.section not in SECTIONS:
        raise ValueError(f"“{entry.section}” is not one of the sections {SECTIONS}.")
    _entries[entry.section, entry.label] = entry


def register_create(create: Create) -> None:
    """Add an action to the create menu; the same label again replaces it."""
    _creates[create.label] = create


def registered() -> tuple[Entry, ...]:
    """Everything registered, in the order of the screen."""
    return tuple(
        sorted(
            _entries.values(),
            key=lambda entry: (SECTIONS.index(entry.section), entry.order, entry.label),
        )
    )


def registered_creates() -> tuple[Create, ...]:
    """Every create action, in the order of the menu."""
    return tuple(sorted(_creates.values(), key=lambda create: (create.order, create.label)))


def entries(allowed: Allowed) -> Iterator[Entry]:
    """The entries that the predicate lets through."""
    return (entry for entry in registered() if allowed(entry))


def creates(allowed: Allowed) -> tuple[Link, ...]:
    """The create menu for one person."""
    return tuple(
        link
        for create in registered_creates()
        if allowed(create) and (link := _link(create)) is not None
    )


def sections(allowed: Allowed, path: str = "") -> tuple[Section, ...]:
    """The navigation for one person; the entry whose prefix fits `path` best is active."""
    by_section: dict[str, list[Link]] = {}
    for entry in entries(allowed):
        link = _link(entry)
        if link is not None:
            by_section.setdefault(entry.section, []).append(link)
    best = _best([link for links in by_section.values() for link in links], path)
    return tuple(
        Section(
            label="" if name == "End" else name,
            links=tuple(replace(link, active=link.prefix == best) for link in by_section[name]),
        )
        for name in SECTIONS
        if name in by_section
    )


def _best(links: Sequence[Link], path: str) -> str | None:
    fitting = [
        link.prefix
        for link in links
        # "/" would fit everything, so the home page is only itself.
        if path == link.prefix or (link.prefix != "/" and path.startswith(link.prefix))
    ]
    return max(fitting, key=len, default=None)


def _link(item: Entry | Create) -> Link | None:
    # A missing URL is an error of the check in checks.py, which the server and CI run at start;
    # at render time one broken entry should not take every page down.
    try:
        url = reverse(item.url_name)
    except NoReverseMatch:
        return None
    if isinstance(item, Create):
        return Link(item.label, url, item.icon, url, drawer=item.drawer)
    return Link(item.label, url, item.icon, item.prefix or url, keywords=item.keywords)
