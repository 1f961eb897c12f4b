"""Fixtures of the browser tests: the site on a port, a browser, people who are signed in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.signals import request_finished, request_started
from django.db import transaction
from django.test import Client, override_settings
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from afterclose.businesses.actors import Actor
from tests.cast import Cast, assemble
from tests.e2e.browser import FLAGS, Browsing, chromium
from tests.guards.databases import empty, make_sure_of_database

URLS = "tests.e2e.urls"
# Milliseconds; a slow machine that does three things at once may take a few seconds for a page.
PATIENCE = 15_000
expect.set_options(timeout=PATIENCE)


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


A_MOMENT = 0.2


class Traffic:
    """Counts the requests that the server's threads are still answering."""

    def __init__(self) -> None:
        self._under_way = 0
        self._changed = threading.Condition()

    def began(self, **_: Any) -> None:
        with self._changed:
            self._under_way += 1
            self._changed.notify_all()

    def ended(self, **_: Any) -> None:
        with self._changed:
            self._under_way -= 1
            self._changed.notify_all()

    def has_ceased(self, seconds: float) -> bool:
        """Whether the server fell silent within that time.

        Silent is nothing under way for a moment: a request that the browser gave up may still
        wait in the socket's queue.
        """
        deadline = time.monotonic() + seconds
        with self._changed:
            while (left := deadline - time.monotonic()) > 0:
                if not self._changed.wait_for(lambda: self._under_way <= 0, timeout=left):
                    return False
                if not self._changed.wait_for(lambda: self._under_way > 0, timeout=A_MOMENT):
                    return True
        return False


@contextmanager
def watching() -> Iterator[Traffic]:
    """What the servers of this process are answering meanwhile."""
    watched = Traffic()
    request_started.connect(watched.began)
    request_finished.connect(watched.ended)
    yield watched
    request_started.disconnect(watched.began)
    request_finished.disconnect(watched.ended)


@pytest.fixture
def traffic() -> Iterator[Traffic]:
    """What the live server is answering during this test."""
    with watching() as watched:
        yield watched


@pytest.fixture
def browsing(page: Page, live_server: Any, settings: Any, traffic: Traffic) -> Iterator[Browsing]:
    """A visitor's browser; fails when the browser complains, of the security policy above all.

    The last page's panels may still be loading when a test ends: the browser leaves, and the
    server is waited for, before the database under it is emptied.
    """
    settings.ROOT_URLCONF = URLS
    page.set_default_timeout(PATIENCE)
    visitor = Browsing(page, live_server.url)
    yield visitor
    complaints = visitor.unexpected()
    page.context.close()
    assert traffic.has_ceased(seconds=60), "The server is still answering a minute later."
    assert not complaints, "\n".join(complaints)


@dataclass(frozen=True)
class Tour:
    """The cast, the owner signed in by Django's client and in a tab of the browser."""

    cast: Cast
    client: Client
    visitor: Browsing


@pytest.fixture(scope="module")
def tour(
    browser: Browser,
    browser_context_args: dict[str, Any],
    django_db_setup: None,
    django_db_blocker: Any,
) -> Iterator[Tour]:
    """For a module that only looks: what is stored, the server and the tab are made once for all.

    That is most of what such a test costs. What one of them writes, those after it find.
    """
    with (
        django_db_blocker.unblock(),
        override_settings(ROOT_URLCONF=URLS),
        watching() as watched,
    ):
        make_sure_of_database()
        server = LiveServer("localhost")
        context = browser.new_context(**browser_context_args)
        try:
            with transaction.atomic():
                cast = assemble()
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            client, visitor = Client(), Browsing(page, server.url)
            sign_in(visitor, client, cast.owner)
            yield Tour(cast, client, visitor)
        finally:
            context.close()
            ceased = watched.has_ceased(seconds=60)
            server.stop()
            empty()
        assert ceased, "The server is still answering a minute later."


def sign_in(browsing: Browsing, client: Client, actor: Actor) -> None:
    """Without the sign-in page, in both."""
    client.force_login(actor.person)
    name = django_settings.SESSION_COOKIE_NAME
    browsing.page.context.add_cookies(
        [{"name": name, "value": client.cookies[name].value, "url": browsing.base}]
    )


@pytest.fixture
def stage(transactional_db: None) -> Cast:
    """The cast, written for good, so that the server's threads see it too."""
    with transaction.atomic():
        return assemble()


@pytest.fixture
def enter(browsing: Browsing) -> Callable[[Actor], Browsing]:
    """Sign somebody in without the sign-in page."""

    def entered(actor: Actor) -> Browsing:
        sign_in(browsing, Client(), actor)
        return browsing

    return entered
