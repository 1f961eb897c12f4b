"""Puts the assembly together once every app is loaded."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Schedules and reactions."""

    name = "afterclose.config"
    label = "config"

    def ready(self) -> None:
        """Register the schedules, and say which facts have reactions."""
        from procrastinate.contrib.django import app

        from afterclose.accounts import timeline
        from afterclose.config import reactions, schedule

        timeline.reactive_kinds.update(reactions.REACTIONS)
        schedule.install(app)
