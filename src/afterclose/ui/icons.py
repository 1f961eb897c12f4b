"""Tabler's outline icons as inline SVG, read once from node_modules."""

import re
from functools import cache
from pathlib import Path

from django.conf import settings

_TAG = re.compile(r"<svg\b[^>]*>(.*)</svg>", re.DOTALL)
# The first path of every Tabler icon is an invisible 24×24 box.
_BOX = re.compile(r'\s*<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


class UnknownIcon(LookupError):
    """A template asked for an icon that Tabler does not have."""


def _path(name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise UnknownIcon(f"“{name}” is not a Tabler icon.")
    root = Path(settings.NODE_MODULES)
    return root / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg"


def exists(name: str) -> bool:
    """Whether Tabler has an outline icon of this name."""
    try:
        return _path(name).is_file()
    except UnknownIcon:
        return False


@cache
def body(name: str) -> str:
    """The inside of the icon's <svg>; raises UnknownIcon."""
    path = _path(name)
    if not path.is_file():
        raise UnknownIcon(f"“{name}” is not a Tabler icon.")
    found = _TAG.search(path.read_text(encoding="utf-8"))
    if found is None:
        raise UnknownIcon(f"“{name}” is not an SVG file.")
    return re.sub(r"\s*\n\s*", "", _BOX.sub("", found.group(1))).strip()
