"""Custom fields on the sample customers, set-wise once all of them are there.

A field of the business's own of the same name stays as it is and gets no values.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import connection
from psycopg import sql

from afterclose.accounts.custom_fields.actions import define_field
from afterclose.accounts.custom_fields.models import CustomField, Kind, Subject
from afterclose.businesses.actors import Actor

_PARTNERS = "(ARRAY['Brightpath Consulting','Nordlicht Systems','Keel & Co','Adeo Partners'])"


class Sample(NamedTuple):
    """A field, and what fills it: ``columns`` as SQL over the subject ``r`` (and the choice
    ``c``), for the rows where ``where`` holds."""

    subject: Subject
    label: str
    kind: Kind
    columns: dict[str, str]
    where: str
    help: str = ""
    choices: tuple[str, ...] = ()


_ACCOUNTS = (
    Sample(
        Subject.ACCOUNT, "Tier", Kind.CHOICE,
        {"choice_id": "c.id", 'place': 'c."order"'},
        "c.key = CASE WHEN r.seats >= 200 THEN 'platinum' WHEN r.seats >= 80 THEN 'gold'"
        " WHEN r.seats >= 25 THEN 'silver' ELSE 'bronze' END",
        "How much service they get.", ("Platinum", "Gold", "Silver", "Bronze"),
    ),
    Sample(
        Subject.ACCOUNT, "Products", Kind.CHOICES,
        {"choice_id": "c.id", "slot": "c.id"},
        """c.key = 'core' OR (r.id + c."order") % (c."order" + 2) = 0""",
        "", ("Core", "Analytics", "Mobile", "Integrations"),
    ),
    Sample(
        Subject.ACCOUNT, "Implementation partner", Kind.TEXT,
        {
            "text": f"{_PARTNERS}[1 + r.id % 4]",
            "text_key": f"lower({_PARTNERS}[1 + r.id % 4])",
        },
        "r.id % 3 <> 0", "Who set them up, if it was not us.",
    ),
    Sample(
        Subject.ACCOUNT, "Services budget", Kind.MONEY,
        {"minor": "(r.seats * 12500 + r.id % 90 * 10000)", "currency": "'USD'"},
        "r.seats >= 60", "For consulting and training, per year.",
    ),
    Sample(
        Subject.ACCOUNT, "NDA signed", Kind.BOOLEAN, {"flag": "r.id % 4 <> 1"},
        "r.customer_since IS NOT NULL",
    ),
    Sample(
        Subject.ACCOUNT, "Executive sponsor since", Kind.DATE,
        {"day": "r.customer_since + (30 + r.id % 60)::int"},
        "r.customer_since IS NOT NULL AND r.id % 2 = 0",
    ),
    Sample(
        Subject.ACCOUNT, "Contract notes", Kind.URL,
        {
            "text": "'https://notes.example.com/contracts/' || r.id",
            "text_key": "'https://notes.example.com/contracts/' || r.id",
        },
        "r.id % 5 < 3", "The page in the contract archive.",
    ),
)  # fmt: skip
_CONTACTS = (
    Sample(
        Subject.CONTACT, "Preferred channel", Kind.CHOICE,
        {"choice_id": "c.id", 'place': 'c."order"'},
        'c."order" = r.id % 5', "", ("E-mail", "Call", "Chat"),
    ),
    Sample(
        Subject.CONTACT, "Last met in person", Kind.DATE,
        {"day": "(r.created_at - (r.id % 300) * interval '1 day')::date"}, "r.id % 3 = 0",
    ),
)  # fmt: skip


def fill_samples(*, actor: Actor, at: datetime) -> None:
    """Define the fields and fill them; within the transaction of the set's last piece."""
    for sample in (*_ACCOUNTS, *_CONTACTS):
        if CustomField.objects.filter(subject=sample.subject, label__iexact=sample.label).exists():
            continue
        field = define_field(
            actor=actor,
            at=at,
            subject=sample.subject,
            label=sample.label,
            kind=sample.kind,
            help=sample.help,
            choices=sample.choices,
            is_sample=True,
        )
        with connection.cursor() as cursor:
            cursor.execute(_insert(sample), {"business": actor.business_id, "field": field.id})


def _insert(sample: Sample) -> sql.Composed:
    table = {Subject.ACCOUNT: "account", Subject.CONTACT: "contact"}[sample.subject]
    columns = {"slot": "0", **sample.columns}
    chosen = (
        " JOIN accounts_customchoice c ON c.business_id = %(business)s AND c.field_id = %(field)s"
        if sample.choices
        else ""
    )
    return sql.SQL(
        "INSERT INTO {values} (business_id, field_id, subject_id, {names})"
        " SELECT %(business)s, %(field)s, r.id, {expressions} FROM {rows} r{chosen}"
        " WHERE r.business_id = %(business)s AND r.is_sample AND ({where})"
    ).format(
        values=sql.Identifier(f"accounts_{table}value"),
        names=sql.SQL(", ").join(map(sql.Identifier, columns)),
        expressions=sql.SQL(", ").join(map(_own, columns.values())),
        rows=sql.Identifier(f"accounts_{table}"),
        chosen=sql.SQL(chosen),
        where=_own(sample.where),
    )


def _own(text: str) -> sql.SQL:
    """SQL of this file, no value of anybody's; a remainder's sign is no parameter."""
    return sql.SQL(text.replace("%", "%%"))
