"""Contacts in the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils import timezone
from ninja import Path
from pydantic import Field, StrictBool

from afterclose.accounts import actions, queries
from afterclose.accounts.api import extras
from afterclose.accounts.custom_fields.models import Subject
from afterclose.accounts.lists import ContactList
from afterclose.accounts.models import Contact
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.businesses.rest import etags
from afterclose.businesses.rest.fields import (
    AddressId,
    Day,
    Email,
    Id,
    In,
    Named,
    Out,
    filled,
    up_to,
)
from afterclose.businesses.rest.lists import list_operation
from afterclose.businesses.rest.router import ROOT, ApiRequest, ApiRouter, Created

router = ApiRouter()
Row = Mapping[str, Any]


class ContactOut(Out):
    """A person at an account."""

    id: int
    external_id: str | None
    account: Named
    name: str
    email: str
    title: str
    phone: str
    is_champion: bool
    is_economic_buyer: bool
    is_technical_buyer: bool
    is_detractor: bool
    left_on: date | None
    tags: list[str]
    custom: dict[str, Any] = Field(description="Custom fields by key, as on accounts.")
    created_at: datetime
    updated_at: datetime


CONTACT_PLAIN = (
    "id", "external_id", "name", "email", "title", "phone", "is_champion", "is_economic_buyer",
    "is_technical_buyer", "is_detractor", "left_on", "created_at", "updated_at",
)  # fmt: skip
CONTACT_PATHS = (*CONTACT_PLAIN, "account_id", "account__name")


def contact_out(row: Row) -> ContactOut:
    """A contact of the API from its values."""
    account = Named.model_construct(id=row["account_id"], name=row["account__name"])
    return ContactOut.model_construct(
        **{n: row[n] for n in CONTACT_PLAIN}, account=account, tags=[], custom={}
    )


def enrich(viewer: Actor, items: Sequence[ContactOut]) -> None:
    """Tags and custom fields of a page."""
    extras.enrich(viewer, Subject.CONTACT, items)


class ContactFields(In):
    """What can be set on a contact."""

    external_id: Annotated[str, up_to(200)] | None = None
    email: Email = ""
    title: Annotated[str, up_to(100)] = ""
    phone: Annotated[str, up_to(40)] = ""
    is_champion: StrictBool = False
    is_economic_buyer: StrictBool = False
    is_technical_buyer: StrictBool = False
    is_detractor: StrictBool = False
    left_on: Day | None = None
    tags: extras.Tags = []
    custom: extras.Custom = {}


class ContactNew(ContactFields):
    """A person to add to an account."""

    account_id: Id
    name: Annotated[str, filled(200)]


class ContactPatch(ContactFields):
    """Fields of a contact to change; those that are left out stay as they are."""

    name: Annotated[str, filled(200)] = "unchanged"


CONTACT = {
    "id": 88, "external_id": "003Ab", "account": {"id": 17, "name": "Globex"}, "name": "Ada Lind",
    "email": "ada@globex.example", "title": "COO", "phone": "", "is_champion": True,
    "is_economic_buyer": False, "is_technical_buyer": False, "is_detractor": False,
    "left_on": None, "tags": [], "custom": {},
    "created_at": "2026-01-05T09:00:00Z", "updated_at": "2026-01-05T09:00:00Z",
}  # fmt: skip

list_operation(
    router,
    "/contacts",
    ContactList,
    right=Right.ACCOUNTS_VIEW,
    out=ContactOut,
    paths=CONTACT_PATHS,
    build=contact_out,
    enrich=enrich,
    example=CONTACT,
    operation_id="list_contacts",
)


def _contact(viewer: Actor, contact_id: int) -> ContactOut:
    row = queries.all_contacts(viewer).filter(pk=contact_id).values(*CONTACT_PATHS).first()
    if row is None:
        raise Http404
    found = contact_out(row)
    enrich(viewer, [found])
    return found


@router.operation(
    "POST",
    "/contacts",
    right=Right.ACCOUNTS_EDIT,
    returns=ContactOut,
    status=201,
    example=CONTACT,
    takes={
        "account_id": 17,
        "name": "Ada Lind",
        "email": "ada@globex.example",
        "is_champion": True,
    },
)
def create_contact(request: ApiRequest, body: ContactNew) -> Created:
    """Add a person to an account."""
    if not queries.accounts(request.viewer).filter(pk=body.account_id).exists():
        raise ValidationError({"account_id": "There is no account with this id."})
    made = actions.add_contact(
        actor=request.viewer,
        at=timezone.now(),
        **body.model_dump(exclude_unset=True, exclude=set(extras.NAMES)),
    )
    sent = body.model_dump(include=set(extras.NAMES), exclude_unset=True)
    extras.save(request.viewer, Subject.CONTACT, made.pk, sent, complete=True)
    return Created(_contact(request.viewer, made.pk), f"{ROOT}/contacts/{made.pk}")


@router.operation(
    "GET",
    "/contacts/{contact_id}",
    right=Right.ACCOUNTS_VIEW,
    returns=ContactOut,
    example=CONTACT,
    cached=True,
)
def get_contact(request: ApiRequest, contact_id: Path[AddressId]) -> ContactOut:
    """Read a contact."""
    return _contact(request.viewer, contact_id)


@router.operation(
    "PATCH",
    "/contacts/{contact_id}",
    right=Right.ACCOUNTS_EDIT,
    returns=ContactOut,
    example=CONTACT,
    takes={"title": "CEO"},
)
def change_contact(
    request: ApiRequest, contact_id: Path[AddressId], body: ContactPatch
) -> ContactOut:
    """Change fields of a contact."""
    etags.lock(request, Contact.objects.filter(pk=contact_id))
    etags.require_match(request, _contact(request.viewer, contact_id))
    actions.change_contact(
        actor=request.viewer,
        at=timezone.now(),
        contact_id=contact_id,
        **body.model_dump(exclude_unset=True, exclude=set(extras.NAMES)),
    )
    sent = body.model_dump(include=set(extras.NAMES), exclude_unset=True)
    extras.save(request.viewer, Subject.CONTACT, contact_id, sent)
    return _contact(request.viewer, contact_id)


@router.operation(
    "DELETE", "/contacts/{contact_id}", right=Right.ACCOUNTS_EDIT, returns=None, status=204
)
def remove_contact(request: ApiRequest, contact_id: Path[AddressId]) -> None:
    """Remove a contact.

    What they answered in surveys stays, without their name.
    """
    actions.remove_contact(actor=request.viewer, at=timezone.now(), contact_id=contact_id)
