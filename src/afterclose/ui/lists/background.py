"""Files that take long: an interface to the app that writes them in the background.

Without it, or for whoever is not signed in, every file is written within the request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from django.utils.module_loading import import_string

from afterclose.ui.lists.definition import List

# A file of more rows than this is written in the background.
AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Wish:
    """A list as a file, in words that can be stored: `list_path` is the class, `address` where
    the list was, `query` its state, `today` the day that "next 90 days" counts from."""

    list_path: str
    address: str
    query: str
    kind: str
    today: date
    scope: Mapping[str, Any]
    title: str
    rows: int


class Writer(Protocol):
    """Who writes files in the background. Raises PermissionDenied."""

    def ask(self, viewer: Any, wish: Wish) -> str:
        """Have it written; the address of the page that shows how far it is."""

    def address(self) -> str:
        """The page with the files that the viewer asked for."""


_writers: list[Writer] = []


def provide(writer: Writer | None) -> None:
    """Set the writer, from an AppConfig.ready(); None takes it away."""
    _writers[:] = [writer] if writer is not None else []


def writer() -> Writer | None:
    """The writer, or None."""
    return _writers[0] if _writers else None


def path_of(list_class: type[List]) -> str:
    """How a list is named for `list_of`."""
    return f"{list_class.__module__}.{list_class.__qualname__}"


def list_of(path: str) -> type[List]:
    """The list of a stored path; ImportError when the product has it no longer."""
    found = import_string(path)
    if not (isinstance(found, type) and issubclass(found, List)):
        raise ImportError(f"{path} is not a list.")
    return found
