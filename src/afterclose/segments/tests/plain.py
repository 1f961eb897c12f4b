"""The conditions once more, evaluated in plain Python over rows in memory.

Written from 08 §2.3, not from the compiler: it walks the JSON, reads values out of dictionaries
and knows nothing of SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
MINOR = {"USD": 100, "EUR": 100, "JPY": 1}


@dataclass
class Book:
    """Every row of a business; related rows carry their account's id."""

    accounts: list[Row] = field(default_factory=list)
    contacts: list[Row] = field(default_factory=list)
    tickets: list[Row] = field(default_factory=list)
    subscriptions: list[Row] = field(default_factory=list)
    usage: list[Row] = field(default_factory=list)
    answers: list[Row] = field(default_factory=list)
    snapshots: list[Row] = field(default_factory=list)
    stage_changes: list[Row] = field(default_factory=list)
    segments: dict[int, tuple[str, Any]] = field(default_factory=dict)


class Plain:
    """One book on one day."""

    def __init__(self, book: Book, today: date, zone: str) -> None:
        self.book, self.today, self.zone = book, today, ZoneInfo(zone)

    def members(self, condition: Any, subject: str) -> set[int]:
        rows = self.book.accounts if subject == "account" else self.book.contacts
        return {row["id"] for row in rows if self.holds(condition, subject, row)}

    def holds(self, node: Any, subject: str, row: Row) -> bool:
        if "all" in node:
            return all(self.holds(each, subject, row) for each in node["all"])
        if "any" in node:
            return any(self.holds(each, subject, row) for each in node["any"])
        if "not" in node:
            return not self.holds(node["not"], subject, row)
        if "related" in node:
            return self.related(node, subject, row)
        key = node["field"]
        if subject == "contact" and key.startswith("account."):
            account = next(a for a in self.book.accounts if a["id"] == row["account_id"])
            return self.holds(node | {"field": key.removeprefix("account.")}, "account", account)
        return self.test(key, node["op"], node.get("value"), subject, row)

    # -- values

    def value(self, key: str, subject: str, row: Row) -> Any:
        getter = getattr(self, f"_{subject}_{key}", None)
        found = getter(row) if getter else row.get(key)
        return None if found == "" else found

    def _of(self, rows: list[Row], account: Row) -> list[Row]:
        return [each for each in rows if each["account_id"] == account["id"]]

    def _account_at_risk(self, account: Row) -> bool:
        return account["flagged_at"] is not None

    def _account_arr(self, account: Row) -> Any:
        return account["arr"]

    def _account_last_used(self, account: Row) -> Any:
        days = [u["used_on"] for u in self._of(self.book.usage, account)]
        return max(days) if days else None

    def _account_usage_30_days(self, account: Row) -> int:
        return self.used(account, self.today - timedelta(days=29), self.today)

    def _account_users_30_days(self, account: Row) -> int:
        first = self.today - timedelta(days=29)
        rows = self._of(self.book.usage, account)
        found = {u["user_key"] for u in rows if first <= u["used_on"] <= self.today}
        return len(found - {""})

    def used(self, account: Row, first: date, last: date) -> int:
        rows = self._of(self.book.usage, account)
        return sum(u["count"] for u in rows if first <= u["used_on"] <= last)

    def _account_open_tickets(self, account: Row) -> int:
        return sum(1 for t in self._of(self.book.tickets, account) if t["solved_at"] is None)

    def _account_last_ticket(self, account: Row) -> Any:
        times = [t["opened_at"] for t in self._of(self.book.tickets, account)]
        return max(times) if times else None

    def _account_nps(self, account: Row) -> Any:
        rows = [a for a in self._of(self.book.answers, account) if a["survey"] == "nps"]
        return max(rows, key=lambda a: (a["answered_at"], a["id"]))["score"] if rows else None

    def _account_health(self, account: Row) -> Any:
        return None if account["stage"] == "churned" else word(account["health_score"])

    def _row_open(self, ticket: Row) -> bool:
        return ticket["solved_at"] is None

    # -- tests

    def day_of(self, value: Any) -> date:
        if isinstance(value, datetime):
            return value.astimezone(self.zone).date()
        return value

    def test(self, key: str, op: str, wanted: Any, subject: str, row: Row) -> bool:
        if key == "segment":
            within = [self.in_segment(each, row) for each in wanted]
            return {"any": any(within), "all": all(within), "none": not any(within)}[op]
        if key in ("tag", "cf_regions"):
            has = set(row["tags" if key == "tag" else key])
            return {
                "any": bool(has & set(wanted or ())),
                "all": set(wanted or ()) <= has,
                "none": not has & set(wanted or ()),
                "known": bool(has),
                "empty": not has,
            }[op]
        if op == "changed_by":
            return self.changed_by(key, wanted, row)
        if op == "changed":
            return self.changed(key, wanted, row)
        value = self.value(key, subject, row)
        if op == "known":
            return value is not None
        if op == "empty":
            return value is None
        return value is not None and self.compare(value, op, wanted)

    def in_segment(self, segment_id: int, row: Row) -> bool:
        subject, condition = self.book.segments[segment_id]
        return self.holds(condition, subject, row)

    def compare(self, value: Any, op: str, wanted: Any) -> bool:
        if isinstance(value, tuple):  # an amount: (minor units, currency)
            minor, currency = value
            if wanted["currency"] != currency:
                return False
            ends = [wanted[k] for k in ("amount", "low", "high") if k in wanted]
            sums = [int(Decimal(each) * MINOR[currency]) for each in ends]
            return number(minor, op, sums if op == "between" else sums[0])
        if isinstance(value, date):
            return self.dated(self.day_of(value), op, wanted)
        if isinstance(value, bool):
            return value is wanted
        if isinstance(value, str) and op in ("is", "in", "contains", "starts"):
            return texts(value, op, wanted)
        if op in ("is", "in"):
            return value in (wanted if op == "in" else [wanted])
        return number(value, op, wanted)

    def dated(self, value: date, op: str, wanted: Any) -> bool:
        today = self.today
        if op == "last":
            return today - timedelta(days=max(wanted, 1) - 1) <= value <= today
        if op == "next":
            return today <= value <= today + timedelta(days=wanted)
        if op == "anniversary":
            window = [today + timedelta(days=n) for n in range(wanted + 1)]
            return value < today and any(falls_on(value, each) for each in window)
        limit = (
            today + timedelta(days=wanted["today"])
            if isinstance(wanted, dict)
            else date.fromisoformat(wanted)
        )
        return value < limit if op == "before" else value > limit

    # -- changes

    def changed_by(self, key: str, wanted: Any, row: Row) -> bool:
        days = wanted["days"]
        if key == "usage_30_days":
            yesterday = self.today - timedelta(days=1)
            middle = self.today - timedelta(days=days)
            now = self.used(row, middle, yesterday)
            before = self.used(row, middle - timedelta(days=days), middle - timedelta(days=1))
        else:
            now, before = self.value(key, "account", row), self.score_then(row, days)
        if now is None or before is None or before <= 0 or before < wanted.get("base", 0):
            return False
        change = (now - before) * 100 / before
        return change <= wanted["percent"] if wanted["percent"] < 0 else change >= wanted["percent"]

    def score_then(self, account: Row, days: int) -> Any:
        last = self.today - timedelta(days=days)
        first = last - timedelta(days=7)
        all_days = [s["on"] for s in self.book.snapshots if first <= s["on"] <= last]
        rows = self._of(self.book.snapshots, account)
        return next(
            (s["score"] for s in rows if all_days and s["on"] == max(all_days) and s["coverage"]),
            None,
        )

    def changed(self, key: str, wanted: Any, row: Row) -> bool:
        now = self.value(key, "account", row)
        if key == "stage":
            limit = self.today - timedelta(days=wanted["days"])
            rows = self._of(self.book.stage_changes, row)
            since = [c for c in rows if self.day_of(c["at"]) > limit]
            before = min(since, key=lambda c: (c["at"], c["id"]))["from"] if since else None
        else:
            last = self.today - timedelta(days=wanted["days"])
            first = last - timedelta(days=7)
            days = [s["on"] for s in self.book.snapshots if first <= s["on"] <= last]
            rows = [s for s in self._of(self.book.snapshots, row) if days and s["on"] == max(days)]
            before = word(rows[0]["score"] if rows[0]["coverage"] else None) if rows else None
        if now is None or before is None or now == before:
            return False
        return wanted.get("from", before) == before and wanted.get("to", now) == now

    # -- related rows

    def related(self, node: Any, subject: str, row: Row) -> bool:
        key = node["related"]
        if subject == "contact":
            key = key.removeprefix("account.")
        account_id = row["id"] if subject == "account" else row["account_id"]
        rows = [each for each in getattr(self.book, key) if each["account_id"] == account_id]
        if node.get("days") is not None:
            column = {"tickets": "opened_at", "usage": "used_on", "subscriptions": "started_on"}
            first = self.today - timedelta(days=node["days"] - 1)
            rows = [r for r in rows if first <= self.day_of(r[column[key]]) <= self.today]
        if node.get("where") is not None:
            rows = [r for r in rows if self.holds(node["where"], "row", r)]
        op = node["op"]
        if op in ("some", "none"):
            return bool(rows) is (op == "some")
        if op == "count":
            return number(len(rows), node["compare"], node["value"])
        values = [r[node["of"]] for r in rows]
        wanted = node["value"]
        if isinstance(wanted, dict):
            currency = wanted["currency"]
            total = sum(minor for minor, code in values if code == currency)
            return number(total, node["compare"], int(Decimal(wanted["amount"]) * MINOR[currency]))
        return number(sum(v for v in values if v is not None), node["compare"], wanted)


def word(score: float | None) -> str:
    if score is None:
        return "none"
    return next(w for low, w in ((75, "healthy"), (50, "ok"), (25, "at_risk"), (-1, "critical"))
                if score >= low)  # fmt: skip


def texts(value: str, op: str, wanted: Any) -> bool:
    value = value.lower()
    if op == "in":
        return value in [each.lower() for each in wanted]
    wanted = wanted.lower()
    return {"is": value == wanted, "contains": wanted in value, "starts": value.startswith(wanted)}[
        op
    ]


def number(value: Any, op: str, wanted: Any) -> bool:
    if op == "between":
        return wanted[0] <= value <= wanted[1]
    return {
        "=": value == wanted,
        "<": value < wanted,
        "<=": value <= wanted,
        ">": value > wanted,
        ">=": value >= wanted,
    }[op]


def falls_on(value: date, day: date) -> bool:
    try:
        return value.replace(year=day.year) == day
    except ValueError:  # 29 February
        return day == date(day.year, 2, 28)
