"""Pages of support."""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from afterclose.accounts import queries as account_queries
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.support import queries
from afterclose.support.lists import TicketList
from afterclose.ui.lists import list_view


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_VIEW)
def tickets(request: MemberRequest) -> HttpResponseBase:
    """Every ticket; POST saves views."""
    return list_view(request, TicketList)


@require_safe
@page(right=Right.ACCOUNTS_VIEW)
def panel(request: MemberRequest, account_id: int) -> HttpResponse:
    """The account's open tickets."""
    account = account_queries.account(request.viewer, account_id)
    return render(
        request,
        "support/_panel.html",
        {
            "account": account,
            "tickets": queries.account_tickets(request.viewer, account_id),
            "today": timezone.localdate(),
        },
    )
