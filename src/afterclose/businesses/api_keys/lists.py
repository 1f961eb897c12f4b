"""The list of API keys."""

from __future__ import annotations

from typing import Any, override

from django.db.models import Case, CharField, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from afterclose.businesses.actors import Actor
from afterclose.businesses.api_keys import queries, scopes
from afterclose.businesses.api_keys.models import ApiKey
from afterclose.businesses.models import Role
from afterclose.ui.lists import (
    ChoiceColumn,
    ChoiceFilter,
    Column,
    Empty,
    InstantColumn,
    List,
    PersonColumn,
    Row,
    View,
)

STATUSES = (("active", "Active"), ("expired", "Expired"), ("revoked", "Revoked"))


def _start(_row: Row, value: Any) -> SafeString:
    return format_html("<code>{}…</code>", value)


def _areas(row: Row) -> str:
    return ", ".join(scopes.label(scope) for scope in row["scopes"])


def _creator(row: Row) -> str:
    return row["created_by__person__name"] or row["created_by__person__email"] or "Afterclose"


class ApiKeyList(List):
    """The programs that may use the API."""

    name = "api-keys"
    title = "API keys"
    lead = "Programs that use Afterclose through its API, and what each of them may do."
    noun = ("key", "keys")
    columns = [
        Column("name", "Name", link=True),
        Column("start", "Begins with", render=_start),
        ChoiceColumn("role", "Role", choices=Role),
        Column("scopes", "Areas", needs=("scopes",), value=_areas),
        ChoiceColumn(
            "status",
            "Status",
            choices=STATUSES,
            tones={"active": "good", "expired": "warn"},
        ),
        InstantColumn("last_used_at", "Last used"),
        InstantColumn("expires_at", "Expires"),
        PersonColumn(
            "created_by",
            "Made by",
            needs=("created_by__person__name", "created_by__person__email"),
            value=_creator,
            optional=True,
        ),
        InstantColumn("created_at", "Made", sort=True),
    ]
    filters = [
        ChoiceFilter("status", "Status", choices=STATUSES),
        ChoiceFilter("role", "Role", choices=Role),
    ]
    default_sort = "-created_at"
    views = [View("active", "Active", "status=active")]
    empty = Empty(
        "No API keys yet",
        "A key lets a program read and write here without a person signing in.",
        actions=[("Create key", "businesses:api_key_add")],
        icon="key",
    )

    @override
    def queryset(self, viewer: Actor) -> QuerySet[ApiKey]:
        status = Case(
            When(revoked_at__isnull=False, then=Value("revoked")),
            When(Q(expires_at__lte=timezone.now()), then=Value("expired")),
            default=Value("active"),
            output_field=CharField(),
        )
        return queries.api_keys(viewer).annotate(status=status)

    @override
    def row_url(self, row: Row, /) -> str:
        return reverse("businesses:api_key", args=[row["id"]])
