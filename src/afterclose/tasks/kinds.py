"""The facts that tasks record, in words, for those who choose among facts (webhooks)."""

from __future__ import annotations

from afterclose.accounts import facts

_TASK = {
    "task": 31,
    "title": "Call about the renewal",
    "due_on": "2026-03-09",
    "priority": "high",
    "assignee": 3,
    "account": 12,
}
_TASKS = {"member": 3, "count": 2, "tasks": [_TASK]}


def declare() -> None:
    """Called as the product starts."""
    facts.declare(
        facts.Kind("task.added", "Task added", "Somebody or something added a task.", _TASK),
        facts.Kind("task.assigned", "Task assigned", "A task became a colleague's.", _TASK),
        facts.Kind("task.completed", "Task completed", "A task was done.", _TASK),
        facts.Kind("task.reopened", "Task reopened", "A task that was done is open again.", _TASK),
        facts.Kind("task.deleted", "Task deleted", "A task was deleted.", _TASK),
        facts.Kind(
            "tasks.assigned",
            "Tasks assigned",
            "Several tasks became a colleague's at once; the first of them are listed.",
            _TASKS,
        ),
        facts.Kind(
            "tasks.overdue",
            "Tasks overdue",
            "Tasks of a member are past their day; told once a day.",
            {**_TASKS, "on": "2026-03-10"},
        ),
    )
