"""The target "Parent" of the importer of accounts: by external id, in whatever order they come.

What a chunk says is kept as ``AwaitedParent``; after the last chunk those whose parent is there
are linked, a batch at a time, and what would make a circle or too deep a tree is taken back and
told on the account. The rest waits for the import that brings the parent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from afterclose.accounts.hierarchy.models import AwaitedParent
from afterclose.accounts.hierarchy.tree import MAX_LEVELS, lock, too_deep
from afterclose.accounts.importing.references import accounts_by_external_id
from afterclose.accounts.imports.fields import Field, FieldType, Record
from afterclose.accounts.imports.importers import Context, Importer
from afterclose.accounts.imports.models import Outcome
from afterclose.accounts.models import Account

BATCH = 2_000

PARENT = Field(
    "parent",
    "Parent's id",
    FieldType.REFERENCE,
    aliases=(
        "parent_id",
        "parent_account_id",
        "parent_account",
        "parent_external_id",
        "parent_company_id",
        "parent_customer_id",
    ),
    help="The account that it belongs to, by id or name; it may come later, or in another file.",
)

_LINK = """
    UPDATE accounts_account a SET parent_id = p.id, updated_at = %(at)s
      FROM accounts_awaitedparent w
      JOIN LATERAL (
           SELECT id FROM accounts_account
            WHERE business_id = %(business)s AND external_id = w.external_id
            UNION ALL
           SELECT account_id FROM accounts_accountalias
            WHERE business_id = %(business)s AND external_id = w.external_id
            UNION ALL
           SELECT min(id) FROM accounts_account
            WHERE business_id = %(business)s AND name_key = lower(w.external_id)
              AND external_id IS NULL
           HAVING count(*) = 1
            LIMIT 1) p ON true
      JOIN accounts_account old ON old.business_id = %(business)s AND old.id = w.account_id
     WHERE a.business_id = %(business)s AND a.id = w.account_id
       AND w.business_id = %(business)s AND w.id = ANY(%(awaited)s) AND p.id <> a.id
    RETURNING w.id, a.id, old.parent_id
"""


def plan(records: Sequence[Record]) -> None:
    """After the importer's own plan: another parent than the stored one makes it an update."""
    said = [record for record in records if record.is_good and record.get("parent")]
    _read_names(said)
    stored = [record.stored["id"] for record in said if record.stored]
    held: dict[int, tuple[str, str]] = {}  # id or else name, and name; a word that is awaited
    if stored:
        rows = Account.objects.filter(id__in=stored, parent__isnull=False)
        for key, word, name in rows.values_list("id", "parent__external_id", "parent__name"):
            held[key] = (word or name, name)
        for record in said:
            if record.stored:  # to be shown beside the file's
                record.stored["parent"] = held.get(record.stored["id"], ("", ""))[0]
        waiting = AwaitedParent.objects.filter(account_id__in=stored)
        held |= {key: (word, "") for key, word in waiting.values_list("account_id", "external_id")}
    for record in said:
        parent = record.get("parent")
        if parent == record.get("external_id"):
            record.reject("Parent's id: an account cannot be its own parent.", "parent")
        elif not record.stored or not _is_same(parent, *held.get(record.stored["id"], ("", ""))):
            record.changes["parent"] = parent
            if record.outcome == Outcome.UNCHANGED:
                record.outcome = Outcome.UPDATED


def _is_same(said: str, word: str, name: str) -> bool:
    return said == word or said.lower() == name.lower()


def _read_names(said: Sequence[Record]) -> None:
    """A parent that is called by its name, as in our exports, is the account of that name with an
    id, where there is just one and no account has the word for its id."""
    words = {record.get("parent") for record in said}
    if not words:
        return
    known = accounts_by_external_id(words)
    named: dict[str, set[str]] = {}
    rows = Account.objects.filter(
        name_key__in=[word.lower() for word in words - set(known)], external_id__isnull=False
    )
    for key, external_id in rows.values_list("name_key", "external_id"):
        named.setdefault(key, set()).add(str(external_id))
    for record in said:
        word = record.get("parent")
        found = named.get(word.lower(), set()) if word not in known else set()
        if len(found) == 1:
            [record.values["parent"]] = found


def write(importer: Importer, records: Sequence[Record], context: Context) -> None:
    """After the importer's own write: note the parents that the rows name."""
    said = [record for record in records if record.is_written and record.changes.get("parent")]
    if not said:
        return
    created = [record for record in said if record.stored is None]
    fresh = importer.find(created, set()) if created else {}
    AwaitedParent.objects.bulk_create(
        [
            AwaitedParent(account_id=row["id"], external_id=record.changes["parent"])
            for record in said
            if (row := record.stored or fresh.get(importer.place(record)))
        ],
        update_conflicts=True,
        unique_fields=["business", "account"],
        update_fields=["external_id", "problem"],
    )


def finish(context: Context) -> None:
    """Link every awaited parent that is there by now."""
    lock()
    last = 0
    while True:
        batch = list(
            AwaitedParent.objects.filter(id__gt=last, problem="")
            .order_by("id")
            .values_list("id", flat=True)[:BATCH]
        )
        if not batch:
            return
        _link(batch, context)
        last = batch[-1]


def _link(batch: list[int], context: Context) -> None:
    given: dict[str, Any] = {
        "business": context.actor.business_id,
        "awaited": batch,
        "at": context.at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LINK, given)
        linked = cursor.fetchall()
    wrong = too_deep([account_id for _, account_id, _ in linked])
    for awaited_id, account_id, before in linked:
        if account_id in wrong:
            Account.objects.filter(id=account_id).update(parent_id=before)
            AwaitedParent.objects.filter(id=awaited_id).update(
                problem=f"It would make a circle, or a tree of more than {MAX_LEVELS} levels."
            )
    done = [awaited_id for awaited_id, account_id, _ in linked if account_id not in wrong]
    AwaitedParent.objects.filter(id__in=done).delete()
