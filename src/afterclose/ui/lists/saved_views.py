"""People's own views of a list and the columns that they chose: an interface that an app above
implements.

Without a store a list has the views that came with it, and nothing offers to save one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from afterclose.ui.lists.definition import List


class ViewProblem(ValueError):  # what a person is told, not a fault
    """Why a view cannot be kept so; the message is for the person."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A named query string; `editable` says that the viewer may change it, `default` that their
    list opens with it when the URL asks for nothing, `owner` whose it is if not the viewer's."""

    id: str
    name: str
    query: str
    shared: bool = False
    mine: bool = True
    editable: bool = True
    default: bool = False
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one person has of one list: views in the order to show, columns chosen (by name)."""

    views: tuple[SavedView, ...] = ()
    columns: tuple[str, ...] = ()


class SavedViews(Protocol):
    """The store. It checks what the viewer may do and raises PermissionDenied or ViewProblem."""

    def shelf(self, viewer: Any, list_name: str) -> Shelf:
        """The viewer's own and the shared views, and the viewer's columns."""

    def save(self, viewer: Any, list_name: str, *, name: str, query: str, shared: bool) -> str:
        """Keep a new view and return its id."""

    def change(
        self,
        viewer: Any,
        list_name: str,
        view_id: str,
        *,
        name: str | None = None,
        query: str | None = None,
        shared: bool | None = None,
    ) -> None:
        """Change what is given."""

    def open_with(self, viewer: Any, list_name: str, view_id: str, wanted: bool) -> None:
        """Whether the viewer's list opens with this view."""

    def delete(self, viewer: Any, list_name: str, view_id: str) -> None:
        """Forget a view."""

    def choose_columns(self, viewer: Any, list_name: str, columns: tuple[str, ...]) -> None:
        """Remember the viewer's columns; none: those that the list comes with."""


_providers: list[SavedViews] = []


def provide(provider: SavedViews | None) -> None:
    """Set the store, from an AppConfig.ready(); None takes it away."""
    _providers[:] = [provider] if provider is not None else []


def provider() -> SavedViews | None:
    """The store, or None."""
    return _providers[0] if _providers else None


def shelf_of(the_list: List) -> Shelf:
    """What the viewer has of the list, read once per answer; nothing for nobody."""
    store, context = provider(), the_list.context
    if store is None or context.viewer is None:
        return Shelf()
    if "shelf" not in context.memo:
        context.memo["shelf"] = store.shelf(context.viewer, the_list.name)
    found: Shelf = context.memo["shelf"]
    return found
