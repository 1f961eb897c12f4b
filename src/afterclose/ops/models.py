"""The set of sample data that a business has."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from afterclose.businesses.models import Membership
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel


class SampleSet(TenantModel):
    """One set of sample data and how far it has come; a business has one at most (CS-97)."""

    size = models.PositiveIntegerField(help_text="Accounts asked for.")
    seed = models.PositiveIntegerField()
    on = models.DateField(help_text="The day that its history ends on.")
    accounts = models.PositiveIntegerField(default=0, help_text="Accounts made so far.")
    first_account_id = models.BigIntegerField(null=True, blank=True)
    last_account_id = models.BigIntegerField(null=True, blank=True)
    scored_days = models.PositiveSmallIntegerField(
        default=0, help_text="Days of health history made so far."
    )
    begun_at = models.DateTimeField()
    begun_by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    finished_at = models.DateTimeField(null=True, blank=True)
    destroying_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business"], name="sample_set_once")
        ]

    def __str__(self) -> str:
        return f"{self.size} sample accounts"

    @property
    def is_busy(self) -> bool:
        """Whether a job is making or destroying it."""
        return self.finished_at is None or self.destroying_since is not None
