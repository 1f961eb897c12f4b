"""The base of every importer: look up a chunk's rows in one query, compare, write in bulk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models

from afterclose.accounts.imports import bulk, registry
from afterclose.accounts.imports.fields import Field, Record
from afterclose.accounts.imports.models import Outcome
from afterclose.businesses.actors import Actor
from afterclose.kit.money import Money, NotAnAmount


@dataclass(frozen=True, slots=True)
class Context:
    """What the rows of a run are read and written under.

    `today` is the business's date; `currency` serves amounts without one;
    `column_currencies` come from headings such as `refund_amount_usd`; `policy` says what happens
    to rows that are there already.
    """

    actor: Actor
    at: datetime
    today: date
    currency: str
    column_currencies: Mapping[str, str] = field(default_factory=dict)
    policy: str = "overwrite"

    @staticmethod
    def money(record: Record, name: str, currency: str, *, rate: bool = False) -> Money:
        """A field's amount, which the file says. Text with more decimals than the currency has
        raises NotAnAmount. A rate such as MRR, a twelfth of what is paid, is rounded half up; so
        is a number of a workbook, which shows it rounded."""
        amount: Decimal = record.get(name)
        if rate or name in record.computed:
            amount = Money.of(amount, currency).amount
        return Money.exactly(amount, currency)

    def minor(self, record: Record, name: str, currency: str, *, rate: bool = False) -> int | None:
        """A field's amount in minor units, or None where the file says nothing or what is not
        money of the currency, which rejects the row."""
        if record.get(name) is None:
            return None
        try:
            return self.money(record, name, currency, rate=rate).minor
        except NotAnAmount as problem:
            record.reject(f"{record.labels.get(name, name)}: {problem}", name)
            return None

    def currency_of(self, record: Record, *amounts: str) -> str:
        """The row's currency: its own column, else the headings', else the run's."""
        said: str | None = record.get("currency")
        headed = (self.column_currencies.get(name) for name in amounts)
        return said or next(filter(None, headed), None) or self.currency


class Importer(ABC):
    """One kind of file into one table, idempotent by external id.

    Subclasses say the `fields` and `prepare` a chunk: turn each good record's `values` into
    `data` (columns of `model`), resolving references set-wise, rejecting what cannot be.
    """

    kind: ClassVar[str]
    noun: ClassVar[tuple[str, str]]
    order: ClassVar[int]
    help: ClassVar[str] = ""
    model: ClassVar[type[models.Model]]
    # Targets that every business has; an importer without others may say `fields` at once.
    own_fields: ClassVar[tuple[Field, ...]] = ()
    # Columns that a later import of the same row must not set back.
    only_when_created: ClassVar[frozenset[str]] = frozenset()
    # Columns that `reconcile` looks at or sets beside those of the file.
    also_read: ClassVar[frozenset[str]] = frozenset()
    # Whether a file can be told to fill empty columns only, and columns that then go together.
    may_fill: ClassVar[bool] = False
    together: ClassVar[tuple[frozenset[str], ...]] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """All targets, those of the business in context included."""
        return (*self.own_fields, *self.extra_fields())

    def extra_fields(self) -> tuple[Field, ...]:
        """Targets that only the business in context has, such as its custom fields."""
        return ()

    @property
    def label(self) -> str:
        """The plural, as a heading: "Churn events"."""
        return self.noun[1].capitalize()

    @abstractmethod
    def prepare(self, records: Sequence[Record], context: Context) -> None:
        """Fill `record.data` for every record or reject it; a query per kind of reference."""

    def key(self, record: Record) -> str:
        """What makes a row the same row in another file; "" where it has nothing."""
        return str(record.get("external_id") or "")

    def place(self, record: Record) -> str:
        """Under what `find` has the stored row of a record."""
        return self.key(record)

    def find(
        self, records: Sequence[Record], columns: Collection[str]
    ) -> dict[str, dict[str, Any]]:
        """Stored rows (id and columns) by key."""
        keys = [key for record in records if (key := self.key(record))]
        rows = self.model._default_manager.filter(external_id__in=bulk.among(keys)).values(
            "id", "external_id", *columns
        )
        return {row["external_id"]: row for row in rows}

    def plan(self, records: Sequence[Record], context: Context) -> None:
        """Decide each record's outcome and changes; reads only."""
        for record in records:
            record.data, record.stored, record.changes = {}, None, {}
        self.prepare([record for record in records if record.is_good], context)
        good = [record for record in records if record.is_good]
        columns = {name for record in good for name in record.data} | self.also_read
        columns -= {"external_id"}
        stored = self.find(good, columns) if good else {}
        for record in good:
            record.stored = stored.get(self.place(record))
            if record.stored is None:
                record.outcome = Outcome.CREATED
                continue
            self.reconcile(record, context)
            record.changes = {
                name: value
                for name, value in record.data.items()
                if name not in self.only_when_created and record.stored[name] != value
            }
            record.outcome = Outcome.UPDATED if record.changes else Outcome.UNCHANGED

    def reconcile(self, record: Record, context: Context) -> None:
        """Last word on `record.data` once `record.stored` is known."""

    def write(self, records: Sequence[Record], context: Context) -> None:
        """Insert the created and update the updated records of a planned chunk."""
        created = [record.data for record in records if record.outcome == Outcome.CREATED]
        bulk.insert(self.model, created, at=context.at)
        updated = [record for record in records if record.outcome == Outcome.UPDATED]
        # What lies in tables beside (tags) is for the importer that plans it.
        columns = sorted(
            {name for record in updated for name in record.changes if name in record.data}
        )
        bulk.update(
            self.model,
            [
                {
                    "id": (record.stored or {})["id"],
                    **{
                        name: record.changes.get(name, (record.stored or {}).get(name))
                        for name in columns
                    },
                }
                for record in updated
            ],
            columns,
            at=context.at,
        )
        self.follow_up([record for record in records if record.is_written], context)

    def follow_up(self, records: Sequence[Record], context: Context) -> None:
        """What must be true together with the rows written, in the same transaction."""

    def finish(self, context: Context) -> None:
        """Once, after the last chunk, in the transaction that marks the run as done."""


def resolve_accounts(
    records: Iterable[Record], *, field_name: str = "account", reference: str = "account"
) -> dict[int, int]:
    """Line to account id for records that name one; rejects those that nobody knows."""
    named = [record for record in records if record.get(field_name)]
    known = registry.resolve(reference, {record.get(field_name) for record in named})
    found: dict[int, int] = {}
    for record in named:
        account_id = known.get(record.get(field_name))
        if account_id is None:
            record.reject(
                f"There is no {reference} with the id “{record.get(field_name)}”.", field_name
            )
        else:
            found[record.line] = account_id
    return found
