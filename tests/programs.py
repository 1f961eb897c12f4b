"""Programs that use the API in tests: a client per role or scope, with a key of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from afterclose.businesses.actors import Actor, system
from afterclose.businesses.api_keys.actions import create_key
from afterclose.businesses.api_keys.scopes import SCOPES
from afterclose.businesses.models import Role
from afterclose.businesses.tenancy import business_context
from tests.cast import Cast

ROOT = "/api/v1"


@dataclass
class Program:
    """A client of the API; without a token it is anonymous."""

    token: str = ""

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request; `body` is sent as JSON, headers are given as If_Match="…"."""
        named = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        if self.token:
            named["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        named.setdefault("content_type", "application/json")
        data = json.dumps(body) if body is not None else ""
        client = Client(raise_request_exception=False)
        return client.generic(method, ROOT + path, data, **named)


def token_of(
    business_id: int,
    *,
    role: Role | str = Role.MANAGER,
    scopes: Sequence[str] | None = None,
    name: str = "Zapier",
    expires_at: datetime | None = None,
    actor: Actor | None = None,
) -> str:
    """A new key's token."""
    with business_context(business_id):
        _, token = create_key(
            actor=actor or system(business_id),
            at=timezone.now(),
            name=name,
            role=role,
            scopes=list(SCOPES) if scopes is None else scopes,
            expires_at=expires_at,
        )
    return token


@pytest.fixture
def program(cast: Cast) -> Callable[..., Program]:
    """A program with a key of Northwind's; see ``token_of`` for what it may be."""

    def made(business_id: int = 0, **wanted: Any) -> Program:
        return Program(token_of(business_id or cast.business.id, **wanted))

    return made
