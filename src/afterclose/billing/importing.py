"""Importer of subscriptions (CS-7): derives what a file leaves out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction

from afterclose.accounts.importing import ACCOUNT_ID
from afterclose.accounts.imports import bulk, registry
from afterclose.accounts.imports.fields import Field, FieldType, Record
from afterclose.accounts.imports.importers import Context, Importer, resolve_accounts
from afterclose.billing import actions
from afterclose.billing.models import Interval, Status, Subscription
from afterclose.billing.periods import derived_period
from afterclose.kit.money import Money, round_half_up
from afterclose.kit.periods import MONTHS, add_months

_INTERVALS = {
    **dict.fromkeys(("month", "monthly", "months", "m", "1_month", "mo"), Interval.MONTH),
    **dict.fromkeys(("quarter", "quarterly", "q", "3_months"), Interval.QUARTER),
    **dict.fromkeys(
        ("year", "yearly", "annual", "annually", "y", "12_months", "yr"), Interval.YEAR
    ),
}
_STATUSES = {
    **{status.value: status.value for status in Status},
    "trial": Status.TRIALING,
    "in_trial": Status.TRIALING,
    "live": Status.ACTIVE,
    "non_renewing": Status.ACTIVE,
    "unpaid": Status.PAST_DUE,
    "overdue": Status.PAST_DUE,
    "canceled": Status.CANCELLED,
    "churned": Status.CANCELLED,
    "ended": Status.CANCELLED,
    "expired": Status.CANCELLED,
    "inactive": Status.CANCELLED,
}


class SubscriptionImporter(Importer):
    """Subscriptions: status from end and flags, period from the start, MRR and ARR from each
    other, seats as quantity."""

    kind = "subscriptions"
    noun = ("subscription", "subscriptions")
    order = 30
    help = "One row per subscription; an account may have several."
    model = Subscription
    fields = (
        Field(
            "external_id",
            "Id",
            required=True,
            aliases=("subscription_id", "sub_id", "contract_id", "subscription", "id"),
        ),
        ACCOUNT_ID,
        Field(
            "plan", "Plan", aliases=("plan_tier", "plan_name", "tier", "product"), max_length=100
        ),
        Field(
            "status",
            "Status",
            FieldType.CHOICE,
            aliases=("subscription_status", "state"),
            choices=_STATUSES,
            help="Without it: cancelled once ended, on trial by the trial flag, else active.",
        ),
        Field(
            "quantity",
            "Seats",
            FieldType.INTEGER,
            aliases=("seats", "seat_count", "licenses", "licences", "users"),
            minimum=0,
        ),
        Field(
            "mrr",
            "MRR",
            FieldType.MONEY,
            aliases=("mrr_amount", "monthly_recurring_revenue", "monthly_amount"),
            minimum=0,
            help="Per month, of all seats. Without it: a twelfth of the ARR.",
        ),
        Field(
            "arr",
            "ARR",
            FieldType.MONEY,
            aliases=("arr_amount", "annual_recurring_revenue", "annual_amount", "acv"),
            minimum=0,
            help="Per year, of all seats. Without it: twelve times the MRR.",
        ),
        Field("currency", "Currency", FieldType.CURRENCY, aliases=("currency_code",)),
        Field(
            "interval",
            "Billed",
            FieldType.CHOICE,
            aliases=(
                "billing_frequency",
                "billing_interval",
                "billing_period",
                "billing_cycle",
                "frequency",
                "term",
            ),
            choices=_INTERVALS,
        ),
        Field(
            "auto_renews",
            "Renews by itself",
            FieldType.FLAG,
            aliases=("auto_renew_flag", "auto_renew", "auto_renewal"),
        ),
        Field(
            "started_on",
            "Started on",
            FieldType.DATE,
            required=True,
            aliases=("start_date", "started_at", "start", "activated_at", "created_at"),
            tells_newest=True,
        ),
        Field(
            "ended_on",
            "Ended on",
            FieldType.DATE,
            aliases=("end_date", "ended_at", "end", "cancelled_at", "canceled_at", "churn_date"),
            blank_clears=True,
            tells_newest=True,
            help="The first day on which it does not run any more.",
        ),
        Field(
            "current_period_end",
            "Current period ends",
            FieldType.DATE,
            aliases=("period_end", "renewal_date", "renews_on", "next_billing_at"),
            help="Without it: the next monthly, quarterly or yearly anniversary of the start.",
        ),
        Field(
            "cancel_at_period_end",
            "Cancels at period end",
            FieldType.FLAG,
            aliases=("cancels_at_period_end", "non_renewing"),
        ),
        Field("is_trial", "On trial", FieldType.FLAG, aliases=("trial", "trial_flag")),
        Field(
            "is_churned", "Churned", FieldType.FLAG, aliases=("churn_flag", "churned", "cancelled")
        ),
        Field(
            "had_upgrade",
            "Had an upgrade",
            FieldType.FLAG,
            aliases=("upgrade_flag", "upgraded"),
        ),
        Field(
            "had_downgrade",
            "Had a downgrade",
            FieldType.FLAG,
            aliases=("downgrade_flag", "downgraded"),
        ),
    )

    def prepare(self, records: Sequence[Record], context: Context) -> None:
        """Account by its id, then value, end, status and period of each row."""
        accounts = resolve_accounts(records)
        plain = (
            "plan",
            "quantity",
            "interval",
            "auto_renews",
            "started_on",
            "ended_on",
            "cancel_at_period_end",
            "had_upgrade",
            "had_downgrade",
        )
        for record in records:
            if record.line not in accounts:
                continue
            record.data = {name: record.values[name] for name in plain if record.says(name)}
            record.data["external_id"] = record.get("external_id")
            record.data["account_id"] = accounts[record.line]
            record.data.setdefault("interval", Interval.MONTH)
            self._value(record, context)
            self._life(record, context)
            if record.is_good:
                self._period(record, context)

    @staticmethod
    def _value(record: Record, context: Context) -> None:
        currency = context.currency_of(record, "mrr", "arr")
        mrr = context.minor(record, "mrr", currency, rate=True)
        arr = context.minor(record, "arr", currency, rate=True)
        record.data["currency"] = currency
        if mrr is not None or arr is not None:
            # The year from the month as it is written: 12 times 833.3333 are 10,000.00.
            year = 12 * (record.get("mrr") or 0)
            record.data["mrr"] = mrr if mrr is not None else round_half_up(_twelfth(arr or 0))
            record.data["arr"] = arr if arr is not None else Money.of(year, currency).minor

    @staticmethod
    def _life(record: Record, context: Context) -> None:
        started_on, ended_on = record.get("started_on"), record.get("ended_on")
        if ended_on is not None and ended_on < started_on:
            record.reject(f"Ended on: {ended_on} lies before the start, {started_on}.", "ended_on")
        over = ended_on is not None and ended_on <= context.today
        if record.get("status"):
            record.data["status"] = record.get("status")
        elif over or (record.get("is_churned") and ended_on is None):
            record.data["status"] = Status.CANCELLED
        elif record.get("is_trial"):
            record.data["status"] = Status.TRIALING
        else:
            record.data["status"] = Status.ACTIVE
        if ended_on is not None and not over and record.data["status"] != Status.CANCELLED:
            record.data["cancel_at_period_end"] = True

    @staticmethod
    def _period(record: Record, context: Context) -> None:
        data = record.data
        told = record.get("current_period_end")
        if told is None:
            start, end = derived_period(
                data["started_on"], data["interval"], context.today, data.get("ended_on")
            )
        else:
            start, end = add_months(told, -MONTHS[data["interval"]]), told
            start = max(start, data["started_on"]) if data["started_on"] < told else start
        data["current_period_start"], data["current_period_end"] = start, end
        data["period_is_derived"] = told is None

    def finish(self, context: Context) -> None:
        """The accounts' figures: once, since most accounts have rows in many chunks."""
        actions.refresh_account_billing(actor=context.actor)


def _twelfth(amount: int) -> Fraction:
    return Fraction(amount, 12)


def accounts_by_subscription(external_ids: Collection[str]) -> dict[str, int]:
    """External ids of subscriptions to the ids of their accounts."""
    rows = Subscription.objects.filter(external_id__in=bulk.among(external_ids))
    return {str(key): account for key, account in rows.values_list("external_id", "account_id")}


def register() -> None:
    """Offer the importer, and subscriptions as a way to name an account."""
    registry.register(SubscriptionImporter())
    registry.register_reference("subscription", accounts_by_subscription)
