"""Importer of contacts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, override

from afterclose.accounts.custom_fields import importing as custom_fields
from afterclose.accounts.custom_fields.models import Subject
from afterclose.accounts.importing.references import ACCOUNT_ID
from afterclose.accounts.imports.fields import Field, FieldType, Record
from afterclose.accounts.imports.importers import Context, Importer, resolve_accounts
from afterclose.accounts.models import Contact, ContactTag
from afterclose.accounts.tags import importing as tags


class ContactImporter(Importer):
    """Contacts; found again by id, else by account and e-mail."""

    kind = "contacts"
    noun = ("contact", "contacts")
    order = 20
    help = "One row per person."
    model = Contact
    may_fill = True
    own_fields = (
        Field(
            "external_id",
            "Id",
            aliases=("contact_id", "person_id", "user_id", "id", "uuid"),
            stands_in="email",
            help="Without one, the e-mail address serves.",
        ),
        ACCOUNT_ID,
        Field("name", "Name", aliases=("full_name", "contact_name", "contact", "person")),
        Field("first_name", "First name", aliases=("firstname", "given_name", "forename")),
        Field("last_name", "Last name", aliases=("lastname", "surname", "family_name")),
        Field(
            "email",
            "E-mail",
            FieldType.EMAIL,
            aliases=("email_address", "e_mail", "contact_email", "mail"),
            max_length=254,
        ),
        Field("title", "Job title", aliases=("job_title", "position", "role"), max_length=100),
        Field("phone", "Phone", aliases=("phone_number", "telephone", "mobile"), max_length=40),
        Field("is_champion", "Champion", FieldType.FLAG, aliases=("champion",)),
        Field("is_economic_buyer", "Economic buyer", FieldType.FLAG, aliases=("economic_buyer",)),
        Field(
            "is_technical_buyer", "Technical buyer", FieldType.FLAG, aliases=("technical_buyer",)
        ),
        Field("is_detractor", "Detractor", FieldType.FLAG, aliases=("detractor",)),
        Field("left_on", "Left on", FieldType.DATE, aliases=("left_at", "left_company_on")),
        tags.TAGS,
    )

    def key(self, record: Record) -> str:
        """The id; an e-mail address that stands in for it counts in lower case."""
        key, address = super().key(record), record.get("email")
        return address if address and key.lower() == address else key

    def prepare(self, records: Sequence[Record], context: Context) -> None:
        """Account by its id; the name from one column or two, else from the address."""
        accounts = resolve_accounts(records)
        tags.read(records)
        taken: dict[tuple[int, str], int] = {}
        plain = (
            "email",
            "title",
            "phone",
            "left_on",
            "is_champion",
            "is_economic_buyer",
            "is_technical_buyer",
            "is_detractor",
        )
        for record in records:
            parts = [record.get("first_name"), record.get("last_name")]
            name = record.get("name") or " ".join(filter(None, parts))
            if not name and not record.get("email"):
                record.reject("Name is missing, and so is the e-mail.", "name")
            if record.line not in accounts or not record.is_good:
                continue
            record.data = {each: record.values[each] for each in plain if record.says(each)}
            record.data["account_id"] = accounts[record.line]
            record.data["name"] = name or record.get("email").split("@")[0]
            if self.key(record):
                record.data["external_id"] = self.key(record)
            address = record.get("email")
            if address:
                first = taken.setdefault((accounts[record.line], address), record.line)
                if first != record.line:
                    record.reject(
                        f"E-mail: {address} stands already on line {first} for this account.",
                        "email",
                    )

    @override
    def extra_fields(self) -> tuple[Field, ...]:
        return custom_fields.targets(Subject.CONTACT)

    @override
    def plan(self, records: Sequence[Record], context: Context) -> None:
        super().plan(records, context)
        tags.plan(records, ContactTag, "contact_id")
        custom_fields.plan(records, Subject.CONTACT, context)

    @override
    def write(self, records: Sequence[Record], context: Context) -> None:
        super().write(records, context)
        tags.write(self, records, ContactTag, "contact_id", context)
        custom_fields.write(self, records, Subject.CONTACT, context)

    def find(
        self, records: Sequence[Record], columns: Collection[str]
    ) -> dict[str, dict[str, Any]]:
        """By id; a contact that was entered by hand is the same person by account and e-mail."""
        found = super().find(records, columns)
        open_rows = {
            (record.data["account_id"], record.data["email"]): self.key(record)
            for record in records
            if record.data.get("email") and self.key(record) not in found
        }
        if open_rows:
            same = Contact.objects.filter(
                email__in={address for _, address in open_rows},
                account_id__in={account for account, _ in open_rows},
            ).values("id", "external_id", "email", "account_id", *columns)
            for row in same:
                key = open_rows.get((row["account_id"], row["email"]))
                if key is not None:
                    found[key] = row
        return found
