import pytest
from django.contrib.staticfiles import finders

from afterclose.ui.finders import FILES, NodeModulesFinder


@pytest.mark.parametrize("path", FILES)
def test_every_listed_part_is_installed_and_found(path):
    assert finders.find(f"npm/{path}")


@pytest.mark.parametrize(
    "path", ["npm/../package.json", "npm/htmx.org/package.json", "htmx.org/dist/htmx.min.js"]
)
def test_nothing_else_of_node_modules_is_served(path):
    assert NodeModulesFinder().find(path) == []


def test_collecting_takes_the_list_only():
    assert [path for path, _ in NodeModulesFinder().list([])] == list(FILES)
