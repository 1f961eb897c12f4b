"""The task, and the private link to a member's calendar of tasks."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Lower

from afterclose.accounts.models import BYTEWISE, Account, Contact
from afterclose.businesses.models import Business, Membership
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel


class Priority(models.TextChoices):
    """How much it matters."""

    CRITICAL = "critical", "Critical"
    HIGH = "high", "High"
    NORMAL = "normal", "Normal"
    LOW = "low", "Low"


#: The order of priorities in lists; a stored number, so that an index has it.
RANKS = {Priority.LOW: 1, Priority.NORMAL: 2, Priority.HIGH: 3, Priority.CRITICAL: 4}


class State(models.TextChoices):
    """Where in its life a task is; follows from when it was completed or deleted."""

    OPEN = "open", "Open"
    DONE = "done", "Done"
    DELETED = "deleted", "Deleted"


#: Every task but the deleted ones; what lists of tasks ask for.
KEPT = Q(state__in=(State.OPEN.value, State.DONE.value))

_STATE = Case(
    When(deleted_at__isnull=False, then=Value("deleted")),
    When(completed_at__isnull=False, then=Value("done")),
    default=Value("open"),
    output_field=models.CharField(max_length=7),
)
_RANK = Case(
    *(When(priority=priority.value, then=Value(rank)) for priority, rank in RANKS.items()),
    default=Value(0),
    output_field=models.SmallIntegerField(),
)


class Task(TenantModel):
    """Something that a member has to do (CS-90), by a person's or a rule's wish."""

    title = models.CharField(max_length=200)
    title_key = models.GeneratedField(
        expression=Lower("title"),
        output_field=models.CharField(max_length=200, db_collation=BYTEWISE),
        db_persist=True,
    )
    notes = models.TextField(blank=True)
    due_on = models.DateField(null=True, blank=True, help_text="Empty: some day.")
    priority = models.CharField(max_length=8, choices=Priority, default=Priority.NORMAL)
    rank = models.GeneratedField(
        expression=_RANK, output_field=models.SmallIntegerField(), db_persist=True
    )
    assignee = TenantForeignKey(
        Membership,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tasks",
        db_index=False,
    )
    account = TenantForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True, related_name="tasks"
    )
    contact = TenantForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="tasks"
    )
    trigger = models.CharField(
        max_length=60, blank=True, help_text="The rule that opened it; empty: a person did."
    )
    source_key = models.CharField(
        max_length=200,
        null=True,
        blank=True,
        db_collation=BYTEWISE,
        help_text="What the rule opened it about; one open task for each.",
    )
    created_by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        db_index=False,
    )  # fmt: skip
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)
    completed_by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        db_index=False, help_text="Empty although completed: closed by itself.",
    )  # fmt: skip
    deleted_at = models.DateTimeField(null=True, blank=True)
    state = models.GeneratedField(
        expression=_STATE, output_field=models.CharField(max_length=7), db_persist=True
    )
    overdue_told_for = models.DateField(
        null=True, blank=True, help_text="The due date whose passing was told."
    )
    is_sample = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "source_key"],
                name="task_one_open_per_source",
                condition=Q(completed_at__isnull=True, deleted_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(priority__in=Priority.values), name="task_priority_known"
            ),
            models.CheckConstraint(
                condition=~Q(trigger="") | Q(source_key__isnull=True), name="task_key_has_trigger"
            ),
        ]
        indexes: ClassVar = [
            models.Index("business", "state", "due_on", "id", name="task_due"),
            models.Index(
                fields=["business", "assignee", "state", "due_on", "-rank", "id"],
                name="task_assignee",
            ),
            models.Index("business", "state", "rank", "id", name="task_rank"),
            # The list of all tasks is of both states at once.
            models.Index("business", "due_on", "id", name="task_kept_due", condition=KEPT),
            models.Index("business", "rank", "id", name="task_kept_rank", condition=KEPT),
            models.Index("business", "title_key", "id", name="task_title"),
            models.Index("business", "created_at", "id", name="task_created"),
            models.Index("business", "completed_at", "id", name="task_completed"),
            models.Index(
                "business",
                "trigger",
                name="task_open_triggers",
                condition=Q(completed_at__isnull=True, deleted_at__isnull=True) & ~Q(trigger=""),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether it still has to be done."""
        return self.completed_at is None and self.deleted_at is None


class CalendarLink(models.Model):
    """From the digest of a private link's secret to the member whose tasks it shows.

    Shared by all businesses, because whoever asks names none: it says where to look and holds
    no customer data. It points at no tenant table, so the member is checked when it is used.
    """

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret.")
    tenant = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    member_id = models.BigIntegerField()
    created_at = models.DateTimeField()
    last_used_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "member_id"], name="calendar_link_once")
        ]

    def __str__(self) -> str:
        return f"Calendar link of member {self.member_id}"
