"""Importers of accounts, contacts and churn events (CS-7)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from django.db import connection

from afterclose.accounts.imports import bulk, registry
from afterclose.accounts.imports.fields import Field, FieldType, Record
from afterclose.accounts.imports.importers import Context, Importer, resolve_accounts
from afterclose.accounts.models import Account, ChurnEvent, Contact, Stage
from afterclose.businesses.models import Membership

ACCOUNT_ID = Field(
    "account",
    "Account id",
    FieldType.REFERENCE,
    required=True,
    aliases=(
        "account_id",
        "account_external_id",
        "customer_id",
        "customer",
        "company_id",
        "client_id",
        "organization_id",
        "organisation_id",
        "org_id",
    ),
    help="The account's id in the system that the file comes from.",
)

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


def accounts_by_external_id(external_ids: Collection[str]) -> dict[str, int]:
    """External ids to account ids, one query; unknown ones are left out."""
    rows = Account.objects.filter(external_id__in=bulk.among(external_ids))
    return {str(key): account_id for key, account_id in rows.values_list("external_id", "id")}


class AccountImporter(Importer):
    """Accounts; the stage follows from churn and trial flags where no column tells it."""

    kind = "accounts"
    noun = ("account", "accounts")
    order = 10
    help = "One row per customer company."
    model = Account
    also_read: ClassVar[frozenset[str]] = frozenset({"stage", "churned_on"})
    fields = (
        Field(
            "external_id",
            "Id",
            required=True,
            aliases=(*ACCOUNT_ID.aliases, "id", "account_number", "customer_number", "uuid"),
            help="Its id in the system that the file comes from; finds it again next time.",
            stands_in="name",
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
            FieldType.EMAIL,
            aliases=("csm_email", "owner_email", "account_manager_email", "owner"),
            help="A member of this business.",
        ),
        Field("ae", "AE's e-mail", FieldType.EMAIL, aliases=("ae_email", "sales_owner_email")),
    )

    def prepare(self, records: Sequence[Record], context: Context) -> None:
        """Columns as they are; members by e-mail; the stage from what the row says."""
        members = self._members(records)
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
            if "domain" in record.data:
                record.data["domain"] = _bare_domain(record.data["domain"])
            for role in ("csm", "ae"):
                address = record.get(role)
                if address and address not in members:
                    record.reject(f"No member of this business has the e-mail {address}.", role)
                elif address:
                    record.data[f"{role}_id"] = members[address]
            stage = stage_said(record)
            if stage is not None:
                record.data["stage"] = stage
            if record.data.get("churned_on") and (stage or Stage.CHURNED) != Stage.CHURNED:
                record.reject("Churned on: the row says that the account has not churned.", "stage")

    def reconcile(self, record: Record, context: Context) -> None:
        """A finer stage stays where the file only says "live"; who is back has not left."""
        stored: dict[str, Any] = record.stored or {}
        explicit = record.says("stage")
        is_finer = stored["stage"] in _FINER_THAN_ACTIVE
        if is_finer and not explicit and record.data.get("stage") == Stage.ACTIVE:
            record.data["stage"] = stored["stage"]
        if record.data.get("stage", stored["stage"]) != Stage.CHURNED:
            record.data["churned_on"] = None

    def follow_up(self, records: Sequence[Record], context: Context) -> None:
        """Churned accounts left on the day of their latest churn event, if that is known."""
        churned = [
            record.data["external_id"]
            for record in records
            if record.data.get("stage") == Stage.CHURNED and not record.data.get("churned_on")
        ]
        date_churn(list(accounts_by_external_id(churned).values()) if churned else [], context)

    @staticmethod
    def _members(records: Sequence[Record]) -> dict[str, int]:
        wanted = {
            address for record in records for role in ("csm", "ae") if (address := record.get(role))
        }
        if not wanted:
            return {}
        rows = Membership.objects.filter(person__email__in=wanted, deactivated_at__isnull=True)
        return dict(rows.values_list("person__email", "id"))


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


def _bare_domain(text: str) -> str:
    bare = text.strip().lower().removeprefix("https://").removeprefix("http://")
    return bare.removeprefix("www.").split("/")[0].rpartition("@")[2]


def date_churn(account_ids: Collection[int], context: Context) -> None:
    """Set `churned_on` of churned accounts to their latest churn event; others stay."""
    if not account_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE accounts_account AS account
            SET churned_on = latest.churned_on, updated_at = %(at)s
            FROM (
                SELECT account_id, max(churned_on) AS churned_on FROM accounts_churnevent
                WHERE business_id = %(business)s AND account_id = ANY(%(accounts)s)
                GROUP BY account_id
            ) AS latest
            WHERE account.business_id = %(business)s AND account.id = latest.account_id
              AND account.stage = 'churned'
              AND account.churned_on IS DISTINCT FROM latest.churned_on
            """,
            {
                "business": context.actor.business_id,
                "accounts": list(account_ids),
                "at": context.at,
            },
        )


