"""The rows of the table as HTML.

Fifty rows of ten cells through template tags would take longer than everything else of a page,
so this one part is written in Python; whatever comes from data is escaped here or by the column.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from afterclose.ui.escaping import escape
from afterclose.ui.lists.columns import Column
from afterclose.ui.lists.context import Row
from afterclose.ui.lists.definition import List


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row: `label` names it for the selection's checkbox, `html` is its finished <tr>."""

    id: Any
    href: str | None
    label: str
    html: SafeString


class RowWriter:
    """Writes the rows of one page; equal values of a column are formatted once."""

    def __init__(self, the_list: List, columns: tuple[Column, ...], *, selectable: bool) -> None:
        self.list = the_list
        self.selectable = selectable
        self.cells: list[tuple[Column, str, dict[Hashable, str]]] = [
            (column, _opening(column, first=not index), {}) for index, column in enumerate(columns)
        ]

    def write(self, row: Row) -> ShownRow:
        """One row of values as a row of the table."""
        href = self.list.row_url(row)
        label = self.list.row_label(row)
        parts = [
            f'<tr data-list-row tabindex="-1" data-href="{escape(href)}">'
            if href
            else '<tr data-list-row tabindex="-1">'
        ]
        if self.selectable:
            parts.append(
                '<td class="list-check"><input type="checkbox" class="form-check-input" name="ids"'
                f' value="{escape(row["pk"])}" aria-label="Select {escape(label)}"></td>'
            )
        for index, (column, opening, seen) in enumerate(self.cells):
            html = _cell(column, row, seen)
            target = column.link(row) if callable(column.link) else href if column.link else None
            if target:
                opens = "" if index else " data-list-open"
                html = f'<a href="{escape(target)}"{opens}>{html}</a>'
            parts.append(f"{opening}{html}</td>")
        parts.append("</tr>")
        return ShownRow(row["pk"], href, label, mark_safe("".join(parts)))  # escaped above


def _opening(column: Column, *, first: bool) -> str:
    names = " ".join(filter(None, ["num" if column.numeric else "", "list-first" if first else ""]))
    css = f' class="{names}"' if names else ""
    return f'<td{css} data-label="{escape(column.label)}">'


def _cell(column: Column, row: Row, seen: dict[Hashable, str]) -> str:
    if column.render is not None or column.template or type(column).show is not Column.show:
        # What it shows may depend on the rest of the row.
        return escape(column.show(row))
    value = column.read(row)
    if not isinstance(value, Hashable):
        return escape(column.show(row))
    if value not in seen:
        seen[value] = escape(column.show(row))
    return seen[value]
