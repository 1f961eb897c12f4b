"""Importer of churn events."""

from __future__ import annotations

from collections.abc import Sequence

from afterclose.accounts.importing.churn_dates import date_churn
from afterclose.accounts.importing.references import ACCOUNT_ID
from afterclose.accounts.imports.fields import Field, FieldType, Record
from afterclose.accounts.imports.importers import Context, Importer, resolve_accounts
from afterclose.accounts.models import ChurnEvent


class ChurnEventImporter(Importer):
    """Churn events; an account flagged as churned left on the day of its latest one."""

    kind = "churn_events"
    noun = ("churn event", "churn events")
    order = 60
    help = "One row per time that an account left."
    model = ChurnEvent
    fields = (
        Field(
            "external_id",
            "Id",
            required=True,
            aliases=("churn_event_id", "churn_id", "event_id", "cancellation_id", "id"),
        ),
        ACCOUNT_ID,
        Field(
            "churned_on",
            "Churned on",
            FieldType.DATE,
            required=True,
            aliases=(
                "churn_date",
                "churned_at",
                "cancelled_at",
                "cancelled_on",
                "cancellation_date",
                "date",
            ),
            tells_newest=True,
        ),
        Field(
            "reason",
            "Reason",
            aliases=("reason_code", "churn_reason", "cancellation_reason"),
            max_length=100,
        ),
        Field(
            "refund",
            "Refund",
            FieldType.MONEY,
            aliases=("refund_amount", "refunded", "refund_total"),
            minimum=0,
        ),
        Field("currency", "Currency", FieldType.CURRENCY, aliases=("refund_currency",)),
        Field(
            "after_upgrade",
            "After an upgrade",
            FieldType.FLAG,
            aliases=("preceding_upgrade_flag", "preceded_by_upgrade", "after_upgrade_flag"),
        ),
        Field(
            "after_downgrade",
            "After a downgrade",
            FieldType.FLAG,
            aliases=("preceding_downgrade_flag", "preceded_by_downgrade", "after_downgrade_flag"),
        ),
        Field(
            "is_reactivation",
            "Reactivation",
            FieldType.FLAG,
            aliases=("reactivation", "reactivated", "reactivation_flag"),
        ),
        Field(
            "feedback",
            "Feedback",
            aliases=("feedback_text", "comment", "comments", "notes"),
            max_length=10_000,
        ),
    )

    def prepare(self, records: Sequence[Record], context: Context) -> None:
        """Account by its id; the refund in the row's currency."""
        accounts = resolve_accounts(records)
        plain = (
            "churned_on",
            "reason",
            "feedback",
            "after_upgrade",
            "after_downgrade",
            "is_reactivation",
        )
        for record in records:
            if record.line not in accounts:
                continue
            record.data = {name: record.values[name] for name in plain if record.says(name)}
            record.data["external_id"] = record.get("external_id")
            record.data["account_id"] = accounts[record.line]
            record.data["currency"] = context.currency_of(record, "refund")
            refund = context.minor(record, "refund", record.data["currency"])
            if refund is not None:
                record.data["refund"] = refund

    def follow_up(self, records: Sequence[Record], context: Context) -> None:
        """The accounts' own day of leaving."""
        accounts = {record.data["account_id"] for record in records}
        accounts |= {record.stored["account_id"] for record in records if record.stored}
        date_churn(accounts, context)