class ContactImporter(Importer):
    """Contacts; found again by id, else by account and e-mail."""

    kind = "contacts"
    noun = ("contact", "contacts")
    order = 20
    help = "One row per person."
    model = Contact
    fields = (
        Field(
            "external_id",
            "Id",
            aliases=("contact_id", "person_id", "user_id", "id", "uuid"),
            stands_in="email",
            help="Without one, the e-mail address serves.",
        ),
        ACCOUNT_ID,
        Field("name", "Name", aliases=("full_name", "contact_name", "contact", "person")),
        Field("first_name", "First name", aliases=("firstname", "given_name", "forename")),
        Field("last_name", "Last name", aliases=("lastname", "surname", "family_name")),
        Field(
            "email",
            "E-mail",
            FieldType.EMAIL,
            aliases=("email_address", "e_mail", "contact_email", "mail"),
            max_length=254,
        ),
        Field("title", "Job title", aliases=("job_title", "position", "role"), max_length=100),
        Field("phone", "Phone", aliases=("phone_number", "telephone", "mobile"), max_length=40),
        Field("is_champion", "Champion", FieldType.FLAG, aliases=("champion",)),
        Field("is_economic_buyer", "Economic buyer", FieldType.FLAG, aliases=("economic_buyer",)),
        Field(
            "is_technical_buyer", "Technical buyer", FieldType.FLAG, aliases=("technical_buyer",)
        ),
        Field("is_detractor", "Detractor", FieldType.FLAG, aliases=("detractor",)),
        Field("left_on", "Left on", FieldType.DATE, aliases=("left_at", "left_company_on")),
    )

    def key(self, record: Record) -> str:
        """The id; an e-mail address that stands in for it counts in lower case."""
        key, address = super().key(record), record.get("email")
        return address if address and key.lower() == address else key

    def prepare(self, records: Sequence[Record], context: Context) -> None:
        """Account by its id; the name from one column or two, else from the address."""
        accounts = resolve_accounts(records)
        taken: dict[tuple[int, str], int] = {}
        plain = (
            "email",
            "title",
            "phone",
            "left_on",
            "is_champion",
            "is_economic_buyer",
            "is_technical_buyer",
            "is_detractor",
        )
        for record in records:
            parts = [record.get("first_name"), record.get("last_name")]
            name = record.get("name") or " ".join(filter(None, parts))
            if not name and not record.get("email"):
                record.reject("Name is missing, and so is the e-mail.", "name")
            if record.line not in accounts or not record.is_good:
                continue
            record.data = {each: record.values[each] for each in plain if record.says(each)}
            record.data["account_id"] = accounts[record.line]
            record.data["name"] = name or record.get("email").split("@")[0]
            if self.key(record):
                record.data["external_id"] = self.key(record)
            address = record.get("email")
            if address:
                first = taken.setdefault((accounts[record.line], address), record.line)
                if first != record.line:
                    record.reject(
                        f"E-mail: {address} stands already on line {first} for this account.",
                        "email",
                    )

    def find(
        self, records: Sequence[Record], columns: Collection[str]
    ) -> dict[str, dict[str, Any]]:
        """By id; a contact that was entered by hand is the same person by account and e-mail."""
        found = super().find(records, columns)
        open_rows = {
            (record.data["account_id"], record.data["email"]): self.key(record)
            for record in records
            if record.data.get("email") and self.key(record) not in found
        }
        if open_rows:
            same = Contact.objects.filter(
                email__in={address for _, address in open_rows},
                account_id__in={account for account, _ in open_rows},
            ).values("id", "external_id", "email", "account_id", *columns)
            for row in same:
                key = open_rows.get((row["account_id"], row["email"]))
                if key is not None:
                    found[key] = row
        return found


