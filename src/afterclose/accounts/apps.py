"""Django's registration of the app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts, contacts and their timeline."""

    name = "afterclose.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Navigation, search, panels of the account page, what a new business starts with."""
        from afterclose.accounts import importing, panels, queries, reasons
        from afterclose.accounts.exports.jobs import BackgroundWriter
        from afterclose.businesses import actions, settings_pages
        from afterclose.businesses.permissions import Right
        from afterclose.ui import navigation, palette
        from afterclose.ui.lists import background

        actions.for_new_business.append(reasons.add_default_reasons)
        settings_pages.register(
            settings_pages.SettingsPage(
                "Risk reasons",
                "Why an account can be at risk, in your words.",
                "accounts:reasons",
                "alert-triangle",
                Right.SETTINGS_EDIT,
                "Customers",
                25,
            )
        )
        settings_pages.register(
            settings_pages.SettingsPage(
                "Tags",
                "Words of your own on accounts and contacts.",
                "accounts:tags",
                "tags",
                Right.ACCOUNTS_VIEW,
                "Customers",
                26,
            )
        )
        settings_pages.register(
            settings_pages.SettingsPage(
                "Custom fields",
                "What you note about accounts and contacts beyond what is there.",
                "accounts:custom_fields",
                "forms",
                Right.SETTINGS_EDIT,
                "Customers",
                20,
            )
        )
        importing.register()
        background.provide(BackgroundWriter())
        _register_groups()
        _register_merging()
        navigation.register(
            navigation.Entry(
                section="",
                label="Accounts",
                url_name="accounts:list",
                icon="building",
                right=Right.ACCOUNTS_VIEW,
                order=20,
                keywords=("customers", "companies"),
            )
        )
        navigation.register_create(
            navigation.Create(
                label="Account",
                url_name="accounts:create",
                icon="building",
                right=Right.ACCOUNTS_EDIT,
                drawer=True,
                order=10,
            )
        )
        navigation.register_create(
            navigation.Create(
                label="Import",
                url_name="imports:start",
                icon="upload",
                right=Right.ACCOUNTS_IMPORT,
                order=90,
            )
        )
        palette.register("Accounts", queries.find_accounts, order=10)
        palette.register("Contacts", queries.find_contacts, order=20)
        panels.register(
            panels.Panel(
                key="timeline",
                title="Timeline",
                url_name="accounts:timeline",
                right=Right.ACCOUNTS_VIEW,
                icon="history",
                order=50,
                height="xl",
                refresh="timeline-changed",
            )
        )
        panels.register(
            panels.Panel(
                key="timeline",
                title="Timeline",
                url_name="accounts:contact_timeline",
                right=Right.ACCOUNTS_VIEW,
                icon="history",
                order=50,
                height="lg",
                refresh="timeline-changed",
                page="contact",
            )
        )
        panels.register(
            panels.Panel(
                key="contacts",
                title="Contacts",
                url_name="accounts:contacts_panel",
                right=Right.ACCOUNTS_VIEW,
                icon="users",
                order=20,
                area="side",
            )
        )


def _register_groups() -> None:
    """The panel of an account's group, and how many accounts it has (CS-10)."""
    from django.urls import reverse

    from afterclose.accounts import panels, queries
    from afterclose.accounts.hierarchy import figures
    from afterclose.accounts.lists import AccountList
    from afterclose.businesses.actors import Actor
    from afterclose.businesses.permissions import Right
    from afterclose.kit import numbers
    from afterclose.ui import formats

    def accounts(viewer: Actor, account_id: int) -> list[figures.Shown]:
        count = queries.group_size(viewer, account_id)
        url = AccountList.url(reverse("accounts:list"), group=account_id)
        return [figures.Shown(formats.number(count), url)]

    figures.register(
        figures.Figure("accounts", "Accounts in the group", Right.ACCOUNTS_VIEW, 10, accounts)
    )
    numbers.register(
        numbers.Number(
            "accounts.in_group",
            "Accounts in the group",
            "accounts",
            "docs/numbers/hierarchy.md",
            queries.group_size,
        )
    )
    panels.register(
        panels.Panel(
            key="group",
            title="Group",
            url_name="accounts:group_panel",
            right=Right.ACCOUNTS_VIEW,
            icon="sitemap",
            order=25,
            area="side",
            height="sm",
        )
    )


def _register_merging() -> None:
    """What becomes of rows of this app that meet when two accounts or contacts are merged."""
    from afterclose.accounts import models
    from afterclose.accounts.merging import contacts, rules

    for model in (
        models.AccountTag,
        models.ContactTag,
        models.AwaitedParent,
        models.ContactAlias,
    ):
        rules.register(model, rules.KEEP_WINNERS)
    for values in (models.AccountValue, models.ContactValue):
        rules.register(values, rules.Rule(rewritten=True))
    flags = ("is_champion", "is_economic_buyer", "is_technical_buyer", "is_detractor")
    rules.register(
        models.Contact,
        rules.Rule(
            {
                "title": "COALESCE(NULLIF(w.title, ''), l.title)",
                "phone": "COALESCE(NULLIF(w.phone, ''), l.phone)",
                "external_id": "COALESCE(w.external_id, l.external_id)",
                **{flag: f"w.{flag} OR l.{flag}" for flag in flags},
            },
            contacts.remember_ids,
        ),
    )
    rules.register_naming(models.Contact, contacts.FACTS)
    rules.register(
        models.AtRiskFlag,
        rules.Rule(
            {
                "reasons": "ARRAY(SELECT DISTINCT r FROM unnest(w.reasons || l.reasons) AS r"
                " ORDER BY r)",
                "note": "CASE WHEN l.note IN ('', w.note) THEN w.note WHEN w.note = '' THEN l.note"
                " ELSE w.note || E'\\n' || l.note END",
                "set_at": "LEAST(w.set_at, l.set_at)",
            }
        ),
    )
