"""Fixtures of the browser tests: the site on a port, a browser, people who are signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Page

from afterclose.businesses.actors import Actor
from tests.cast import Cast, assemble
from tests.e2e.browser import FLAGS, Browsing, chromium


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives a browser, and say why it does not run where there is none."""
    missing = pytest.mark.skip(reason="no Chromium on PATH")
    for item in items:
        if "tests/e2e/" in str(item.path):
            item.add_marker(pytest.mark.e2e)
            if chromium() is None:
                item.add_marker(missing)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's own Chromium, headless."""
    return {**browser_type_launch_args, "executable_path": chromium(), "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A laptop's screen; motion off, so that pictures and clicks do not wait for it."""
    return {
        **browser_context_args,
        "viewport": {"width": 1440, "height": 900},
        "reduced_motion": "reduce",
        "locale": "en-US",
        "timezone_id": "UTC",
    }


@pytest.fixture
def browsing(page: Page, live_server: Any, settings: Any) -> Iterator[Browsing]:
    """A visitor's browser; fails when the browser complains, of the security policy above all."""
    settings.ROOT_URLCONF = "tests.e2e.urls"
    page.set_default_timeout(15_000)
    visitor = Browsing(page, live_server.url)
    yield visitor
    assert not visitor.unexpected(), "\n".join(visitor.unexpected())


@pytest.fixture
def stage(transactional_db: None) -> Cast:
    """The cast, written for good, so that the server's threads see it too."""
    from django.db import transaction

    with transaction.atomic():
        return assemble()


@pytest.fixture
def enter(browsing: Browsing) -> Callable[[Actor], Browsing]:
    """Sign somebody in without the sign-in page."""

    def entered(actor: Actor) -> Browsing:
        client = Client()
        client.force_login(actor.person)
        name = django_settings.SESSION_COOKIE_NAME
        browsing.page.context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": browsing.base}]
        )
        return browsing

    return entered
