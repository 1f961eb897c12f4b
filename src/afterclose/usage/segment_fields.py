"""What conditions of segments can ask about product use."""

from __future__ import annotations

from afterclose.segments import fields, touched
from afterclose.segments.fields import ONLY, Derived, Field, History, One, Own, Relation, Type
from afterclose.usage.models import DailyUsage, LastUse, UsageRecord

GROUP = "Usage"


def _total(what: str, begin: str, end: str) -> Derived:
    """A total of the days from ``begin`` (included) to ``end`` (left out); none is 0."""
    return Derived(
        f"SELECT u.account_id AS subject_id, {what} AS value FROM usage_dailyusage u"  # noqa: S608 - constants
        f" WHERE u.business_id = %(business)s AND u.used_on >= {begin} AND u.used_on < {end}"
        f" AND {ONLY.format('u.account_id')} GROUP BY u.account_id",
        "COALESCE({t}.value, 0)",
    )


_COUNT, _USERS = "sum(u.count)", "count(DISTINCT NULLIF(u.user_key, ''))"


def _history(what: str) -> History:
    """The last full days against as many before, today left out."""
    return History(
        before=_total(what, "%(today)s - 2 * %(days)s", "%(today)s - %(days)s"),
        now=_total(what, "%(today)s - %(days)s", "%(today)s"),
    )


def _recent(key: str, label: str, what: str, days: int) -> Field:
    source = _total(what, f"%(today)s - {days - 1}", "%(today)s + 1")
    words = f"{label} in the last {days} days"
    return Field(key, words, GROUP, Type.NUMBER, source, history=_history(what),
                 help="Changed by: the last full days against as many before.")  # fmt: skip


def register() -> None:
    """Called as the product starts."""
    fields.register(
        Field("last_used", "Last used", GROUP, Type.DATE, One(LastUse, "last_used_on")),
        Field("first_used", "First used", GROUP, Type.DATE, One(LastUse, "first_used_on")),
        _recent("usage_7_days", "Usage", _COUNT, 7),
        _recent("usage_30_days", "Usage", _COUNT, 30),
        _recent("users_30_days", "Users", _USERS, 30),
    )
    rows = [
        Field(key, label, "", kind, Own(column), subject="row")
        for key, label, kind, column in (
            ("feature", "Feature", Type.TEXT, "feature"),
            ("user", "User", Type.TEXT, "user_key"),
            ("count", "Times", Type.NUMBER, "count"),
            ("seconds", "Seconds", Type.NUMBER, "seconds"),
            ("used_on", "Day", Type.DATE, "used_on"),
        )
    ]
    fields.register_relation(Relation("usage", "Days of use", DailyUsage, rows, on="used_on"))
    touched.register(UsageRecord)
