"""What follows from which fact: one table from a fact's name to the reactions that run for it.

A reaction is a function ``(event_id)`` that runs inside the business's context, in a
transaction together with the row that says it has run, so its effect in the database happens
exactly once; what must leave the database (a mail) it leaves to a queue of its own.
"""

from __future__ import annotations

from collections.abc import Callable

Reaction = Callable[[int], None]

# Fact name -> {reaction name: dotted path of the function}.
REACTIONS: dict[str, dict[str, str]] = {
    "export.finished": {"notify": "afterclose.notifications.reactions.tell_exporter"},
    "import.finished": {
        "notify": "afterclose.notifications.reactions.tell_importer",
        "score": "afterclose.health.reactions.score_what_was_imported",
        "segments": "afterclose.segments.reactions.refresh_after_import",
    },
    "account.merged": {"compute": "afterclose.accounts.merging.reactions.compute_anew"},
    "account.merge_undone": {"compute": "afterclose.accounts.merging.reactions.compute_anew"},
    "contact.merged": {"compute": "afterclose.accounts.merging.reactions.compute_anew"},
    "contact.merge_undone": {"compute": "afterclose.accounts.merging.reactions.compute_anew"},
    "task.assigned": {"notify": "afterclose.notifications.reactions.tell_assigned"},
    "tasks.assigned": {"notify": "afterclose.notifications.reactions.tell_assigned_many"},
    "tasks.overdue": {"notify": "afterclose.notifications.reactions.tell_overdue"},
    "mention.made": {"notify": "afterclose.notifications.reactions.tell_mentioned"},
    "webhook.disabled": {"notify": "afterclose.notifications.reactions.tell_of_disabled_webhook"},
}

SetReaction = Callable[[list[int]], None]

# What follows from facts of every kind, thousands at a time: reaction name -> dotted path of a
# function ``(event_ids)``. It may be called again with the same facts (a crash, the sweeper), so
# its effect has a unique key of its own. Who records facts asks ``timeline.wanted_by`` whether
# there is anything to do at all.
REACTIONS_TO_ALL: dict[str, str] = {
    "webhooks": "afterclose.webhooks.reactions.make_deliveries",
}
