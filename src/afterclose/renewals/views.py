"""Pages of renewals."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from afterclose.accounts import queries as account_queries
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.renewals import queries
from afterclose.renewals.lists import TONES, RenewalList, values_in_words
from afterclose.renewals.stages import DEFAULT_WINDOW, LABELS, WINDOWS
from afterclose.ui.lists import ListContext, list_view
from afterclose.ui.lists.page import ListPage


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.RENEWALS_VIEW)
def pipeline(request: MemberRequest, window_days: int | None = None) -> HttpResponseBase:
    """The renewals of a window, their export, and saved views; without one named, the
    business's own window."""
    if window_days is not None and window_days not in WINDOWS:
        raise Http404("Renewals are shown for 30, 60 or 90 days.")
    shown = window_days or request.viewer.settings.renewal_window_days
    query = request.GET.copy()
    for place in ("after", "before", "format"):
        query.pop(place, None)
    suffix = f"?{query.urlencode()}" if query else ""
    windows = [
        (days, reverse("renewals:window", args=[days]) + suffix, days == shown) for days in WINDOWS
    ]
    return list_view(
        request,
        RenewalList,
        template="renewals/pipeline.html",
        context={"windows": windows, "window_days": shown},
        scope={"window_days": shown},
    )


@require_safe
@page(right=Right.RENEWALS_VIEW)
def tiles(request: MemberRequest, window_days: int) -> HttpResponse:
    """The stage tiles of a long pipeline, which load after its page."""
    scope = {"window_days": window_days}
    the_list = RenewalList(ListContext(request.viewer, timezone.localdate(), scope))
    path = reverse("renewals:window", args=[window_days])
    shown = the_list.tiles(ListPage(the_list, request.GET, path))
    return render(request, "renewals/_tiles.html", {"tiles": shown})


@require_safe
@page(right=Right.RENEWALS_VIEW)
def by_stage(request: MemberRequest) -> HttpResponse:
    """The panel of the dashboard: the next 90 days by stage with their value; `?mine=1` for the
    viewer's own accounts."""
    mine = request.GET.get("mine") == "1"
    today = timezone.localdate()
    csm_id = request.viewer.membership_id if mine else None
    summary = queries.summary(request.viewer, today, DEFAULT_WINDOW, csm_id=csm_id)
    path = reverse("renewals:window", args=[DEFAULT_WINDOW])
    who = {"csm": csm_id} if mine else {}
    stages = [
        {
            "sum": each,
            "label": LABELS[each.stage],
            "tone": TONES[each.stage],
            "value": values_in_words(each),
            "url": RenewalList.url(path, stage=each.stage.value, **who),
        }
        for each in summary.stages
        if each.stage is not None
    ]
    context = {
        "stages": stages,
        "total": summary.total,
        "total_value": values_in_words(summary.total),
        "url": RenewalList.url(path, **who),
        "next": _badged(queries.next_at_risk(request.viewer, today, csm_id=csm_id)),
        "today": today,
        "mine": mine,
    }
    return render(request, "renewals/_by_stage.html", context)


@require_safe
@page(right=Right.RENEWALS_VIEW)
def panel(request: MemberRequest, account_id: int) -> HttpResponse:
    """What renews next at one account."""
    account = account_queries.account(request.viewer, account_id)
    today = timezone.localdate()
    found = queries.of_account(request.viewer, account.id, today)
    context = {"account": account, "upcoming": _badged(found), "today": today}
    return render(request, "renewals/_panel.html", context)


def _badged(found: list[queries.Upcoming]) -> list[tuple[queries.Upcoming, str, str]]:
    """Each renewal with the tone and the label of its stage."""
    return [(each, TONES[each.standing.stage], LABELS[each.standing.stage]) for each in found]
