"""Importer of accounts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar, override

from django.core.exceptions import ValidationError
from django.db.models import Q

from afterclose.accounts.custom_fields import importing as custom_fields
from afterclose.accounts.custom_fields.models import Subject
from afterclose.accounts.hierarchy import importing as hierarchy
from afterclose.accounts.importing import by_name
from afterclose.accounts.importing.churn_dates import date_churn
from afterclose.accounts.importing.references import ACCOUNT_ID, accounts_by_external_id
from afterclose.accounts.imports.fields import Field, FieldType, Record
from afterclose.accounts.imports.importers import Context, Importer
from afterclose.accounts.merging.aliases import accounts_by_alias
from afterclose.accounts.models import Account, AccountTag, Stage
from afterclose.accounts.tags import importing as tags
from afterclose.businesses.models import Membership

_STAGE_WORDS = {
    **{stage.value: stage.value for stage in Stage},
    "trial": Stage.ONBOARDING,
    "customer": Stage.ACTIVE,
    "live": Stage.ACTIVE,
    "lead": Stage.PROSPECT,
    "expansion": Stage.EXPANDING,
    "cancelled": Stage.CHURNED,
    "canceled": Stage.CHURNED,
    "lost": Stage.CHURNED,
}
# Stages that refine "a live customer"; a file that only knows trial and churn leaves them be.
_FINER_THAN_ACTIVE = (Stage.RENEWAL, Stage.EXPANDING)


class AccountImporter(Importer):
    """Accounts; the stage follows from churn and trial flags where no column tells it."""

    kind = "accounts"
    noun = ("account", "accounts")
    order = 10
    help = "One row per customer company."
    model = Account
    also_read: ClassVar[frozenset[str]] = frozenset({"stage", "churned_on", "parent_id"})
    may_fill = True
    together = (frozenset({"stage", "churned_on"}),)
    own_fields = (
        Field(
            "external_id",
            "Id",
            required=True,
            aliases=(*ACCOUNT_ID.aliases, "id", "account_number", "customer_number", "uuid"),
            help="Its id in the system that the file comes from; finds it again next time. "
            "Without one, the name finds an account that is there already.",
            stands_in="name",
            may_be_blank=True,
        ),
        Field(
            "name",
            "Name",
            required=True,
            aliases=(
                "account_name",
                "customer_name",
                "company_name",
                "company",
                "account",
                "customer",
                "organization",
                "organisation",
                "organization_name",
                "client_name",
                "client",
            ),
        ),
        Field(
            "domain",
            "E-mail domain",
            aliases=("email_domain", "company_domain", "domain_name"),
            max_length=253,
            help="Tickets, survey answers and notes find the account by it.",
        ),
        Field("website", "Website", FieldType.URL, aliases=("url", "web_site", "homepage", "site")),
        Field("industry", "Industry", aliases=("sector", "vertical", "branch"), max_length=100),
        Field(
            "country",
            "Country",
            FieldType.COUNTRY,
            aliases=("country_code", "billing_country", "country_iso"),
        ),
        Field(
            "source",
            "Source",
            aliases=("referral_source", "lead_source", "acquisition_channel", "channel"),
            max_length=60,
        ),
        Field(
            "plan", "Plan", aliases=("plan_tier", "plan_name", "tier", "product"), max_length=100
        ),
        Field(
            "seats",
            "Seats",
            FieldType.INTEGER,
            aliases=("licenses", "licences", "seat_count", "users", "quantity"),
            minimum=0,
        ),
        Field(
            "customer_since",
            "Customer since",
            FieldType.DATE,
            aliases=(
                "signup_date",
                "sign_up_date",
                "signed_up_at",
                "start_date",
                "customer_since_date",
                "created_date",
                "created_at",
                "created",
                "created_on",
                "onboarded_at",
            ),
            tells_newest=True,
        ),
        Field(
            "stage",
            "Stage",
            FieldType.CHOICE,
            aliases=("lifecycle_stage", "status", "account_status", "customer_status"),
            choices=_STAGE_WORDS,
        ),
        Field(
            "is_churned",
            "Churned (yes or no)",
            FieldType.FLAG,
            aliases=("churn_flag", "churned", "has_churned", "is_cancelled"),
            help="Yes means the stage Churned.",
        ),
        Field(
            "is_trial",
            "On trial (yes or no)",
            FieldType.FLAG,
            aliases=("trial", "trial_flag", "on_trial"),
            help="Yes means the stage Onboarding, unless churned.",
        ),
        Field(
            "churned_on",
            "Churned on",
            FieldType.DATE,
            aliases=("churn_date", "churned_at", "cancelled_at", "cancelled_on"),
            tells_newest=True,
        ),
        Field(
            "renewal_date",
            "Renewal date",
            FieldType.DATE,
            aliases=("renews_on", "renewal_on", "contract_end_date"),
        ),
        Field("currency", "Currency", FieldType.CURRENCY, aliases=("currency_code",)),
        Field(
            "csm",
            "CSM's e-mail",
            aliases=("csm_email", "owner_email", "account_manager_email", "owner"),
            max_length=254,
            help="A member of this business, by e-mail or by name.",
        ),
        Field(
            "ae",
            "AE's e-mail",
            aliases=("ae_email", "sales_owner_email"),
            max_length=254,
            help="As for the CSM.",
        ),
        hierarchy.PARENT,
        tags.TAGS,
    )

    def prepare(self, records: Sequence[Record], context: Context) -> None:
        """Columns as they are; members by e-mail; the stage from what the row says."""
        members = self._members(records)
        tags.read(records)
        plain = (
            "name",
            "domain",
            "website",
            "industry",
            "country",
            "source",
            "plan",
            "seats",
            "customer_since",
            "churned_on",
            "renewal_date",
            "currency",
        )
        for record in records:
            record.data = {name: record.values[name] for name in plain if record.says(name)}
            record.data["external_id"] = record.get("external_id")
            if record.data.get("website") and not _is_website(record.data["website"]):
                record.reject(f"Website: “{record.data['website']}” is no web address.", "website")
            if "domain" in record.data:
                record.data["domain"] = _bare_domain(record.data["domain"])
            for role in ("csm", "ae"):
                called = record.get(role)
                found = members.get(called.lower(), []) if called else []
                if len(found) == 1:
                    record.data[f"{role}_id"] = found[0]
                elif called:
                    record.reject(_nobody(called, len(found)), role)
            stage = stage_said(record)
            if stage is not None:
                record.data["stage"] = stage
            if record.data.get("churned_on") and (stage or Stage.CHURNED) != Stage.CHURNED:
                record.reject("Churned on: the row says that the account has not churned.", "stage")

    @override
    def extra_fields(self) -> tuple[Field, ...]:
        return custom_fields.targets(Subject.ACCOUNT)

    @override
    def plan(self, records: Sequence[Record], context: Context) -> None:
        super().plan(records, context)
        by_name.reject_repeated(records)
        own = [record for record in records if not (record.stored or {}).get("is_alias")]
        hierarchy.plan(own)
        tags.plan(own, AccountTag, "account_id")
        custom_fields.plan(own, Subject.ACCOUNT, context)

    @override
    def write(self, records: Sequence[Record], context: Context) -> None:
        super().write(records, context)
        hierarchy.write(self, records, context)
        tags.write(self, records, AccountTag, "account_id", context)
        custom_fields.write(self, records, Subject.ACCOUNT, context)

    @override
    def finish(self, context: Context) -> None:
        hierarchy.finish(context)

    @override
    def place(self, record: Record) -> str:
        return self.key(record) or f"\x00{record.line}"

    @override
    def find(
        self, records: Sequence[Record], columns: Collection[str]
    ) -> dict[str, dict[str, Any]]:
        found = super().find(records, columns)
        missing = {key for record in records if (key := self.key(record)) and key not in found}
        took_over = accounts_by_alias(missing)
        rows = Account.objects.filter(id__in=took_over.values()).values("id", *columns)
        by_id = {row["id"]: row for row in rows}
        for key, account_id in took_over.items():
            found[key] = {**by_id[account_id], "external_id": key, "is_alias": True}
        unknown = [record for record in records if self.place(record) not in found]
        return found | by_name.find(unknown, columns, self.place)

    def reconcile(self, record: Record, context: Context) -> None:
        """A finer stage stays where the file only says "live"; who is back has not left."""
        stored: dict[str, Any] = record.stored or {}
        if stored.get("is_alias"):
            # The account that took this id over has a row of its own that tells its facts.
            record.data = {"external_id": stored["external_id"]}
            return
        if stored.get("by_name"):
            record.data["external_id"] = stored["external_id"]
        explicit = record.says("stage")
        is_finer = stored["stage"] in _FINER_THAN_ACTIVE
        if is_finer and not explicit and record.data.get("stage") == Stage.ACTIVE:
            record.data["stage"] = stored["stage"]
        if record.data.get("stage", stored["stage"]) != Stage.CHURNED:
            record.data["churned_on"] = None

    def follow_up(self, records: Sequence[Record], context: Context) -> None:
        """Churned accounts left on the day of their latest churn event, if that is known."""
        churned = [
            record
            for record in records
            if record.data.get("stage") == Stage.CHURNED and not record.data.get("churned_on")
        ]
        known = {record.stored["id"] for record in churned if record.stored}
        created = [record.data["external_id"] for record in churned if not record.stored]
        fresh = set(accounts_by_external_id(created).values()) if created else set()
        date_churn(known | fresh, context)

    @staticmethod
    def _members(records: Sequence[Record]) -> dict[str, list[int]]:
        """The members that the rows name, by e-mail and by name in lower case."""
        named = (record.get(role) for record in records for role in ("csm", "ae"))
        wanted = {called.lower() for called in named if called}
        found: dict[str, list[int]] = {}
        if wanted:
            rows = Membership.objects.filter(deactivated_at__isnull=True).filter(
                Q(person__email__in=wanted) | Q(person__name_key__in=wanted)
            )
            for key, *words in rows.values_list("id", "person__email", "person__name_key"):
                for word in words:
                    found.setdefault(word, []).append(key)
        return found


def _nobody(called: str, members: int) -> str:
    if members:
        return f"{members} members are called “{called}”; give the e-mail."
    what = "e-mail" if "@" in called else "name"
    return f"No member of this business has the {what} {called}."


def stage_said(record: Record) -> str | None:
    """The stage that a row tells: by its stage column, else churned, else trial, else active;
    None where it says nothing at all."""
    if record.get("stage"):
        return str(record.get("stage"))
    if record.get("is_churned") or record.get("churned_on"):
        return Stage.CHURNED
    if record.get("is_trial"):
        return Stage.ONBOARDING
    if record.says("is_churned") or record.says("is_trial"):
        return Stage.ACTIVE
    return None


def _is_website(address: str) -> bool:
    """As the form and the API judge it: else nobody could save the account's form again."""
    try:
        Account._meta.get_field("website").run_validators(address)
    except ValidationError:
        return False
    return True


def _bare_domain(text: str) -> str:
    bare = text.strip().lower().removeprefix("https://").removeprefix("http://")
    return bare.removeprefix("www.").split("/")[0].rpartition("@")[2]
