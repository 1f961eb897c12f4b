"""Files that came in, how they are read, what each row led to (CS-7)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from afterclose.businesses.models import Membership
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel


class ShiftMode(models.TextChoices):
    """How the dates of a set of files move, to see a past data set as if it were today's."""

    NONE = "none", "Leave dates as they are"
    DAYS = "days", "Move every date by a number of days"
    NEWEST = "newest", "Move every date so that the newest falls on yesterday"


class ImportSet(TenantModel):
    """Files that belong together: all their dates move by the same number of days."""

    created_at = models.DateTimeField()
    created_by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    shift_mode = models.CharField(max_length=6, choices=ShiftMode, default=ShiftMode.NONE)
    shift_days = models.IntegerField(
        null=True, blank=True, help_text="Empty until the newest date is known."
    )
    shift_newest_to = models.DateField(
        null=True, blank=True, help_text="On which day the newest date falls."
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(
                "business",
                models.F("created_at").desc(),
                models.F("id").desc(),
                name="import_set_newest",
            )
        ]

    def __str__(self) -> str:
        return f"Import of {self.created_at:%Y-%m-%d %H:%M}"


class ImportProfile(TenantModel):
    """A mapping from fields to headings, saved under a name for the next file of its sort."""

    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=30)
    mapping = models.JSONField(default=dict, help_text="Field to normalised heading.")
    options = models.JSONField(default=dict)
    shape = models.CharField(
        max_length=64, blank=True, help_text="Fingerprint of the headings it was saved for."
    )
    saved_at = models.DateTimeField()
    saved_by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("business", "kind", "name", name="import_profile_once")
        ]

    def __str__(self) -> str:
        return self.name


class RunState(models.TextChoices):
    """How far a file has come."""

    MAPPING = "mapping", "Columns to confirm"
    PREVIEWING = "previewing", "Checking"
    PREVIEWED = "previewed", "Checked"
    COMMITTING = "committing", "Importing"
    DONE = "done", "Imported"
    FAILED = "failed", "Stopped"
    CANCELLED = "cancelled", "Cancelled"


# States in which a job is at work; a sweeper looks for those whose job has died.
AT_WORK = (RunState.PREVIEWING, RunState.COMMITTING)


class ImportRun(TenantModel):
    """One file of one kind, from upload to the last row; `lines_done` is the checkpoint."""

    import_set = TenantForeignKey(ImportSet, on_delete=models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=30)
    state = models.CharField(max_length=10, choices=RunState, default=RunState.MAPPING)
    file_name = models.CharField(max_length=255)
    file_size = models.BigIntegerField(help_text="Bytes.")
    dialect = models.JSONField(default=dict, help_text="How the file is read, as confirmed.")
    detection = models.JSONField(default=dict, help_text="Headings, first rows, what was found.")
    mapping = models.JSONField(default=dict, help_text="Field to heading.")
    options = models.JSONField(default=dict, help_text="Currency, aliases and other choices.")
    profile_name = models.CharField(max_length=100, blank=True)
    shift_days = models.IntegerField(default=0)
    newest_on = models.DateField(null=True, blank=True, help_text="Newest date, before the shift.")
    rows_total = models.IntegerField(null=True, blank=True)
    rows_done = models.IntegerField(default=0)
    lines_done = models.IntegerField(default=0, help_text="Last line of the last finished chunk.")
    counts = models.JSONField(default=dict, help_text="Outcome to number of rows.")
    message = models.TextField(blank=True, help_text="Why it stopped.")
    created_at = models.DateTimeField()
    created_by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    touched_at = models.DateTimeField(help_text="Last sign of life of the job at work.")
    finished_at = models.DateTimeField(null=True, blank=True)
    content_deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=RunState.values), name="import_run_state_known"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                "business",
                "touched_at",
                name="import_run_at_work",
                condition=models.Q(state__in=[state.value for state in AT_WORK]),
            ),
            models.Index(
                "business",
                "finished_at",
                name="import_run_to_clean",
                condition=models.Q(content_deleted_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.kind})"

    @property
    def is_at_work(self) -> bool:
        """Whether a job is checking or importing it."""
        return self.state in AT_WORK

    @property
    def percent(self) -> int | None:
        """Share of rows done, or None while their number is not known."""
        return min(100, 100 * self.rows_done // self.rows_total) if self.rows_total else None


class ImportPiece(TenantModel):
    """A megabyte of the file as it came, where every worker can read it."""

    run = TenantForeignKey(
        ImportRun, on_delete=models.CASCADE, related_name="pieces", db_index=False
    )
    number = models.IntegerField()
    content = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("business", "run", "number", name="import_piece_once")
        ]

    def __str__(self) -> str:
        return f"Piece {self.number}"


class Outcome(models.TextChoices):
    """What a row led to, or would lead to."""

    CREATED = "created", "Created"
    UPDATED = "updated", "Updated"
    UNCHANGED = "unchanged", "Unchanged"
    REPEATED = "repeated", "Repeated id"
    ERROR = "error", "Error"


REJECTED = (Outcome.REPEATED, Outcome.ERROR)


class ImportRow(TenantModel):
    """One row of a file with its outcome; from the preview on, rewritten by the import."""

    run = TenantForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rows", db_index=False)
    line = models.IntegerField()
    external_id = models.CharField(max_length=200, blank=True, db_collation="C")
    outcome = models.CharField(max_length=9, choices=Outcome)
    reason = models.TextField(blank=True)
    field = models.CharField(max_length=60, blank=True, help_text="Which field is at fault.")
    cells = models.JSONField(default=list)
    changes = models.JSONField(
        default=list, help_text="Of an update: column, current value, the file's value."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("business", "run", "line", name="import_row_once")
        ]
        indexes: ClassVar = [
            models.Index("business", "run", "outcome", "line", name="import_row_outcome"),
            models.Index("business", "run", "external_id", name="import_row_external_id"),
        ]

    def __str__(self) -> str:
        return f"Line {self.line}: {self.outcome}"
