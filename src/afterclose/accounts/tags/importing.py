"""The target "Tags" of importers: a list in one cell, put on whatever the row is.

Tags of a file are added and none is taken away, so the same file twice changes nothing; a tag
that nobody has used yet is created.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from afterclose.accounts.imports.fields import Field, Record
from afterclose.accounts.imports.importers import Context, Importer
from afterclose.accounts.imports.models import Outcome
from afterclose.accounts.tags import actions, queries
from afterclose.accounts.tags.naming import BadTagError, key_of, split_names

TAGS = Field(
    "tags",
    "Tags",
    aliases=("tag", "labels", "label", "tag_list", "tag_names"),
    max_length=2_000,
    help="Separated by commas or semicolons. They are added; none is taken away.",
)


def read(records: Sequence[Record]) -> None:
    """Turn the cells of good records into lists of names, or reject what cannot be tags."""
    for record in records:
        if isinstance(record.get("tags"), str):
            try:
                record.values["tags"] = split_names(record.get("tags"))
            except BadTagError as problem:
                record.reject(f"Tags: {problem}", "tags")


def plan(records: Sequence[Record], links: queries.Links, column: str) -> None:
    """After the importer's own plan: which tags a row would add makes it an update."""
    said = [record for record in records if record.is_good and record.get("tags")]
    stored = [record.stored["id"] for record in said if record.stored]
    manager: Any = links.objects
    held: dict[int, set[str]] = {}
    if stored:
        rows = manager.filter(**{f"{column}__in": stored})
        for row_id, key in rows.values_list(column, "tag__key"):
            held.setdefault(row_id, set()).add(key)
    for record in said:
        has = held.get(record.stored["id"], set()) if record.stored else set()
        missing = [name for name in record.get("tags") if key_of(name) not in has]
        if missing:
            record.changes["tags"] = missing
            if record.outcome == Outcome.UNCHANGED:
                record.outcome = Outcome.UPDATED


def write(
    importer: Importer,
    records: Sequence[Record],
    links: queries.Links,
    column: str,
    context: Context,
) -> None:
    """After the importer's own write: put the planned tags on the rows, found by their key."""
    said = [record for record in records if record.is_written and record.changes.get("tags")]
    if not said:
        return
    created = [record for record in said if record.stored is None]
    fresh = importer.find(created, set()) if created else {}
    names: dict[str, str] = {}
    for record in said:
        for name in record.changes["tags"]:
            names.setdefault(key_of(name), name)
    tags = actions.ensure_tags(actor=context.actor, at=context.at, names=names.values())
    pairs = [
        (row["id"], tags[key_of(name)])
        for record in said
        if (row := record.stored or fresh.get(importer.place(record)))
        for name in record.changes["tags"]
    ]
    # The names are those of the two tables of links; every value is a parameter.
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {links._meta.db_table} (business_id, {column}, tag_id, at, by_id)"  # noqa: S608
            " SELECT %s, l.row_id, l.tag_id, %s, %s"
            "   FROM unnest(%s::bigint[], %s::bigint[]) AS l (row_id, tag_id)"
            "  ORDER BY l.row_id, l.tag_id ON CONFLICT DO NOTHING",
            [
                context.actor.business_id,
                context.at,
                context.actor.membership_id,
                [row_id for row_id, _ in pairs],
                [tag_id for _, tag_id in pairs],
            ],
        )
