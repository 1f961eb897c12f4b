"""The tree in the database: walks up and down, bounded, so that bad data cannot hang a page."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models.expressions import RawSQL

from afterclose.businesses.context import required_business_id

if TYPE_CHECKING:
    from afterclose.accounts.models import Account

#: Levels of a tree, the topmost account included.
MAX_LEVELS = 10

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('accounts.hierarchy:' || %s::text, 0))"

# UNION drops a row that was there already, so a circle ends the walk.
_GROUP = """
    WITH RECURSIVE tree (id, level) AS (
        SELECT %s::bigint, 1
         UNION
        SELECT child.id, tree.level + 1
          FROM tree
          JOIN accounts_account child
            ON child.business_id = %s AND child.parent_id = tree.id
         WHERE tree.level < %s)
    SELECT id FROM tree
"""
# For each of some accounts: how many levels lie above and below it, at most one too many.
_LEVELS = """
    WITH RECURSIVE
    up (start, id, level) AS (
        SELECT a.id, a.parent_id, 1 FROM accounts_account a
         WHERE a.business_id = %(business)s AND a.id = ANY(%(accounts)s)
         UNION ALL
        SELECT up.start, a.parent_id, up.level + 1
          FROM up JOIN accounts_account a ON a.business_id = %(business)s AND a.id = up.id
         WHERE up.level <= %(most)s),
    down (start, id, level) AS (
        SELECT a, a, 0 FROM unnest(%(accounts)s::bigint[]) AS a
         UNION ALL
        SELECT down.start, a.id, down.level + 1
          FROM down JOIN accounts_account a
            ON a.business_id = %(business)s AND a.parent_id = down.id
         WHERE down.level <= %(most)s)
    SELECT u.start, u.levels, d.levels
      FROM (SELECT start, max(level) AS levels FROM up GROUP BY start) u
      JOIN (SELECT start, max(level) AS levels FROM down GROUP BY start) d ON d.start = u.start
"""


def lock() -> None:
    """Nobody else changes a parent in this business until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [required_business_id()])


def group_ids(account_id: int) -> RawSQL:
    """For ``pk__in=``: the account and everything under it, from the index of parents."""
    # The ORM has no recursive query; the statement is a constant and its values are parameters.
    return RawSQL(_GROUP, [account_id, required_business_id(), MAX_LEVELS])  # noqa: S611


def above(account: Account) -> dict[int, Account]:
    """The accounts above one by id, its parent first; a circle ends the walk."""
    found: dict[int, Account] = {}
    upwards = account.parent
    while upwards is not None and upwards.id not in found:
        found[upwards.id] = upwards
        upwards = upwards.parent
    return found


def too_deep(account_ids: Collection[int]) -> set[int]:
    """Which of the accounts stand in a tree of more levels than there may be; those in a
    circle do, for a walk around it never ends."""
    if not account_ids:
        return set()
    levels = _levels(account_ids)
    return {start for start, (over, under) in levels.items() if over + under > MAX_LEVELS}


def _levels(account_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """How many levels lie above each account (itself counted) and below it."""
    given: dict[str, Any] = {
        "business": required_business_id(),
        "accounts": list(account_ids),
        "most": MAX_LEVELS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LEVELS, given)
        return {start: (over, under) for start, over, under in cursor.fetchall()}


def check_parent(account_id: int, parent_id: int) -> None:
    """Raises ValidationError where the parent would close a circle or make the tree too deep.

    Takes the lock, so what was checked stays true until the transaction ends. The account may
    have its parent already, or not yet.
    """
    lock()
    if account_id == parent_id:
        raise ValidationError({"parent": "An account cannot be its own parent."})
    with connection.cursor() as cursor:
        cursor.execute(_GROUP, [account_id, required_business_id(), MAX_LEVELS + 1])
        group = {row[0] for row in cursor.fetchall()}
    if parent_id in group:
        raise ValidationError(
            {"parent": "That account is under this one already, so it cannot be its parent."}
        )
    levels = _levels([account_id, parent_id])
    would_have = levels[parent_id][0] + levels[account_id][1] + 1
    if would_have > MAX_LEVELS:
        raise ValidationError(
            {
                "parent": f"A tree has at most {MAX_LEVELS} levels, and this one would have "
                f"{would_have}."
            }
        )
