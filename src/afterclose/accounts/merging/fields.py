"""The facts of two accounts, or contacts, side by side, and which value the merged one has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from afterclose.accounts.models import Account, Contact, Stage

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

#: The same of a contact.
CONTACT_FIELDS: dict[str, str] = {
    "name": "Name",
    "account_id": "Account",
    "email": "E-mail",
    "title": "Title",
    "phone": "Phone",
    "external_id": "Id in its source",
    "is_champion": "Champion",
    "is_economic_buyer": "Economic buyer",
    "is_technical_buyer": "Technical buyer",
    "is_detractor": "Detractor",
    "left_on": "Left on",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One fact of both; ``suggested`` is the side whose value is proposed."""

    name: str
    label: str
    winner: Any
    loser: Any
    suggested: Side

    @property
    def differs(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self.winner != self.loser)


def compare[Row: (Account, Contact)](winner: Row, loser: Row) -> list[Compared]:
    """Every fact; the winner's value is suggested unless it has none."""
    return [
        Compared(
            name,
            label,
            getattr(winner, name),
            getattr(loser, name),
            _suggested(name, winner, loser),
        )
        for name, label in (CONTACT_FIELDS if isinstance(winner, Contact) else FIELDS).items()
    ]


def _suggested(name: str, winner: Account | Contact, loser: Account | Contact) -> Side:
    if name == "left_on" and getattr(winner, "account_id", 0) != getattr(loser, "account_id", 0):
        return "winner"  # who left one customer for another has not left that one
    return "loser" if is_empty(getattr(winner, name)) else "winner"


def chosen[Row: (Account, Contact)](
    winner: Row, loser: Row, sides: Mapping[str, Side]
) -> dict[str, Any]:
    """The values of the merged one that differ from the winner's, by column."""
    values: dict[str, Any] = {}
    for fact in compare(winner, loser):
        side = sides.get(fact.name, fact.suggested)
        value = fact.loser if side == "loser" else fact.winner
        if value != fact.winner:
            values[fact.name] = value
            if fact.name == "stage" and isinstance(loser, Account):
                values["churned_on"] = loser.churned_on if value == Stage.CHURNED else None
    return values


def sides_said(said: Mapping[str, str], names: Iterable[str]) -> dict[str, Side]:
    """Which sides a form chose."""
    return {name: cast(Side, said[name]) for name in names if said.get(name) in ("winner", "loser")}


def is_empty(value: Any) -> bool:
    """Whether a fact says nothing; that somebody does not play a part is none either."""
    return value is None or value == "" or value is False
