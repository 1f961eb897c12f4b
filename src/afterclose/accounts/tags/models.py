"""Tags, and what they are on."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models

from afterclose.accounts.models import BYTEWISE, Account, Contact
from afterclose.accounts.tags.naming import NAME_LENGTH
from afterclose.businesses.models import Membership
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel


class Tone(models.TextChoices):
    """How a tag looks; the tones of every badge."""

    NEUTRAL = "neutral", "Grey"
    INFO = "info", "Blue"
    ACCENT = "accent", "Purple"
    GOOD = "good", "Green"
    WARN = "warn", "Amber"
    BAD = "bad", "Red"


class Tag(TenantModel):
    """A word that accounts and contacts can be given; one per business whatever the case."""

    name = models.CharField(max_length=NAME_LENGTH)
    # Folding can make a name longer (ß becomes ss).
    key = models.CharField(
        max_length=3 * NAME_LENGTH,
        db_collation=BYTEWISE,
        db_index=False,
        editable=False,
        help_text="The name case-folded, by which it is found again.",
    )
    tone = models.CharField(max_length=7, choices=Tone, default=Tone.NEUTRAL)
    is_sample = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "key"], name="tag_once"),
            models.CheckConstraint(condition=~models.Q(key=""), name="tag_named"),
        ]

    def __str__(self) -> str:
        return self.name


class AccountTag(TenantModel):
    """That an account has a tag: since when, given by whom."""

    account = TenantForeignKey(
        Account, on_delete=models.CASCADE, related_name="tag_links", db_index=False
    )
    tag = TenantForeignKey(
        Tag, on_delete=models.CASCADE, related_name="account_links", db_index=False
    )
    at = models.DateTimeField()
    by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "account", "tag"], name="account_tag_once")
        ]
        # The filter of the lists, and the counts of the tag manager, read the index alone.
        indexes: ClassVar = [models.Index("business", "tag", "account", name="account_tagged")]

    def __str__(self) -> str:
        return f"{self.account}: {self.tag}"


class ContactTag(TenantModel):
    """That a contact has a tag: since when, given by whom."""

    contact = TenantForeignKey(
        Contact, on_delete=models.CASCADE, related_name="tag_links", db_index=False
    )
    tag = TenantForeignKey(
        Tag, on_delete=models.CASCADE, related_name="contact_links", db_index=False
    )
    at = models.DateTimeField()
    by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "contact", "tag"], name="contact_tag_once")
        ]
        indexes: ClassVar = [models.Index("business", "tag", "contact", name="contact_tagged")]

    def __str__(self) -> str:
        return f"{self.contact}: {self.tag}"


class TagRemoval(TenantModel):
    """Tags that were deleted, or merged into another one, and what brings them back for 30 days."""

    # Not a key: the tag that stayed may go as well, and then its own removal comes back first.
    into_id = models.BigIntegerField(null=True, help_text="The tag that stayed, after a merge.")
    into_name = models.CharField(max_length=NAME_LENGTH, blank=True)
    tags = models.JSONField(help_text="The rows that went: id, name, key, tone, …")
    notes = models.JSONField(default=list, help_text="What else followed a merge, and how it was.")
    at = models.DateTimeField()
    by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    is_sample = models.BooleanField(default=False)
    until: datetime  # set by `queries.removals`: until when it can be undone

    class Meta:
        indexes: ClassVar = [models.Index("business", "at", name="tag_removal_at")]

    def __str__(self) -> str:
        return ", ".join(tag["name"] for tag in self.tags)


class LinkState(models.TextChoices):
    """What a remembered link was."""

    HELD = "held", "A link to a tag that went"
    GIVEN = "given", "A link to the tag that stayed, made by the merge"
    OLDER = "older", "A link to the tag that stayed, as it was before the merge"


class RemovedLink(TenantModel):
    """One link as it was before a removal, or as a merge made it; of an account or a contact."""

    assistant_may_read: ClassVar[bool] = False

    removal = TenantForeignKey(TagRemoval, on_delete=models.CASCADE, related_name="links")
    tag_id = models.BigIntegerField()
    state = models.CharField(max_length=5, choices=LinkState)
    account = TenantForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="+")
    contact = TenantForeignKey(Contact, on_delete=models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField()
    by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(account=None, contact=None),
                name="removed_link_of_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account or self.contact}: {self.tag_id}"
