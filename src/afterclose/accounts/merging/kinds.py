"""What is merged: accounts, or contacts. Everything in which the two differ between possible
duplicates and the undo is declared here; pages and reads are the same code for both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from django import forms

from afterclose.accounts import queries as account_queries
from afterclose.accounts.merging import actions, contacts, duplicates
from afterclose.accounts.merging.forms import OtherContactForm, OtherForm
from afterclose.accounts.merging.models import Merge
from afterclose.accounts.models import Account, Contact
from afterclose.businesses.actors import Actor

Row = Account | Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of row that can be merged. ``alike`` says by what possible duplicates are found and
    what people call that, the first unless one asks; ``merge`` is the action. Names of addresses
    and templates follow from ``prefix``."""

    model: type[Row]
    noun: Literal["account", "contact"]
    plural: str
    of_their_own: str
    related: tuple[str, ...]
    alike: Mapping[str, str]
    duplicates: Callable[[Actor, str, str], tuple[list[duplicates.Alike], str]]
    form: type[forms.Form]
    read: Callable[[Actor, int], Row]
    merge: Callable[..., Merge]
    list_url: str
    page_url: str
    prefix: str

    @property
    def choose_url(self) -> str:
        """Name of the page on which the other one is chosen."""
        return f"accounts:{self.prefix}merge_choose"

    @property
    def merge_url(self) -> str:
        """Name of the page that shows both side by side."""
        return f"accounts:{self.prefix}merge"

    @property
    def duplicates_url(self) -> str:
        """Name of the page of possible duplicates."""
        return f"accounts:{self.prefix}duplicates"


ACCOUNTS = Kind(
    model=Account,
    noun="account",
    plural="Accounts",
    of_their_own="an account of its own",
    related=("csm__person", "ae__person"),
    alike={"domain": "Same e-mail domain", "name": "Same name"},
    duplicates=duplicates.possible_duplicates,
    form=OtherForm,
    read=account_queries.account,
    merge=actions.merge_accounts,
    list_url="accounts:list",
    page_url="accounts:detail",
    prefix="",
)
CONTACTS = Kind(
    model=Contact,
    noun="contact",
    plural="Contacts",
    of_their_own="a contact of their own",
    related=("account",),
    alike={"email": "Same e-mail address", "name": "Same name at one account"},
    duplicates=duplicates.possible_duplicate_contacts,
    form=OtherContactForm,
    read=account_queries.contact,
    merge=contacts.merge_contacts,
    list_url="accounts:contacts",
    page_url="accounts:contact",
    prefix="contact_",
)


def kind_of(merge: Merge) -> Kind:
    """What a merge made one."""
    return ACCOUNTS if merge.contact_id is None else CONTACTS
