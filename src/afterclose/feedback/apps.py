"""Django's registration of the app."""

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.feedback"
    label = "feedback"
    default_auto_field = "django.db.models.BigAutoField"
