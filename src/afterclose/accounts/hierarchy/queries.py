"""Reads of a group: viewer in, rows out."""

from __future__ import annotations

from dataclasses import dataclass

from afterclose.accounts.hierarchy import tree
from afterclose.accounts.hierarchy.models import AwaitedParent
from afterclose.accounts.models import Account
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require

SHOWN_CHILDREN = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where an account stands: those above it (topmost first), its first children, how many."""

    above: list[Account]
    children: list[Account]
    children_count: int
    awaited: AwaitedParent | None

    @property
    def is_alone(self) -> bool:
        """Whether it has neither parent nor children."""
        return not self.above and not self.children


def place(viewer: Actor, account: Account) -> Place:
    """Those above and the first of those directly below an account."""
    require(viewer, Right.ACCOUNTS_VIEW)
    children = Account.objects.filter(parent_id=account.id)
    shown = list(children.order_by("name_key", "id")[: SHOWN_CHILDREN + 1])
    count = children.count() if len(shown) > SHOWN_CHILDREN else len(shown)
    above = [*reversed(tree.above(account).values())]
    awaited = AwaitedParent.objects.filter(account=account).first()
    return Place(above, shown[:SHOWN_CHILDREN], count, awaited)
