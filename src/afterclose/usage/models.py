"""Usage as delivered, its daily roll-up, and the last use per account."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from afterclose.accounts.models import BYTEWISE, Account
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel, TenantOneToOneField


class UsageRecord(TenantModel):
    """One delivered count of use, kept as it came; its id makes delivery repeatable."""

    account = TenantForeignKey(Account, on_delete=models.CASCADE, related_name="usage_records")
    external_id = models.CharField(max_length=200, null=True, blank=True)
    subscription_external_id = models.CharField(max_length=200, blank=True)
    user_key = models.CharField(max_length=200, blank=True, db_collation=BYTEWISE)
    feature = models.CharField(max_length=100, db_collation=BYTEWISE)
    used_on = models.DateField()
    count = models.PositiveIntegerField(default=1)
    seconds = models.PositiveIntegerField(default=0)
    errors = models.PositiveIntegerField(default=0)
    is_beta = models.BooleanField(default=False)
    recorded_at = models.DateTimeField(auto_now_add=True)
    is_sample = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "external_id"], name="usage_record_external_id"
            )
        ]

    def __str__(self) -> str:
        return f"{self.feature} on {self.used_on}"


class DailyUsage(TenantModel):
    """Use by account, user, feature and day (CS-71)."""

    account = TenantForeignKey(
        Account, on_delete=models.CASCADE, related_name="daily_usage", db_index=False
    )
    used_on = models.DateField()
    feature = models.CharField(max_length=100, db_collation=BYTEWISE)
    user_key = models.CharField(
        max_length=200, blank=True, db_collation=BYTEWISE, help_text="Empty where not known."
    )
    count = models.PositiveIntegerField(default=0)
    seconds = models.PositiveIntegerField(default=0)
    is_sample = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "account", "used_on", "feature", "user_key"],
                name="daily_usage_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.feature} on {self.used_on}: {self.count}"


class LastUse(TenantModel):
    """When an account last used the product (CS-51); one row per account that ever did."""

    account = TenantOneToOneField(Account, on_delete=models.CASCADE, related_name="last_use")
    first_used_on = models.DateField()
    last_used_on = models.DateField()

    class Meta:
        indexes: ClassVar = [
            models.Index("business", "last_used_on", "account", name="last_use_on")
        ]

    def __str__(self) -> str:
        return str(self.last_used_on)
