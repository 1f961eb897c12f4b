"""Importer of product usage (CS-7, CS-71): by account or by subscription."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from afterclose.accounts.importing import ACCOUNT_ID
from afterclose.accounts.imports import bulk, registry
from afterclose.accounts.imports.fields import Field, FieldType, Record
from afterclose.accounts.imports.importers import Context, Importer, resolve_accounts
from afterclose.usage import actions
from afterclose.usage.models import DailyUsage, UsageRecord

# Accounts per statement of the roll-up after the last chunk.
ACCOUNTS_AT_ONCE = 20_000
_PLACE = ("account_id", "used_on", "feature", "user_key")


class UsageImporter(Importer):
    """Usage as delivered; a row that names only its subscription hangs on that one's account."""

    kind = "usage"
    noun = ("usage record", "usage records")
    order = 40
    help = "One row per count of use: who, what, on which day, how often."
    model = UsageRecord
    also_read: ClassVar[frozenset[str]] = frozenset(_PLACE)
    fields = (
        Field(
            "external_id",
            "Id",
            required=True,
            aliases=("usage_id", "event_id", "record_id", "message_id", "id"),
        ),
        replace(ACCOUNT_ID, required=False),
        Field(
            "subscription",
            "Subscription id",
            FieldType.REFERENCE,
            aliases=("subscription_id", "sub_id"),
            help="Serves where the file names no account.",
        ),
        Field(
            "used_on",
            "Day",
            FieldType.DATE,
            required=True,
            aliases=("usage_date", "date", "day", "event_date", "used_at", "timestamp"),
            tells_newest=True,
        ),
        Field(
            "feature",
            "Feature",
            required=True,
            aliases=("feature_name", "event", "event_name", "action", "module"),
            max_length=100,
        ),
        Field(
            "user_key",
            "User",
            aliases=("user_id", "user", "user_email", "username"),
        ),
        Field(
            "count",
            "Count",
            FieldType.INTEGER,
            aliases=("usage_count", "uses", "events", "quantity"),
            minimum=0,
        ),
        Field(
            "seconds",
            "Seconds",
            FieldType.INTEGER,
            aliases=("usage_duration_secs", "duration_secs", "duration_seconds", "duration"),
            minimum=0,
        ),
        Field(
            "errors",
            "Errors",
            FieldType.INTEGER,
            aliases=("error_count", "failures"),
            minimum=0,
        ),
        Field(
            "is_beta",
            "Beta feature",
            FieldType.FLAG,
            aliases=("is_beta_feature", "beta", "beta_flag"),
        ),
    )

    def prepare(self, records: Sequence[Record], context: Context) -> None:
        """The account by its own id, else through the subscription's."""
        direct = resolve_accounts(records)
        hung = resolve_accounts(
            [record for record in records if not record.get("account")],
            field_name="subscription",
            reference="subscription",
        )
        plain = ("used_on", "feature", "user_key", "count", "seconds", "errors", "is_beta")
        for record in records:
            account_id = direct.get(record.line) or hung.get(record.line)
            if account_id is None:
                if record.is_good:
                    record.reject("The row names neither an account nor a subscription.", "account")
                continue
            record.data = {name: record.values[name] for name in plain if record.says(name)}
            record.data["external_id"] = record.get("external_id")
            record.data["account_id"] = account_id
            if record.get("subscription"):
                record.data["subscription_external_id"] = record.get("subscription")

    def follow_up(self, records: Sequence[Record], context: Context) -> None:
        """A record that moves to another day leaves its old place in the roll-up, which is
        summed again with the rest in `finish`."""
        left = [
            {name: record.stored[name] for name in _PLACE}
            for record in records
            if record.stored and any(name in record.changes for name in _PLACE)
        ]
        bulk.delete(DailyUsage, left)

    def finish(self, context: Context) -> None:
        """Roll up once, after the last chunk: most accounts have rows in many chunks."""
        last = 0
        rows = UsageRecord.objects.order_by("account_id").values_list("account_id", flat=True)
        while batch := list(rows.filter(account_id__gt=last).distinct()[:ACCOUNTS_AT_ONCE]):
            actions.roll_up(actor=context.actor, account_ids=batch)
            last = batch[-1]


def register() -> None:
    """Offer the importer."""
    registry.register(UsageImporter())
