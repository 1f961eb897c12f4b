"""Segments, who is and was in them, and how many on each day."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from afterclose.accounts.models import BYTEWISE, Account, Contact
from afterclose.businesses.models import Membership as Member
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel


class Subject(models.TextChoices):
    """What a segment is made of."""

    ACCOUNT = "account", "Accounts"
    CONTACT = "contact", "Contacts"


class Cause(models.TextChoices):
    """Why somebody came in or went out: the data changed, or the segment's condition did."""

    DATA = "data", "Data"
    DEFINITION = "definition", "Definition"


class Segment(TenantModel):
    """A saved condition over accounts or contacts (CS-65)."""

    name = models.CharField(max_length=100)
    name_key = models.GeneratedField(
        expression=models.functions.Lower("name"),
        output_field=models.CharField(max_length=100, db_collation=BYTEWISE),
        db_persist=True,
    )
    description = models.CharField(max_length=300, blank=True)
    subject = models.CharField(max_length=7, choices=Subject, default=Subject.ACCOUNT)
    condition = models.JSONField(help_text="As segments.conditions.read takes it.")
    text = models.TextField(help_text="The condition in words.")
    owner = TenantForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    is_shared = models.BooleanField(default=True, help_text="Everybody may use it.")
    revision = models.PositiveIntegerField(default=1, help_text="Counts changes of the condition.")
    members = models.PositiveIntegerField(default=0, help_text="Open memberships at refreshed_at.")
    refreshed_at = models.DateTimeField(null=True, blank=True)
    is_counting = models.BooleanField(
        default=False, help_text="A job is finding the members of a condition that has changed."
    )
    problem = models.TextField(
        blank=True, help_text="Why it could not be refreshed; its members stay as they were."
    )
    is_sample = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "name_key"], name="segment_name_once"),
            models.CheckConstraint(
                condition=models.Q(subject__in=Subject.values), name="segment_subject_known"
            ),
        ]
        indexes: ClassVar = [
            models.Index("business", "members", "id", name="segment_members"),
            models.Index("business", "updated_at", "id", name="segment_updated"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def memberships(self) -> models.QuerySet[Any]:
        """Who is and was in it, by its subject."""
        return MEMBERSHIPS[self.subject]._default_manager.filter(segment=self)

    @property
    def noun(self) -> str:
        """“accounts” or “contacts”."""
        return str(Subject(self.subject).label).lower()


class Use(TenantModel):
    """That a segment's condition names another one, which therefore cannot be deleted."""

    user = TenantForeignKey(Segment, on_delete=models.CASCADE, related_name="uses")
    used = TenantForeignKey(Segment, on_delete=models.PROTECT, related_name="used_by")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "user", "used"], name="segment_use_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} uses {self.used_id}"


class MembershipBase(TenantModel):
    """That somebody is in a segment, or was, from when until when."""

    entered_at = models.DateTimeField()
    cause = models.CharField(max_length=10, choices=Cause, help_text="Why it came in.")
    left_at = models.DateTimeField(null=True, blank=True)
    left_cause = models.CharField(max_length=10, choices=Cause, blank=True)

    class Meta:
        abstract = True


class AccountMembership(MembershipBase):
    """That an account is in a segment, or was."""

    segment = TenantForeignKey(
        Segment, on_delete=models.CASCADE, related_name="account_memberships", db_index=False
    )
    account = TenantForeignKey(
        Account, on_delete=models.CASCADE, related_name="segment_memberships"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "segment", "account"],
                name="segment_account_once",
                condition=models.Q(left_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=models.Q(left_at__isnull=True)
                | models.Q(left_at__gte=models.F("entered_at")),
                name="segment_account_left_after",
            ),
        ]
        indexes: ClassVar = [
            models.Index("business", "segment", "entered_at", "id", name="segment_account_entered"),
            models.Index("business", "segment", "left_at", "id", name="segment_account_left"),
        ]

    def __str__(self) -> str:
        return f"Account {self.account_id} in {self.segment_id}"


class ContactMembership(MembershipBase):
    """That a contact is in a segment, or was."""

    segment = TenantForeignKey(
        Segment, on_delete=models.CASCADE, related_name="contact_memberships", db_index=False
    )
    contact = TenantForeignKey(
        Contact, on_delete=models.CASCADE, related_name="segment_memberships"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "segment", "contact"],
                name="segment_contact_once",
                condition=models.Q(left_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=models.Q(left_at__isnull=True)
                | models.Q(left_at__gte=models.F("entered_at")),
                name="segment_contact_left_after",
            ),
        ]
        indexes: ClassVar = [
            models.Index("business", "segment", "entered_at", "id", name="segment_contact_entered"),
            models.Index("business", "segment", "left_at", "id", name="segment_contact_left"),
        ]

    def __str__(self) -> str:
        return f"Contact {self.contact_id} in {self.segment_id}"


MEMBERSHIPS: dict[str, type[AccountMembership] | type[ContactMembership]] = {
    Subject.ACCOUNT: AccountMembership,
    Subject.CONTACT: ContactMembership,
}


class DayCount(TenantModel):
    """How many were in a segment at its last refresh of a day."""

    segment = TenantForeignKey(
        Segment, on_delete=models.CASCADE, related_name="day_counts", db_index=False
    )
    on = models.DateField()
    members = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "segment", "on"], name="segment_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.members} on {self.on}"


class Watermark(TenantModel):
    """Up to where the sweep of touched subjects has read; one row a business."""

    swept_at = models.DateTimeField()
    positions = models.JSONField(default=dict, help_text="Table to the last id that was read.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business"], name="segment_watermark_once")
        ]

    def __str__(self) -> str:
        return str(self.swept_at)
