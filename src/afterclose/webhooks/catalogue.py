"""What a receiver gets for each kind of fact: an example, from the code that makes the real one.

The page of facts and docs/webhooks.md show these; a guard compares the document.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from afterclose.accounts import facts
from afterclose.accounts.models import Account, Event
from afterclose.webhooks import payload

_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
# Kinds that are about the business as a whole.
_WITHOUT_ACCOUNT = ("export", "import", "mention", "webhook")


@dataclass(frozen=True, slots=True)
class Entry:
    """A kind and the body that is sent for it."""

    kind: facts.Kind
    body: dict[str, Any]

    @property
    def text(self) -> str:
        """The body as a person reads it."""
        return json.dumps(self.body, indent=2, ensure_ascii=False)


def entries() -> list[Entry]:
    """Every declared kind with an example."""
    return [Entry(kind, _example(kind)) for kind in facts.declared()]


def table() -> str:
    """The kinds as a Markdown table, for docs/webhooks.md."""
    rows = [
        f"| `{kind.name}` | {kind.text} | `{json.dumps(dict(kind.details))}` |"
        for kind in facts.declared()
    ]
    return "\n".join(["| type | when | data.details |", "|---|---|---|", *rows])


def _example(kind: facts.Kind) -> dict[str, Any]:
    account = None
    if kind.name.partition(".")[0] not in _WITHOUT_ACCOUNT:
        account = Account(business_id=1, id=12, external_id="crm-0012", name="Northwind Traders")
    event = Event(
        id=4711,
        kind=kind.name,
        title=kind.label,
        account=account,
        actor_name="Dana Reyes",
        by_id=3,
        occurred_at=_AT,
        recorded_at=_AT,
        payload=dict(kind.details),
        business_id=1,
    )
    return payload.of_event(event)
