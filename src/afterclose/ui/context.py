"""Context of every template: `shell` (the frame) and `frame` (page or drawer)."""

from typing import Any

from django.http import HttpRequest

from afterclose.ui import feedback
from afterclose.ui.shell import Shell


def shell(request: HttpRequest) -> dict[str, Any]:
    """`frame` is what a page extends: the drawer's template for requests from a drawer."""
    return {
        "shell": Shell(request),
        "frame": "ui/drawer.html" if feedback.in_drawer(request) else "ui/page.html",
    }
