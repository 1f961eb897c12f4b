"""Tickets and their reopenings."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from afterclose.accounts.models import BYTEWISE, Account
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel


class Priority(models.TextChoices):
    """How urgent a ticket is."""

    LOW = "low", "Low"
    NORMAL = "normal", "Normal"
    HIGH = "high", "High"
    URGENT = "urgent", "Urgent"


class Ticket(TenantModel):
    """A support ticket, normalised from whichever desk it came from (CS-72).

    Open means: opened and not solved. ``account`` is empty while no account is known for the
    requester's e-mail domain.
    """

    account = TenantForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True, related_name="tickets"
    )
    external_id = models.CharField(max_length=200, null=True, blank=True)
    requester_email = models.EmailField(max_length=254, blank=True)
    requester_domain = models.CharField(max_length=253, blank=True, db_collation=BYTEWISE)
    subject = models.CharField(max_length=300, blank=True)
    priority = models.CharField(max_length=6, choices=Priority, default=Priority.NORMAL)
    opened_at = models.DateTimeField()
    solved_at = models.DateTimeField(null=True, blank=True)
    first_response_minutes = models.PositiveIntegerField(null=True, blank=True)
    reopened_count = models.PositiveIntegerField(default=0)
    satisfaction = models.DecimalField(
        max_digits=3, decimal_places=1, null=True, blank=True, help_text="As the desk rates it."
    )
    was_escalated = models.BooleanField(default=False)
    is_sample = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "external_id"], name="ticket_external_id"),
            models.CheckConstraint(
                condition=models.Q(solved_at__isnull=True)
                | models.Q(solved_at__gte=models.F("opened_at")),
                name="ticket_solved_after_opened",
            ),
        ]
        indexes: ClassVar = [
            models.Index("business", "opened_at", "id", name="ticket_opened"),
            models.Index(
                "business",
                "account",
                "opened_at",
                name="ticket_open",
                condition=models.Q(solved_at__isnull=True),
            ),
            models.Index(
                "business",
                "requester_domain",
                name="ticket_unmatched",
                condition=models.Q(account__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.subject or self.external_id or f"Ticket {self.pk}"


class Reopening(TenantModel):
    """That a solved ticket was opened again (CS-52 counts those of the last 30 days)."""

    ticket = TenantForeignKey(Ticket, on_delete=models.CASCADE, related_name="reopenings")
    account = TenantForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    reopened_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index("business", "account", "reopened_at", name="reopening_recent")
        ]

    def __str__(self) -> str:
        return f"Reopened {self.reopened_at}"
