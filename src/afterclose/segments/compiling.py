"""A condition compiled to one SQL query over all subjects of the business.

Every value is a LEFT JOIN (one per table or sub-query, shared by the tests that need it), and
the tree is the WHERE. A test of a missing value is NULL; AND and OR pass that on as SQL does,
and ``not`` is ``IS NOT TRUE``, so what cannot be told counts as false and its not as true.

Only keys of the registry choose SQL; values are parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field as attribute
from datetime import date, timedelta
from typing import Any, NamedTuple

from afterclose.kit.clock import start_of_day
from afterclose.segments import values
from afterclose.segments.conditions import AllOf, AnyOf, ConditionError, Node, Not, Related, Test
from afterclose.segments.fields import (
    Catalog,
    Derived,
    Field,
    Many,
    One,
    Operator,
    Own,
    Type,
    catalog as catalog_of,
)
from afterclose.segments.sql import Compiled, days_of_year, positional, shifted

TABLES = {"account": "accounts_account", "contact": "accounts_contact"}
NESTING = 3


class Inner(NamedTuple):
    """A segment that a condition names: its own subject and condition."""

    subject: str
    node: Node


Resolve = Callable[[int], Inner | None]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a condition is evaluated against; ``today`` in the business's ``zone``.

    ``only`` limits it to these subjects.
    """

    business_id: int
    today: date
    zone: str
    resolve: Resolve
    only: tuple[int, ...] | None = None


def compile_condition(node: Node, subject: str, setting: Setting) -> Compiled:
    """The ids of the subjects that meet the condition, as one query.

    Raises ConditionError for a field that does not exist any more or segments nested too deep.
    """
    scope = _Scope(setting, catalog_of(subject), anchors={subject: "s"})
    condition = scope.sql(node)
    joins = " ".join(scope.joins.values())
    where = f"s.business_id = {scope.given('business', setting.business_id)} AND ({condition})"
    if setting.only is not None:
        where = f"s.id = ANY({scope.param(list(setting.only))}::bigint[]) AND {where}"
    table = TABLES[subject]
    return positional(f"SELECT s.id FROM {table} s {joins} WHERE {where}", scope.params)


