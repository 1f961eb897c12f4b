"""Where facts are sent, with which secrets; what is to be sent, and what came of it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from afterclose.accounts.models import Event
from afterclose.businesses.models import Membership
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel
from afterclose.kit.encryption import decrypt, encrypt

PURPOSE = "webhooks.signing"


class Why(models.TextChoices):
    """Why an endpoint was switched off by itself."""

    FAILING = "failing", "It took nothing for days"
    GONE = "gone", "It answered 410 Gone"


class Standing(models.TextChoices):
    """How an endpoint is, in the order in which one hides the other."""

    DISABLED = "disabled", "Disabled"
    PAUSED = "paused", "Paused"
    FAILING = "failing", "Failing"
    ACTIVE = "active", "Active"


class Status(models.TextChoices):
    """How a delivery is."""

    WAITING = "waiting", "Waiting"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"


class Endpoint(TenantModel):
    """An address that is told facts; paused or disabled it still collects them."""

    assistant_may_read: ClassVar[bool] = False  # An address can hold a key.

    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=200, blank=True)
    all_kinds = models.BooleanField(default=True)
    kinds = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    created_at = models.DateTimeField()
    created_by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    paused_at = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_why = models.CharField(max_length=10, choices=Why, blank=True)
    failing_since = models.DateTimeField(
        null=True, blank=True, help_text="The first failure after the last success."
    )
    failures = models.PositiveIntegerField(default=0, help_text="One after the other, until now.")
    retry_at = models.DateTimeField(
        null=True, blank=True, help_text="Nothing is sent before; it was not there or busy."
    )
    knock_at = models.DateTimeField(
        null=True, blank=True, help_text="When one delivery may go before its time, to try it."
    )
    delivered_at = models.DateTimeField(null=True, blank=True, help_text="The last success.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="endpoint_disabled_says_why",
                condition=models.Q(disabled_at__isnull=True, disabled_why="")
                | (models.Q(disabled_at__isnull=False) & ~models.Q(disabled_why="")),
            )
        ]
        indexes: ClassVar = [
            models.Index("business", "created_at", "id", name="endpoint_by_age"),
        ]

    def __str__(self) -> str:
        return self.description or self.url

    @property
    def standing(self) -> Standing:
        """How it is, in a word."""
        if self.disabled_at is not None:
            return Standing.DISABLED
        if self.paused_at is not None:
            return Standing.PAUSED
        return Standing.FAILING if self.failing_since is not None else Standing.ACTIVE

    @property
    def is_sending(self) -> bool:
        """Whether deliveries go out; otherwise they wait."""
        return self.disabled_at is None and self.paused_at is None

    def forget_failures(self) -> None:
        """It works, or it deserves a fresh start; the caller saves."""
        self.failing_since, self.failures = None, 0
        self.retry_at = self.knock_at = None


class SigningSecret(TenantModel):
    """One of the endpoint's secrets; after a rotation the old one signs too, until it ends."""

    assistant_may_read: ClassVar[bool] = False

    endpoint = TenantForeignKey(Endpoint, on_delete=models.CASCADE, related_name="secrets")
    encrypted = models.TextField()
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "endpoint"],
                name="one_current_secret",
                condition=models.Q(ends_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"Secret of {self.created_at:%Y-%m-%d}"

    @property
    def plain(self) -> str:
        """``whsec_…``; raises kit.encryption.NotReadable."""
        return decrypt(self.encrypted, purpose=PURPOSE)

    @plain.setter
    def plain(self, secret: str) -> None:
        self.encrypted = encrypt(secret, purpose=PURPOSE)


class Delivery(TenantModel):
    """One fact for one endpoint; without a fact it is a test."""

    endpoint = TenantForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    event = TenantForeignKey(
        Event, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    kind = models.CharField(max_length=60)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    created_at = models.DateTimeField()
    ready_at = models.DateTimeField(help_text="When it is sent next.")
    due_at = models.DateTimeField(
        help_text="When its schedule has it sent next; an earlier try does not count."
    )
    tries = models.PositiveSmallIntegerField(default=0, help_text="Those that counted.")
    claimed_until = models.DateTimeField(
        null=True, blank=True, help_text="Somebody is sending it; after this, nobody is."
    )
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When it stopped waiting.")
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints: ClassVar = [
            # The event leads, so that removing an account finds its facts' deliveries.
            models.UniqueConstraint(fields=["business", "event", "endpoint"], name="delivery_once")
        ]
        indexes: ClassVar = [
            models.Index("business", "endpoint", "created_at", "id", name="delivery_log"),
            models.Index("business", "created_at", "id", name="delivery_by_age"),
            models.Index(
                "business", "endpoint", "status", "created_at", "id", name="delivery_by_status"
            ),
            models.Index(
                "business",
                "endpoint",
                "ready_at",
                "id",
                name="delivery_to_send",
                condition=models.Q(status="waiting"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.message_id})"

    @property
    def message_id(self) -> str:
        """The header ``webhook-id``: the same at every try, by which a receiver drops copies."""
        if self.event_id is None:
            return f"msg_test_{self.business_id}_{self.pk}"
        return f"msg_{self.business_id}_{self.event_id}"


class Attempt(TenantModel):
    """One try to hand a delivery over, and what came back."""

    assistant_may_read: ClassVar[bool] = False  # Answers are other people's words.

    delivery = TenantForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    answer = models.TextField(blank=True, help_text="The first bytes of it.")

    class Meta:
        indexes: ClassVar = [
            models.Index("business", "delivery", "at", "id", name="attempts_of_delivery"),
        ]

    def __str__(self) -> str:
        return f"{self.status or self.error}"
