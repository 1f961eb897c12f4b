"""Saved views of lists: private or shared, one to open a list with per person (CS-9).

`Store` is what `ui.lists` is given; the functions are its queries and actions. Everybody may keep
views of a list that they may see; a shared one is changed by its owner or by an admin.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import ListChoice, SavedView
from afterclose.businesses.permissions import Right
from afterclose.kit.digits import whole_number
from afterclose.ui.lists import saved_views

NAME_LENGTH = 80
QUERY_LENGTH = 4000
MOST = 50  # of one person and list: each is a tab
MOST_OF_OTHERS = 150


def shelf(viewer: Actor, list_name: str) -> saved_views.Shelf:
    """The viewer's own and the shared views by name, and the columns that the viewer chose.

    Views that others share fill up to MOST_OF_OTHERS places; they displace neither the viewer's own
    nor the one that the viewer's list opens with.
    """
    if viewer.membership_id is None:
        return saved_views.Shelf()
    choice = ListChoice.objects.filter(member_id=viewer.membership_id, list_name=list_name).first()
    kept = Q(owner_id=viewer.membership_id)
    if choice and choice.default_view_id:
        kept |= Q(pk=choice.default_view_id)
    views = (
        _visible(viewer, list_name)
        .select_related("owner__person")
        .only("name", "query", "is_shared", "owner__person__name", "owner__person__email")
        .annotate(kept=kept)
        .order_by("-kept", "name", "id")[: MOST + 1 + MOST_OF_OTHERS]
    )
    others = islice((view for view in views if not view.kept), MOST_OF_OTHERS)
    found = [*(view for view in views if view.kept), *others]
    found.sort(key=lambda view: (view.name, view.pk))
    return saved_views.Shelf(
        tuple(_shown(viewer, view, choice) for view in found),
        tuple(choice.columns.split(",")) if choice and choice.columns else (),
    )


def _visible(viewer: Actor, list_name: str) -> Any:
    mine = Q(owner_id=viewer.membership_id)
    return SavedView.objects.filter(mine | Q(is_shared=True), list_name=list_name)


def _shown(viewer: Actor, view: SavedView, choice: ListChoice | None) -> saved_views.SavedView:
    mine = view.owner_id == viewer.membership_id
    return saved_views.SavedView(
        id=str(view.pk),
        name=view.name,
        query=view.query,
        shared=view.is_shared,
        mine=mine,
        editable=mine or viewer.may(Right.SETTINGS_EDIT),
        default=choice is not None and choice.default_view_id == view.pk,
        owner="" if mine else str(view.owner),
    )


@transaction.atomic
def save_view(
    *, actor: Actor, at: datetime, list_name: str, name: str, query: str, shared: bool = False
) -> SavedView:
    """Keep a new view; ViewProblem when the name is empty or taken, or there are too many."""
    if actor.membership_id is None:
        raise PermissionDenied("Only a member of the business can save views.")
    own = SavedView.objects.filter(owner_id=actor.membership_id, list_name=list_name)
    if own.count() >= MOST:
        raise saved_views.ViewProblem(
            f"You have {MOST} views of this list already. Delete one to save another."
        )
    view = SavedView(
        list_name=list_name,
        owner_id=actor.membership_id,
        name=_free_name(own, name),
        query=_fitting(query),
        is_shared=shared,
        saved_at=at,
    )
    _write(view)
    if shared:
        audit.record("view.shared", actor=actor, at=at, subject=view)
    return view


@transaction.atomic
def change_view(
    *,
    actor: Actor,
    at: datetime,
    list_name: str,
    view_id: str,
    name: str | None = None,
    query: str | None = None,
    shared: bool | None = None,
) -> SavedView:
    """Rename a view, keep other filters under its name, share it or stop sharing it."""
    view = _editable(actor, list_name, view_id)
    before = {"name": view.name, "query": view.query, "shared": view.is_shared}
    was_shared = view.is_shared
    if name is not None and name != view.name:
        others = SavedView.objects.filter(owner_id=view.owner_id, list_name=list_name)
        view.name = _free_name(others.exclude(pk=view.pk), name)
    if query is not None:
        view.query = _fitting(query)
    if shared is not None:
        view.is_shared = shared
    after = {"name": view.name, "query": view.query, "shared": view.is_shared}
    changes = audit.difference(before, after)
    if not changes:
        return view
    view.saved_at = at
    _write(view)
    if was_shared and not view.is_shared:
        _let_go(view, but=view.owner_id)
    if was_shared or view.is_shared:
        audit.record("view.changed", actor=actor, at=at, subject=view, changes=changes)
    return view


@transaction.atomic
def delete_view(*, actor: Actor, at: datetime, list_name: str, view_id: str) -> SavedView:
    """Forget a view; whose list opened with it, opens with everything again."""
    view = _editable(actor, list_name, view_id)
    _let_go(view)
    if view.is_shared:
        audit.record(
            "view.deleted", actor=actor, at=at, subject=view, changes={"query": view.query}
        )
    view.delete()
    return view


@transaction.atomic
def open_with(*, actor: Actor, list_name: str, view_id: str, wanted: bool = True) -> None:
    """Have the actor's list open with a view that they see, or no longer with it."""
    view = _seen(actor, list_name, view_id)
    choice = _choice(actor, list_name)
    if wanted:
        choice.default_view = view
    elif choice.default_view_id == view.pk:
        choice.default_view = None
    choice.save()


