"""The list of one's own exports."""

from __future__ import annotations

from typing import override

from django.db.models import QuerySet

from afterclose.accounts.exports import queries
from afterclose.accounts.exports.models import Export, ExportState
from afterclose.businesses.actors import Actor
from afterclose.ui.lists import (
    ChoiceColumn,
    ChoiceFilter,
    Column,
    Empty,
    InstantColumn,
    List,
    NumberColumn,
    Row,
    url_of,
)

TONES = {
    ExportState.WAITING: "neutral",
    ExportState.WRITING: "info",
    ExportState.READY: "good",
    ExportState.FAILED: "bad",
    ExportState.REMOVED: "neutral",
}


class ExportList(List):
    """What the viewer asked for, newest first."""

    name = "exports"
    title = "My exports"
    lead = "Files of long lists. Each is kept for a week, and only you can download it."
    noun = ("file", "files")
    columns = [
        Column("title", "List", link=True),
        Column("kind", "Format", needs=("kind",), value=lambda row: row["kind"].upper()),
        ChoiceColumn("state", "State", choices=ExportState, tones=TONES),
        NumberColumn("rows", "Rows", path="rows_done"),
        InstantColumn("asked_at", "Asked for", sort=True),
    ]
    filters = [ChoiceFilter("state", "State", choices=ExportState)]
    default_sort = "-asked_at"
    empty = Empty(
        "No files yet",
        "Export a list of more than 5,000 rows and its file waits for you here.",
        actions=[("Go to accounts", "accounts:list")],
        icon="download",
    )

    @override
    def queryset(self, viewer: Actor) -> QuerySet[Export]:
        return queries.exports(viewer)

    @override
    def row_url(self, row: Row, /) -> str:
        return url_of("exports:show", row["id"])
