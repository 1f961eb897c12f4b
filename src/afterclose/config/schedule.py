"""Every schedule of the product in one table, at the seed's times (UTC)."""

from __future__ import annotations

from dataclasses import dataclass

from procrastinate import App

from afterclose.businesses.jobs import PURPOSES


@dataclass(frozen=True, slots=True)
class Schedule:
    """One periodic job: its name, when (cron, UTC), what it is for."""

    job: str
    cron: str
    purpose: str


SCHEDULES: tuple[Schedule, ...] = (
    Schedule("config.sweep_reactions", "* * * * *", "Run the reactions that a crash left undone."),
    Schedule("billing.advance_periods", "0 7 * * *", "Move derived billing periods on to today."),
    Schedule("health.take_snapshots", "30 7 * * *", "Score every account's health for the day."),
    Schedule("accounts.sweep_imports", "* * * * *", "Go on with imports whose worker died."),
    Schedule("segments.refresh_all", "15 8 * * *", "Find every segment's members anew."),
    Schedule("segments.refresh_touched", "*/15 * * * *", "Ask segments about what has changed."),
    Schedule("accounts.sweep_exports", "*/5 * * * *", "Go on with exports; remove old files."),
    Schedule("renewals.send_reminders", "0 8 * * *", "Remind of renewals that come near."),
    Schedule("tasks.sweep", "40 8 * * *", "Close tasks that are over, tell of overdue ones."),
    Schedule("notifications.send_mails", "* * * * *", "Send the mails that wait."),
    Schedule("businesses.seal_audit", "*/5 * * * *", "Seal new entries of the audit log."),
    Schedule("businesses.verify_audit", "10 3 * * *", "Look whether the audit log is untouched."),
    Schedule(
        "businesses.forget_answers", "40 * * * *", "Forget answers kept for repeated requests."
    ),
    Schedule("webhooks.send_due", "* * * * *", "Send the webhooks that wait for another try."),
    Schedule("webhooks.tidy", "50 4 * * *", "Remove old deliveries and secrets that ended."),
    Schedule("notifications.write_summaries", "*/15 * * * *", "Write the summaries by mail."),
    Schedule("notifications.tidy", "30 4 * * *", "Delete mails that were sent long ago."),
    Schedule("config.retry_stalled_jobs", "* * * * *", "Give jobs of a dead worker to another."),
    Schedule(
        "accounts.purge_custom_fields",
        "40 4 * * *",
        "Purge custom fields deleted over 30 days ago, with their values.",
    ),
    Schedule(
        "accounts.purge_merges",
        "45 4 * * *",
        "Forget what would undo merges of more than 30 days ago.",
    ),
    Schedule("accounts.purge_tags", "55 4 * * *", "Forget tags removed over 30 days ago."),
    Schedule("config.forget_old_jobs", "20 4 * * *", "Remove the records of jobs long done."),
)


def install(app: App) -> None:
    """Register every schedule; raises KeyError for one whose job is not declared."""
    for schedule in SCHEDULES:
        task = app.tasks[schedule.job]
        PURPOSES[schedule.job] = schedule.purpose
        app.periodic_registry.register_task(
            task=task, cron=schedule.cron, periodic_id="", configure_kwargs={}
        )
