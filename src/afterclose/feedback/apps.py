"""Django's registration of the app."""

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.feedback"
    label = "feedback"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Its panels on the pages of accounts and contacts."""
        from afterclose.accounts import panels
        from afterclose.businesses.permissions import Right
        from afterclose.feedback import segment_fields

        segment_fields.register()
        panels.register(
            panels.Panel(
                key="feedback",
                title="Surveys",
                url_name="feedback:panel",
                right=Right.ACCOUNTS_VIEW,
                icon="message-star",
                order=45,
                area="side",
                height="sm",
            )
        )
        panels.register(
            panels.Panel(
                key="feedback",
                title="Surveys",
                url_name="feedback:contact_panel",
                right=Right.ACCOUNTS_VIEW,
                icon="message-star",
                order=45,
                area="side",
                height="sm",
                page="contact",
            )
        )
