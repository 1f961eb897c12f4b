"""Every address of the product, from the URL resolver, with sample values for its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from allauth.usersessions.models import UserSession
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from afterclose.businesses.models import SignInProvider
from tests.cast import Cast
from tests.guards.rows import Model


@dataclass(frozen=True)
class Address:
    """One URL pattern: its full name, its parameters, its view."""

    name: str
    route: str
    parameters: tuple[str, ...]
    view: Any

    @property
    def right(self) -> Any:
        """The right that ``@page`` was given; raises AttributeError where there is none."""
        return self.view.right

    @property
    def is_page(self) -> bool:
        """Whether the view wears ``@page``."""
        return hasattr(self.view, "right")

    def url(self, values: dict[str, Any]) -> str:
        """Its path for these parameters."""
        return reverse(self.name, kwargs={key: values[key] for key in self.parameters})


def addresses() -> list[Address]:
    """Every named address."""
    return sorted(_walk(get_resolver().url_patterns, "", "", ()), key=lambda each: each.name)


def _walk(
    patterns: list[Any], namespace: str, route: str, parameters: tuple[str, ...]
) -> Iterator[Address]:
    for pattern in patterns:
        here = (*parameters, *pattern.pattern.converters)
        if not here and getattr(pattern.pattern, "regex", None) is not None:
            here = tuple(pattern.pattern.regex.groupindex)
        path = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern.url_patterns, inner, path, here)
        elif isinstance(pattern, URLPattern):
            if not pattern.name and path.startswith("sign-in/social/"):
                continue  # old addresses of allauth, closed by single_sign_on/urls.py
            assert pattern.name, f"{path} has no name"
            yield Address(f"{namespace}{pattern.name}", path, here, pattern.callback)


# What stands for a parameter: the row of Northwind's that the guard's rows or cast have.
Sample = Callable[[Cast, dict[Model, Any]], Any]


def _row(label: str) -> Sample:
    def find(_cast: Cast, rows: dict[Model, Any]) -> Any:
        return next(row.pk for model, row in rows.items() if model._meta.label == label)

    return find


def _provider(_cast: Cast, _rows: dict[Model, Any]) -> Any:
    values = {"name": "Okta", "issuer": "https://login.example.com", "client_id": "x"}
    return SignInProvider.objects.get_or_create(slug="okta", defaults=values)[0].pk


def _session(cast: Cast, _rows: dict[Model, Any]) -> Any:
    values = {"user": cast.owner.person, "ip": "192.0.2.1", "user_agent": "Firefox/9 Linux"}
    return UserSession.objects.get_or_create(session_key="x" * 32, defaults=values)[0].pk


# Parameters that name a row: whoever is of another business gets 404.
OBJECTS: dict[str, Sample] = {
    "account_id": _row("accounts.Account"),
    "business_id": lambda cast, _: cast.business.id,
    "choice_id": _row("accounts.CustomChoice"),
    "contact_id": _row("accounts.Contact"),
    "delivery_id": _row("webhooks.Delivery"),
    "endpoint_id": _row("webhooks.Endpoint"),
    "export_id": _row("accounts.Export"),
    "event_id": _row("accounts.Event"),
    "import_id": _row("accounts.ImportRun"),
    "key_id": _row("businesses.ApiKey"),
    "field_id": _row("accounts.CustomField"),
    "loser_id": _row("accounts.Account"),
    "other_contact_id": _row("accounts.Contact"),
    "mail_id": _row("notifications.OutgoingMail"),
    "membership_id": _row("businesses.Membership"),
    "merge_id": _row("accounts.Merge"),
    "notification_id": _row("notifications.Notification"),
    "part_id": _row("health.RunPart"),
    "profile_id": _row("accounts.ImportProfile"),
    "provider_id": _provider,
    "reason_id": _row("accounts.RiskReason"),
    "removal_id": _row("accounts.TagRemoval"),
    "run_id": _row("accounts.ImportRun"),
    "segment_id": _row("segments.Segment"),
    "session_id": _session,
    "set_id": _row("accounts.ImportSet"),
    "tag_id": _row("accounts.Tag"),
    "task_id": _row("tasks.Task"),
}
# Parameters that are plain values: the page is there for everybody with the right.
VALUES: dict[str, Any] = {"window_days": 90, "job_id": 1, "token": "of-a-mail"}


def samples(cast: Cast, rows: dict[Model, Any]) -> dict[str, Any]:
    """A value for every known parameter, of Northwind's rows."""
    return VALUES | {key: find(cast, rows) for key, find in OBJECTS.items()}
