"""The two long menus of a list as HTML: its orders and its columns.

A list of accounts has forty entries in them; like the rows they are written in Python, since
template tags would take longer for them than the database does for the page.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.safestring import SafeString

from afterclose.ui.escaping import format_html, format_html_join
from afterclose.ui.lists.columns import Column
from afterclose.ui.templatetags.ui import icon

_CURRENT = SafeString(' aria-current="true"')


def order_links(orders: Iterable[tuple[str, str, bool]]) -> SafeString:
    """The entries of the menu of orders, from (label, URL, current)."""
    tick = icon("check", **{"class": "icon-sm"})
    return format_html_join(
        "",
        '<li><a href="{0}" hx-get="{0}"{1}>{2}{3}</a></li>',
        (
            (url, _CURRENT if current else "", label, tick if current else "")
            for label, url, current in orders
        ),
    )


def column_boxes(columns: Iterable[tuple[Column, bool, bool]]) -> SafeString:
    """The checkboxes of the column chooser, from (column, shown, fixed); a fixed one is sent
    whatever is ticked."""
    return format_html_join(
        "",
        '{}<label class="form-check"><input type="checkbox" class="form-check-input" {}{}>'
        '<span class="form-check-label">{}</span></label>',
        (
            (
                format_html('<input type="hidden" {}>', _sent(column)) if fixed else "",
                "disabled" if fixed else _sent(column),
                " checked" if shown else "",
                column.label,
            )
            for column, shown, fixed in columns
        ),
    )


def _sent(column: Column) -> SafeString:
    return format_html('name="cols" value="{}"', column.name)
