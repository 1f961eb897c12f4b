"""What conditions can ask about accounts and contacts themselves: accounts is below segments
and knows nothing of it, so its fields are registered here."""

from __future__ import annotations

from afterclose.accounts.models import Account, AtRiskFlag, Contact, Event, RiskReason, Stage
from afterclose.accounts.queries import ACTIVITY_KINDS
from afterclose.businesses.models import Membership
from afterclose.segments import fields
from afterclose.segments.fields import (
    ONLY,
    Choice,
    Derived,
    Field,
    History,
    Nested,
    One,
    Own,
    Relation,
    Type,
    fixed,
)
from afterclose.segments.models import Segment, Subject

ACCOUNT, CONTACT = "Account", "Contact"

_TOUCHES = ", ".join(
    f"'{kind}'" for kind in ("activity.call", "activity.email", "activity.meeting")
)

# What the stage was before the first change within the window; without one, what it is now.
_STAGE_BEFORE = f"""
    SELECT DISTINCT ON (e.account_id) e.account_id AS subject_id, e.payload ->> 'from' AS value
      FROM accounts_event e
     WHERE e.business_id = %(business)s AND e.kind = 'stage.changed'
       AND e.occurred_at >= (%(today)s - %(days)s + 1)::timestamp AT TIME ZONE %(zone)s
       AND e.account_id IS NOT NULL AND {ONLY.format("e.account_id")}
     ORDER BY e.account_id, e.occurred_at, e.id
"""  # noqa: S608 - constants
_LAST_TOUCH = f"""
    SELECT e.account_id AS subject_id, max(e.occurred_at) AS value
      FROM accounts_event e
     WHERE e.business_id = %(business)s AND e.account_id IS NOT NULL AND e.kind IN ({_TOUCHES})
       AND {ONLY.format("e.account_id")}
     GROUP BY e.account_id
"""  # noqa: S608 - constants


def members() -> list[Choice]:
    """The people of the business, written by their e-mail address."""
    found = Membership.objects.select_related("person").order_by("person__name", "person__email")
    return [Choice(each.id, str(each.person), each.person.email) for each in found]


def segments_of(subject: str) -> list[Choice]:
    """The segments of a subject, written by their name."""
    found = Segment.objects.filter(subject=subject).order_by("name_key")
    return [Choice(key, name, name) for key, name in found.values_list("id", "name")]


def risk_reasons() -> list[Choice]:
    """The reasons of the business, archived ones included."""
    return [Choice(key, label) for key, label in RiskReason.objects.values_list("key", "label")]


def register() -> None:
    """Called as the product starts."""
    fields.register(*_account_fields())
    fields.register(*_contact_fields())
    fields.register_relation(*_relations())


def _account_fields() -> list[Field]:
    def own(key: str, label: str, kind: Type, column: str = "", hint: str = "") -> Field:
        return Field(key, label, ACCOUNT, kind, Own(column or key), help=hint)

    flag = "cleared_at IS NULL"
    return [
        own("name", "Name", Type.TEXT),
        Field(
            "stage", "Stage", ACCOUNT, Type.CHOICE, Own("stage"), choices=fixed(Stage.choices),
            history=History(Derived(_STAGE_BEFORE)),
        ),
        Field("csm", "CSM", ACCOUNT, Type.CHOICE, Own("csm_id"), choices=members),
        Field("ae", "AE", ACCOUNT, Type.CHOICE, Own("ae_id"), choices=members),
        Field(
            "at_risk", "At risk", ACCOUNT, Type.BOOLEAN,
            One(AtRiskFlag, "({t}.id IS NOT NULL)", where="{t}." + flag),
        ),
        Field(
            "at_risk_since", "At risk since", ACCOUNT, Type.INSTANT,
            One(AtRiskFlag, "set_at", where="{t}." + flag),
        ),
        own("domain", "Domain", Type.TEXT),
        own("industry", "Industry", Type.TEXT),
        own("country", "Country", Type.TEXT, hint="Two letters, such as US."),
        own("source", "Source", Type.TEXT),
        own("plan", "Plan", Type.TEXT),
        own("seats", "Seats", Type.NUMBER),
        own("external_id", "External id", Type.TEXT),
        own("customer_since", "Customer since", Type.DATE),
        own("churned_on", "Churned on", Type.DATE),
        own("renewal_date", "Renewal date set by hand", Type.DATE),
        Field("parent", "Has a parent account", ACCOUNT, Type.BOOLEAN,
              Own("({t}.parent_id IS NOT NULL)")),
        own("created_at", "Added", Type.INSTANT),
        own("updated_at", "Last changed", Type.INSTANT),
        Field("last_touch", "Last touch", ACCOUNT, Type.INSTANT, Derived(_LAST_TOUCH),
              help="The last call, meeting or e-mail."),
        Field("segment", "Segment", ACCOUNT, Type.SET, Nested(),
              choices=lambda: segments_of(Subject.ACCOUNT)),
    ]  # fmt: skip


def _contact_fields() -> list[Field]:
    def own(key: str, label: str, kind: Type, column: str = "") -> Field:
        return Field(key, label, CONTACT, kind, Own(column or key), subject="contact")

    return [
        own("name", "Name", Type.TEXT),
        own("email", "E-mail", Type.TEXT),
        own("title", "Title", Type.TEXT),
        own("phone", "Phone", Type.TEXT),
        own("champion", "Champion", Type.BOOLEAN, "is_champion"),
        own("economic_buyer", "Economic buyer", Type.BOOLEAN, "is_economic_buyer"),
        own("technical_buyer", "Technical buyer", Type.BOOLEAN, "is_technical_buyer"),
        own("detractor", "Detractor", Type.BOOLEAN, "is_detractor"),
        own("left_on", "Left on", Type.DATE),
        own("external_id", "External id", Type.TEXT),
        own("created_at", "Added", Type.INSTANT),
        own("updated_at", "Last changed", Type.INSTANT),
        Field("segment", "Segment", CONTACT, Type.SET, Nested(), subject="contact",
              choices=lambda: segments_of(Subject.CONTACT)),
    ]  # fmt: skip


def _relations() -> list[Relation]:
    def row(key: str, label: str, kind: Type, column: str = "") -> Field:
        return Field(key, label, "", kind, Own(column or key), subject="row")

    return [
        Relation(
            "contacts", "Contacts", Contact,
            [
                row("title", "Title", Type.TEXT),
                row("email", "E-mail", Type.TEXT),
                row("champion", "Champion", Type.BOOLEAN, "is_champion"),
                row("economic_buyer", "Economic buyer", Type.BOOLEAN, "is_economic_buyer"),
                row("technical_buyer", "Technical buyer", Type.BOOLEAN, "is_technical_buyer"),
                row("detractor", "Detractor", Type.BOOLEAN, "is_detractor"),
                row("left_on", "Left on", Type.DATE),
            ],
        ),
        Relation(
            "activities", "Timeline events", Event,
            [
                Field("kind", "Kind", "", Type.TEXT, Own("kind"), subject="row",
                      help=f"Such as {', '.join(ACTIVITY_KINDS)}."),
                row("title", "Title", Type.TEXT),
            ],
            on="occurred_at", on_is_instant=True,
        ),
        Relation(
            "children", "Child accounts", Account,
            [
                row("name", "Name", Type.TEXT),
                Field("stage", "Stage", "", Type.CHOICE, Own("stage"), subject="row",
                      choices=fixed(Stage.choices)),
                row("plan", "Plan", Type.TEXT),
                row("seats", "Seats", Type.NUMBER),
            ],
            column="parent_id",
        ),
    ]  # fmt: skip
