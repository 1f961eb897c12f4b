"""The tutorial of docs/lists.md, done: a list over a model that is new, in under 30 lines."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, models
from django.db.models.functions import Lower
from django.test import RequestFactory

from afterclose.businesses.tenancy import TenantModel
from afterclose.ui.lists.testing import assert_list_works

from .conftest import TODAY

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "lists.md"


def listing() -> str:
    """The code block of the tutorial that declares list and view."""
    text = DOCUMENT.read_text()
    return re.search(r"```python\n# boats/lists.py\n(.*?)```", text, re.S)[1]


@pytest.fixture
def boats(owner) -> Iterator[type[models.Model]]:
    """A table that no app of ours has, row-level security and all; gone after the test."""

    class Boat(TenantModel):
        KINDS = (("sail", "Sailing boat"), ("motor", "Motor boat"))

        name = models.CharField(max_length=100)
        name_key = models.GeneratedField(
            expression=Lower("name"),
            output_field=models.CharField(max_length=100, db_collation="C"),
            db_persist=True,
        )
        kind = models.CharField(max_length=5, choices=KINDS)
        berths = models.PositiveIntegerField(default=0)
        price = models.BigIntegerField(default=0)
        bought_on = models.DateField(null=True)

        class Meta:
            app_label = "boats"
            indexes = [models.Index("business", "name_key", "id", name="boat_name")]

    with connection.schema_editor(atomic=False) as editor:
        editor.create_model(Boat)
    yield Boat
    # No app of that name is installed, so guards that walk over all models never met it.
    del apps.all_models["boats"]


def test_the_tutorial_is_under_thirty_lines_and_works(boats, owner):
    code = [line for line in listing().splitlines() if line.strip()]
    assert len(code) < 30
    names = {"Boat": boats, "__name__": "boats.lists"}
    source = re.sub(r"^from afterclose.boats.*\n", "", listing(), flags=re.M)
    exec(compile(source, "docs/lists.md", "exec"), names)  # our own document
    boats.objects.create(name="Ada", kind="sail", berths=4, price=120_000)
    boats.objects.create(name="Bea", kind="motor", berths=2, price=50_000, bought_on=TODAY)
    assert_list_works(names["BoatList"], owner, today=TODAY)

    request = RequestFactory().get("/boats/", {"kind": "sail"})
    request.user, request.viewer, request.session = owner.person, owner, {}
    html = names["boats"](request).content.decode()
    assert "1 boat" in html
    assert "Sailing boat" in html
    assert "Bea" not in html
