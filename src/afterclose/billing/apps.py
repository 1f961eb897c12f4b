"""Django's registration of the app."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.billing"
    label = "billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Its panel on the account page, and what it takes from imports."""
        _register_merging()
        from afterclose.accounts import panels
        from afterclose.accounts.lists import AccountList
        from afterclose.billing import importing, segment_fields
        from afterclose.businesses.permissions import Right
        from afterclose.ui.lists import DateColumn, DateRangeFilter, MoneyColumn, MoneyRangeFilter

        segment_fields.register()
        importing.register()
        _register_group()
        AccountList.register_column(
            MoneyColumn(
                "arr",
                "ARR",
                amount="billing__arr",
                currency="billing__currency",
                sort=True,
                total=True,
            ),
            after="stage",
        )
        AccountList.register_column(
            DateColumn(
                "period_ends_on",
                "Period ends",
                path="billing__period_ends_on",
                sort=True,
                optional=True,
            )
        )
        AccountList.register_filter(
            MoneyRangeFilter(
                "arr",
                "ARR",
                path="billing__arr",
                currency="billing__currency",
                currency_of=lambda viewer: viewer.settings.currency,
                help="In the business's currency; accounts billed in another one do not match.",
            )
        )
        AccountList.register_filter(
            DateRangeFilter("period_ends_on", "Period ends", path="billing__period_ends_on")
        )
        panels.register(
            panels.Panel(
                key="billing",
                title="Subscriptions",
                url_name="billing:panel",
                right=Right.ACCOUNTS_VIEW,
                icon="receipt",
                order=20,
                area="main",
                height=14,
                phone=24,
            )
        )


def _register_group() -> None:
    """The contract value of an account's group (CS-10)."""
    from django.urls import reverse

    from afterclose.accounts.hierarchy import figures
    from afterclose.accounts.lists import AccountList
    from afterclose.billing import queries
    from afterclose.businesses.actors import Actor
    from afterclose.businesses.permissions import Right
    from afterclose.kit import numbers
    from afterclose.ui.templatetags.ui import money

    def contract_value(viewer: Actor, account_id: int) -> list[figures.Shown]:
        url = AccountList.url(reverse("accounts:list"), group=account_id, sort="-arr")
        sums = queries.group_contract_value(viewer, account_id)
        return [figures.Shown(money(each, whole=True), url) for each in sums] or [
            figures.Shown("None", url)
        ]

    figures.register(
        figures.Figure("arr", "ARR of the group", Right.ACCOUNTS_VIEW, 20, contract_value)
    )
    numbers.register(
        numbers.Number(
            "billing.group_contract_value",
            "ARR of the group",
            "money",
            "docs/numbers/hierarchy.md",
            queries.group_contract_value,
        )
    )


def _register_merging() -> None:
    """An account's figures follow from its subscriptions, also after a merge (CS-11)."""
    from collections.abc import Collection
    from datetime import datetime

    from afterclose.accounts.merging import rules
    from afterclose.billing.actions import refresh_account_billing
    from afterclose.billing.models import AccountBilling
    from afterclose.businesses.actors import Actor

    def refresh(actor: Actor, _at: datetime, account_ids: Collection[int]) -> None:
        refresh_account_billing(actor=actor, account_ids=account_ids)

    rules.register(AccountBilling, rules.Derived())
    rules.register_refresh("billing", refresh, at_once=True)
