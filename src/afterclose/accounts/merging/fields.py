"""The facts of an account side by side, and which value the merged account has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from afterclose.accounts.models import Account, Stage

Side = Literal["winner", "loser"]

#: Column to what people call it. The day of leaving goes with the stage; the parent is settled by
#: the tree.
FIELDS: dict[str, str] = {
    "name": "Name",
    "external_id": "Id in its source",
    "domain": "E-mail domain",
    "stage": "Stage",
    "csm_id": "CSM",
    "ae_id": "AE",
    "industry": "Industry",
    "country": "Country",
    "plan": "Plan",
    "seats": "Seats",
    "customer_since": "Customer since",
    "renewal_date": "Renewal date",
    "currency": "Currency",
    "source": "Came by",
    "website": "Website",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One fact of both accounts; ``suggested`` is the side whose value is proposed."""

    name: str
    label: str
    winner: Any
    loser: Any
    suggested: Side

    @property
    def differs(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self.winner != self.loser)


def compare(winner: Account, loser: Account) -> list[Compared]:
    """Every fact; the winner's value is suggested unless it has none."""
    return [
        Compared(
            name,
            label,
            getattr(winner, name),
            getattr(loser, name),
            "loser" if is_empty(getattr(winner, name)) else "winner",
        )
        for name, label in FIELDS.items()
    ]


def chosen(winner: Account, loser: Account, sides: Mapping[str, Side]) -> dict[str, Any]:
    """The values of the merged account that differ from the winner's, by column."""
    values: dict[str, Any] = {}
    for fact in compare(winner, loser):
        side = sides.get(fact.name, fact.suggested)
        value = fact.loser if side == "loser" else fact.winner
        if value != fact.winner:
            values[fact.name] = value
            if fact.name == "stage":
                values["churned_on"] = loser.churned_on if value == Stage.CHURNED else None
    return values


def is_empty(value: Any) -> bool:
    """Whether a fact says nothing."""
    return value is None or value == ""
