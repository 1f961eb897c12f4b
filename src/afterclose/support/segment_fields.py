"""What conditions of segments can ask about tickets."""

from __future__ import annotations

from afterclose.segments import fields, touched
from afterclose.segments.fields import ONLY, Derived, Field, Own, Relation, Type, fixed
from afterclose.support.models import Priority, Ticket

GROUP = "Tickets"


def _of_tickets(what: str, where: str, value: str = "{t}.value") -> Derived:
    return Derived(
        f"SELECT k.account_id AS subject_id, {what} AS value FROM support_ticket k"  # noqa: S608 - constants
        f" WHERE k.business_id = %(business)s AND k.account_id IS NOT NULL AND {where}"
        f" AND {ONLY.format('k.account_id')} GROUP BY k.account_id",
        value,
    )


_NONE_IS_ZERO = "COALESCE({t}.value, 0)"
_LAST_30_DAYS = "k.opened_at >= (%(today)s - 29)::timestamp AT TIME ZONE %(zone)s"


def register() -> None:
    """Called as the product starts."""
    fields.register(
        Field("open_tickets", "Open tickets", GROUP, Type.NUMBER,
              _of_tickets("count(*)", "k.solved_at IS NULL", _NONE_IS_ZERO)),
        Field("oldest_ticket", "Oldest open ticket", GROUP, Type.INSTANT,
              _of_tickets("min(k.opened_at)", "k.solved_at IS NULL")),
        Field("tickets_30_days", "Tickets in the last 30 days", GROUP, Type.NUMBER,
              _of_tickets("count(*)", _LAST_30_DAYS, _NONE_IS_ZERO)),
        Field("last_ticket", "Last ticket", GROUP, Type.INSTANT,
              _of_tickets("max(k.opened_at)", "TRUE")),
    )  # fmt: skip
    fields.register_relation(
        Relation("tickets", "Tickets", Ticket, _rows(), on="opened_at", on_is_instant=True)
    )
    touched.register(Ticket)


def _rows() -> list[Field]:
    def row(key: str, label: str, kind: Type, column: str = "") -> Field:
        return Field(key, label, "", kind, Own(column or key), subject="row")

    return [
        Field("priority", "Priority", "", Type.CHOICE, Own("priority"), subject="row",
              choices=fixed(Priority.choices)),
        row("open", "Open", Type.BOOLEAN, "({t}.solved_at IS NULL)"),
        row("subject", "Subject", Type.TEXT),
        row("opened_at", "Opened", Type.INSTANT),
        row("solved_at", "Solved", Type.INSTANT),
        row("response_minutes", "Minutes to the first answer", Type.NUMBER,
            "first_response_minutes"),
        row("reopened", "Times reopened", Type.NUMBER, "reopened_count"),
        row("escalated", "Escalated", Type.BOOLEAN, "was_escalated"),
    ]  # fmt: skip
