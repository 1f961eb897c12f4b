"""One view for every list: page, htmx region, export, filter options, bulk, saved views.

The app's view decides who may see the list (its decorator) and calls `list_view`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
from afterclose.ui.lists import background, keeping, saved_views
from afterclose.ui.lists.bulk import Selection
from afterclose.ui.lists.context import ListContext
from afterclose.ui.lists.definition import BulkAction, BulkPage, List
from afterclose.ui.lists.export import TYPES, XLSX_ROWS, TooManyRowsError, export_response
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
    if not embedded and not feedback.is_htmx(request):
        own = _own_way(request, page)
        if own:
            return HttpResponseRedirect(own)
    target = request.headers.get("HX-Target", "")
    if page.with_sums and target.endswith(f"#{page.id}-sums"):
        return render(request, "ui/lists/_sums.html", {"list": page})
    if page.with_filters and target.endswith(f"#{page.id}-filters"):
        return render(request, "ui/lists/_more_filters.html", {"list": page})
    return _show(request, page, template, extra)


def _own_way(request: HttpRequest, page: ListPage) -> str:
    """Where the viewer's own view and columns are, when the address does not say: they are put
    into it, so that it shows the same to whoever gets the link."""
    if not request.GET:
        default = next((view for view in page.saved if view.default), None)
        if default is not None:
            return page.view_url(default)
    if page.reader.own_columns and "cols" not in request.GET:
        data = request.GET.copy()
        data["cols"] = ",".join(column.name for column in page.state.columns)
        return f"{request.path}?{data.urlencode(safe=',')}"
    return ""


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
    if page.is_long and background.writer() is not None:
        # A link to a long file asks first: nothing is begun by following a link.
        return render(request, "ui/lists/export.html", {**extra, "list": page, "kind": kind})
    try:
        return export_response(request, page, kind)
    except TooManyRowsError as error:
        return _refused(request, page, str(error), extra)


def _in_background(
    request: HttpRequest, page: ListPage, extra: Mapping[str, Any]
) -> HttpResponseBase:
    kind, writer = request.POST["export"], background.writer()
    if kind not in TYPES or writer is None:
        raise Http404("There is no export of that kind.")
    if page.state.problems:
        return _refused(request, page, "Nothing was exported.", extra)
    if kind == "xlsx" and page.count > XLSX_ROWS:
        return _refused(request, page, str(TooManyRowsError.of(page)), extra)
    wish = background.Wish(
        list_path=background.path_of(type(page.list)),
        address=page.path,
        query=page.reader.kept_query(page.state),
        kind=kind,
        today=page.context.today,
        scope=page.context.scope,
        title=page.list.title or page.list.name,
        rows=page.count,
    )
    return HttpResponseRedirect(writer.ask(page.context.viewer, wish))


def _refused(
    request: HttpRequest, page: ListPage, reason: str, extra: Mapping[str, Any]
) -> HttpResponse:
    context = {**extra, "list": page, "refused": reason}
    return render(request, PAGE_TEMPLATE, context, status=400)


# -- POST


def _post(request: HttpRequest, the_list: List, extra: Mapping[str, Any]) -> HttpResponseBase:
    page = ListPage(the_list, QueryDict(request.POST.get("query", "")), request.path, strict=True)
    if "bulk" in request.POST:
        return _bulk(request, page, extra)
    if "export" in request.POST:
        return _in_background(request, page, extra)
    if "choose_columns" in request.POST:
        return _columns(request, page, extra)
    if keeping.wanted(request):
        return keeping.answer(request, page)
    return HttpResponseNotAllowed(["GET", "HEAD"])


def _bulk(request: HttpRequest, page: ListPage, extra: Mapping[str, Any]) -> HttpResponseBase:
    """First the preview (how many rows, the first of them, the action's form), then the deed.

    The confirmation carries how many rows were shown, and which (a mark of all that match), and,
    where the action takes a second look, what it said; when one of these is another by then, the
    preview comes again instead.
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
    if isinstance(action, BulkPage):
        if count == action.exactly:
            return HttpResponseRedirect(action.address(next(selection.ids())))
        reason = (
            f"“{action.label}” takes exactly {action.exactly} {page.list.noun[1]}, and "
            f"{formats.number(count)} {'is' if count == 1 else 'are'} selected."
        )
        return _refused(request, page, reason, extra)
    if count > action.most:
        reason = (
            f"“{action.label}” takes at most {formats.number(action.most)} {page.list.noun[1]} at "
            f"once and {formats.number(count)} are selected. Filter the list to fewer."
        )
        return _refused(request, page, reason, extra)
    confirmed = request.POST.get("confirmed", "")
    form = _form(action, viewer, request.POST if confirmed else None)
    mark = selection.mark
    moved = bool(confirmed) and (confirmed, request.POST.get("marked", mark)) != (str(count), mark)
    look = ""
    if confirmed and not moved and (form is None or form.is_valid()):
        data = form.cleaned_data if form is not None else {}
        look = action.look(viewer, selection, data) if action.look is not None else ""
        if look == request.POST.get("looked", ""):
            messages.success(request, action.run(viewer, selection, data))
            return HttpResponseRedirect(page.url(page.state))
    invalid = form is not None and form.is_bound and not form.is_valid()
    context = {
        **extra,
        "list": page,
        "action": action,
        "selection": selection,
        "count": count,
        "mark": mark,
        "form": form,
        "moved": moved,
        "look": look,
        "submit": action.label if look or action.look is None else "Next",
    }
    return render(request, "ui/lists/bulk.html", context, status=422 if invalid else 200)


def _form(action: BulkAction, viewer: Any, data: QueryDict | None) -> Any:
    if action.form is None:
        return None
    kwargs = action.form_kwargs(viewer) if action.form_kwargs else {}
    return action.form(data, **kwargs)


def _columns(request: HttpRequest, page: ListPage, extra: Mapping[str, Any]) -> HttpResponseBase:
    """Show the chosen columns, and remember them for this viewer; none: those of the list."""
    store = saved_views.provider()
    if store is None:
        raise Http404("Columns cannot be remembered here.")
    data = QueryDict(request.POST.get("query", ""), mutable=True)
    names = request.POST.getlist("cols") if request.POST["choose_columns"] == "keep" else []
    known = [column.name for column in page.reader.all_columns]
    chosen = [name for name in known if name in names]
    store.choose_columns(page.context.viewer, page.list.name, tuple(chosen))
    data["cols"] = ",".join(chosen)
    the_list = type(page.list)(replace(page.context, memo={}))
    shown = ListPage(the_list, data, request.path)
    if feedback.is_htmx(request):
        return _show(request, shown, PAGE_TEMPLATE, extra)
    return HttpResponseRedirect(shown.here)
