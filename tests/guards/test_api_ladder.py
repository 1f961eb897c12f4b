"""Every operation of the API on every rung, from the OpenAPI document: a new one is covered by
itself. Anonymous 401; a key without the right 403; another business's key 404; who may gets in."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from afterclose.businesses.api_keys.scopes import SCOPES
from afterclose.businesses.models import Role
from afterclose.config.api import api, document
from tests.guards.test_access_ladder import NORTHWIND
from tests.guards.world import World, world
from tests.programs import Program, token_of

__all__ = ["world"]


class Operation(NamedTuple):
    """One operation of the document."""

    method: str
    path: str
    parameters: tuple[str, ...]
    body: Any
    media: str
    described: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def names_a_row(self) -> bool:
        return any(name.endswith("_id") for name in self.parameters)


def operations() -> list[Operation]:
    found = []
    for path, methods in document()["paths"].items():
        for method, described in methods.items():
            content = described.get("requestBody", {}).get("content", {})
            media, body = next(iter(content.items()), ("application/json", {}))
            parameters = tuple(re.findall(r"{(\w+)}", path))
            found.append(
                Operation(method.upper(), path, parameters, body.get("example"), media, described)
            )
    return found


def rights() -> dict[str, Any]:
    """Operation id to its right, from the views."""
    return {
        operation.view_func.__name__: operation.view_func.right  # type: ignore[attr-defined]
        for bound in api._get_bound_routers()
        for view in bound.path_operations.values()
        for operation in view.operations
    }


def fitted(example: Any, world: World) -> Any:
    """The document's own example, with ids of rows that are there."""
    if not isinstance(example, dict):
        return example
    known = {key: world.values[key] for key in example if key in world.values}
    people = {key: world.values["membership_id"] for key in ("csm_id", "ae_id") if key in example}
    fresh = {key: f"new-{example[key]}" for key in ("external_id",) if key in example}
    return example | known | people | fresh


def ask(program: Program, operation: Operation, world: World) -> Any:
    """The answer; nothing of it stays."""
    values = world.values | {"external_id": world.cast.acme.external_id}
    path = operation.path.removeprefix("/api/v1").format(**values)
    with transaction.atomic():
        if operation.media == "multipart/form-data":
            headers = {"HTTP_AUTHORIZATION": f"Bearer {program.token}"} if program.token else {}
            client = Client(raise_request_exception=False)
            file = SimpleUploadedFile("customers.csv", b"name,domain\nGale,gale.example\n")
            answer = client.post(f"/api/v1{path}", {"file": file}, **headers)
        else:
            answer = program(operation.method, path, fitted(operation.body, world))
        transaction.set_rollback(True)
    return answer


def statuses(program: Program, world: World) -> dict[str, int]:
    return {each.name: ask(program, each, world).status_code for each in operations()}


def test_nobody_gets_in_without_a_key(world: World) -> None:
    assert {name for name, status in statuses(Program(), world).items() if status != 401} == set()


def test_a_key_whose_role_has_no_right_is_refused(world: World) -> None:
    program = Program(token_of(world.cast.business.id, role=Role.MEMBER))
    assert {n: status for n, status in statuses(program, world).items() if status != 403} == {}


@pytest.mark.parametrize("scope", list(SCOPES))
def test_a_key_gets_no_further_than_its_scope(world: World, scope: str) -> None:
    program = Program(token_of(world.cast.business.id, role=Role.SUPER_ADMIN, scopes=[scope]))
    right = rights()
    wrong = {}
    for operation in operations():
        may = right[operation.described["operationId"]] in SCOPES[scope]
        status = ask(program, operation, world).status_code
        if (status == 403) is may:
            wrong[operation.name] = status
    assert wrong == {}


def test_another_business_finds_no_rows_and_learns_no_names(world: World) -> None:
    program = Program(token_of(world.cast.stranger.business_id, role=Role.SUPER_ADMIN))
    wrong, leaks = {}, []
    for operation in operations():
        answer = ask(program, operation, world)
        body = answer.content.decode()
        leaks += [(operation.name, name) for name in NORTHWIND if f'"{name}' in body]
        if operation.names_a_row and operation.method != "PUT" and answer.status_code != 404:
            wrong[operation.name] = answer.status_code
    assert wrong == {}
    # What a program sends itself comes back to it.
    assert {each for each in leaks if not each[0].startswith(("PUT", "POST"))} == set()


def test_who_may_gets_what_the_document_promises(world: World) -> None:
    program = Program(token_of(world.cast.business.id, role=Role.SUPER_ADMIN))
    wrong = {}
    for operation in operations():
        answer = ask(program, operation, world)
        good = answer.status_code in (200, 201, 202, 204)
        if not good and (operation.method == "GET" or answer.status_code != 409):
            wrong[operation.name] = (answer.status_code, answer.content[:300])
        assert str(answer.status_code) in operation.described["responses"], operation.name
    assert wrong == {}


def test_every_operation_says_what_it_takes_and_answers() -> None:
    for operation in operations():
        described = operation.described
        assert described["summary"], operation.name
        for status, answer in described["responses"].items():
            content = answer.get("content", {}).get("application/json", {})
            assert status[0] != "2" or "schema" not in content or "example" in content, (
                f"{operation.name} has no example of what it answers"
            )
        if operation.media == "application/json" and "requestBody" in described:
            assert operation.body is not None, f"{operation.name} has no example of a body"
