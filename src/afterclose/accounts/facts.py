"""Every kind of fact that the timeline records, in words and with an example.

Apps declare theirs in ``ready()``; what people choose from (webhooks, workflows) and the
catalogue in docs/webhooks.md come from here. A guard finds kinds that nobody declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its name (``noun.verb``), a label, when it is recorded, and what its details
    (the event's payload) look like."""

    name: str
    label: str
    text: str
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def noun(self) -> str:
        """What it is about, for grouping."""
        return self.name.partition(".")[0].replace("_", " ").capitalize()


_kinds: dict[str, Kind] = {}


def declare(*kinds: Kind) -> None:
    """Add kinds; the same name again replaces the one before."""
    _kinds.update({kind.name: kind for kind in kinds})


def declared() -> list[Kind]:
    """Every kind, by name."""
    return [_kinds[name] for name in sorted(_kinds)]


def label(name: str) -> str:
    """What a kind is called; its own name where nobody declared it."""
    return _kinds[name].label if name in _kinds else name


declare(
    Kind("account.created", "Account created", "An account was added by a person or the API."),
    Kind(
        "account.merged",
        "Accounts merged",
        "Another account was merged into this one, which took over all of it.",
        {"accounts": [12], "from": 15},
    ),
    Kind(
        "account.merge_undone",
        "Merge undone",
        "Two accounts are apart again; told at each of them.",
        {"accounts": [15]},
    ),
    Kind(
        "contact.merged",
        "Contacts merged",
        "Another contact was merged into this one, which took over all of it; told at the account "
        "of each.",
        {"into": 88, "from": 97, "accounts": [12]},
    ),
    Kind(
        "contact.merge_undone",
        "Merge of contacts undone",
        "Two contacts are apart again; told at each of them.",
        {"contact": 97, "accounts": [15]},
    ),
    Kind("account.tagged", "Account tagged", "An account got tags.", {"tags": ["VIP"]}),
    Kind("account.untagged", "Tags removed", "An account lost tags.", {"tags": ["VIP"]}),
    Kind("contact.tagged", "Contact tagged", "A contact got tags.", {"tags": ["Speaker"]}),
    Kind(
        "contact.untagged", "Contact's tags removed", "A contact lost tags.", {"tags": ["Speaker"]}
    ),
    Kind(
        "stage.changed",
        "Stage changed",
        "An account moved to another stage of its life.",
        {"from": "onboarding", "to": "active"},
    ),
    Kind(
        "parent.changed",
        "Parent changed",
        "An account became part of another, or is no longer.",
        {"from": None, "to": 8},
    ),
    Kind(
        "at_risk.flagged",
        "Flagged at risk",
        "By a person, or by the health score when it falls to the threshold; then with the "
        "score before and after.",
        {"reasons": ["health_score"], "automatic": True, "before": 61.5, "after": 48.0,
         "on": "2026-03-02"},
    ),
    Kind(
        "at_risk.changed",
        "At-risk reasons changed",
        "A person changed why an account is at risk.",
        {"reasons": ["no_champion"], "automatic": False},
    ),
    Kind("at_risk.cleared", "No longer at risk", "A person took the flag away."),
    Kind("activity.call", "Call noted", "A person noted a call."),
    Kind("activity.email", "Email noted", "A person noted an email."),
    Kind("activity.meeting", "Meeting noted", "A person noted a meeting."),
    Kind("activity.note", "Note written", "A person wrote a note; the text is in body."),
    Kind(
        "mention.made",
        "Colleague mentioned",
        "A note names a colleague.",
        {"event": 4711, "account": 12},
    ),
    Kind("contact.added", "Contact added", "A person was added to an account's contacts."),
    Kind("contact.removed", "Contact removed", "A person was removed from the contacts."),
    Kind(
        "export.finished",
        "File written",
        "A long list that somebody asked for is there as a file, or could not be written.",
        {"export": 9, "member": 3},
    ),
    Kind(
        "import.finished",
        "Import finished",
        "A file was imported as far as it goes.",
        {"run": 7, "kind": "accounts", "file": "accounts.csv",
         "counts": {"created": 120, "updated": 4, "rejected": 1}, "member": 3},
    ),
)  # fmt: skip
