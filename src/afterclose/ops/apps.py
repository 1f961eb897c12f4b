"""Django's registration of the app."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    """Sample data, and how the installation is."""

    name = "afterclose.ops"
    label = "ops"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """The page about sample data, among the settings."""
        from afterclose.businesses import settings_pages
        from afterclose.businesses.permissions import Right

        settings_pages.register(
            settings_pages.SettingsPage(
                "Sample data",
                "Invented customers to try things out, made and destroyed in one go.",
                "ops:sample_data",
                "flask",
                Right.SAMPLE_DATA,
                "System",
                900,
            )
        )
        settings_pages.register(
            settings_pages.SettingsPage(
                "Operations",
                "Whether everything runs: schedules, workers, work that waits or failed.",
                "ops:operations",
                "activity",
                Right.OPS_VIEW,
                "System",
                910,
            )
        )
