"""People's to-dos: what somebody has to do, for whom, until when (background work is a job).

Owns: Task, CalendarLink.
Reads: accounts and contacts (a task may be about one).
Announces: task.added, task.assigned, task.completed, task.reopened, task.deleted, tasks.overdue.

Apps above open and close tasks by a rule through ``triggers``; notifications follow from the
facts, by ``config/reactions.py``.
"""