@dataclass
class _Scope:
    """One FROM with its joins; related rows and nothing else open another."""

    setting: Setting
    catalog: Catalog
    anchors: dict[str, str]
    joins: dict[str, str] = attribute(default_factory=dict)
    params: dict[str, Any] = attribute(default_factory=dict)
    level: int = 0

    # -- parameters and joins

    def given(self, name: str, value: Any) -> str:
        self.params[name] = value
        return f"%({name})s"

    def param(self, value: Any) -> str:
        return self.given(f"p{len(self.params)}", value)

    def join(self, key: str, sql: Callable[[str], str]) -> str:
        """The alias of a join; the same key is joined once."""
        if key not in self.joins:
            self.joins[key] = sql(f"t{len(self.joins) + 1}")
        return f"t{list(self.joins).index(key) + 1}"

    def anchor(self, subject: str) -> str:
        """The alias of the account or contact, joined where a contact's account is asked."""
        if subject in self.anchors:
            return self.anchors[subject]
        contact = self.anchors["contact"]
        return self.join(
            "account",
            lambda t: (
                f"JOIN accounts_account {t}"
                f" ON {t}.business_id = {contact}.business_id AND {t}.id = {contact}.account_id"
            ),
        )

    # -- the tree

    def sql(self, node: Node) -> str:
        match node:
            case AllOf(items):
                return " AND ".join(f"({self.sql(each)})" for each in items)
            case AnyOf(items):
                return " OR ".join(f"({self.sql(each)})" for each in items)
            case Not(item):
                return f"({self.sql(item)}) IS NOT TRUE"
            case Related():
                return self.related(node)
            case Test():
                return self.test(node)

    def test(self, test: Test) -> str:
        field = self.catalog.fields.get(test.field)
        if field is None:
            raise ConditionError(f"There is no field “{test.field}” any more.")
        if field.is_segment:
            return self.segments(field, test)
        if isinstance(field.source, Many):
            return self.set(field, field.source, test)
        if test.op == Operator.CHANGED_BY:
            return self.changed_by(field, test.value)
        if test.op == Operator.CHANGED:
            return self.changed(field, test.value)
        value = self.value(field)
        if test.op == Operator.KNOWN:
            return f"{value} IS NOT NULL"
        if test.op == Operator.EMPTY:
            return f"{value} IS NULL"
        return self.compared(field, value, test.op, test.value)

    # -- values

    def value(self, field: Field) -> str:
        """The expression of a field's present value; an empty text is a missing one."""
        anchor = self.anchor(field.subject)
        source = field.source
        match source:
            case Own(column=column):
                value = column.format(t=anchor) if "{t}" in column else f"{anchor}.{column}"
            case One():
                value = source.value.format(t=self.one(source, anchor), s=anchor)
                if "{t}" not in source.value:
                    value = f"{self.one(source, anchor)}.{source.value}"
            case Derived():
                value = self.derived(source, anchor, 0)
            case _:
                raise ConditionError(f"{field.label} has no single value.")
        return f"NULLIF({value}, '')" if field.type == Type.TEXT else value

    def currency(self, field: Field) -> str:
        anchor = self.anchor(field.subject)
        source = field.source
        if isinstance(source, Own):
            return f"{anchor}.{source.currency}"
        if isinstance(source, One):
            return f"{self.one(source, anchor)}.{source.currency}"
        raise ConditionError(f"{field.label} has no currency.")

    def one(self, source: One, anchor: str) -> str:
        table = source.model._meta.db_table

        def sql(t: str) -> str:
            extra = f" AND {source.where.format(t=t)}" if source.where else ""
            return (
                f"LEFT JOIN {table} {t} ON {t}.business_id = {anchor}.business_id"
                f" AND {t}.{source.key} = {anchor}.id{extra}"
            )

        return self.join(f"one {table} {source.key} {source.where} {anchor}", sql)

    def derived(self, source: Derived, anchor: str, days: int) -> str:
        key = f"derived {source.query} {days} {anchor}"

        def sql(t: str) -> str:
            query = source.query
            query = query.replace("%(business)s", self.given("business", self.setting.business_id))
            query = query.replace("%(today)s", self.given("today", self.setting.today) + "::date")
            query = query.replace("%(zone)s", self.given("zone", self.setting.zone) + "::text")
            if "%(only)s" in query:
                among = self.setting.only if anchor == "s" else None
                listed = None if among is None else list(among)
                query = query.replace("%(only)s", self.param(listed) + "::bigint[]")
            if "%(days)s" in query:
                query = query.replace("%(days)s", self.param(days) + "::int")
            return f"LEFT JOIN ({query}) {t} ON {t}.subject_id = {anchor}.id"

        return source.value.format(t=self.join(key, sql))

    # -- comparisons

    def compared(self, field: Field, value: str, op: Operator, wanted: Any) -> str:
        match field.type:
            case Type.TEXT:
                return self.text(value, op, wanted)
            case Type.NUMBER:
                return self.number(value, op, wanted)
            case Type.MONEY:
                return self.money(field, value, op, wanted)
            case Type.DATE:
                return self.day(value, op, wanted)
            case Type.INSTANT:
                zone = self.given("zone", self.setting.zone)
                return self.day(f"({value} AT TIME ZONE {zone}::text)::date", op, wanted)
            case Type.BOOLEAN:
                return value if wanted else f"NOT {value}"
            case _:
                several = wanted if isinstance(wanted, list) else [wanted]
                return f"{value} = ANY({self.array(several)})"

    def array(self, several: list[Any]) -> str:
        kind = "bigint" if all(isinstance(each, int) for each in several) else "text"
        found = several if kind == "bigint" else [str(each) for each in several]
        return f"{self.param(found)}::{kind}[]"

    def text(self, value: str, op: Operator, wanted: Any) -> str:
        if op == Operator.IN:
            listed = self.param(list(wanted))
            return f"lower({value}) = ANY (ARRAY(SELECT lower(u) FROM unnest({listed}::text[]) u))"
        lowered = f"lower({self.param(wanted)}::text)"
        if op == Operator.CONTAINS:
            return f"position({lowered} IN lower({value})) > 0"
        if op == Operator.STARTS:
            return f"starts_with(lower({value}), {lowered})"
        return f"lower({value}) = {lowered}"

    def number(self, value: str, op: Operator, wanted: Any) -> str:
        if op == Operator.BETWEEN:
            low, high = (self.numeral(each) for each in wanted)
            return f"({value} >= {low} AND {value} <= {high})"
        return f"{value} {op.value} {self.numeral(wanted)}"

    def numeral(self, value: float) -> str:
        kind = "bigint" if isinstance(value, int) else "float8"
        return f"{self.param(value)}::{kind}"

    def money(self, field: Field, value: str, op: Operator, wanted: Any) -> str:
        """Amounts in another currency cannot be told, so they compare false."""
        code = wanted["currency"]
        same = f"{self.currency(field)} = {self.param(code)}::text"
        if op == Operator.BETWEEN:
            pair = [values.minor(wanted[end], code) for end in ("low", "high")]
            return f"({same} AND {self.number(value, op, pair)})"
        return f"({same} AND {self.number(value, op, values.minor(wanted['amount'], code))})"

    def day(self, value: str, op: Operator, wanted: Any) -> str:
        today = self.setting.today
        if op == Operator.ANNIVERSARY:
            days = self.param(days_of_year(today, wanted))
            month_and_day = f"extract(month from {value}) * 100 + extract(day from {value})"
            begun = f"{value} < {self.param(today)}::date"
            return f"({begun} AND ({month_and_day})::int = ANY({days}::int[]))"
        if op in (Operator.LAST, Operator.NEXT):
            first, last = (today, shifted(today, wanted))
            if op == Operator.LAST:
                first, last = shifted(today, 1 - max(wanted, 1)), today
            low, high = (f"{self.param(each)}::date" for each in (first, last))
            return f"({value} >= {low} AND {value} <= {high})"
        sign = "<" if op == Operator.BEFORE else ">"
        return f"{value} {sign} {self.param(values.on(wanted, today))}::date"

    # -- sets, segments, changes

    def set(self, field: Field, source: Many, test: Test) -> str:
        """How many of the wanted values the subject has; all of them, any, or none."""
        wanted = test.value
        anchor = self.anchor(field.subject)
        table = source.model._meta.db_table
        business = self.given("business", self.setting.business_id)
        among = "" if wanted is None else f" AND r.{source.value} = ANY({self.array(wanted)})"
        among += f" AND {source.where.format(t='r')}" if source.where else ""
        among += self.among(anchor, source.key)
        query = (
            f"SELECT r.{source.key} AS subject_id, count(DISTINCT r.{source.value}) AS value"
            f" FROM {table} r WHERE r.business_id = {business}{among} GROUP BY 1"
        )
        key = f"set {table} {source.key} {source.value} {source.where} {wanted} {anchor}"
        alias = self.join(key, lambda t: f"LEFT JOIN ({query}) {t} ON {t}.subject_id = {anchor}.id")
        found = f"COALESCE({alias}.value, 0)"
        match test.op:
            case Operator.ALL:
                return f"{found} = {len(wanted)}"
            case Operator.NONE | Operator.EMPTY:
                return f"{found} = 0"
            case _:
                return f"{found} > 0"

    def segments(self, field: Field, test: Test) -> str:
        """The conditions of the segments themselves, so that it is as fresh as they are."""
        if self.level >= NESTING:
            raise ConditionError(f"Segments can be nested {NESTING} deep.")
        parts = []
        for segment_id in test.value:
            inner = self.setting.resolve(segment_id)
            parts.append("FALSE" if inner is None else self.nested(inner))
        together = " AND " if test.op == Operator.ALL else " OR "
        found = f"({together.join(parts)})"
        return f"{found} IS NOT TRUE" if test.op == Operator.NONE else found

    def nested(self, inner: Inner) -> str:
        alias = self.anchor(inner.subject)
        before, self.catalog = self.catalog, catalog_of(inner.subject)
        anchors, self.anchors = self.anchors, {**self.anchors, inner.subject: alias}
        self.level += 1
        try:
            return f"({self.sql(inner.node)})"
        finally:
            self.level -= 1
            self.catalog, self.anchors = before, anchors

    def changed_by(self, field: Field, wanted: Any) -> str:
        now, before = self.then_and_now(field, wanted["days"])
        low = self.numeral(float(wanted.get("base", 0)))
        percent = self.numeral(float(wanted["percent"]))
        sign = "<=" if wanted["percent"] < 0 else ">="
        change = f"({now} - {before})::float8 * 100"
        # Multiplied out, so that nothing is divided by zero.
        return f"({before} > 0 AND {before} >= {low} AND {change} {sign} {percent} * {before})"

    def changed(self, field: Field, wanted: Any) -> str:
        now, before = self.then_and_now(field, wanted["days"])
        parts = [f"{now} <> {before}"]
        if "from" in wanted:
            parts.append(f"{before} = {self.param(wanted['from'])}::text")
        if "to" in wanted:
            parts.append(f"{now} = {self.param(wanted['to'])}::text")
        return f"({' AND '.join(parts)})"

    def then_and_now(self, field: Field, days: int) -> tuple[str, str]:
        history = field.history
        if history is None:
            raise ConditionError(f"No history of {field.label} is kept.")
        anchor = self.anchor(field.subject)
        now = (
            self.derived(history.now, anchor, days)
            if history.now is not None
            else self.value(field)
        )
        return now, self.derived(history.before, anchor, days)

    # -- related rows

    def related(self, node: Related) -> str:
        relation = self.catalog.relations.get(node.relation)
        if relation is None:
            raise ConditionError(f"There are no “{node.relation}” to ask about any more.")
        inner = _Scope(
            self.setting, relation.catalog, {"row": "r"}, params=self.params, level=self.level
        )
        business = self.given("business", self.setting.business_id)
        where = [f"r.business_id = {business}", f"r.{relation.column} IS NOT NULL"]
        if node.days is not None:
            where += self.window(relation.on, relation.on_is_instant, node.days)
        anchor = self.anchor(relation.subject)
        where[0] += self.among(anchor, relation.column)
        summed = ""
        if node.op == "sum":
            field = relation.catalog.fields[node.of]
            summed = f", sum({inner.value(field)}) AS total"
            if field.type == Type.MONEY:
                code = self.param(node.value["currency"])
                where.append(f"{inner.currency(field)} = {code}::text")
        if node.where is not None:
            where.append(f"({inner.sql(node.where)})")
        query = (
            f"SELECT r.{relation.column} AS subject_id, count(*) AS rows{summed}"
            f" FROM {relation.model._meta.db_table} r WHERE {' AND '.join(where)} GROUP BY 1"
        )
        alias = self.join(
            f"rows {query} {anchor}",
            lambda t: f"LEFT JOIN ({query}) {t} ON {t}.subject_id = {anchor}.id",
        )
        return self.counted(node, alias)

    def among(self, anchor: str, column: str) -> str:
        """Rows of the asked-for subjects alone, so that a few are answered along an index."""
        if self.setting.only is None or anchor != "s":
            return ""
        return f" AND r.{column} = ANY({self.param(list(self.setting.only))}::bigint[])"

    def window(self, column: str, is_instant: bool, days: int) -> list[str]:
        """The so many days that end with today, as in lists."""
        begin, end = shifted(self.setting.today, 1 - days), self.setting.today + timedelta(days=1)
        if is_instant:
            zone = self.setting.zone
            first, last = (self.param(start_of_day(each, zone)) for each in (begin, end))
            return [f"r.{column} >= {first}::timestamptz", f"r.{column} < {last}::timestamptz"]
        return [
            f"r.{column} >= {self.param(begin)}::date",
            f"r.{column} < {self.param(end)}::date",
        ]

    def counted(self, node: Related, alias: str) -> str:
        rows = f"COALESCE({alias}.rows, 0)"
        match node.op:
            case "some":
                return f"{rows} > 0"
            case "none":
                return f"{rows} = 0"
            case "count":
                return f"{rows} {node.compare} {self.numeral(node.value)}"
        wanted = node.value
        if isinstance(wanted, dict):
            wanted = values.minor(wanted["amount"], wanted["currency"])
        return f"COALESCE({alias}.total, 0) {node.compare} {self.numeral(wanted)}"
