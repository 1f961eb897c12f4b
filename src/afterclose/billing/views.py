"""Pages of billing."""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from afterclose.accounts import queries as account_queries
from afterclose.billing import queries
from afterclose.billing.lists import SubscriptionList
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.ui.lists import list_view


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_VIEW)
def subscriptions(request: MemberRequest) -> HttpResponseBase:
    """Every subscription; POST saves views."""
    return list_view(request, SubscriptionList)


@require_safe
@page(right=Right.ACCOUNTS_VIEW)
def panel(request: MemberRequest, account_id: int) -> HttpResponse:
    """What the account has bought."""
    account = account_queries.account(request.viewer, account_id)
    return render(
        request,
        "billing/_panel.html",
        {
            "account": account,
            "figures": queries.account_figures(request.viewer, account_id),
            "today": timezone.localdate(),
        },
    )
