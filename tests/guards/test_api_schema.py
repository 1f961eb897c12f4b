"""schemathesis over the whole API, in this process, with a key of each role.

No server error, no undocumented status, every answer as its schema says, what the schema allows is
taken and what it forbids is refused, and nothing of another business in any answer. Longer, against
a running server: docs/api.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, assume, given, settings as hypothesis_settings
from schemathesis import GenerationMode
from schemathesis.config._checks import POSITIVE_DATA_ACCEPTANCE_EXPECTED_STATUSES
from schemathesis.core.failures import FailureGroup

from afterclose.businesses.models import Role
from afterclose.config.api import document
from tests.guards.world import World, world
from tests.programs import token_of

__all__ = ["world"]

# What Contoso has and no key of Northwind's may ever be told.
FOREIGN = ("Fir", "Foreign Fiona", "sam@contoso.example", "Sam Okafor")
EXAMPLES = {Role.MEMBER: 1, Role.MANAGER: 1, Role.ADMIN: 1, Role.SUPER_ADMIN: 2}


@pytest.fixture
def in_this_transaction() -> Iterator[None]:
    """Requests keep the connection that the test writes by, as with Django's own test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.usefixtures("in_this_transaction")
def test_the_api_keeps_what_its_document_promises(world: World, role: Role, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 10**9
    token = token_of(world.cast.business.id, role=role)
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler())
    # An ETag that was made up is well formed and fits nothing: that is what 412 is for.
    schema.config.checks.positive_data_acceptance.expected_statuses = [
        *POSITIVE_DATA_ACCEPTANCE_EXPECTED_STATUSES,
        "412",
    ]
    found: list[str] = []
    for each in schema.get_all_operations():
        operation = each.ok()
        for mode in GenerationMode:
            try:
                strategy = operation.as_strategy(generation_mode=mode)
                _try(strategy, world, headers, EXAMPLES[role], real=mode.is_positive)
            except (Exception, FailureGroup) as failure:
                found.append(f"{operation.label}: {_words(failure)}")
    assert found == []


def _try(strategy: Any, world: World, headers: dict[str, str], most: int, *, real: bool) -> None:
    ids = cycle((False, True))

    @given(case=strategy)
    @hypothesis_settings(
        max_examples=most,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def attempt(case: schemathesis.Case) -> None:
        # The generator takes an empty list under a name that nobody knows for wrong, but no address
        # can say it: what arrives is right, and is rightly taken.
        assume(real or all(_is_sent(value) for value in (case.query or {}).values()))
        if real and next(ids):
            for name in case.path_parameters or {}:
                if name in world.values:
                    case.path_parameters[name] = world.values[name]
        with transaction.atomic():
            response = case.call(headers=headers)
            transaction.set_rollback(True)
        sent = str(case.as_transport_kwargs())
        try:
            case.validate_response(response, headers=headers)
        except FailureGroup as failure:
            raise AssertionError(f"{sent[:400]}: {_words(failure)}") from None
        leaked = [name for name in FOREIGN if name in response.text and name not in sent]
        assert leaked == [], f"{leaked} in {response.text[:200]}"

    attempt()


def _is_sent(value: Any) -> bool:
    return any(each is not None for each in (value if isinstance(value, list) else [value]))


def _words(failure: BaseException) -> str:
    inner = getattr(failure, "exceptions", ()) or (failure,)
    return " | ".join(str(each) for each in inner)[:1500]


def test_each_operation_names_the_headers_that_it_heeds_and_what_they_cause() -> None:
    whole = document()
    wrong = []
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            refs = [each.get("$ref", "").rpartition("/")[2] for each in operation["parameters"]]
            names = {whole["components"]["parameters"][ref]["name"] for ref in refs if ref}
            answers = {code for code in ("304", "412") if code in operation["responses"]}
            is_cached = method == "get" and "304" in answers
            wanted: tuple[set[str], set[str]] = {
                "get": ({"If-None-Match"}, {"304"}) if is_cached else (set(), set()),
                "post": ({"Idempotency-Key"}, set()),
                "put": ({"If-Match", "If-None-Match"}, {"412"}),
                "patch": ({"If-Match"}, {"412"}),
            }.get(method, (set(), set()))
            if (names, answers) != wanted:
                wrong.append(f"{method} {path}: {names}, {answers}")
            view_etag = "ETag" in operation["responses"].get("200", {}).get("headers", {})
            if method == "get" and view_etag != is_cached:
                wrong.append(f"{method} {path}: an ETag without 304, or the other way")
    assert wrong == []


def test_no_object_takes_a_name_that_the_document_does_not_describe() -> None:
    """A generator takes "patternProperties" alone as "and any value under any other name"."""

    def open_ones(node: Any, place: str) -> Iterator[str]:
        if isinstance(node, dict):
            if "patternProperties" in node and node.get("additionalProperties") is not False:
                yield place
            for key, value in node.items():
                yield from open_ones(value, f"{place}/{key}")
        elif isinstance(node, list):
            for number, each in enumerate(node):
                yield from open_ones(each, f"{place}/{number}")

    assert list(open_ones(document(), "")) == []
