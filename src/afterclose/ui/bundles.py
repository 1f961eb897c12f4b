"""What each page loads, as one style sheet and one script (docs/decisions/0165-one-file-each.md).

The parts stay files of their own to edit; they are put together when they are served or
collected. Tabler's sheet goes in without what no page of ours can use.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import tinycss2
from django.conf import settings

from afterclose.ui import stylesheet

SOURCE = Path(__file__).resolve().parents[1]
OWN = Path(__file__).resolve().parent / "static"

TABLER = "npm/@tabler/core/dist/css/tabler.min.css"
BUNDLES: dict[str, tuple[str, ...]] = {
    "ui/page.css": (
        TABLER,
        "ui/theme.css",
        "ui/shell.css",
        "ui/components.css",
        "ui/panels.css",
        "ui/charts.css",
        "ui/lists.css",
        "ui/rows.css",
    ),
    "ui/page.js": (
        "npm/htmx.org/dist/htmx.min.js",
        "ui/lazy.js",
        "ui/requests.js",
        "ui/panels.js",
        "ui/feedback.js",
        "ui/drawer.js",
        "ui/palette.js",
        "ui/components.js",
        "ui/lists.js",
        "ui/figures.js",
    ),
}
# Classes that Bootstrap's scripts set while a menu or the drawer opens.
SET_BY_SCRIPTS = frozenset({"show", "showing", "hiding", "fade", "offcanvas-backdrop", "dropup"})
_SCRIPT_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)


def made(name: str) -> Path:
    """The file of a bundle, made anew when a part or a page has changed since."""
    return _made(name, _state(int(time.monotonic())), str(settings.STATIC_MADE))


@lru_cache(maxsize=1)
def _state(_second: int) -> str:
    """A digest of when each source was changed; asked for once a second at most."""
    changed = (f"{path}{path.stat().st_mtime_ns}" for path in _sources())
    return hashlib.sha256("".join(changed).encode()).hexdigest()


@cache
def _made(name: str, _state: str, folder: str) -> Path:
    target = Path(folder) / name
    mark = target.with_name(f"{target.name}.of")
    sources = _digest_of_sources(name)
    # Reading Tabler's sheet takes two seconds, which the next start need not spend again.
    if mark.is_file() and target.is_file() and mark.read_text() == _mark(sources, target):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    _write(target, _sheet(name) if name.endswith(".css") else _script(name))
    _write(mark, _mark(sources, target))
    return target


def _digest_of_sources(name: str) -> str:
    paths = [path_of(part) for part in BUNDLES[name]]
    if name.endswith(".css"):
        paths += _sources()
    digest = hashlib.sha256(tinycss2.__version__.encode())
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _mark(sources: str, target: Path) -> str:
    """What the file was made of, and what it was then: two processes may have made it."""
    return f"{sources} {hashlib.sha256(target.read_bytes()).hexdigest()}"


def _write(target: Path, text: str) -> None:
    # Another process may be reading it, or writing the same.
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    draft.write_text(text)
    draft.replace(target)


def _sheet(name: str) -> str:
    parts = {part: path_of(part).read_text() for part in BUNDLES[name]}
    marking = [path.read_text() for path in _sources(".html", ".js")]
    naming = [path.read_text() for path in _sources(".py")]
    known = stylesheet.vocabulary(marking, naming, SET_BY_SCRIPTS)
    own = [path.read_text() for path in _sources(".css")]
    parts[TABLER] = stylesheet.trimmed(parts[TABLER], known, [*own, *marking])
    return "\n".join(parts.values())


def _script(name: str) -> str:
    # Each part is a closed function, so that an empty statement keeps them apart.
    return "\n;\n".join(_SCRIPT_MAP.sub("", path_of(part).read_text()) for part in BUNDLES[name])


def path_of(part: str) -> Path:
    """Where a part lies: in node_modules, or among our own static files."""
    inner = part.removeprefix("npm/")
    return OWN / part if inner == part else Path(settings.NODE_MODULES) / inner


def _sources(*endings: str) -> Iterator[Path]:
    """Everything that can name a class, and our own parts; without tests."""
    wanted = endings or (".html", ".js", ".css", ".py")
    for folder, inner, files in os.walk(SOURCE):
        inner[:] = sorted(set(inner) - {"tests", "migrations", "__pycache__"})
        for file in sorted(files):
            if file.endswith(wanted):
                yield Path(folder, file)
