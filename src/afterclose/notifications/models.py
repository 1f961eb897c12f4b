"""The inbox, preferences, and mails waiting to be sent."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from afterclose.accounts.models import Account
from afterclose.businesses.models import Membership
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel


class Kind(models.TextChoices):
    """What a notification is about (CS-92); each can be switched per channel."""

    AT_RISK = "at_risk", "Account at risk"
    MENTION = "mention", "Mention"
    RENEWAL_REMINDER = "renewal_reminder", "Renewal reminder"
    IMPORT_FINISHED = "import_finished", "Import finished"
    WEBHOOK_DISABLED = "webhook_disabled", "Webhook disabled"


# Kinds that also go out by mail, unless a member's preference says no; the others are inbox only.
MAILED = frozenset({Kind.MENTION, Kind.RENEWAL_REMINDER, Kind.WEBHOOK_DISABLED})


class Notification(TenantModel):
    """One line in a member's inbox."""

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=30, choices=Kind)
    account = TenantForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    title = models.CharField(max_length=300)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=300, blank=True)
    is_urgent = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    key = models.CharField(max_length=200, help_text="Sent at most once per member and key.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "member", "key"], name="notification_once")
        ]
        indexes: ClassVar = [
            models.Index(
                "business",
                "member",
                models.F("created_at").desc(),
                models.F("id").desc(),
                name="notification_inbox",
            ),
            models.Index(
                "business",
                "member",
                name="notification_unread",
                condition=models.Q(read_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Preference(TenantModel):
    """A member's choice for one kind of notification; both channels are on by default."""

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="preferences")
    kind = models.CharField(max_length=30, choices=Kind)
    in_app = models.BooleanField(default=True)
    by_mail = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "member", "kind"], name="preference_once")
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.kind}"


class OutgoingMail(TenantModel):
    """A mail that is to be sent; kept until the mail server took it."""

    assistant_may_read: ClassVar[bool] = False

    notification = TenantForeignKey(
        Notification, on_delete=models.CASCADE, null=True, blank=True, related_name="mails"
    )
    to = models.EmailField(max_length=254)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    key = models.CharField(
        max_length=250, null=True, blank=True, help_text="Written at most once per key."
    )
    created_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(
        null=True, blank=True, help_text="When we gave up; last_error says why."
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "key"], name="mail_once")
        ]
        indexes: ClassVar = [
            models.Index(
                "business",
                "next_try_at",
                name="mail_to_send",
                condition=models.Q(sent_at__isnull=True, failed_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.subject
