"""What was merged into what, the journal that undoes it, and the ids that went away."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from afterclose.accounts.models import BYTEWISE, Account, Contact
from afterclose.businesses.models import Membership
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel


class Merge(TenantModel):
    """That an account was merged into another one, or a contact (then ``contact`` is the one that
    stayed, and ``winner`` the account it is at), by whom and when; perhaps undone since."""

    winner = TenantForeignKey(Account, on_delete=models.CASCADE, related_name="merges")
    contact = TenantForeignKey(
        Contact, on_delete=models.CASCADE, null=True, blank=True, related_name="merges"
    )
    # A later merge moves the winner on; then it differs from this, and that merge is undone first.
    into_id = models.BigIntegerField(help_text="The winner's id as the merge was made.")
    loser_id = models.BigIntegerField()
    loser_name = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    rows = models.PositiveIntegerField(default=0, help_text="How many rows followed.")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    purged_at = models.DateTimeField(
        null=True, blank=True, help_text="When its journal went; it cannot be undone any more."
    )

    class Meta:
        indexes: ClassVar = [
            models.Index("business", "loser_id", name="merge_loser"),
            models.Index("business", "at", name="merge_at"),
        ]

    def __str__(self) -> str:
        return f"{self.loser_name} into {self.stays}"

    @property
    def stays(self) -> Account | Contact:
        """The account or contact that has everything of the other one now."""
        found: Account | Contact = self.winner if self.contact_id is None else self.contact
        return found

    @property
    def noun(self) -> str:
        """What was merged, in a word."""
        return "account" if self.contact_id is None else "contact"


class StepKind(models.TextChoices):
    """What a step of the journal did."""

    MOVED = "moved", "References changed"
    REMOVED = "removed", "Rows removed"
    CHANGED = "changed", "Rows changed"
    DERIVED = "derived", "Rows to be computed anew"


class MergeStep(TenantModel):
    """One statement of a merge over one table, with what it takes to reverse it.

    MOVED: ``column`` of the rows ``ids`` went from ``from_id`` to ``to_id``; ``before`` holds those
    of a table whose rows are written anew where they change. REMOVED: ``before`` holds the rows.
    CHANGED: ``before`` and ``after`` hold them. DERIVED: ``before`` holds the rows whose ``column``
    is one of ``ids``.
    """

    assistant_may_read: ClassVar[bool] = False

    merge = TenantForeignKey(Merge, on_delete=models.CASCADE, related_name="steps", db_index=False)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=7, choices=StepKind)
    table = models.CharField(max_length=63)
    column = models.CharField(max_length=63, blank=True)
    from_id = models.BigIntegerField(null=True)
    to_id = models.BigIntegerField(null=True)
    ids = ArrayField(models.BigIntegerField(), default=list)
    before = models.JSONField(default=list)
    after = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "merge", "number"], name="merge_step_once")
        ]

    def __str__(self) -> str:
        return f"{self.table}: {self.kind}"


class AccountAlias(TenantModel):
    """An external id by which an account is known beside its own, from one merged into it."""

    account = TenantForeignKey(Account, on_delete=models.CASCADE, related_name="aliases")
    external_id = models.CharField(max_length=200)
    merge = TenantForeignKey(Merge, on_delete=models.CASCADE, related_name="aliases")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "external_id"], name="account_alias_once")
        ]

    def __str__(self) -> str:
        return self.external_id


class ContactAlias(TenantModel):
    """What a contact is known by beside its own, from one merged into it: an id in its source, or
    a place, which is an account with the e-mail address it had there, if any."""

    contact = TenantForeignKey(Contact, on_delete=models.CASCADE, related_name="aliases")
    external_id = models.CharField(max_length=200, null=True, blank=True)
    account = TenantForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    email = models.EmailField(max_length=254, blank=True, db_collation=BYTEWISE)
    merge = TenantForeignKey(Merge, on_delete=models.CASCADE, related_name="contact_aliases")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "external_id"], name="contact_alias_once"),
            models.UniqueConstraint(
                fields=["business", "account", "email"],
                name="contact_alias_place_once",
                condition=~models.Q(email=""),
            ),
        ]

    def __str__(self) -> str:
        return self.external_id or self.email
