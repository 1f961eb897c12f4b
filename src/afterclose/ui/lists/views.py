"""One view for every list: page, htmx region, export, filter options, bulk, saved views.

The app's view decides who may see the list (its decorator) and calls `list_view`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from afterclose.ui import feedback, formats
from afterclose.ui.lists import saved_views
from afterclose.ui.lists.bulk import Selection
from afterclose.ui.lists.context import ListContext
from afterclose.ui.lists.definition import BulkAction, List
from afterclose.ui.lists.export import TYPES, TooManyRowsError, export_response
from afterclose.ui.lists.filters import RelationFilter
from afterclose.ui.lists.page import ListPage

PAGE_TEMPLATE = "ui/lists/page.html"


def list_view(
    request: HttpRequest,
    list_class: type[List],
    *,
    template: str = PAGE_TEMPLATE,
    context: Mapping[str, Any] | None = None,
    embedded: bool = False,
    scope: Mapping[str, Any] | None = None,
) -> HttpResponseBase:
    """Answer any request for a list.

    `embedded`: the list stands in a panel of another page; the address bar stays as it is.
    `scope`: what the page around it fixes, as `self.scope` in the list. POST serves bulk
    actions and saved views.
    """
    viewer = getattr(request, "viewer", None)
    the_list = list_class(ListContext(viewer, timezone.localdate(), dict(scope or {})))
    extra = dict(context or {})
    if request.method == "POST":
        return _post(request, the_list, extra)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    page = ListPage(the_list, request.GET, request.path, embedded=embedded)
    if "options" in request.GET:
        return _options(page, request.GET)
    if "format" in request.GET:
        return _export(request, page, request.GET["format"], extra)
    if not feedback.is_htmx(request) and not page.problems and "" in request.GET.values():
        # Forms send their empty fields too; without htmx the address is put in order this way.
        return HttpResponseRedirect(page.here)
    if not embedded and not request.GET and not feedback.is_htmx(request):
        default = next((view for view in page.saved if view.default and view.query), None)
        if default is not None:
            return HttpResponseRedirect(f"{request.path}?{default.query}")
    target = request.headers.get("HX-Target", "")
    if page.with_sums and target.endswith(f"#{page.id}-sums"):
        return render(request, "ui/lists/_sums.html", {"list": page})
    if page.with_filters and target.endswith(f"#{page.id}-filters"):
        return render(request, "ui/lists/_more_filters.html", {"list": page})
    return _show(request, page, template, extra)


def export_view(
    request: HttpRequest,
    list_class: type[List],
    *,
    kind: str = "csv",
    scope: Mapping[str, Any] | None = None,
) -> HttpResponseBase:
    """The export under an address of its own; same parameters as the list."""
    viewer = getattr(request, "viewer", None)
    the_list = list_class(ListContext(viewer, timezone.localdate(), dict(scope or {})))
    page = ListPage(the_list, request.GET, request.path)
    return _export(request, page, request.GET.get("format", kind), {})


def _show(
    request: HttpRequest, page: ListPage, template: str, extra: Mapping[str, Any]
) -> HttpResponse:
    region = feedback.is_htmx(request) and (
        page.embedded or request.headers.get("HX-Target", "").endswith(f"#{page.id}")
    )
    source = request.headers.get("HX-Source", "")
    context = {
        **extra,
        "list": page,
        "swapped": region,
        # Whoever types on keeps the input as it is, cursor and all.
        "keep_search": region and source.endswith(f"#{page.id}-search"),
    }
    if region:
        swap = request.headers.get("HX-Target", "").endswith(f"#{page.id}")
        name = "ui/lists/answer.html" if swap else "ui/lists/embedded.html"
        response = render(request, name, context)
        if not page.embedded:
            # The canonical address, without the empty fields that a form sends.
            response["HX-Push-Url"] = page.here
    else:
        response = render(request, "ui/lists/page.html" if page.embedded else template, context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _options(page: ListPage, data: QueryDict) -> HttpResponse:
    """What a relation filter offers for a typed text: `[{"value": …, "text": …}]`."""
    for each in page.reader.all_filters:
        if each.name == data["options"] and isinstance(each, RelationFilter):
            text = data.get("q", "").replace("\x00", "")[:200]
            offered = list(each.options(page.context.viewer, text, each.limit))
            return JsonResponse([{"value": o.value, "text": o.label} for o in offered], safe=False)
    raise Http404("There is no such filter.")


def _export(
    request: HttpRequest, page: ListPage, kind: str, extra: Mapping[str, Any]
) -> HttpResponseBase:
    if kind not in TYPES:
        raise Http404("There is no export of that kind.")
    if not page.list.may_export(page.context.viewer):
        raise PermissionDenied("Your role may not export this list. Ask an admin for the right.")
    if page.state.problems:
        # A file with other rows than were asked for would look right and be wrong.
        return _refused(request, page, "Nothing was exported.", extra)
    try:
        return export_response(request, page, kind)
    except TooManyRowsError as error:
        return _refused(request, page, str(error), extra)


def _refused(
    request: HttpRequest, page: ListPage, reason: str, extra: Mapping[str, Any]
) -> HttpResponse:
    context = {**extra, "list": page, "refused": reason}
    return render(request, PAGE_TEMPLATE, context, status=400)


# -- POST


def _post(request: HttpRequest, the_list: List, extra: Mapping[str, Any]) -> HttpResponseBase:
    page = ListPage(the_list, QueryDict(request.POST.get("query", "")), request.path)
    if "bulk" in request.POST:
        return _bulk(request, page, extra)
    if "save_view" in request.POST or "delete_view" in request.POST:
        return _saved_view(request, page)
    return HttpResponseNotAllowed(["GET", "HEAD"])


def _bulk(request: HttpRequest, page: ListPage, extra: Mapping[str, Any]) -> HttpResponseBase:
    """First the preview (how many rows, the first of them, the action's form), then the deed.

    The confirmation carries the number that was shown; when another number matches by then,
    the preview comes again instead.
    """
    viewer = page.context.viewer
    action = next((a for a in page.bulk_actions if a.name == request.POST["bulk"]), None)
    if action is None:
        raise PermissionDenied("That action does not exist here, or your role does not allow it.")
    if page.state.problems:
        return _refused(request, page, "Nothing was changed.", extra)
    selection = Selection(page, request.POST)
    count = selection.count
    if not count:
        messages.info(request, f"No {page.list.noun[1]} were selected, so nothing was changed.")
        return HttpResponseRedirect(page.url(page.state))
    if count > action.most:
        reason = (
            f"“{action.label}” takes at most {formats.number(action.most)} {page.list.noun[1]} at "
            f"once and {formats.number(count)} are selected. Filter the list to fewer."
        )
        return _refused(request, page, reason, extra)
    confirmed = request.POST.get("confirmed", "")
    form = _form(action, viewer, request.POST if confirmed else None)
    moved = bool(confirmed) and confirmed != str(count)
    if confirmed and not moved and (form is None or form.is_valid()):
        said = action.run(viewer, selection, form.cleaned_data if form is not None else {})
        messages.success(request, said)
        return HttpResponseRedirect(page.url(page.state))
    invalid = form is not None and form.is_bound and not form.is_valid()
    context = {
        **extra,
        "list": page,
        "action": action,
        "selection": selection,
        "count": count,
        "form": form,
        "moved": moved,
    }
    return render(request, "ui/lists/bulk.html", context, status=422 if invalid else 200)


def _form(action: BulkAction, viewer: Any, data: QueryDict | None) -> Any:
    if action.form is None:
        return None
    kwargs = action.form_kwargs(viewer) if action.form_kwargs else {}
    return action.form(data, **kwargs)


def _saved_view(request: HttpRequest, page: ListPage) -> HttpResponseBase:
    provider = saved_views.provider()
    if provider is None:
        raise Http404("Views cannot be saved here.")
    viewer = page.context.viewer
    if "delete_view" in request.POST:
        provider.delete(viewer, page.list.name, request.POST["delete_view"])
        messages.success(request, "View deleted.")
        return HttpResponseRedirect(page.path)
    name = " ".join(request.POST["save_view"].split())[:80]
    if not name:
        messages.error(request, "The view was not saved, because it has no name.")
        return HttpResponseRedirect(page.url(page.state))
    provider.save(
        viewer,
        page.list.name,
        name=name,
        query=page.query,
        shared=request.POST.get("shared") == "1",
        default=request.POST.get("default") == "1",
    )
    messages.success(request, f"View “{name}” saved.")
    return HttpResponseRedirect(page.url(page.state))
