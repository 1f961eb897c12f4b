"""Reads of imports: the viewer in, rows out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.db.models.fields.json import KeyTextTransform

from afterclose.accounts.imports.fields import Field, FieldType
from afterclose.accounts.imports.models import (
    ImportProfile,
    ImportRow,
    ImportRun,
    ImportSet,
    Outcome,
)
from afterclose.accounts.imports.registry import importer_of
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right, require
from afterclose.kit.digits import whole_number
from afterclose.kit.tabular import normalise_header

ROWS_SHOWN = 100
WORDS_SHOWN = 20


def runs(viewer: Actor) -> QuerySet[ImportRun]:
    """All files, newest first."""
    require(viewer, Right.ACCOUNTS_IMPORT)
    return ImportRun.objects.select_related("created_by__person").order_by("-created_at", "-id")


def run(viewer: Actor, run_id: int) -> ImportRun:
    """One file; raises `ImportRun.DoesNotExist`."""
    return runs(viewer).select_related("import_set").get(id=run_id)


def import_set(viewer: Actor, set_id: int) -> ImportSet:
    """A set of files; raises `ImportSet.DoesNotExist`."""
    require(viewer, Right.ACCOUNTS_IMPORT)
    return ImportSet.objects.get(id=set_id)


def runs_of_set(viewer: Actor, set_id: int) -> list[ImportRun]:
    """The files of a set, those first that others refer to."""
    found = runs(viewer).filter(import_set_id=set_id)
    return sorted(found, key=lambda each: (importer_of(each.kind).order, each.id))


def last_shifted_set(viewer: Actor) -> ImportSet | None:
    """The newest set whose dates were moved: what comes next from the same system should
    move by as much."""
    require(viewer, Right.ACCOUNTS_IMPORT)
    moved = ImportSet.objects.filter(shift_days__isnull=False, runs__isnull=False)
    return moved.exclude(shift_days=0).order_by("-created_at", "-id").first()


def profiles(viewer: Actor) -> QuerySet[ImportProfile]:
    """Saved mappings by kind and name."""
    require(viewer, Right.ACCOUNTS_IMPORT)
    return ImportProfile.objects.order_by("kind", "name")


@dataclass(frozen=True, slots=True)
class UnknownWord:
    """A word in a column of choices that says nothing to us, and how many rows it keeps out."""

    field: Field
    word: str
    rows: int

    @property
    def key(self) -> str:
        """How a form and `options["values"]` name it."""
        return normalise_header(self.word)


def unknown_words(viewer: Actor, run: ImportRun) -> list[UnknownWord]:
    """Words of a checked file that no choice of ours is known for, the commonest first."""
    require(viewer, Right.ACCOUNTS_IMPORT)
    headers = run.detection["headers"]
    found = []
    for target in importer_of(run.kind).fields:
        header = run.mapping.get(target.name)
        if target.type != FieldType.CHOICE or header not in headers:
            continue
        words = (
            ImportRow.objects.filter(run=run, outcome=Outcome.ERROR, field=target.name)
            .annotate(word=KeyTextTransform(headers.index(header), "cells"))
            .values_list("word")
            .annotate(number=Count("id"))
            .order_by("-number", "word")[:WORDS_SHOWN]
        )
        found += [UnknownWord(target, word, number) for word, number in words if word]
    return found


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field of a row that is there already, as it is and as the file has it."""

    label: str
    now: str
    then: str


# Columns that hold the id of something that a person knows by its name.
_PEOPLE = ("csm_id", "ae_id")


def conflicts(
    viewer: Actor, run: ImportRun, shown: Sequence[ImportRow]
) -> list[tuple[ImportRow, list[Conflict]]]:
    """For the rows of a page that an import changes: what, side by side."""
    require(viewer, Right.ACCOUNTS_IMPORT)
    labels = {field.name: field.label for field in importer_of(run.kind).fields}
    changed = [row for row in shown if row.changes]
    told = [part for row in changed for part in row.changes if part[0] in _PEOPLE]
    said = {whole_number(text) for _, *values in told for text in values}
    ids = {row_id for row_id in said if row_id is not None}
    people = Membership.objects.filter(id__in=ids).select_related("person") if ids else ()
    names = {str(member.id): str(member) for member in people}

    def conflict(name: str, now: str, then: str) -> Conflict:
        if name in _PEOPLE:
            now, then = names.get(now, now), names.get(then, then)
        plain = name.removesuffix("_id")
        label = labels.get(name) or labels.get(plain) or plain.replace("_", " ").capitalize()
        return Conflict(label, now, then)

    return [(row, [conflict(*part) for part in row.changes]) for row in changed]


@dataclass(frozen=True, slots=True)
class RowPage:
    """Rows of one page, the line to go on behind (None on the last), and whether it is the
    first."""

    rows: list[ImportRow]
    next_after: int | None
    is_first: bool


def rows(viewer: Actor, run: ImportRun, *, outcomes: Sequence[str] = (), after: int = 0) -> RowPage:
    """A page of a file's rows by line, of certain outcomes or of all, as far as it has come:
    behind the checkpoint lies what an earlier pass found."""
    require(viewer, Right.ACCOUNTS_IMPORT)
    wanted = [outcome for outcome in outcomes if outcome in Outcome.values]
    found = ImportRow.objects.filter(run=run, line__gt=after, line__lte=run.lines_done)
    found = found.order_by("line")
    if wanted:
        found = found.filter(outcome__in=wanted)
    page = list(found[: ROWS_SHOWN + 1])
    more = len(page) > ROWS_SHOWN
    shown = page[:ROWS_SHOWN]
    return RowPage(shown, shown[-1].line if more else None, after == 0)
