"""Random conditions for the property test, about the books of ``books.py``."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from afterclose.accounts.models import Stage
from afterclose.segments.tests.books import (
    REGIONS,
    TAGS,
    TIERS,
    currencies,
    day,
    days_ago,
    few,
    words,
)


def leaf(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


comparisons = st.sampled_from(["=", "<", "<=", ">", ">="])
numbers = st.one_of(st.integers(-1, 5), st.sampled_from([0.5, 2.5, 24.9]))
amounts = st.builds(
    lambda n, code: {"amount": str(n * (500 if code == "JPY" else 5)), "currency": code},
    st.integers(0, 4),
    currencies,
)
limits = st.one_of(
    days_ago.map(lambda n: day(n).isoformat()), st.integers(-20, 5).map(lambda n: {"today": n})
)
typed = words.filter(bool)


def presence(field: str) -> st.SearchStrategy[Any]:
    return st.sampled_from([leaf(field, "known"), leaf(field, "empty")])


def numeric(field: str, factor: int = 1) -> st.SearchStrategy[Any]:
    return st.one_of(
        presence(field),
        st.builds(lambda op, n: leaf(field, op, n * factor), comparisons, numbers),
        st.tuples(numbers, numbers).map(lambda p: leaf(field, "between", sorted(p))),
    )


def text(field: str) -> st.SearchStrategy[Any]:
    return st.one_of(
        presence(field),
        st.builds(
            lambda op, word: leaf(field, op, word),
            st.sampled_from(["is", "contains", "starts"]),
            typed,
        ),
        st.lists(typed, min_size=1, max_size=2, unique=True).map(lambda w: leaf(field, "in", w)),
    )


def dated(field: str) -> st.SearchStrategy[Any]:
    return st.one_of(
        presence(field),
        st.builds(lambda op, on: leaf(field, op, on), st.sampled_from(["before", "after"]), limits),
        st.builds(
            lambda op, n: leaf(field, op, n),
            st.sampled_from(["last", "next", "anniversary"]),
            st.integers(0, 12),
        ),
    )


def choice(field: str, values: list[Any]) -> st.SearchStrategy[Any]:
    one = st.sampled_from(values)
    return st.one_of(
        presence(field),
        one.map(lambda v: leaf(field, "is", v)),
        st.lists(one, min_size=1, max_size=3, unique=True).map(lambda v: leaf(field, "in", v)),
    )


def one_of_several(field: str, values: list[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        presence(field),
        st.builds(
            lambda op, several: leaf(field, op, several),
            st.sampled_from(["any", "all", "none"]),
            st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True),
        ),
    )


def changed(field: str, values: list[str]) -> st.SearchStrategy[Any]:
    some = st.one_of(st.none(), st.sampled_from(values))
    return st.builds(
        lambda days, before, after: leaf(
            field,
            "changed",
            {"days": days}
            | ({"from": before} if before else {})
            | ({"to": after} if after else {}),
        ),
        st.integers(1, 12),
        some,
        some,
    )


def changed_by(field: str) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda percent, days, base: leaf(
            field,
            "changed_by",
            {"percent": percent, "days": days} | ({"base": base} if base else {}),
        ),
        st.sampled_from([-100, -50, -25, 10, 50.5]),
        st.integers(1, 10),
        st.sampled_from([0, 1, 3, 50]),
    )


def money(field: str) -> st.SearchStrategy[Any]:
    return st.one_of(
        presence(field),
        st.builds(lambda op, value: leaf(field, op, value), comparisons, amounts),
        st.builds(
            lambda low, code: leaf(
                field, "between", {"low": str(low), "high": str(low + 10), "currency": code}
            ),
            st.integers(0, 12),
            currencies,
        ),
    )


HEALTH = ["healthy", "ok", "at_risk", "critical", "none"]
account_leaves = st.one_of(
    text("industry"),
    text("plan"),
    numeric("seats"),
    choice("stage", Stage.values),
    dated("customer_since"),
    st.booleans().map(lambda v: leaf("at_risk", "is", v)),
    money("arr"),
    dated("last_used"),
    numeric("usage_30_days"),
    numeric("users_30_days"),
    changed_by("usage_30_days"),
    numeric("open_tickets"),
    dated("last_ticket"),
    numeric("nps"),
    numeric("health_score", 10),
    changed_by("health_score"),
    choice("health", HEALTH),
    changed("health", HEALTH),
    changed("stage", Stage.values),
)
windows = st.one_of(st.none(), st.integers(1, 12))


def rows(relation: str, inner: st.SearchStrategy[Any], sums: Any) -> st.SearchStrategy[Any]:
    where = st.one_of(st.none(), groups(inner, 2))
    has_window = relation in ("tickets", "usage", "subscriptions")

    def build(ask: dict[str, Any], days: int | None, where: Any) -> dict[str, Any]:
        found = {"related": relation, **ask}
        found |= {"days": days} if days and has_window else {}
        return found | ({"where": where} if where else {})

    asks = [
        st.sampled_from([{"op": "some"}, {"op": "none"}]),
        st.builds(lambda c, n: {"op": "count", "compare": c, "value": n}, comparisons, few),
    ]
    return st.builds(build, st.one_of(*asks, *sums), windows, where)


def groups(leaves: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda each: {"all": each}),
            st.lists(inner, min_size=1, max_size=3).map(lambda each: {"any": each}),
            inner.map(lambda each: {"not": each}),
        ),
        max_leaves=most,
    )


relations = st.one_of(
    rows(
        "tickets",
        st.one_of(
            choice("priority", ["low", "urgent"]),
            st.booleans().map(lambda v: leaf("open", "is", v)),
            dated("opened_at"),
            numeric("response_minutes"),
        ),
        [
            st.builds(
                lambda c, n: {"op": "sum", "of": "response_minutes", "compare": c, "value": n},
                comparisons,
                numbers,
            )
        ],
    ),
    rows(
        "subscriptions",
        st.one_of(
            choice("status", ["active", "cancelled"]),
            numeric("quantity"),
            st.builds(lambda op, value: leaf("arr", op, value), comparisons, amounts),
        ),
        [
            st.builds(
                lambda c, v: {"op": "sum", "of": "arr", "compare": c, "value": v},
                comparisons,
                amounts,
            )
        ],
    ),
    rows("usage", text("feature"), []),
    rows(
        "contacts",
        st.one_of(text("title"), st.booleans().map(lambda v: leaf("champion", "is", v))),
        [],
    ),
)
about_accounts = groups(st.one_of(account_leaves, relations), 8)
# Known where ``store`` has made them, and nowhere else.
own_leaves = st.one_of(
    one_of_several("tag", TAGS),
    numeric("cf_score"),
    money("cf_budget"),
    dated("cf_since"),
    presence("cf_pilot"),
    st.booleans().map(lambda v: leaf("cf_pilot", "is", v)),
    text("cf_note"),
    choice("cf_tier", TIERS),
    one_of_several("cf_regions", REGIONS),
)
all_about_accounts = groups(st.one_of(account_leaves, own_leaves, relations), 8)


def of_account(node: Any) -> Any:
    """The same asked about a contact's account."""
    kind = "field" if "field" in node else "related"
    return {**node, kind: f"account.{node[kind]}"}


contact_leaves = st.one_of(
    text("title"),
    dated("left_on"),
    st.booleans().map(lambda v: leaf("champion", "is", v)),
    st.one_of(account_leaves, relations).map(of_account),
)
about_contacts = groups(contact_leaves, 8)
all_about_contacts = groups(
    st.one_of(contact_leaves, one_of_several("tag", TAGS), own_leaves.map(of_account)), 8
)
