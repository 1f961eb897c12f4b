"""The ops app."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    """Sample data, health of the installation."""

    name = "afterclose.ops"
    label = "ops"
