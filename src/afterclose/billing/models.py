"""Subscriptions, and each account's current figures."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from afterclose.accounts.models import Account
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel, TenantOneToOneField


class Status(models.TextChoices):
    """A subscription's state; the words are Stripe's."""

    TRIALING = "trialing", "Trial"
    ACTIVE = "active", "Active"
    PAST_DUE = "past_due", "Past due"
    CANCELLED = "cancelled", "Cancelled"


# Running now: these renew, and count for contract timing (CS-54).
LIVE = (Status.TRIALING, Status.ACTIVE, Status.PAST_DUE)


class Interval(models.TextChoices):
    """How long a billing period is."""

    MONTH = "month", "Monthly"
    QUARTER = "quarter", "Quarterly"
    YEAR = "year", "Yearly"


class Subscription(TenantModel):
    """Something an account has bought for a period that renews."""

    account = TenantForeignKey(Account, on_delete=models.CASCADE, related_name="subscriptions")
    external_id = models.CharField(max_length=200, null=True, blank=True)
    plan = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    quantity = models.PositiveIntegerField(default=1, help_text="Seats.")
    mrr = models.BigIntegerField(
        default=0, help_text="Of the whole quantity, per month, minor units."
    )
    arr = models.BigIntegerField(
        default=0, help_text="Of the whole quantity, per year, minor units."
    )
    currency = models.CharField(max_length=3)
    interval = models.CharField(max_length=7, choices=Interval, default=Interval.MONTH)
    auto_renews = models.BooleanField(default=True)
    started_on = models.DateField()
    ended_on = models.DateField(
        null=True, blank=True, help_text="First day on which it does not run any more."
    )
    current_period_start = models.DateField()
    current_period_end = models.DateField(help_text="First day of the next period.")
    period_is_derived = models.BooleanField(
        default=False,
        help_text="Told by no system: the next anniversary of the start, moved on nightly.",
    )
    cancel_at_period_end = models.BooleanField(default=False)
    had_upgrade = models.BooleanField(default=False)
    had_downgrade = models.BooleanField(default=False)
    is_sample = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "external_id"], name="subscription_external_id"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=Status.values), name="subscription_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(interval__in=Interval.values), name="subscription_interval_known"
            ),
            models.CheckConstraint(
                condition=models.Q(current_period_end__gt=models.F("current_period_start")),
                name="subscription_period_forward",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_on__isnull=True)
                | models.Q(ended_on__gte=models.F("started_on")),
                name="subscription_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(mrr__gte=0, arr__gte=0), name="subscription_value_not_negative"
            ),
        ]
        indexes: ClassVar = [
            # The renewal window (CS-40): live ones by the end of their period.
            models.Index(
                "business",
                "current_period_end",
                "id",
                name="subscription_renewing",
                condition=models.Q(status__in=[s.value for s in LIVE]),
            ),
            # With what the pipeline counts and sums by, so that a window of a hundred thousand
            # renewals is counted from the index alone (CS-41).
            models.Index(
                fields=["business", "current_period_end", "id"],
                include=["account", "status", "cancel_at_period_end", "arr", "currency"],
                name="subscription_window",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan or 'Subscription'} until {self.current_period_end}"

    @property
    def is_live(self) -> bool:
        """Whether it runs now."""
        return self.status in LIVE


class AccountBilling(TenantModel):
    """An account's current figures, one row each, so that lists read them by a plain join.

    Kept by ``billing.actions.refresh_account_billing`` after every change of subscriptions
    and nightly; never written elsewhere.
    """

    account = TenantOneToOneField(Account, on_delete=models.CASCADE, related_name="billing")
    arr = models.BigIntegerField(
        default=0, help_text="Sum over live subscriptions in `currency`, minor units (CS-95)."
    )
    currency = models.CharField(max_length=3)
    live_subscriptions = models.PositiveIntegerField(default=0)
    seats = models.PositiveIntegerField(default=0)
    period_ends_on = models.DateField(
        null=True,
        blank=True,
        help_text="Earliest end among live subscriptions, else the latest end of ended ones.",
    )

    class Meta:
        indexes: ClassVar = [
            models.Index("business", "arr", "account", name="account_billing_arr"),
            models.Index("business", "period_ends_on", "account", name="account_billing_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.arr} {self.currency}"