@transaction.atomic
def choose_columns(*, actor: Actor, list_name: str, columns: tuple[str, ...]) -> None:
    """Remember the columns that the actor wants of a list; none: those it comes with."""
    choice = _choice(actor, list_name)
    choice.columns = ",".join(columns)
    choice.save()


def _choice(actor: Actor, list_name: str) -> ListChoice:
    if actor.membership_id is None:
        raise PermissionDenied("Only a member of the business has lists of their own.")
    choice, _ = ListChoice.objects.get_or_create(member_id=actor.membership_id, list_name=list_name)
    return choice


def _let_go(view: SavedView, *, but: int | None = None) -> None:
    ListChoice.objects.filter(default_view=view).exclude(member_id=but).update(default_view=None)


def _seen(actor: Actor, list_name: str, view_id: str) -> SavedView:
    """Locked, so that nobody's list opens with a view that somebody else deletes just now."""
    rows = _visible(actor, list_name).select_for_update(of=("self",))
    view: SavedView | None = rows.filter(pk=whole_number(view_id) or 0).first()
    if view is None:
        raise saved_views.ViewProblem("That view is not there any more.")
    return view


def _editable(actor: Actor, list_name: str, view_id: str) -> SavedView:
    view = _seen(actor, list_name, view_id)
    if view.owner_id != actor.membership_id and not actor.may(Right.SETTINGS_EDIT):
        raise PermissionDenied(
            f"“{view.name}” belongs to {view.owner}. Save it under another name to change it."
        )
    return view


def _write(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as clash:  # The same name this moment, as by a second click.
        raise _taken(view.name) from clash


def _taken(name: str) -> saved_views.ViewProblem:
    return saved_views.ViewProblem(f"There is a view “{name}” already. Choose another name.")


def _free_name(others: Any, name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())[:NAME_LENGTH]
    if not name:
        raise saved_views.ViewProblem("Give the view a name.")
    if others.filter(name=name).exists():
        raise _taken(name)
    return name


def _fitting(query: str) -> str:
    if len(query) > QUERY_LENGTH:
        raise saved_views.ViewProblem("This view has too many filters to be saved. Remove some.")
    return query


class Store:
    """The functions above, as `ui.lists.saved_views` wants them."""

    def shelf(self, viewer: Actor, list_name: str) -> saved_views.Shelf:
        """What the viewer has of this list."""
        return shelf(viewer, list_name)

    def save(self, viewer: Actor, list_name: str, *, name: str, query: str, shared: bool) -> str:
        """Keep a new view; its id."""
        view = save_view(
            actor=viewer,
            at=timezone.now(),
            list_name=list_name,
            name=name,
            query=query,
            shared=shared,
        )
        return str(view.pk)

    def change(
        self,
        viewer: Actor,
        list_name: str,
        view_id: str,
        *,
        name: str | None = None,
        query: str | None = None,
        shared: bool | None = None,
    ) -> None:
        """Change a view."""
        change_view(
            actor=viewer,
            at=timezone.now(),
            list_name=list_name,
            view_id=view_id,
            name=name,
            query=query,
            shared=shared,
        )

    def open_with(self, viewer: Actor, list_name: str, view_id: str, wanted: bool) -> None:
        """Set or unset the view that the list opens with."""
        open_with(actor=viewer, list_name=list_name, view_id=view_id, wanted=wanted)

    def delete(self, viewer: Actor, list_name: str, view_id: str) -> None:
        """Forget a view."""
        delete_view(actor=viewer, at=timezone.now(), list_name=list_name, view_id=view_id)

    def choose_columns(self, viewer: Actor, list_name: str, columns: tuple[str, ...]) -> None:
        """Remember the columns."""
        choose_columns(actor=viewer, list_name=list_name, columns=columns)
