"""Every kind of fact that the code records is declared, and the document shows what is declared."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.dateparse import parse_datetime

from afterclose.accounts import facts
from afterclose.webhooks import catalogue

ROOT = Path(__file__).resolve().parents[2]
KIND = re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*")
RECORDING = {"record", "record_set"}


def recorded() -> Iterator[tuple[str, str]]:
    """(kind, file) of every call of the timeline whose kind can be read from the source."""
    for file in sorted(ROOT.glob("src/afterclose/**/*.py")):
        if "tests" in file.parts or "migrations" in file.parts:
            continue
        tree = ast.parse(file.read_text())
        names = constants(tree)
        for name, given in passed_on(tree):
            names.setdefault(name, set()).update(given)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                for kind in kinds_of(node, names):
                    yield kind, str(file.relative_to(ROOT))


def passed_on(tree: ast.Module) -> Iterator[tuple[str, set[str]]]:
    """Parameters of the module's functions, and the kinds that its own calls give for them."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for function in functions:
        for place, parameter in enumerate(function.args.args):
            given = {
                argument.value
                for call in calls
                if isinstance(call.func, ast.Name) and call.func.id == function.name
                for argument in call.args[place : place + 1]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            }
            yield parameter.arg, set(filter(KIND.fullmatch, given))


def kinds_of(call: ast.Call, names: dict[str, set[str]]) -> set[str]:
    function = call.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        is_timeline = function.value.id == "timeline" and function.attr in RECORDING
        given = call.args[0] if is_timeline and call.args else None
    elif isinstance(function, ast.Name) and function.id == "Event":
        given = next((each.value for each in call.keywords if each.arg == "kind"), None)
    else:
        given = None
    if isinstance(given, ast.Constant):
        return {str(given.value)}
    if isinstance(given, ast.IfExp):
        return {node.value for node in ast.walk(given)
                if isinstance(node, ast.Constant) and isinstance(node.value, str)}  # fmt: skip
    if isinstance(given, ast.Name):
        return names.get(given.id, set())
    return set()


def constants(tree: ast.Module) -> dict[str, set[str]]:
    """What names of a module are set to, as far as it looks like a kind."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            pairs = (
                zip(target.elts, node.value.elts, strict=False)
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                else [(target, node.value)]
            )
            for name, value in pairs:
                texts = {
                    each.value
                    for each in ast.walk(value)
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
                if isinstance(name, ast.Name):
                    found.setdefault(name.id, set()).update(filter(KIND.fullmatch, texts))
    return found


def test_the_source_is_read_right() -> None:
    found = {kind for kind, _ in recorded()}
    assert {"account.created", "at_risk.flagged", "at_risk.changed", "renewal.reminded"} <= found
    assert {"task.added", "tasks.overdue"} <= found


def test_every_kind_that_is_recorded_is_declared_and_has_an_example() -> None:
    declared = {kind.name for kind in facts.declared()}
    missing = sorted({(kind, file) for kind, file in recorded() if kind not in declared})
    assert missing == [], "declare them with accounts.facts.declare in the app's ready()"


@pytest.mark.parametrize("kind", facts.declared(), ids=lambda kind: kind.name)
def test_a_kind_says_what_it_is_in_words(kind: facts.Kind) -> None:
    assert KIND.fullmatch(kind.name)
    assert kind.label
    assert kind.text.endswith(".")


@pytest.mark.parametrize("entry", catalogue.entries(), ids=lambda entry: entry.kind.name)
def test_every_example_has_the_shape_of_a_standard_webhook(entry: catalogue.Entry) -> None:
    assert list(entry.body) == ["type", "timestamp", "data"]
    assert entry.body["type"] == entry.kind.name
    assert parse_datetime(entry.body["timestamp"]) is not None
    assert entry.body["data"]["details"] == dict(entry.kind.details), "nothing looks like a secret"


def test_the_document_shows_every_kind() -> None:
    text = (ROOT / "docs" / "webhooks.md").read_text()
    begin, end = "<!-- facts: written by `afterclose webhook_facts` -->\n", "\n<!-- end -->"
    shown = text.partition(begin)[2].partition(end)[0]
    assert shown == catalogue.table(), "run: afterclose webhook_facts"
