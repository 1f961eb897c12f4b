"""The facts of two accounts, or contacts, side by side, and which value the merged one has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, cast

from afterclose.accounts.custom_fields.models import Kind as CustomKind
from afterclose.accounts.custom_fields.rules import Definition, words
from afterclose.accounts.custom_fields.showing import shown
from afterclose.accounts.models import Account, Contact, Stage
from afterclose.ui.templatetags.ui import day

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


#: Columns that name another row, and by what that is read.
_NAMED = {"csm_id": "csm", "ae_id": "ae", "account_id": "account"}


@dataclass(frozen=True, slots=True)
class Compared:
    """One fact of both, which is a column or has the ``definition`` of a custom field;
    ``suggested`` is the side whose value is proposed."""

    name: str
    label: str
    winner: Any
    loser: Any
    suggested: Side
    rows: tuple[Account | Contact, Account | Contact]
    definition: Definition | None = None

    @property
    def differs(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self.winner != self.loser)

    @property
    def said(self) -> tuple[Any, Any]:
        """How both stand on a page; empty for none."""
        winner, loser = self.rows
        return self._said(winner, self.winner), self._said(loser, self.loser)

    def _said(self, row: Account | Contact, value: Any) -> Any:
        if self.definition is not None:
            is_link = self.definition.kind is CustomKind.URL  # none within a thing to choose
            tell = words if is_link or value is None else shown
            return tell(self.definition, value)
        if self.name in _NAMED:
            return getattr(row, _NAMED[self.name]) or ""
        if self.name == "stage":
            return Stage(value).label
        if isinstance(value, bool):
            return "Yes" if value else "No"
        if isinstance(value, date):
            return day(value)
        return "" if value is None else value


def compare[Row: (Account, Contact)](winner: Row, loser: Row) -> list[Compared]:
    """Every fact; the winner's value is suggested unless it has none."""
    facts = CONTACT_FIELDS if isinstance(winner, Contact) else FIELDS
    found: list[Compared] = []
    for name, label in facts.items():
        values = getattr(winner, name), getattr(loser, name)
        side = _suggested(name, winner, loser)
        found.append(Compared(name, label, *values, side, (winner, loser)))
    return found


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


def sides_said(said: Mapping[str, str], facts: Iterable[Compared]) -> dict[str, Side]:
    """Which sides a form chose."""
    names = (fact.name for fact in facts)
    return {name: cast(Side, said[name]) for name in names if said.get(name) in ("winner", "loser")}


def is_empty(value: Any) -> bool:
    """Whether a fact says nothing; that somebody does not play a part is none either."""
    return value is None or value == "" or value is False
