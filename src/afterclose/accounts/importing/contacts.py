"""Importer of contacts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, cast, override

from django.db.models import Q

from afterclose.accounts.custom_fields import importing as custom_fields
from afterclose.accounts.custom_fields.models import Subject
from afterclose.accounts.importing.references import ACCOUNT_ID
from afterclose.accounts.imports.fields import Field, FieldType, Record
from afterclose.accounts.imports.importers import Context, Importer, resolve_accounts
from afterclose.accounts.merging.aliases import Place, contacts_by_alias, contacts_by_place
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
        """The id (an e-mail address that stands in for it counts in lower case); of a row without
        one its e-mail or name at its account, so that no two such rows are taken for one."""
        key, address = super().key(record), record.get("email")
        if key:
            return address if address and key.lower() == address else key
        who = address or _name(record).lower()
        return f"{who} at {record.get('account')}" if who and record.get("account") else ""

    def prepare(self, records: Sequence[Record], context: Context) -> None:
        """Account by its id; the name from one column or two, else from the address."""
        accounts = resolve_accounts(records)
        tags.read(records)
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
            name = _name(record)
            if not name and not record.get("email"):
                record.reject("Name is missing, and so is the e-mail.", "name")
            if record.line not in accounts or not record.is_good:
                continue
            record.data = {each: record.values[each] for each in plain if record.says(each)}
            record.data["account_id"] = accounts[record.line]
            record.data["name"] = name or record.get("email").split("@")[0]
            if super().key(record):
                record.data["external_id"] = self.key(record)
        self._reject_repeated([record for record in records if record.is_good and record.data])

    def _reject_repeated(self, records: Sequence[Record]) -> None:
        """An account has an address once; but a file that has both contacts of a merge is right."""
        places: dict[Place, list[Record]] = {}
        for record in records:
            if record.get("email"):
                place = (record.data["account_id"], record.get("email"))
                places.setdefault(place, []).append(record)
        repeated = {place: rows for place, rows in places.items() if len(rows) > 1}
        took_over = contacts_by_alias({self.key(r) for rows in repeated.values() for r in rows})
        for (_, address), rows in repeated.items():
            first, *others = [record for record in rows if self.key(record) not in took_over] or [
                rows[0]
            ]
            for record in others:
                record.reject(
                    f"E-mail: {address} stands already on line {first.line} for this account.",
                    "email",
                )

    @override
    def extra_fields(self) -> tuple[Field, ...]:
        return custom_fields.targets(Subject.CONTACT)

    @override
    def plan(self, records: Sequence[Record], context: Context) -> None:
        super().plan(records, context)
        own = [record for record in records if not (record.stored or {}).get("is_alias")]
        tags.plan(own, ContactTag, "contact_id")
        custom_fields.plan(own, Subject.CONTACT, context)

    @override
    def write(self, records: Sequence[Record], context: Context) -> None:
        super().write(records, context)
        tags.write(self, records, ContactTag, "contact_id", context)
        custom_fields.write(self, records, Subject.CONTACT, context)

    def find(
        self, records: Sequence[Record], columns: Collection[str]
    ) -> dict[str, dict[str, Any]]:
        """By id; a contact that was entered by hand is the same person by account and e-mail, and
        where there is neither id nor e-mail, by account and name. Each may be that of a contact
        which was merged into another one."""
        found = super().find(records, columns)
        took_over = contacts_by_alias(self._missing(records, found))
        open_rows: dict[tuple[int, str, str], str] = {}
        for record in records:
            key, address = self.key(record), record.data.get("email") or ""
            if key in found or key in took_over:
                continue
            if address or not record.data.get("external_id"):
                name = "" if address else _name(record).lower()
                open_rows[record.data["account_id"], address, name] = key
        if open_rows:
            accounts, addresses, names = map(set, zip(*open_rows, strict=True))
            by_mail = Q(email__in=addresses - {""})
            by_name = Q(email="", external_id__isnull=True, name_key__in=names - {""})
            values = {"id", "external_id", "email", "account_id", "name_key", *columns}
            rows = Contact.objects.filter(by_mail | by_name, account_id__in=accounts)
            for row in rows.order_by("id").values(*values):
                name = "" if row["email"] else row["name_key"]
                key = open_rows.pop((row["account_id"], row["email"], name), "")
                if key:
                    found[key] = row
            places = {(account, mail): key for (account, mail, _), key in open_rows.items() if mail}
            for place, contact_id in contacts_by_place(places).items():
                took_over[places[place]] = contact_id
        if took_over:
            rows_of = Contact.objects.filter(id__in=took_over.values()).values("id", *columns)
            by_id = {row["id"]: row for row in rows_of}
            for key, contact_id in took_over.items():
                found[key] = {**by_id[contact_id], "external_id": key or None, "is_alias": True}
        return found

    @override
    def reconcile(self, record: Record, context: Context) -> None:
        stored = cast(dict[str, Any], record.stored)
        if stored.get("is_alias"):
            # The contact that took this over has a row of its own that tells its facts.
            record.data = {}
        elif self.key(record) == record.get("email"):
            # An address in place of an id finds the contact; it neither replaces the contact's
            # own nor becomes one.
            record.data["external_id"] = stored["external_id"]

    def _missing(self, records: Sequence[Record], found: Collection[str]) -> set[str]:
        return {key for record in records if (key := self.key(record)) and key not in found}


def _name(record: Record) -> str:
    """The name in one column or in two; empty where the row has none."""
    parts = [record.get("first_name"), record.get("last_name")]
    return str(record.get("name") or " ".join(filter(None, parts)))
