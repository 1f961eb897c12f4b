"""Files that were asked for, and their content."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from afterclose.businesses.models import Membership
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel


class ExportState(models.TextChoices):
    """How far a file has come."""

    WAITING = "waiting", "Waiting"
    WRITING = "writing", "Being written"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"
    REMOVED = "removed", "Removed"


AT_WORK = (ExportState.WAITING, ExportState.WRITING)


class Export(TenantModel):
    """A list as one member asked for it; the file is theirs alone."""

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="exports")
    title = models.CharField(max_length=200)
    list_path = models.CharField(max_length=200, help_text="The list's class.")
    address = models.CharField(max_length=300, help_text="Where the list was.")
    query = models.TextField(blank=True, help_text="Filters, search, sort and columns.")
    scope = models.JSONField(default=dict, help_text="What the page around the list fixed.")
    today = models.DateField(help_text="The day that filters such as the next 90 days count from.")
    kind = models.CharField(max_length=4, choices=[("csv", "CSV"), ("xlsx", "XLSX")])
    state = models.CharField(max_length=7, choices=ExportState, default=ExportState.WAITING)
    rows_total = models.IntegerField(default=0, help_text="As of asking.")
    rows_done = models.IntegerField(default=0)
    file_size = models.BigIntegerField(null=True, blank=True, help_text="Bytes.")
    message = models.TextField(blank=True, help_text="Why there is no file.")
    asked_at = models.DateTimeField()
    touched_at = models.DateTimeField(help_text="Last sign of life of the job at work.")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=ExportState.values), name="export_state_known"
            )
        ]
        indexes: ClassVar = [
            models.Index("business", "member", "asked_at", "id", name="export_asked"),
            models.Index(
                "business",
                "touched_at",
                name="export_at_work",
                condition=models.Q(state__in=[state.value for state in AT_WORK]),
            ),
            models.Index(
                "business",
                "finished_at",
                name="export_to_remove",
                condition=models.Q(state=ExportState.READY),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} as {self.get_kind_display()}"

    @property
    def is_at_work(self) -> bool:
        """Whether a job writes it, or will."""
        return self.state in AT_WORK


class ExportPiece(TenantModel):
    """A megabyte of the file, where every web process can read it."""

    export = TenantForeignKey(
        Export, on_delete=models.CASCADE, related_name="pieces", db_index=False
    )
    number = models.IntegerField()
    content = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("business", "export", "number", name="export_piece_once")
        ]

    def __str__(self) -> str:
        return f"Piece {self.number}"
