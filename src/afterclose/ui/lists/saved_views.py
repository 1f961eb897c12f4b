"""Where people's own views of a list are kept: an interface that an app above implements.

Without a provider a list has the views that came with it, and nothing offers to save one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class SavedView:
    """A named query string; `mine` says that the viewer may change it, `default` that the list
    opens with it when the URL asks for nothing."""

    id: str
    name: str
    query: str
    shared: bool = False
    mine: bool = True
    default: bool = False


class SavedViews(Protocol):
    """The store. It checks what the viewer may do and raises PermissionDenied."""

    def list(self, viewer: Any, list_name: str) -> Sequence[SavedView]:
        """The viewer's own and the shared views, in the order to show."""

    def save(
        self, viewer: Any, list_name: str, *, name: str, query: str, shared: bool, default: bool
    ) -> SavedView:
        """Keep a view; one of the same name by the same person is replaced."""

    def delete(self, viewer: Any, list_name: str, view_id: str) -> None:
        """Forget a view."""


_providers: list[SavedViews] = []


def provide(provider: SavedViews | None) -> None:
    """Set the store, from an AppConfig.ready(); None takes it away."""
    _providers[:] = [provider] if provider is not None else []


def provider() -> SavedViews | None:
    """The store, or None."""
    return _providers[0] if _providers else None
