"""What accounts and contacts can be given: custom fields, tags, reasons to be at risk."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from afterclose.accounts import queries
from afterclose.accounts.custom_fields import queries as custom_fields
from afterclose.accounts.custom_fields.models import Subject
from afterclose.accounts.tags import queries as tagging
from afterclose.businesses.permissions import Right
from afterclose.businesses.rest.fields import Out, Page
from afterclose.businesses.rest.router import ApiRequest, ApiRouter

router = ApiRouter()
MOST_TAGS = MOST_MEMBERS = 1000


class ChoiceOut(Out):
    """Something that can be chosen."""

    key: str
    label: str


class CustomFieldOut(Out):
    """A field that an admin has defined; the key stays when it is renamed."""

    id: int
    subject: Literal["account", "contact"]
    key: str
    label: str
    kind: Literal["text", "number", "money", "date", "boolean", "choice", "choices", "url"]
    help: str
    is_required: bool
    choices: list[ChoiceOut]


FIELD = {
    "id": 3, "subject": "account", "key": "contract_tier", "label": "Contract tier",
    "kind": "choice", "help": "", "is_required": False,
    "choices": [{"key": "gold", "label": "Gold"}],
}  # fmt: skip


@router.operation(
    "GET",
    "/custom-fields",
    right=Right.ACCOUNTS_VIEW,
    returns=Page[CustomFieldOut],
    example={"items": [FIELD], "next_cursor": None},
)
def list_custom_fields(request: ApiRequest) -> Page[CustomFieldOut]:
    """List the custom fields of accounts and of contacts, in the order of the forms."""
    found = [
        CustomFieldOut.model_construct(
            id=one.id,
            subject=subject.value,
            key=one.key,
            label=one.label,
            kind=one.kind.value,
            help=one.help,
            is_required=one.is_required,
            choices=[ChoiceOut(key=each.key, label=each.label) for each in one.choices],
        )
        for subject in Subject
        for one in custom_fields.fields(request.viewer, subject)
    ]
    return Page[CustomFieldOut](items=found, next_cursor=None)


class TagOut(Out):
    """A word that accounts and contacts can be given."""

    id: int
    name: str
    tone: str
    accounts: int = Field(description="How many accounts have it.")
    contacts: int = Field(description="How many contacts have it.")


@router.operation(
    "GET",
    "/tags",
    right=Right.ACCOUNTS_VIEW,
    returns=Page[TagOut],
    example={
        "items": [{"id": 5, "name": "VIP", "tone": "accent", "accounts": 12, "contacts": 0}],
        "next_cursor": None,
    },
)
def list_tags(request: ApiRequest) -> Page[TagOut]:
    """List the tags by name, at most 1,000; put them on with `tags` of an account or contact."""
    found: Any = tagging.tags(request.viewer)  # with counts, which the type of Tag does not know
    items = [
        TagOut(
            id=tag.id,
            name=tag.name,
            tone=tag.tone,
            accounts=tag.accounts,
            contacts=tag.contacts,
        )
        for tag in found[:MOST_TAGS]
    ]
    return Page[TagOut](items=items, next_cursor=None)


class RiskReasonOut(Out):
    """A reason that an account can be at risk for."""

    key: str
    label: str


@router.operation(
    "GET",
    "/risk-reasons",
    right=Right.ACCOUNTS_VIEW,
    returns=Page[RiskReasonOut],
    example={"items": [{"key": "champion-left", "label": "Champion left"}], "next_cursor": None},
)
def list_risk_reasons(request: ApiRequest) -> Page[RiskReasonOut]:
    """List the reasons that an account can be at risk for."""
    rows = queries.risk_reasons(request.viewer).values("key", "label")[:100]
    return Page[RiskReasonOut](items=[RiskReasonOut(**row) for row in rows], next_cursor=None)


class MemberOut(Out):
    """Somebody who can look after accounts, be given tasks and be mentioned."""

    id: int
    name: str
    email: str
    title: str


@router.operation(
    "GET",
    "/members",
    right=Right.ACCOUNTS_VIEW,
    returns=Page[MemberOut],
    example={
        "items": [
            {"id": 4, "name": "Dana Reyes", "email": "dana@example.com", "title": "Head of CS"}
        ],
        "next_cursor": None,
    },
)
def list_members(request: ApiRequest) -> Page[MemberOut]:
    """List the active members of the business by name, at most 1,000."""
    found = [
        MemberOut(id=each.id, name=str(each), email=each.person.email, title=each.title)
        for each in queries.members(request.viewer)[:MOST_MEMBERS]
    ]
    return Page[MemberOut](items=found, next_cursor=None)
