"""Accounts in the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils import timezone
from ninja import Path
from pydantic import Field

from afterclose.accounts import actions, queries
from afterclose.accounts.api import extras
from afterclose.accounts.custom_fields.models import Subject
from afterclose.accounts.importing.references import accounts_by_external_id
from afterclose.accounts.lists import AccountList
from afterclose.accounts.models import Account
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.businesses.rest import etags
from afterclose.businesses.rest.fields import (
    WHOLE,
    AddressId,
    Country,
    Currency,
    Day,
    Domain,
    Id,
    In,
    Named,
    Out,
    Website,
    filled,
    up_to,
)
from afterclose.businesses.rest.lists import list_operation
from afterclose.businesses.rest.router import ROOT, ApiRequest, ApiRouter, Created

router = ApiRouter()
Row = Mapping[str, Any]
StageName = Literal["prospect", "onboarding", "active", "renewal", "expanding", "churned"]


class AccountOut(Out):
    """A customer company."""

    id: int
    external_id: str | None
    name: str
    domain: str
    website: str
    industry: str
    country: str
    source: str
    plan: str
    seats: int | None
    stage: StageName
    at_risk: bool
    csm: Named | None
    ae: Named | None
    parent: Named | None
    customer_since: date | None
    churned_on: date | None
    renewal_date: date | None
    currency: str
    tags: list[str]
    custom: dict[str, Any] = Field(
        description="Custom fields by key: text, number as text, {amount_minor, currency}, date,"
        " true or false, key or keys of choices; null where there is no value."
    )
    created_at: datetime
    updated_at: datetime


PLAIN = (
    "id", "external_id", "name", "domain", "website", "industry", "country", "source", "plan",
    "seats", "stage", "customer_since", "churned_on", "renewal_date", "currency", "created_at",
    "updated_at",
)  # fmt: skip
ACCOUNT_PATHS = (
    *PLAIN, "is_at_risk", "parent_id", "parent__name",
    "csm_id", "csm__person__name", "csm__person__email",
    "ae_id", "ae__person__name", "ae__person__email",
)  # fmt: skip


def _member(row: Row, path: str) -> Named | None:
    name = row[f"{path}__person__name"] or row[f"{path}__person__email"]
    return Named.model_construct(id=row[f"{path}_id"], name=name) if row[f"{path}_id"] else None


def account_out(row: Row) -> AccountOut:
    """An account of the API from its values."""
    parent = (
        Named.model_construct(id=row["parent_id"], name=row["parent__name"])
        if row["parent_id"]
        else None
    )
    return AccountOut.model_construct(
        **{name: row[name] for name in PLAIN},
        at_risk=row["is_at_risk"],
        csm=_member(row, "csm"),
        ae=_member(row, "ae"),
        parent=parent,
        tags=[],
        custom={},
    )


def enrich(viewer: Actor, items: Sequence[AccountOut]) -> None:
    """Tags and custom fields of a page."""
    extras.enrich(viewer, Subject.ACCOUNT, items)


class AccountFields(In):
    """What can be set on an account."""

    external_id: Annotated[str, up_to(200)] | None = None
    domain: Domain = ""
    website: Website = ""
    industry: Annotated[str, up_to(100)] = ""
    country: Country = ""
    source: Annotated[str, up_to(60)] = ""
    plan: Annotated[str, up_to(100)] = ""
    seats: Annotated[int, Field(ge=0, le=2_147_483_647), WHOLE] | None = None
    stage: StageName = "active"
    csm_id: Id | None = Field(None, description="A member's id, from /members.")
    ae_id: Id | None = Field(None, description="A member's id, from /members.")
    parent_id: Id | None = Field(None, description="The account that it belongs to.")
    customer_since: Day | None = None
    churned_on: Day | None = Field(None, description="Only kept while the stage is churned.")
    renewal_date: Day | None = None
    currency: Currency = ""
    tags: extras.Tags = []
    custom: extras.Custom = {}


class AccountNew(AccountFields):
    """An account to create; only the name has to be there."""

    name: Annotated[str, filled(200)]


class AccountPatch(AccountFields):
    """Fields of an account to change; those that are left out stay as they are."""

    name: Annotated[str, filled(200)] = "unchanged"


class StageChange(In):
    """The stage to move to."""

    stage: StageName
    churned_on: Day | None = Field(None, description="For churned: the day it left, else today.")


class AtRisk(In):
    """Why an account is at risk."""

    reasons: list[Annotated[str, up_to(60)]] = Field(
        min_length=1, max_length=50, description="Keys of /risk-reasons."
    )
    note: Annotated[str, up_to(10_000)] = ""


class NotAtRisk(In):
    """What changed."""

    note: Annotated[str, up_to(10_000)] = ""


ACCOUNT = {
    "id": 17, "external_id": "0018c00002", "name": "Globex", "domain": "globex.example",
    "website": "https://globex.example", "industry": "Retail", "country": "US", "source": "Partner",
    "plan": "Enterprise", "seats": 120, "stage": "active", "at_risk": False,
    "csm": {"id": 4, "name": "Dana Reyes"}, "ae": None, "parent": None,
    "customer_since": "2024-02-01", "churned_on": None, "renewal_date": None, "currency": "USD",
    "tags": ["VIP"], "custom": {"contract_tier": "gold"},
    "created_at": "2026-01-05T09:00:00Z", "updated_at": "2026-03-02T14:12:07Z",
}  # fmt: skip
ACCOUNT_NEW = {
    "name": "Globex",
    "external_id": "0018c00002",
    "domain": "globex.example",
    "stage": "active",
    "csm_id": 4,
    "seats": 120,
}

list_operation(
    router,
    "/accounts",
    AccountList,
    right=Right.ACCOUNTS_VIEW,
    out=AccountOut,
    paths=ACCOUNT_PATHS,
    build=account_out,
    enrich=enrich,
    example=ACCOUNT,
    operation_id="list_accounts",
)


def show_account(viewer: Actor, account_id: int) -> AccountOut:
    """One account; raises Http404."""
    row = queries.accounts(viewer).filter(pk=account_id).values(*ACCOUNT_PATHS).first()
    if row is None:
        raise Http404
    found = account_out(row)
    enrich(viewer, [found])
    return found


@router.operation(
    "POST",
    "/accounts",
    right=Right.ACCOUNTS_EDIT,
    returns=AccountOut,
    status=201,
    example=ACCOUNT,
    takes=ACCOUNT_NEW,
)
def create_account(request: ApiRequest, body: AccountNew) -> Created:
    """Create an account."""
    return _create(request.viewer, body)


@router.operation(
    "GET",
    "/accounts/{account_id}",
    right=Right.ACCOUNTS_VIEW,
    returns=AccountOut,
    example=ACCOUNT,
    cached=True,
)
def get_account(request: ApiRequest, account_id: Path[AddressId]) -> AccountOut:
    """Read an account."""
    return show_account(request.viewer, account_id)


@router.operation(
    "PATCH",
    "/accounts/{account_id}",
    right=Right.ACCOUNTS_EDIT,
    returns=AccountOut,
    example=ACCOUNT,
    takes={"plan": "Enterprise", "csm_id": 4},
)
def change_account(
    request: ApiRequest, account_id: Path[AddressId], body: AccountPatch
) -> AccountOut:
    """Change fields of an account."""
    _hold(request, account_id)
    return _change(request, account_id, body)


@router.operation(
    "GET",
    "/accounts/by-external-id/{path:external_id}",
    right=Right.ACCOUNTS_VIEW,
    returns=AccountOut,
    example=ACCOUNT,
    cached=True,
)
def get_account_by_external_id(
    request: ApiRequest, external_id: Path[Annotated[str, filled(200)]]
) -> AccountOut:
    """Read an account by its id in your system.

    The id of an account that was merged into another one finds that one.
    """
    account_id = _found(external_id)
    if account_id is None:
        raise Http404
    return show_account(request.viewer, account_id)


@router.operation(
    "PUT",
    "/accounts/by-external-id/{path:external_id}",
    right=Right.ACCOUNTS_EDIT,
    returns=AccountOut,
    also=(201,),
    example=ACCOUNT,
    takes={"name": "Globex", "plan": "Enterprise"},
)
def put_account(
    request: ApiRequest, external_id: Path[Annotated[str, filled(200)]], body: AccountNew
) -> AccountOut | Created:
    """Create or change an account by its id in your system.

    Creates it when there is none with this external id, else changes the fields that are sent
    and leaves the others. The external id in the address counts, not one in the body; that of an
    account that was merged into another one changes that one, which keeps its own.
    """
    account_id = _found(external_id)
    if account_id is not None:
        _hold(request, account_id)
        body.model_fields_set.discard("external_id")
        return _change(request, account_id, body)
    etags.require_match(request, None)
    body = body.model_copy(update={"external_id": external_id})
    return _create(request.viewer, body)


@router.operation(
    "POST",
    "/accounts/{account_id}/stage",
    right=Right.ACCOUNTS_EDIT,
    returns=AccountOut,
    example=ACCOUNT,
    takes={"stage": "churned", "churned_on": "2026-03-31"},
)
def change_account_stage(
    request: ApiRequest, account_id: Path[AddressId], body: StageChange
) -> AccountOut:
    """Move an account to another stage."""
    actions.change_stage(
        actor=request.viewer, at=timezone.now(), account_id=account_id, **body.model_dump()
    )
    return show_account(request.viewer, account_id)


@router.operation(
    "POST",
    "/accounts/{account_id}/at-risk",
    right=Right.ACCOUNTS_EDIT,
    returns=AccountOut,
    example=ACCOUNT | {"at_risk": True},
    takes={"reasons": ["champion-left"], "note": "Ada has left."},
)
def flag_account(request: ApiRequest, account_id: Path[AddressId], body: AtRisk) -> AccountOut:
    """Flag an account at risk, or change the reasons of its open flag."""
    queries.account(request.viewer, account_id)
    known = set(queries.risk_reasons(request.viewer).values_list("key", flat=True))
    if unknown := sorted(set(body.reasons) - known):
        raise ValidationError({"reasons": f"There is no reason “{unknown[0]}” in /risk-reasons."})
    actions.flag_at_risk(
        actor=request.viewer, at=timezone.now(), account_id=account_id, **body.model_dump()
    )
    return show_account(request.viewer, account_id)


@router.operation(
    "POST",
    "/accounts/{account_id}/at-risk/clear",
    right=Right.ACCOUNTS_EDIT,
    returns=AccountOut,
    example=ACCOUNT,
    takes={"note": "Renewed for two years."},
)
def clear_account(request: ApiRequest, account_id: Path[AddressId], body: NotAtRisk) -> AccountOut:
    """Say that an account is not at risk any more."""
    actions.clear_at_risk(
        actor=request.viewer, at=timezone.now(), account_id=account_id, note=body.note
    )
    return show_account(request.viewer, account_id)


def _create(viewer: Actor, body: AccountFields) -> Created:
    with _named_as_sent():
        made = actions.create_account(actor=viewer, at=timezone.now(), **_values(viewer, body))
    sent = body.model_dump(include=set(extras.NAMES), exclude_unset=True)
    extras.save(viewer, Subject.ACCOUNT, made.pk, sent, complete=True)
    return Created(show_account(viewer, made.pk), f"{ROOT}/accounts/{made.pk}")


def _found(external_id: str) -> int | None:
    return accounts_by_external_id([external_id]).get(external_id)


def _hold(request: ApiRequest, account_id: int) -> None:
    """Compare what is there now with the preconditions of the request; raises Http404."""
    etags.lock(request, Account.objects.filter(pk=account_id))
    etags.require_match(request, show_account(request.viewer, account_id))


def _change(request: ApiRequest, account_id: int, body: AccountFields) -> AccountOut:
    with _named_as_sent():
        actions.change_account(
            actor=request.viewer,
            at=timezone.now(),
            account_id=account_id,
            **_values(request.viewer, body),
        )
    sent = body.model_dump(include=set(extras.NAMES), exclude_unset=True)
    extras.save(request.viewer, Subject.ACCOUNT, account_id, sent)
    return show_account(request.viewer, account_id)


def _values(viewer: Actor, body: AccountFields) -> dict[str, Any]:
    """What was sent, as the action takes it. Raises ValidationError for rows that are not there."""
    values = body.model_dump(exclude_unset=True, exclude=set(extras.NAMES))
    problems: dict[str, str] = {}
    for part in ("csm", "ae"):
        if f"{part}_id" in values:
            wanted = values.pop(f"{part}_id")
            values[part] = queries.members(viewer).filter(id=wanted).first() if wanted else None
            if wanted and values[part] is None:
                problems[f"{part}_id"] = "There is no active member with this id."
    if "parent_id" in values:
        wanted = values.pop("parent_id")
        values["parent"] = Account.objects.filter(id=wanted).first() if wanted else None
        if wanted and values["parent"] is None:
            problems["parent_id"] = "There is no account with this id."
    if problems:
        raise ValidationError(problems)
    return values


@contextmanager
def _named_as_sent() -> Iterator[None]:
    """Name fields in errors as the caller sent them."""
    try:
        yield
    except ValidationError as error:
        if not hasattr(error, "error_dict"):
            raise
        names = {"csm": "csm_id", "ae": "ae_id", "parent": "parent_id"}
        found = {names.get(name, name): each for name, each in error.error_dict.items()}
        raise ValidationError(found) from error
