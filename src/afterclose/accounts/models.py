"""Accounts, contacts, the at-risk flag, churn, and the timeline's Event."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from afterclose.businesses.models import Membership
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel


class Stage(models.TextChoices):
    """Where in its life a customer is (CS-1)."""

    PROSPECT = "prospect", "Prospect"
    ONBOARDING = "onboarding", "Onboarding"
    ACTIVE = "active", "Active"
    RENEWAL = "renewal", "Renewal"
    EXPANDING = "expanding", "Expanding"
    CHURNED = "churned", "Churned"


# Stages in which automation may flag an account at risk (CS-58).
AT_RISK_ELIGIBLE = (Stage.ACTIVE, Stage.RENEWAL, Stage.EXPANDING)

# Search keys compare by bytes, so that "=" and prefix ranges use the index under row-level
# security, whatever the server's collation is (spec 00, "as measured").
BYTEWISE = "C"


class Account(TenantModel):
    """One customer company of the business (CS-1)."""

    name = models.CharField(max_length=200)
    name_key = models.GeneratedField(
        expression=Lower("name"),
        output_field=models.CharField(max_length=200, db_collation=BYTEWISE),
        db_persist=True,
    )
    external_id = models.CharField(
        max_length=200, null=True, blank=True, help_text="Its id in the system that it came from."
    )
    domain = models.CharField(
        max_length=253,
        blank=True,
        db_collation=BYTEWISE,
        help_text="Its e-mail domain, lower case; matches tickets, surveys and notes.",
    )
    website = models.URLField(blank=True)
    industry = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166-1 alpha-2.")
    source = models.CharField(max_length=60, blank=True, help_text="How they found us.")
    plan = models.CharField(max_length=100, blank=True)
    seats = models.PositiveIntegerField(null=True, blank=True)
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.ACTIVE)
    csm = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts_as_csm"
    )
    ae = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts_as_ae"
    )
    parent = TenantForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    customer_since = models.DateField(
        null=True, blank=True, help_text="First day as a customer; unknown if empty."
    )
    churned_on = models.DateField(null=True, blank=True)
    renewal_date = models.DateField(
        null=True, blank=True, help_text="Set by hand; used where no subscription gives one."
    )
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217.")
    is_sample = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "external_id"], name="account_external_id"),
            models.CheckConstraint(
                condition=models.Q(stage__in=Stage.values), name="account_stage_known"
            ),
            models.CheckConstraint(
                condition=models.Q(churned_on__isnull=True) | models.Q(stage=Stage.CHURNED),
                name="account_churned_on_only_if_churned",
            ),
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True) | ~models.Q(parent=models.F("id")),
                name="account_not_its_own_parent",
            ),
        ]
        indexes: ClassVar = [
            models.Index("business", "name_key", "id", name="account_name"),
            models.Index("business", "domain", "id", name="account_domain"),
            models.Index("business", "stage", "name_key", "id", name="account_stage"),
            # With the stage, so that a CSM's active accounts are counted from it alone.
            models.Index(
                fields=["business", "csm", "name_key", "id"], include=["stage"], name="account_csm"
            ),
            models.Index(
                fields=["business", "churned_on", "id"],
                name="account_churned",
                condition=models.Q(churned_on__isnull=False),
            ),
            models.Index("business", "customer_since", "id", name="account_since"),
            models.Index("business", "industry", "id", name="account_industry"),
            models.Index("business", "country", "id", name="account_country"),
            models.Index("business", "plan", "id", name="account_plan"),
            models.Index("business", "seats", "id", name="account_seats"),
            models.Index("business", "updated_at", "id", name="account_updated"),
            models.Index(
                "business",
                "renewal_date",
                name="account_renewal_date",
                condition=models.Q(renewal_date__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_churned(self) -> bool:
        """Whether the customer has left."""
        return self.stage == Stage.CHURNED


class Contact(TenantModel):
    """A person at an account, with the parts they play (CS-3)."""

    account = TenantForeignKey(Account, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200)
    name_key = models.GeneratedField(
        expression=Lower("name"),
        output_field=models.CharField(max_length=200, db_collation=BYTEWISE),
        db_persist=True,
    )
    email = models.EmailField(
        max_length=254, blank=True, db_collation=BYTEWISE, help_text="Stored in lower case."
    )
    title = models.CharField(max_length=100, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(max_length=200, null=True, blank=True)
    is_champion = models.BooleanField(default=False)
    is_economic_buyer = models.BooleanField(default=False)
    is_technical_buyer = models.BooleanField(default=False)
    is_detractor = models.BooleanField(default=False)
    left_on = models.DateField(null=True, blank=True, help_text="Left the company.")
    is_sample = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "external_id"], name="contact_external_id"),
            models.UniqueConstraint(
                fields=["business", "account", "email"],
                name="contact_email_once_per_account",
                condition=~models.Q(email=""),
            ),
        ]
        indexes: ClassVar = [
            models.Index("business", "name_key", "id", name="contact_name"),
            # Finds who stands at an account twice by the index alone.
            models.Index("business", "account", "name_key", "id", name="contact_account_name"),
            models.Index("business", "email", "id", name="contact_email"),
            # For the sentiment fallback of health (CS-53), which reads flagged contacts only.
            models.Index(
                "business",
                "account",
                name="contact_flagged",
                condition=models.Q(is_champion=True) | models.Q(is_detractor=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def roles(self) -> list[str]:
        """The parts this person plays, in words."""
        flags = {
            "Champion": self.is_champion,
            "Economic buyer": self.is_economic_buyer,
            "Technical buyer": self.is_technical_buyer,
            "Detractor": self.is_detractor,
        }
        return [word for word, flag in flags.items() if flag]


class RiskReason(TenantModel):
    """A reason that an account can be at risk for; the admin's list (CS-1)."""

    key = models.SlugField(max_length=60, db_index=False)
    label = models.CharField(max_length=100)
    order = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "key"], name="risk_reason_once")
        ]
        ordering = ("order", "label")

    def __str__(self) -> str:
        return self.label


