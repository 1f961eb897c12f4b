"""Pages of feedback."""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from afterclose.accounts import queries as account_queries
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.feedback import queries
from afterclose.feedback.lists import AnswerList
from afterclose.ui.lists import list_view


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_VIEW)
def answers(request: MemberRequest) -> HttpResponseBase:
    """Every survey answer; POST saves views."""
    return list_view(request, AnswerList)


@require_safe
@page(right=Right.ACCOUNTS_VIEW)
def panel(request: MemberRequest, account_id: int) -> HttpResponse:
    """What the account's people said when asked."""
    account = account_queries.account(request.viewer, account_id)
    found = queries.account_answers(request.viewer, account_id, timezone.now())
    return render(request, "feedback/_panel.html", {"account": account, "answers": found})


@require_safe
@page(right=Right.ACCOUNTS_VIEW)
def of_contact(request: MemberRequest, contact_id: int) -> HttpResponse:
    """What one person said when asked."""
    contact = account_queries.contact(request.viewer, contact_id)
    found = queries.contact_answers(request.viewer, contact_id)
    return render(request, "feedback/_contact_panel.html", {"contact": contact, "answers": found})