_REASON_LENGTH = 100


class ChurnEventImporter(Importer):
    """Churn events; an account flagged as churned left on the day of its latest one."""

    kind = "churn_events"
    noun = ("churn event", "churn events")
    order = 60
    help = "One row per time that an account left."
    model = ChurnEvent
    fields = (
        Field(
            "external_id",
            "Id",
            required=True,
            aliases=("churn_event_id", "churn_id", "event_id", "cancellation_id", "id"),
        ),
        ACCOUNT_ID,
        Field(
            "churned_on",
            "Churned on",
            FieldType.DATE,
            required=True,
            aliases=(
                "churn_date",
                "churned_at",
                "cancelled_at",
                "cancelled_on",
                "cancellation_date",
                "date",
            ),
            tells_newest=True,
        ),
        Field(
            "reason",
            "Reason",
            aliases=("reason_code", "churn_reason", "cancellation_reason"),
            max_length=_REASON_LENGTH,
        ),
        Field(
            "refund",
            "Refund",
            FieldType.MONEY,
            aliases=("refund_amount", "refunded", "refund_total"),
            minimum=0,
        ),
        Field("currency", "Currency", FieldType.CURRENCY, aliases=("refund_currency",)),
        Field(
            "after_upgrade",
            "After an upgrade",
            FieldType.FLAG,
            aliases=("preceding_upgrade_flag", "preceded_by_upgrade", "after_upgrade_flag"),
        ),
        Field(
            "after_downgrade",
            "After a downgrade",
            FieldType.FLAG,
            aliases=("preceding_downgrade_flag", "preceded_by_downgrade", "after_downgrade_flag"),
        ),
        Field(
            "is_reactivation",
            "Reactivation",
            FieldType.FLAG,
            aliases=("reactivation", "reactivated", "reactivation_flag"),
        ),
        Field(
            "feedback",
            "Feedback",
            aliases=("feedback_text", "comment", "comments", "notes"),
            max_length=10_000,
        ),
    )

    def prepare(self, records: Sequence[Record], context: Context) -> None:
        """Account by its id; the refund in the row's currency."""
        accounts = resolve_accounts(records)
        plain = (
            "churned_on",
            "reason",
            "feedback",
            "after_upgrade",
            "after_downgrade",
            "is_reactivation",
        )
        for record in records:
            if record.line not in accounts:
                continue
            record.data = {name: record.values[name] for name in plain if record.says(name)}
            record.data["external_id"] = record.get("external_id")
            record.data["account_id"] = accounts[record.line]
            record.data["currency"] = context.currency_of(record, "refund")
            refund = context.minor(record, "refund", record.data["currency"])
            if refund is not None:
                record.data["refund"] = refund

    def follow_up(self, records: Sequence[Record], context: Context) -> None:
        """The accounts' own day of leaving."""
        accounts = {record.data["account_id"] for record in records}
        accounts |= {record.stored["account_id"] for record in records if record.stored}
        date_churn(accounts, context)


def register() -> None:
    """Offer the importers of this app."""
    registry.register(AccountImporter())
    registry.register(ContactImporter())
    registry.register(ChurnEventImporter())
    registry.register_reference("account", accounts_by_external_id)
