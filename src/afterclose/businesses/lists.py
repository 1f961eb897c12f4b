"""The lists of people and of the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, override

from django.apps import apps
from django.db.models import Case, CharField, QuerySet, Value, When
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from afterclose.businesses import queries
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import AuditEntry, Membership, Role
from afterclose.ui.lists import (
    ChoiceColumn,
    ChoiceFilter,
    Column,
    Empty,
    InstantColumn,
    InstantRangeFilter,
    List,
    NumberColumn,
    NumberRangeFilter,
    Option,
    PersonColumn,
    RelationFilter,
    Row,
    TextSearch,
    View,
)
from afterclose.ui.tags.numbers import when

STATUSES = (("active", "Active"), ("invited", "Invited"), ("deactivated", "Deactivated"))
ROLE_TONES = {"super_admin": "accent", "admin": "info"}


class MemberList(List):
    """Everybody who is or was a member."""

    name = "people"
    title = "People"
    lead = "Who works here, and what they may do."
    noun = ("person", "people")
    columns = [
        PersonColumn(
            "name",
            "Name",
            needs=("person__name", "person__email"),
            value=lambda row: row["person__name"] or row["person__email"],
            sort="person__name_key",
            link=True,
        ),
        Column("email", "E-mail", path="person__email", sort=True),
        Column("title", "Job title", optional=True),
        ChoiceColumn("role", "Role", choices=Role, tones=ROLE_TONES, sort=True),
        ChoiceColumn(
            "status",
            "Status",
            choices=STATUSES,
            tones={"active": "good", "invited": "warn"},
        ),
        InstantColumn("last_login", "Last sign-in", path="person__last_login"),
        InstantColumn("joined_at", "Added", sort=True, optional=True),
    ]
    filters = [
        ChoiceFilter("role", "Role", choices=Role),
        ChoiceFilter("status", "Status", choices=STATUSES),
    ]
    search = TextSearch(
        prefix=["person__email"],
        contains=["person__name_key"],
        label="Search by name or e-mail",
    )
    default_sort = "name"
    views = [View("active", "Active", "status=active&status=invited")]
    empty = Empty("Nobody here yet", "Add the first person by e-mail.", icon="users")

    @override
    def queryset(self, viewer: Actor) -> QuerySet[Membership]:
        status = Case(
            When(deactivated_at__isnull=False, then=Value("deactivated")),
            When(person__last_login__isnull=True, then=Value("invited")),
            default=Value("active"),
            output_field=CharField(),
        )
        return queries.members(viewer).annotate(status=status)

    @override
    def row_url(self, row: Row, /) -> str:
        return reverse("businesses:person", args=[row["id"]])


def _changes(_row: Row, value: Any) -> SafeString:
    return format_html_join(
        "",
        "<div><strong>{}</strong> {}</div>",
        ((key.replace("_", " ").capitalize(), _from_to(each)) for key, each in value.items()),
    )


def _from_to(value: Any) -> SafeString | str:
    if isinstance(value, list) and len(value) == 2:
        before, after = (_words(each) for each in value)
        return format_html("{} → {}", before, after)
    return _words(value)


def _words(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_words(each)}" for key, each in value.items())
    return str(value)


def verb_label(verb: str) -> str:
    """``member.role_changed`` as “Member: role changed”."""
    noun, _, act = verb.partition(".")
    return f"{noun.replace('_', ' ').capitalize()}: {act.replace('_', ' ')}"


def _people(viewer: Actor, text: str, limit: int) -> list[Option]:
    found = queries.audited_people(viewer, text=text)[:limit]
    return [Option(str(each.person_id), str(each.person)) for each in found]


def _people_by_id(viewer: Actor, ids: Sequence[str]) -> Mapping[str, str]:
    found = queries.audited_people(viewer, ids=ids)
    return {str(each.person_id): str(each.person) for each in found}


@dataclass(frozen=True)
class VerbFilter(ChoiceFilter):
    """What was done: the verbs that the log has, in words."""

    @override
    def options(self) -> list[Option]:
        return [Option(verb, verb_label(verb)) for verb in queries.audited_verbs()]

    @override
    def _values(self) -> dict[str, Any]:
        return {verb: verb for verb in queries.audited_verbs()}


@dataclass(frozen=True)
class KindFilter(ChoiceFilter):
    """What it was done to: every kind of record of ours."""

    @override
    def options(self) -> list[Option]:
        return [
            Option(model._meta.label_lower, str(model._meta.verbose_name).capitalize())
            for model in sorted(apps.get_models(), key=lambda each: str(each._meta.verbose_name))
            if model._meta.app_config.name.startswith("afterclose.") and model._meta.managed
        ]

    @override
    def _values(self) -> dict[str, Any]:
        return {option.value: option.value for option in self.options()}


class AuditList(List):
    """Who changed what, when, from what to what (OP-7)."""

    name = "audit"
    title = "Audit log"
    lead = "Who changed what, when, and from what to what. Nobody can change or remove an entry."
    noun = ("entry", "entries")
    columns = [
        InstantColumn(
            "at", "When", sort=True, render=lambda _, at: SafeString(when(at, format="long"))
        ),
        Column("actor_name", "Who"),
        Column("verb", "What", needs=("verb",), value=lambda row: verb_label(row["verb"])),
        Column("subject_label", "On"),
        Column(
            "changes",
            "Change",
            needs=("changes",),
            value=lambda row: row["changes"],
            render=_changes,
        ),
        Column("subject_type", "Kind of record", optional=True),
        Column("subject_id", "Record id", optional=True),
        NumberColumn("seal", "Seal", path="seal__number", optional=True),
        Column("fingerprint", "Fingerprint", path="seal__fingerprint", optional=True),
    ]
    filters = [
        InstantRangeFilter("at", "When"),
        RelationFilter(
            "person",
            "Who",
            path="person_id",
            options=_people,
            labels=_people_by_id,
            empty="The system",
        ),
        VerbFilter("verb", "What"),
        KindFilter("subject_type", "Kind of record"),
        NumberRangeFilter("subject_id", "Record id"),
    ]
    search = TextSearch(
        contains=["search_key"],
        label="Search by person, act, record or change",
    )
    default_sort = "-at"
    views = [
        View("people", "People", "q=member."),
        View("settings", "Settings", "q=settings."),
        View("accounts", "Accounts", "q=account."),
    ]
    empty = Empty("No changes yet", "Every change of settings, people and accounts is noted here.")

    @override
    def queryset(self, viewer: Actor) -> QuerySet[AuditEntry]:
        return queries.audit_entries(viewer)
