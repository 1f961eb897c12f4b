"""Django's registration of the app, and what it adds to the apps below it."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.webhooks"
    label = "webhooks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Its page under Settings, its facts, and which facts it wants to hear of."""
        from afterclose.accounts import facts, timeline
        from afterclose.businesses import settings_pages
        from afterclose.businesses.permissions import Right
        from afterclose.webhooks import queries

        timeline.wanted_by.append(queries.wanted)
        settings_pages.register(
            settings_pages.SettingsPage(
                label="Webhooks",
                text="Tell other systems what happens here, signed and as it happens.",
                url_name="webhooks:endpoints",
                icon="webhook",
                right=Right.WEBHOOKS_EDIT,
                group="System",
                order=40,
            )
        )
        facts.declare(
            facts.Kind(
                "webhook.disabled",
                "Webhook disabled",
                "An endpoint took nothing for days, or asked us to stop.",
                {"endpoint": 3, "why": "failing"},
            )
        )
