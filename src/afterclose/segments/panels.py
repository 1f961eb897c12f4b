"""The segments of one account or contact, as panels of their pages."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from afterclose.accounts import queries as accounts
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.segments import queries
from afterclose.segments.models import Subject


@require_safe
@page(right=Right.SEGMENTS_VIEW)
def of_account(request: MemberRequest, account_id: int) -> HttpResponse:
    """Which segments an account is in, and since when."""
    found = accounts.account(request.viewer, account_id)
    return _panel(request, Subject.ACCOUNT, account_id, found.name)


@require_safe
@page(right=Right.SEGMENTS_VIEW)
def of_contact(request: MemberRequest, contact_id: int) -> HttpResponse:
    """Which segments a contact is in, and since when."""
    found = accounts.contact(request.viewer, contact_id)
    return _panel(request, Subject.CONTACT, contact_id, found.name)


def _panel(request: MemberRequest, subject: str, subject_id: int, name: str) -> HttpResponse:
    found = queries.memberships_of(request.viewer, subject, subject_id)
    return render(request, "segments/_panel.html", {"memberships": found, "name": name})
