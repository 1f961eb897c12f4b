"""What a person does with the views of a list: save, change, share, delete, open the list with."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseRedirect

from afterclose.ui.lists import saved_views
from afterclose.ui.lists.page import ListPage
from afterclose.ui.lists.saved_views import SavedView, SavedViews, ViewProblem

VERBS = ("save_view", "update_view", "change_view", "delete_view")


def wanted(request: HttpRequest) -> bool:
    """Whether a POST is about views."""
    return any(verb in request.POST for verb in VERBS)


def answer(request: HttpRequest, page: ListPage) -> HttpResponseRedirect:
    """Do it and go to the view, or back to where one was with the reason why not."""
    store = saved_views.provider()
    if store is None:
        raise Http404("Views cannot be saved here.")
    verb = next(verb for verb in VERBS if verb in request.POST)
    view_id = "" if verb == "save_view" else request.POST[verb]
    try:
        # Two writes may belong together; what is refused leaves neither.
        with transaction.atomic():
            if verb == "save_view":
                said, view_id = _save(request, page, store)
            elif verb == "update_view":
                said = _update(page, store, view_id)
            elif verb == "change_view":
                said = _change(request, page, store, view_id)
            else:
                said = _delete(page, store, view_id)
    except ViewProblem as problem:
        messages.error(request, str(problem))
        return HttpResponseRedirect(page.here)
    messages.success(request, said)
    return HttpResponseRedirect(_place(page, store, view_id))


def _place(page: ListPage, store: SavedViews, view_id: str) -> str:
    shelf = store.shelf(page.context.viewer, page.list.name)
    view = next((each for each in shelf.views if each.id == view_id), None)
    if view is not None:
        return page.view_url(view)
    # "All" by name, so that the default view does not open instead.
    return page.all_url


def _save(request: HttpRequest, page: ListPage, store: SavedViews) -> tuple[str, str]:
    viewer, name = page.context.viewer, page.list.name
    view_id = store.save(
        viewer,
        name,
        name=request.POST["save_view"],
        query=page.reader.kept_query(page.state),
        shared=request.POST.get("shared") == "1",
    )
    if request.POST.get("default") == "1":
        store.open_with(viewer, name, view_id, True)
    called = " ".join(request.POST["save_view"].split())
    return f"View “{called}” saved.", view_id


def _update(page: ListPage, store: SavedViews, view_id: str) -> str:
    query = page.reader.kept_query(page.state)
    store.change(page.context.viewer, page.list.name, view_id, query=query)
    return f"“{_known(page, view_id).name}” now shows this."


def _change(request: HttpRequest, page: ListPage, store: SavedViews, view_id: str) -> str:
    """Name and sharing come only where the viewer may change them; the default for everybody."""
    viewer, view = page.context.viewer, _known(page, view_id)
    # First this: somebody else's view is out of sight once it is shared no longer.
    store.open_with(viewer, page.list.name, view_id, request.POST.get("default") == "1")
    if "name" in request.POST:
        shared = request.POST.get("shared") == "1"
        store.change(
            viewer, page.list.name, view_id, name=request.POST["name"].strip(), shared=shared
        )
    called = " ".join(request.POST.get("name", view.name).split())
    return f"View “{called}” changed."


def _delete(page: ListPage, store: SavedViews, view_id: str) -> str:
    view = _known(page, view_id)
    store.delete(page.context.viewer, page.list.name, view_id)
    return f"View “{view.name}” deleted."


def _known(page: ListPage, view_id: str) -> SavedView:
    view = next((each for each in page.saved if each.id == view_id), None)
    if view is None:
        raise ViewProblem("That view is not there any more.")
    return view
