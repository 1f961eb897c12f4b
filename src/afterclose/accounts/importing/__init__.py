"""Importers of accounts, contacts and churn events (CS-7)."""

from afterclose.accounts.importing.accounts import AccountImporter
from afterclose.accounts.importing.churn_events import ChurnEventImporter
from afterclose.accounts.importing.contacts import ContactImporter
from afterclose.accounts.importing.references import ACCOUNT_ID, accounts_by_word
from afterclose.accounts.imports import registry

__all__ = ["ACCOUNT_ID", "AccountImporter", "ChurnEventImporter", "ContactImporter", "register"]


def register() -> None:
    """Offer the importers of this app."""
    registry.register(AccountImporter())
    registry.register(ContactImporter())
    registry.register(ChurnEventImporter())
    registry.register_reference("account", accounts_by_word)
