"""Current scores, snapshots, and the nightly runs that make them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from afterclose.accounts.models import Account
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel, TenantOneToOneField


class Score(TenantModel):
    """An account's current score: one row each, so that lists read it by a plain join (CS-50).

    Written by ``health.actions`` alone. ``score`` is empty where there is no data at all, so
    that no comparison with a threshold can hold.
    """

    account = TenantOneToOneField(Account, on_delete=models.CASCADE, related_name="health")
    score = models.FloatField(null=True, blank=True, help_text="0 to 100, unrounded.")
    on = models.DateField(help_text="The day that the score is of.")
    coverage = models.PositiveSmallIntegerField(
        help_text="Percentage of the weights that had input."
    )
    previous_score = models.FloatField(
        null=True, blank=True, help_text="The last score with data before `on`."
    )
    previous_on = models.DateField(null=True, blank=True)
    held_score = models.FloatField(
        null=True,
        blank=True,
        help_text="The last score held against the threshold: by a run of its own day, in a"
        " stage that can be flagged. The crossing is measured from here (CS-58).",
    )
    scorecard_version = models.PositiveSmallIntegerField()

    class Meta:
        indexes: ClassVar = [
            models.Index("business", "score", "account", name="health_score_order")
        ]

    def __str__(self) -> str:
        return "No data" if self.score is None else f"{self.score:.1f}"


class Snapshot(TenantModel):
    """An account's score on one day, with the raw inputs that explain it (CS-50, CS-55).

    Unique by (business, day, account) in this order: the nightly run then appends to one end
    of the index instead of touching a page of it for every account. Read one account's history
    by naming its days.
    """

    # No key in the database: the table's policy checks the account (migration 0002).
    account = TenantForeignKey(
        Account,
        on_delete=models.CASCADE,
        related_name="health_snapshots",
        db_index=False,
        db_constraint=False,
    )
    on = models.DateField()
    score = models.FloatField(help_text="0 to 100, unrounded; 50 where coverage is 0.")
    coverage = models.PositiveSmallIntegerField()
    scorecard_version = models.PositiveSmallIntegerField()
    breakdown = models.JSONField(
        help_text="Component to its raw inputs, as `scoring.components_of` reads them."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("business", "on", "account", name="health_snapshot_once"),
            models.CheckConstraint(
                condition=models.Q(score__gte=0, score__lte=100, coverage__lte=100),
                name="health_snapshot_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.score:.1f} on {self.on}"


class NightlyRun(TenantModel):
    """One run over all accounts of the business for one day, and how far it has come."""

    on = models.DateField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("business", "on", name="health_run_once")]

    def __str__(self) -> str:
        return f"Health of {self.on}"


class RunPart(TenantModel):
    """A range of account ids within a run; done together with its scores, or not at all."""

    run = TenantForeignKey(
        NightlyRun, on_delete=models.CASCADE, related_name="parts", db_index=False
    )
    first_account_id = models.BigIntegerField()
    last_account_id = models.BigIntegerField()
    done_at = models.DateTimeField(null=True, blank=True)
    accounts = models.PositiveIntegerField(default=0, help_text="How many were scored.")
    flagged = models.PositiveIntegerField(default=0, help_text="How many crossed the threshold.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "business", "run", "first_account_id", name="health_run_part_once"
            )
        ]

    def __str__(self) -> str:
        return f"Accounts {self.first_account_id} to {self.last_account_id}"


class DayTotal(TenantModel):
    """How many accounts were in each bucket on one day, so that the trend of a book of a million
    accounts is read from as many rows as it has days."""

    on = models.DateField()
    healthy = models.PositiveIntegerField(default=0)
    ok = models.PositiveIntegerField(default=0)
    at_risk = models.PositiveIntegerField(default=0)
    critical = models.PositiveIntegerField(default=0)
    no_data = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("business", "on", name="health_day_once")]

    def __str__(self) -> str:
        return f"Health on {self.on}"


class Comparison(TenantModel):
    """The accounts whose current score is furthest from that of an earlier day, so that who moved
    most is read without a comparison of the whole book (docs/decisions/0031-kept-comparisons.md).

    Kept by ``health.comparisons`` alone. Every account that is not in it moved less than the
    last fall and the last rise, told by the change and the account's id; both are empty where it
    has all accounts that fell, or rose.
    """

    since = models.DateField(help_text="The earlier day.")
    account_ids = ArrayField(models.BigIntegerField(), default=list)
    before = ArrayField(
        models.FloatField(),
        default=list,
        help_text="Their scores on that day, in the order of their ids.",
    )
    last_fall = models.FloatField(null=True, blank=True, help_text="Points, negative.")
    last_fall_id = models.BigIntegerField(null=True, blank=True)
    last_rise = models.FloatField(null=True, blank=True, help_text="Points.")
    last_rise_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("business", "since", name="health_comparison_once"),
            models.CheckConstraint(
                condition=models.Q(account_ids__len=models.F("before__len")),
                name="health_comparison_of_pairs",
            ),
        ]

    def __str__(self) -> str:
        return f"Since {self.since}"
