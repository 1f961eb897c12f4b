"""The view over everything that renews, and the reminders that were sent."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from afterclose.accounts.models import Account
from afterclose.billing.models import Interval, Status, Subscription
from afterclose.businesses.models import Membership
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel


class Renewal(TenantModel):
    """One thing that renews: a subscription, or an account's renewal date set by hand (CS-40).

    A database view, not a table (docs/decisions/0070-renewals-view.md): never stale, and read
    with the reader's own rights, so row-level security of the tables below holds. Its id is the
    subscription's, or minus the account's.
    """

    account = TenantForeignKey(Account, on_delete=models.DO_NOTHING, related_name="renewals")
    subscription = TenantForeignKey(
        Subscription, on_delete=models.DO_NOTHING, null=True, related_name="+"
    )
    renews_on = models.DateField()
    status = models.CharField(
        max_length=10, choices=Status, null=True, help_text="Empty: a date set by hand."
    )
    cancel_at_period_end = models.BooleanField()
    plan = models.CharField(max_length=100, blank=True)
    arr = models.BigIntegerField(
        null=True, help_text="Minor units; unknown for a date set by hand."
    )
    currency = models.CharField(max_length=3, null=True)
    interval = models.CharField(max_length=7, choices=Interval, null=True)
    seats = models.PositiveIntegerField(null=True)
    auto_renews = models.BooleanField(null=True)

    class Meta:
        managed = False
        db_table = "renewals_renewal"

    def __str__(self) -> str:
        return f"{self.plan or 'Renewal'} on {self.renews_on}"


class Reminder(TenantModel):
    """That a renewal was reminded of at a threshold; its unique key makes it once (CS-44)."""

    account = TenantForeignKey(
        Account, on_delete=models.CASCADE, related_name="renewal_reminders", db_index=False
    )
    subscription = TenantForeignKey(
        Subscription,
        on_delete=models.CASCADE,
        null=True,
        related_name="renewal_reminders",
        db_index=False,
        help_text="Empty: the account's renewal date set by hand.",
    )
    renews_on = models.DateField()
    threshold = models.PositiveSmallIntegerField(help_text="Days before the renewal.")
    told = TenantForeignKey(
        Membership,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Empty: the account had neither CSM nor AE, so the admins.",
    )
    sent_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "account", "subscription", "renews_on", "threshold"],
                name="renewal_reminder_once",
                nulls_distinct=False,
            )
        ]
        indexes: ClassVar = [
            models.Index(
                "business",
                "subscription",
                name="renewal_reminder_sub",
                condition=models.Q(subscription__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.threshold} days before {self.renews_on}"
