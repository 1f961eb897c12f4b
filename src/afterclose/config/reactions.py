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
    "import.finished": {
        "notify": "afterclose.notifications.reactions.tell_importer",
        "score": "afterclose.health.reactions.score_what_was_imported",
    },
    "mention.made": {"notify": "afterclose.notifications.reactions.tell_mentioned"},
}
