"""Django's registration of the app."""

from django.apps import AppConfig


class BusinessesConfig(AppConfig):
    """Businesses and people."""

    name = "afterclose.businesses"
    label = "businesses"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Navigation, the pages of settings, the menu of businesses, saved views of lists."""
        from afterclose.businesses.permissions import Right
        from afterclose.businesses.saved_views import Store
        from afterclose.businesses.settings_pages import SettingsPage, register
        from afterclose.businesses.views import switching
        from afterclose.ui import navigation, shell
        from afterclose.ui.lists import saved_views

        saved_views.provide(Store())
        shell.provide(switcher=switching.choices)
        navigation.register(
            navigation.Entry(
                section="End",
                label="Settings",
                url_name="businesses:settings",
                icon="settings",
                right=Right.SETTINGS_EDIT,
                order=90,
                prefix="/settings/",
                keywords=("people", "roles", "features", "audit"),
            )
        )
        for order, (label, text, url_name, icon, right, group) in enumerate(
            (
                ("General", "Name, country, currency, time zone, language.",
                 "businesses:general", "building", Right.SETTINGS_EDIT, "Business"),
                ("Features", "Switch whole parts of the product on and off.",
                 "businesses:features", "toggle-left", Right.SETTINGS_EDIT, "Business"),
                ("Customer success", "Renewal window, reminders, uplift, at-risk threshold.",
                 "businesses:customer_success", "heartbeat", Right.SETTINGS_EDIT, "Customers"),
                ("Finance", "Payment terms and reminder cadence.",
                 "businesses:finance", "receipt", Right.SETTINGS_EDIT, "Customers"),
                ("People", "Invite people, change their roles, take access away.",
                 "businesses:people", "users", Right.PEOPLE_EDIT, "People"),
                ("Allowed roles", "Which roles work in which part of the product.",
                 "businesses:roles", "shield-check", Right.SETTINGS_EDIT, "People"),
                ("API keys", "Programs that use Afterclose, what each may do, when it last did.",
                 "businesses:api_keys", "key", Right.API_KEYS_EDIT, "People"),
                ("Sign-in", "Single sign-on by your company's provider, and who must use it.",
                 "businesses:sign_in", "login", Right.SIGN_IN_EDIT, "People"),
                ("Audit log", "Who changed what, when, and from what to what.",
                 "businesses:audit", "history", Right.AUDIT_VIEW, "People"),
            )
        ):  # fmt: skip
            register(SettingsPage(label, text, url_name, icon, right, group, order * 10))
