"""Foreign keys point down the declared order of the apps, also those that are only a string.

The order is read from import-linter's contract in pyproject.toml, which checks the imports.
"""

import re
import tomllib
from pathlib import Path

from django.apps import apps
from django.db import models

ROOT = Path(__file__).resolve().parents[2]
# Django's and the libraries' models are below everything of ours.
OURS = "afterclose."


def order() -> dict[str, int]:
    """App to its height; strangers on one line have the same."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    [layers] = [each for each in contracts["contracts"] if each["id"] == "layers"]
    height = {}
    for line, layer in enumerate(reversed(layers["layers"])):
        for app in re.findall(r"\w+", layer):
            height[app] = line
    return height


def app_of(model: type[models.Model]) -> str:
    name = model._meta.app_config.name
    return name.removeprefix(OURS).split(".")[0] if name.startswith(OURS) else ""


def test_every_app_has_its_place_in_the_order() -> None:
    installed = {
        config.name.removeprefix(OURS).split(".")[0]
        for config in apps.get_app_configs()
        if config.name.startswith(OURS)
    }
    assert installed - set(order()) == set()


def test_no_foreign_key_points_up_or_to_a_stranger() -> None:
    height, wrong = order(), []
    for model in apps.get_models(include_auto_created=True):
        here = app_of(model)
        for field in model._meta.get_fields():
            if not here or not field.is_relation or field.auto_created:
                continue
            target = field.related_model
            if target is None or isinstance(target, str):
                continue
            there = app_of(target)
            if there and there != here and height[there] >= height[here]:
                wrong.append(f"{model._meta.label}.{field.name} -> {target._meta.label}")
    assert wrong == []


def test_migrations_depend_downwards_too() -> None:
    height, wrong = order(), []
    for file in (ROOT / "src/afterclose").glob("*/migrations/0*.py"):
        here = file.parts[-3]
        for there in re.findall(r"^\s*\(['\"](\w+)['\"], ['\"]\d{4}_", file.read_text(), re.M):
            if there in height and there != here and height[there] >= height[here]:
                wrong.append(f"{file.relative_to(ROOT)} depends on {there}")
    assert wrong == []
