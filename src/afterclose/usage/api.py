"""Product use in the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ninja import Path, Query

from afterclose.accounts import queries as accounts
from afterclose.businesses.permissions import Right
from afterclose.businesses.rest.fields import AddressId, Out, Page
from afterclose.businesses.rest.lists import ListQuery, parameters, read_list
from afterclose.businesses.rest.router import ApiRequest, ApiRouter
from afterclose.usage.lists import DailyUsageList

router = ApiRouter()
as_query: Any = Query
UsageQuery: type[ListQuery] = parameters(DailyUsageList)


class UsageOut(Out):
    """What one user (empty: unknown) did with one feature on one day."""

    used_on: date
    feature: str
    user_key: str
    count: int
    seconds: int


PATHS = ("used_on", "feature", "user_key", "count", "seconds")


def _build(row: Mapping[str, Any]) -> UsageOut:
    return UsageOut.model_construct(**{name: row[name] for name in PATHS})


def list_usage(request: ApiRequest, account_id: Path[AddressId], query: Any) -> Page[UsageOut]:
    """Read an account's use of the product by day, feature and user."""
    accounts.account(request.viewer, account_id)
    scope = {"account_id": account_id}
    items, cursor = read_list(request, DailyUsageList, PATHS, _build, scope=scope)
    return Page[UsageOut].model_construct(items=items, next_cursor=cursor)


# As `list_operation` does it, which has no place for an account in the address: the attribute and
# the annotation are read by the router and by ninja, a plain function has neither to mypy.
list_usage.checks_query = True  # type: ignore[attr-defined]
list_usage.__annotations__["query"] = UsageQuery
list_usage.__defaults__ = (as_query(...),)
router.operation(
    "GET",
    "/accounts/{account_id}/usage",
    right=Right.ACCOUNTS_VIEW,
    returns=Page[UsageOut],
    example={
        "items": [
            {"used_on": "2026-03-02", "feature": "export", "user_key": "ada", "count": 3,
             "seconds": 0}
        ],
        "next_cursor": None,
    },
)(list_usage)  # fmt: skip
