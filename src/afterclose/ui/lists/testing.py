"""For the tests of apps: that a declared list works in every way that its page offers."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from afterclose.ui.lists.context import ListContext
from afterclose.ui.lists.definition import List
from afterclose.ui.lists.export import cells
from afterclose.ui.lists.filters import (
    BooleanFilter,
    ChoiceFilter,
    DateRangeFilter,
    Filter,
    MoneyRangeFilter,
    NumberRangeFilter,
    RelationFilter,
    TextFilter,
)
from afterclose.ui.lists.page import ListPage
from afterclose.ui.lists.state import Reader


def queries_of(each: Filter) -> list[dict[str, Any]]:
    """Parameters that use every way of a filter."""
    name = each.name
    if isinstance(each, ChoiceFilter):
        return [{name: [option.value for option in each.options()]}]
    if isinstance(each, BooleanFilter):
        return [{name: "yes"}, {name: "no"}]
    if isinstance(each, DateRangeFilter):
        return [
            *({name: word} for word in each.presets),
            {f"{name}_from": "2026-01-01", f"{name}_to": "2026-12-31"},
        ]
    if isinstance(each, MoneyRangeFilter | NumberRangeFilter):
        return [{name: "none"}, {f"{name}_min": "1.5", f"{name}_max": "99"}]
    if isinstance(each, RelationFilter):
        known = [] if each.thing else ["1"]  # an id of what can be deleted must be there
        return [{name: [*known, "none"] if each.empty else known}]
    if isinstance(each, TextFilter):
        return [{name: "Ab"}, {name: "none"}]
    return []


def assert_list_works(
    list_class: type[List],
    viewer: Any,
    *,
    today: date,
    path: str = "/list/",
    scope: dict[str, Any] | None = None,
) -> None:
    """Every sort both ways and from the end, every column at once, every filter, the search, every
    built-in view and the export: each must be read without a problem and answered.

    Call it within the business's context, best with a few rows there.
    """
    the_list = list_class(ListContext(viewer, today, dict(scope or {})))
    reader = Reader(the_list)
    asked: list[dict[str, Any]] = [{}, {"q": "abc"}] if the_list.search else [{}]
    for column in reader.all_columns:
        if column.sort_path:
            asked += [{"sort": column.name}, {"sort": f"-{column.name}", "before": "end"}]
    asked.append({"cols": ",".join(column.name for column in reader.all_columns)})
    for each in reader.all_filters:
        asked += queries_of(each)
    queries = [urlencode(params, doseq=True) for params in asked]
    queries += [view.query for view in the_list.views]
    for query in queries:
        page = ListPage(the_list, QueryDict(query), path)
        _expect(page.count >= len(page.rows), query, "fewer rows counted than shown")
        _expect(not page.problems, query, page.problems)
        _expect(isinstance(page.totals, list), query, "no totals")
        _expect(all(chip.text for chip in page.chips), query, "a filter without words")
        again = Reader(the_list).read(QueryDict(page.query))
        _expect(again.filters == page.state.filters, query, "the address does not reproduce it")
        width = sum(len(column.headers()) for column in page.state.columns)
        _expect(all(len(row) == width for row in cells(page)), query, "cells without a heading")
    for searched, text in _stored_texts(the_list, viewer):
        found = ListPage(the_list, QueryDict(urlencode({"q": text})), "/list/").count
        words = (
            f"“{searched}” holds this text and the search does not find it: is it a lower-case key?"
        )
        _expect(found, f"q={text}", words)


def _stored_texts(the_list: List, viewer: Any) -> list[tuple[str, str]]:
    """A text that stands in a row, for every path that the search looks into."""
    search = the_list.search
    if search is None:
        return []
    found = []
    for path in dict.fromkeys([*search.exact, *search.prefix, *search.contains]):
        values = the_list.queryset(viewer).order_by("pk").values_list(path, flat=True)[:50]
        texts = (each for each in values if isinstance(each, str) and 3 <= len(each) <= 200)
        usable = (text for text in texts if search.clean(text) == text)
        found += [(path, text) for text in [next(usable, "")] if text]
    return found


def _expect(fact: object, query: str, words: object) -> None:
    if not fact:
        raise AssertionError(f"?{query}: {words}")
