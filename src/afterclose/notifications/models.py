"""The inbox, what members wish, what waits for a summary, and mails waiting to be sent."""

from __future__ import annotations

from datetime import time
from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from afterclose.accounts.models import Account
from afterclose.businesses.models import Membership
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel, TenantOneToOneField
from afterclose.notifications import kinds
from afterclose.notifications.kinds import Pace


class Notification(TenantModel):
    """One line in a member's inbox."""

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=30, help_text="The slug of a kind, see kinds.py.")
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

    @property
    def label(self) -> str:
        """What it is about, in words."""
        return kinds.label_of(self.kind)


class Preference(TenantModel):
    """A member's choice for one kind of notification; without one the kind's own holds."""

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="preferences")
    kind = models.CharField(max_length=30, help_text="The slug of a kind, see kinds.py.")
    in_app = models.BooleanField(default=True)
    mail = models.CharField(max_length=6, choices=Pace)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "member", "kind"], name="preference_once"),
            models.CheckConstraint(condition=Q(mail__in=Pace.values), name="preference_pace_known"),
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.kind}"


class MailTimes(TenantModel):
    """When a member wants mails, in their time zone: quiet hours, and when summaries come."""

    member = TenantOneToOneField(Membership, on_delete=models.CASCADE, related_name="mail_times")
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    summary_at = models.TimeField(default=time(8))
    summary_weekday = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(6)], help_text="0 is Monday."
    )

    class Meta:
        verbose_name_plural = "mail times"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="mail_times_quiet_both_or_none",
            ),
            models.CheckConstraint(
                condition=Q(summary_weekday__lte=6), name="mail_times_weekday_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member}'s mail times"


class OutgoingMail(TenantModel):
    """A mail that is to be sent; kept until the mail server took it."""

    assistant_may_read: ClassVar[bool] = False

    notification = TenantForeignKey(
        Notification, on_delete=models.CASCADE, null=True, blank=True, related_name="mails"
    )
    member = TenantForeignKey(
        Membership, on_delete=models.CASCADE, null=True, blank=True, related_name="+",
        help_text="Whose quiet hours hold; empty: a mail to nobody's inbox waits for none.",
    )  # fmt: skip
    to = models.EmailField(max_length=254)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    stop_url = models.CharField(
        max_length=500, blank=True, help_text="One click there and such mails stop."
    )
    key = models.CharField(
        max_length=250, null=True, blank=True, help_text="Written at most once per key."
    )
    created_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    give_up_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: a few days after it was written."
    )
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
            ),
            models.Index(
                "business",
                models.F("failed_at").desc(),
                name="mail_given_up",
                condition=models.Q(failed_at__isnull=False),
            ),
            models.Index(
                "business",
                "sent_at",
                name="mail_sent",
                condition=models.Q(sent_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class SummaryLine(TenantModel):
    """Something that waits for a member's next summary by mail."""

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    pace = models.CharField(max_length=6, choices=Pace)
    kind = models.CharField(max_length=30)
    key = models.CharField(max_length=250, help_text="Waits at most once per member and key.")
    title = models.CharField(max_length=300)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=300, blank=True)
    is_urgent = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(
        null=True, blank=True, help_text="When it went into a summary, or was left out of it."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "member", "key"], name="summary_line_once")
        ]
        indexes: ClassVar = [
            models.Index(
                "business",
                "member",
                "pace",
                "created_at",
                name="summary_line_waiting",
                condition=models.Q(settled_at__isnull=True),
            ),
            models.Index("business", "settled_at", name="summary_line_settled"),
        ]

    def __str__(self) -> str:
        return self.title
