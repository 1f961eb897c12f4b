"""System checks: what apps registered for the shell must exist."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.urls import NoReverseMatch, reverse

from afterclose.ui import icons, navigation


@register("ui")
def shell_registrations(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Each navigation entry and create action has a URL and an icon that exist."""
    found: list[CheckMessage] = []
    items: list[navigation.Entry | navigation.Create] = [
        *navigation.registered(),
        *navigation.registered_creates(),
    ]
    for item in items:
        try:
            reverse(item.url_name)
        except NoReverseMatch:
            found.append(
                Error(
                    f"“{item.label}” is registered for the URL “{item.url_name}”, "
                    "which does not exist.",
                    id="ui.E001",
                )
            )
        if not icons.exists(item.icon):
            found.append(
                Error(
                    f"“{item.label}” has the icon “{item.icon}”, which Tabler does not have.",
                    id="ui.E002",
                )
            )
    return found