class AtRiskFlag(TenantModel):
    """An account is at risk: since when, who said so, why; closed by a person (CS-1, CS-58)."""

    account = TenantForeignKey(Account, on_delete=models.CASCADE, related_name="at_risk_flags")
    reasons = ArrayField(models.CharField(max_length=60), default=list)
    note = models.TextField(blank=True)
    set_at = models.DateTimeField()
    set_by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    is_automatic = models.BooleanField(default=False)
    score_before = models.FloatField(null=True, blank=True)
    score_after = models.FloatField(null=True, blank=True)
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    clear_note = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "account"],
                name="at_risk_one_open_flag",
                condition=models.Q(cleared_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"At risk: {', '.join(self.reasons)}"


class ChurnEvent(TenantModel):
    """That an account left once, as told by the system that knew; it may have come back."""

    account = TenantForeignKey(Account, on_delete=models.CASCADE, related_name="churn_events")
    external_id = models.CharField(max_length=200, null=True, blank=True)
    churned_on = models.DateField()
    reason = models.CharField(max_length=100, blank=True)
    refund = models.BigIntegerField(default=0, help_text="Minor units.")
    currency = models.CharField(max_length=3)
    after_upgrade = models.BooleanField(default=False)
    after_downgrade = models.BooleanField(default=False)
    is_reactivation = models.BooleanField(default=False)
    feedback = models.TextField(blank=True)
    is_sample = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "external_id"], name="churn_event_external_id"
            )
        ]
        indexes: ClassVar = [models.Index("business", "churned_on", name="churn_event_on")]

    def __str__(self) -> str:
        return f"Churned on {self.churned_on}"


class Event(TenantModel):
    """One fact: timeline, notifications, workflows and webhooks all feed on it (CS-4)."""

    account = TenantForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True, related_name="events"
    )
    kind = models.CharField(max_length=60, help_text="noun.verb, for example stage.changed.")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    actor_name = models.CharField(max_length=150)
    title = models.CharField(max_length=300)
    body = models.TextField(blank=True)
    subject_type = models.CharField(max_length=60, blank=True)
    subject_id = models.BigIntegerField(null=True, blank=True)
    payload = models.JSONField(default=dict)
    key = models.CharField(
        max_length=200, null=True, blank=True, help_text="Recorded at most once per key."
    )
    reacted_at = models.DateTimeField(
        null=True, blank=True, help_text="When every reaction had run; empty while some are due."
    )
    is_sample = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "key"], name="event_once")
        ]
        indexes: ClassVar = [
            models.Index(
                "business",
                "account",
                models.F("occurred_at").desc(),
                models.F("id").desc(),
                name="event_timeline",
            ),
            models.Index(
                "business",
                "recorded_at",
                name="event_to_react",
                condition=models.Q(reacted_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Mention(TenantModel):
    """That a note names a member, who is told about it (CS-4)."""

    event = TenantForeignKey(Event, on_delete=models.CASCADE, related_name="mentions")
    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="mentions")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "event", "member"], name="mention_once")
        ]

    def __str__(self) -> str:
        return f"@{self.member}"


class Reaction(TenantModel):
    """That a reaction to a fact has run; its unique key makes it exactly once."""

    event = TenantForeignKey(Event, on_delete=models.CASCADE, related_name="reactions")
    name = models.CharField(max_length=100)
    ran_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "event", "name"], name="reaction_once")
        ]

    def __str__(self) -> str:
        return self.name


# Models of this app like the rest, kept beside the other files of their part. They stand at the end
# because they import Account and Contact from here: Django finds the models of an app here alone.
from afterclose.accounts.custom_fields.models import (  # noqa: E402
    AccountValue as AccountValue,
    ContactValue as ContactValue,
    CustomChoice as CustomChoice,
    CustomField as CustomField,
)
from afterclose.accounts.exports.models import (  # noqa: E402
    Export as Export,
    ExportPiece as ExportPiece,
)
from afterclose.accounts.hierarchy.models import AwaitedParent as AwaitedParent  # noqa: E402
from afterclose.accounts.imports.models import (  # noqa: E402
    ImportPiece as ImportPiece,
    ImportProfile as ImportProfile,
    ImportRow as ImportRow,
    ImportRun as ImportRun,
    ImportSet as ImportSet,
)
from afterclose.accounts.merging.models import (  # noqa: E402
    AccountAlias as AccountAlias,
    ContactAlias as ContactAlias,
    Merge as Merge,
    MergeStep as MergeStep,
)
from afterclose.accounts.tags.models import (  # noqa: E402
    AccountTag as AccountTag,
    ContactTag as ContactTag,
    RemovedLink as RemovedLink,
    Tag as Tag,
    TagRemoval as TagRemoval,
)
