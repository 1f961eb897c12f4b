"""Driving Chromium: what a page must not do, what axe must not find, pictures of it.

`Browsing` goes to pages of the live server and collects what the browser complains about.
`assert_accessible(page, "accounts")` runs axe at both widths, in both themes, and writes
.cache/pictures/accounts-1440-light.png and so on; `picture(page, "accounts")` only writes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import ConsoleMessage, Page, expect

# Not test-results/: pytest-playwright empties that at the start of every run of pytest.
RESULTS = Path(__file__).resolve().parents[2] / ".cache" / "pictures"
WIDTHS = {1440: 900, 390: 844}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

# Without these Chromium asks Google's hosts at each start, and refuses to run as root.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The browser of the machine, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@dataclass
class Browsing:
    """One person's browser; `complaints` must be empty when the test ends.

    `expected` are parts of complaints that the test provokes, such as "status of 500".
    """

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def go(self, path: str) -> Page:
        """Open a page and wait until its panels have loaded."""
        self.page.goto(self.base + path)
        settle(self.page)
        return self.page

    def unexpected(self) -> list[str]:
        """What the browser complained about and no test asked for."""
        return [text for text in self.complaints if not any(part in text for part in self.expected)]


def settle(page: Page) -> None:
    """Wait until nothing loads: no request under way and no part of the page busy."""
    page.wait_for_load_state("networkidle")
    # Not wait_for_function: what it asks again and again is eval, which our policy refuses.
    expect(page.locator("[data-panel][aria-busy=true]")).to_have_count(0, timeout=15_000)


def looks(page: Page) -> Iterator[str]:
    """Put the page into each width and theme in turn; the name of each, "1440-light".

    Where things stand depends on the width, and their colours on the theme, so each of them once
    is enough for every day; AFTERCLOSE_LOOKS=all looks at all four.
    """
    every = os.environ.get("AFTERCLOSE_LOOKS") == "all"
    for width, theme in product(WIDTHS, THEMES) if every else zip(WIDTHS, THEMES, strict=True):
        page.set_viewport_size({"width": width, "height": WIDTHS[width]})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.wait_for_timeout(100)
        yield f"{width}-{theme}"


def violations(page: Page) -> list[str]:
    """What axe finds in the page as it is now, a line each with the first elements.

    axe is loaded once per document, and says in full only what is wrong: what passed is most of
    its answer, and nobody reads it.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(
        """(options) => axe.run(options).then(({ violations }) => violations.map(
            ({ id, impact, help, nodes }) =>
                ({ id, impact, help, nodes: nodes.slice(0, 3).map((node) => node.html) })))""",
        # Off unless asked for, but Lighthouse asks: what is pressed is large enough (WCAG 2.5.8).
        {"rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]},
    )
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: "
        + "; ".join(html[:160] for html in rule["nodes"])
        for rule in found
    ]


def assert_accessible(page: Page, name: str = "") -> None:
    """axe finds nothing in any of the `looks`, and nothing is wider than the screen.

    With a name, pictures are written on the way, as `picture` does; AFTERCLOSE_PICTURES=no leaves
    them out, as bin/test does, for there nobody looks at them.
    """
    problems = []
    is_drawn = bool(name) and os.environ.get("AFTERCLOSE_PICTURES") != "no"
    for look in looks(page):
        if is_drawn:
            _shoot(page, name, look)
        problems += [f"{look}: {line}" for line in violations(page)]
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            problems.append(f"{look}: the page is {wide} px wider than the screen")
    assert not problems, f"{page.url}\n" + "\n".join(problems)


def picture(page: Page, name: str) -> None:
    """Write a picture of the whole page per width and theme."""
    for look in looks(page):
        _shoot(page, name, look)


def _shoot(page: Page, name: str, look: str) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=RESULTS / f"{name}-{look}.png", full_page=True)
