"""A list of the product as a list of the API: the same rows, filters, search and sort.

The parameters come from the list's own declaration, so that API and screen cannot differ.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

from django.http import HttpRequest, QueryDict
from django.utils import timezone
from ninja import Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.businesses.rest.fields import NO_NUL, Out, Page
from afterclose.businesses.rest.router import ApiRequest, ApiRouter, refuse_unknown
from afterclose.kit.paging import BadCursor
from afterclose.kit.problems import FieldError, Problem
from afterclose.ui.lists import List
from afterclose.ui.lists.asked import Asked
from afterclose.ui.lists.context import ListContext
from afterclose.ui.lists.filters import (
    BooleanFilter,
    ChoiceFilter,
    DateRangeFilter,
    Filter,
    NumberRangeFilter,
    RelationFilter,
)
from afterclose.ui.lists.keyset import Order, Place, read_page
from afterclose.ui.lists.narrowed import Narrowed
from afterclose.ui.lists.state import Reader

MOST, USUAL = 100, 50
PERIOD = (
    r"^((next|last)-[0-9]{1,4}|today|past|this-week|this-month|next-month|last-month|this-year"
    r"|none)$"
)
DAY = r"^(19|2[0-9])[0-9]{2}-"


class ListQuery(BaseModel):
    """Base of the parameters of a list."""

    model_config = ConfigDict(extra="forbid")


def parameters(the_list: type[List], leave_out: Sequence[str] = ()) -> type[ListQuery]:
    """The query parameters of a list as a schema: filters, q, sort, limit, cursor."""
    fields: dict[str, Any] = {}
    for each in the_list.filters:
        if each.name not in leave_out:
            fields |= _of_filter(each)
    if the_list.search is not None:
        fields["q"] = _optional(
            Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)],
            the_list.search.label or "Search",
        )
    names = [column.name for column in the_list.columns if column.sort_path]
    if names:
        orders = tuple(f"{minus}{name}" for name in names for minus in ("", "-"))
        fields["sort"] = (
            Literal[orders],
            Field(the_list.default_sort or orders[0], description="Order; - turns it around."),
        )
    fields["limit"] = (
        Annotated[int, Field(ge=1, le=MOST)],
        Field(USUAL, description=f"Rows per page, at most {MOST}."),
    )
    fields["cursor"] = _optional(
        Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=NO_NUL)],
        "`next_cursor` of the page before; filters and sort have to be the same.",
    )
    made: type[ListQuery] = create_model(f"{the_list.__name__}Query", __base__=ListQuery, **fields)
    return made


def _optional(kind: Any, description: str) -> tuple[Any, Any]:
    return (kind, Field(None, description=description))


def _of_filter(each: Filter) -> dict[str, Any]:
    label = each.help or each.label
    kinds: dict[str, tuple[Any, str]] = {}
    match each:
        case ChoiceFilter():
            values = tuple(option.value for option in each.options())
            # Types that are made of values at run time are beyond mypy.
            kinds[each.name] = (list[Literal[values]], f"{label}: any of these.")  # type: ignore[valid-type]
        case BooleanFilter():
            kinds[each.name] = (Literal["true", "false"], f"{label}.")
        case RelationFilter():
            none = "|none" if each.empty else ""
            ids = Annotated[str, StringConstraints(pattern=rf"^([1-9][0-9]{{0,17}}{none})$")]
            kinds[each.name] = (list[ids], f"{label}: any of these ids{none and ', or none'}.")
        case NumberRangeFilter():
            part = "" if each.integer and each.scale == 1 else r"(\.[0-9]{1,4})?"
            number = rf"-?[0-9]{{1,11}}{part}"
            bound = Annotated[str, StringConstraints(pattern=rf"^{number}$")]
            kinds[f"{each.name}_min"] = (bound, f"{label}: at least.")
            kinds[f"{each.name}_max"] = (bound, f"{label}: at most.")
            exact = Annotated[str, StringConstraints(pattern=rf"^({number}|none)$")]
            kinds[each.name] = (exact, f"{label}: exactly, or none for rows without a value.")
        case DateRangeFilter():
            day = Annotated[
                str,
                StringConstraints(pattern=r"^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$"),
                Field(json_schema_extra={"format": "date"}),
            ]
            kinds[f"{each.name}_from"] = (day, f"{label}: on or after this day.")
            kinds[f"{each.name}_to"] = (day, f"{label}: on or before this day.")
            word = Annotated[str, StringConstraints(pattern=PERIOD)]
            kinds[each.name] = (word, f"{label}: a period such as next-90, or none.")
        case _:
            plain = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]
            kinds = dict.fromkeys(each.params, (list[plain], f"{label}."))
    return {name: _optional(kind, words) for name, (kind, words) in kinds.items()}


def read_list[T](
    request: HttpRequest,
    the_list: type[List],
    paths: Sequence[str],
    build: Callable[[Mapping[str, Any]], T],
    *,
    scope: Mapping[str, Any] | None = None,
) -> tuple[list[T], str | None]:
    """The rows that a request asks for, and the cursor of the next page of the same request.

    `paths` are the ORM paths that `build` needs of a row. Two or three queries however many rows
    there are. Raises Problem: 422 for a filter that cannot be read, 404 for a cursor of another
    list, of other filters or of another order.
    """
    viewer: Any = request.viewer  # type: ignore[attr-defined]  # ApiMiddleware
    context = ListContext(viewer, timezone.localdate(), scope or {})
    listed = the_list(context)
    reader = Reader(listed)
    data = request.GET.copy()
    limit, cursor = int(data.get("limit") or USUAL), data.get("cursor", "")
    for name in ("limit", "cursor"):
        data.pop(name, None)
    _refuse_hidden(listed, reader, data)
    refuse_unknown(
        request,
        {"q", "sort", "limit", "cursor", *(n for each in reader.all_filters for n in each.params)},
    )
    state = reader.read_whole(data)
    wrong = [each for each in state.problems if not each.matches_nothing]
    if wrong:
        problems = [FieldError(each.params[0], each.reason) for each in wrong]
        raise Problem(422, "The list cannot be filtered like this.", problems)
    if state.problems:
        return [], None
    as_set, to_read = listed.queryset(viewer), listed.page_queryset(viewer)
    everything = (as_set if to_read is None else to_read).order_by()
    order = Order(state.sort.sort_path if state.sort else "", state.descending)
    mark = _mark(the_list, data)
    place = Place(after=cursor.removeprefix(mark))
    try:
        if cursor and not cursor.startswith(mark):
            raise BadCursor
        if state.narrowed:
            narrowed = Narrowed(everything, Asked.by(reader, state), order, as_set)
            page = narrowed.page(list(paths), limit, place)
        else:
            page = read_page(everything, order, list(paths), limit, place)
    except BadCursor:
        raise Problem(404, "There is no such page. Start again without the cursor.") from None
    return [build(row) for row in page.rows], mark + page.after if page.after else None


def _mark(the_list: type[List], data: QueryDict) -> str:
    """What a cursor begins with: it leads on in the list, filters and order that it came from."""
    asked = repr((the_list.name, sorted((name, sorted(values)) for name, values in data.lists())))
    return hashlib.sha256(asked.encode(errors="replace")).hexdigest()[:8]


def _refuse_hidden(listed: List, reader: Reader, data: Mapping[str, Any]) -> None:
    shown = {name for each in reader.all_filters for name in each.params}
    hidden = {name for each in listed.filters for name in each.params} - shown
    if hidden & set(data):
        raise Problem(403, f"This key may not filter by {', '.join(sorted(hidden & set(data)))}.")


def list_operation(
    router: ApiRouter,
    path: str,
    the_list: type[List],
    *,
    right: Right,
    out: type[Out],
    paths: Sequence[str],
    build: Callable[[Mapping[str, Any]], Any],
    example: Mapping[str, Any],
    operation_id: str,
    enrich: Callable[[Actor, Sequence[Any]], None] | None = None,
    leave_out: Sequence[str] = (),
) -> None:
    """Declare GET `path` as the list: filters, search and sort of the screen, by cursor.

    ``build`` makes an ``out`` of a row's ``paths``; ``enrich`` adds to a whole page what comes
    from other tables, in a query per table.
    """
    query_schema = parameters(the_list, leave_out)
    page = Page[out]  # type: ignore[valid-type]  # made at run time

    as_query: Any = Query

    def view(request: ApiRequest, query: Any = as_query(...)) -> Any:  # noqa: B008  # ninja reads it so
        items, cursor = read_list(request, the_list, paths, build)
        if enrich is not None:
            enrich(request.viewer, items)
        return page.model_construct(items=items, next_cursor=cursor)

    view.__name__ = operation_id
    view.__doc__ = (
        f"List {the_list.noun[1]}.\n\nThe filters are those of the list on the screen; several "
        f"values of one filter mean any of them, several filters mean all of them."
    )
    view.checks_query = True  # type: ignore[attr-defined]  # read by router._check_query
    view.__annotations__ = {"query": query_schema}
    router.operation(
        "GET", path, right=right, returns=page, example={"items": [example], "next_cursor": None}
    )(view)
