"""Importer of support tickets (CS-7, CS-72): by account id, else by the requester's domain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from afterclose.accounts.importing import ACCOUNT_ID
from afterclose.accounts.imports import bulk, registry
from afterclose.accounts.imports.fields import Field, FieldType, Record
from afterclose.accounts.imports.importers import Context, Importer, resolve_accounts
from afterclose.accounts.models import Account
from afterclose.support.models import Priority, Ticket

_PRIORITIES = {
    **{priority.value: priority.value for priority in Priority},
    "medium": Priority.NORMAL,
    "standard": Priority.NORMAL,
    "p1": Priority.URGENT,
    "p2": Priority.HIGH,
    "p3": Priority.NORMAL,
    "p4": Priority.LOW,
    "critical": Priority.URGENT,
    "blocker": Priority.URGENT,
    "minor": Priority.LOW,
    "major": Priority.HIGH,
}


class TicketImporter(Importer):
    """Tickets; open until they have a day on which they were solved."""

    kind = "tickets"
    noun = ("ticket", "tickets")
    order = 50
    help = "One row per support ticket."
    model = Ticket
    fields = (
        Field(
            "external_id",
            "Id",
            required=True,
            aliases=("ticket_id", "ticket_number", "case_id", "case_number", "issue_id", "id"),
        ),
        replace(
            ACCOUNT_ID,
            required=False,
            help="Without it the account is found by the requester's e-mail domain.",
        ),
        Field(
            "requester_email",
            "Requester's e-mail",
            FieldType.EMAIL,
            aliases=("requester", "reporter_email", "reporter", "contact_email", "email"),
            max_length=254,
        ),
        Field("subject", "Subject", aliases=("title", "summary", "ticket_subject"), max_length=300),
        Field(
            "priority",
            "Priority",
            FieldType.CHOICE,
            aliases=("ticket_priority", "severity", "urgency"),
            choices=_PRIORITIES,
        ),
        Field(
            "opened_at",
            "Opened",
            FieldType.INSTANT,
            required=True,
            aliases=("submitted_at", "created_at", "created", "opened", "opened_on", "open_date"),
            tells_newest=True,
        ),
        Field(
            "solved_at",
            "Solved",
            FieldType.INSTANT,
            aliases=("closed_at", "resolved_at", "solved", "closed", "closed_on", "close_date"),
            blank_clears=True,
            tells_newest=True,
            help="Empty while the ticket is open.",
        ),
        Field(
            "first_response_minutes",
            "Minutes to first response",
            FieldType.INTEGER,
            aliases=("first_response_time_minutes", "first_reply_time_minutes", "frt_minutes"),
            minimum=0,
        ),
        Field(
            "reopened_count",
            "Times reopened",
            FieldType.INTEGER,
            aliases=("reopens", "reopen_count", "reopened"),
            minimum=0,
        ),
        Field(
            "satisfaction",
            "Satisfaction",
            FieldType.NUMBER,
            aliases=("satisfaction_score", "csat", "csat_score", "rating"),
            minimum=0,
        ),
        Field(
            "was_escalated",
            "Escalated",
            FieldType.FLAG,
            aliases=("escalation_flag", "escalated", "is_escalated"),
        ),
    )

    def prepare(self, records: Sequence[Record], context: Context) -> None:
        """Account by id, else by e-mail domain; a ticket without either waits unmatched."""
        accounts = resolve_accounts(records)
        domains = _accounts_by_domain(
            {
                record.get("requester_email").rpartition("@")[2]
                for record in records
                if record.get("requester_email")
            }
        )
        plain = (
            "subject",
            "priority",
            "opened_at",
            "solved_at",
            "first_response_minutes",
            "reopened_count",
            "was_escalated",
            "requester_email",
        )
        for record in records:
            if not record.is_good:
                continue
            record.data = {name: record.values[name] for name in plain if record.says(name)}
            record.data["external_id"] = record.get("external_id")
            address = record.get("requester_email") or ""
            if address:
                record.data["requester_domain"] = address.rpartition("@")[2]
            account_id = accounts.get(record.line) or domains.get(address.rpartition("@")[2])
            if account_id is not None:
                record.data["account_id"] = account_id
            solved_at = record.get("solved_at")
            if solved_at is not None and solved_at < record.get("opened_at"):
                record.reject("Solved: it lies before the ticket was opened.", "solved_at")
            self._rate(record)

    @staticmethod
    def _rate(record: Record) -> None:
        score: Decimal | None = record.get("satisfaction")
        if score is None:
            return
        if score >= 100:
            record.reject(f"Satisfaction: {score} is above 99.", "satisfaction")
        else:
            record.data["satisfaction"] = score.quantize(Decimal("0.1"), ROUND_HALF_UP)


def _accounts_by_domain(domains: set[str]) -> dict[str, int]:
    """Domain to account, where just one account has it."""
    found: dict[str, list[int]] = {}
    if domains:
        rows = Account.objects.filter(domain__in=bulk.among(domains)).values_list("domain", "id")
        for domain, account_id in rows:
            found.setdefault(domain, []).append(account_id)
    return {domain: ids[0] for domain, ids in found.items() if len(ids) == 1}


def register() -> None:
    """Offer the importer."""
    registry.register(TicketImporter())
