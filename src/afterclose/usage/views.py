"""Pages of usage."""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.views.decorators.http import require_http_methods, require_safe

from afterclose.accounts import queries as account_queries
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.ui import charts
from afterclose.ui.lists import list_view
from afterclose.usage import queries
from afterclose.usage.lists import DailyUsageList


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_VIEW)
def daily(request: MemberRequest, account_id: int) -> HttpResponseBase:
    """An account's use by day and feature; POST saves views."""
    account = account_queries.account(request.viewer, account_id)
    return list_view(
        request,
        DailyUsageList,
        template="usage/daily.html",
        context={"account": account},
        scope={"account_id": account_id},
    )


@require_safe
@page(right=Right.ACCOUNTS_VIEW)
def panel(request: MemberRequest, account_id: int) -> HttpResponse:
    """The account's use over the last days."""
    account = account_queries.account(request.viewer, account_id)
    today = timezone.localdate()
    usage = queries.account_usage(request.viewer, account_id, today)
    chart = charts.bars(
        x=[date_format(day, "M j") for day, _ in usage.days],
        series=[charts.Series("Events", [count for _, count in usage.days])],
        unit="events",
    )
    return render(
        request,
        "usage/_panel.html",
        {"account": account, "usage": usage, "chart": chart, "today": today},
    )
