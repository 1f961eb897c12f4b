"""The Monday dashboard and its panels (CS-98)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.views.decorators.http import require_safe

from afterclose.accounts.lists import AccountList
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.health import movers, queries as health
from afterclose.health.lists import AtRiskList
from afterclose.health.scoring import BUCKETS
from afterclose.home import queries, tiles
from afterclose.kit import clock
from afterclose.kit.periods import last_monday
from afterclose.notifications import queries as inbox
from afterclose.ui import charts
from afterclose.ui.components import BUCKETS as BUCKET_LOOKS

TREND_TONES = {"good": "good", "info": "accent", "warn": "warn", "bad": "bad"}
FALLS = 5


@require_safe
@page(right=Right.HOME_VIEW)
def dashboard(request: MemberRequest) -> HttpResponse:
    """The frame: whose accounts, as of when, and the panels; each loads by itself.

    `?whose=mine` and `?whose=all`; without it a CSM sees their own accounts, and whoever leads
    (admins) the whole book.
    """
    viewer = request.viewer
    if not queries.has_accounts(viewer):
        may = {"may_import": _may_import(viewer), "may_sample": viewer.may(Right.SAMPLE_DATA)}
        return render(request, "home/fresh.html", may)
    whose = request.GET.get("whose")
    if whose not in ("mine", "all"):
        leads = viewer.may(Right.SETTINGS_EDIT)
        whose = "all" if leads or not queries.has_own_accounts(viewer) else "mine"
    today = timezone.localdate()
    sees_health = viewer.may(Right.HEALTH_VIEW)
    return render(
        request,
        "home/dashboard.html",
        {
            "whose": whose,
            "query": "?mine=1" if whose == "mine" else "",
            "today": today,
            "since": last_monday(today),
            "as_of": health.as_of(viewer) if sees_health else None,
            "sees_health": sees_health,
            "sees_renewals": viewer.may(Right.RENEWALS_VIEW),
            "sees_tasks": viewer.may(Right.TASKS_VIEW),
            "tiles": tiles.frames(viewer, today),
            # The trend is of the whole book.
            "health_height": 32 if whose == "all" else 16,
        },
    )


def _may_import(viewer: Actor) -> bool:
    return viewer.may(Right.ACCOUNTS_IMPORT)


def _csm(request: MemberRequest) -> int | None:
    return request.viewer.membership_id if request.GET.get("mine") == "1" else None


def _who(csm_id: int | None) -> dict[str, Any]:
    return {} if csm_id is None else {"csm": csm_id}


def _since(today: date) -> tuple[date, Any]:
    monday = last_monday(today)
    return monday, clock.start_of_day(monday, timezone.get_current_timezone_name())


@require_safe
@page(right=Right.HOME_VIEW)
def numbers(request: MemberRequest) -> HttpResponse:
    """The row of numbers at the top; each opens exactly the rows that it counts."""
    zone = timezone.get_current_timezone_name()
    found = tiles.counted(request.viewer, timezone.localdate(), zone, _csm(request))
    return render(request, "home/_numbers.html", {"tiles": found})


@require_safe
@page(right=Right.HEALTH_VIEW)
def at_risk(request: MemberRequest) -> HttpResponse:
    """The accounts at risk with the lowest health, and why each is."""
    viewer, csm_id = request.viewer, _csm(request)
    rows, more = queries.lowest_at_risk(viewer, csm_id)
    context = {
        "rows": rows,
        "more": more,
        "mine": csm_id is not None,
        "url": AtRiskList.url(reverse("health:at_risk"), **_who(csm_id)),
    }
    return render(request, "home/_at_risk.html", context)


@require_safe
@page(right=Right.HEALTH_VIEW)
def health_panel(request: MemberRequest) -> HttpResponse:
    """How many accounts are how healthy now, and the trend over 90 days."""
    viewer, csm_id = request.viewer, _csm(request)
    counts = health.distribution(viewer, csm_id=csm_id)
    path = reverse("accounts:list")
    buckets = [
        {
            "slug": bucket.slug,
            "label": bucket.word.value,
            "tone": BUCKET_LOOKS[bucket.slug].tone,
            "count": counts[bucket.slug],
            "url": AccountList.url(path, health=bucket.slug, **_who(csm_id)),
        }
        for bucket in BUCKETS
    ]
    as_of = health.as_of(viewer)
    context = {
        "buckets": buckets,
        "most": max(counts.values(), default=0),
        "trend": _trend(viewer, as_of.on) if as_of.on and csm_id is None else None,
    }
    return render(request, "home/_health.html", context)


def _trend(viewer: Actor, on: date) -> charts.Chart | None:
    """The share of accounts with data that are healthy or OK, day by day."""
    days = health.day_totals(viewer, on)
    if len(days) < 2:
        return None
    shares: list[float | None] = []
    for day in days:
        whole = day.healthy + day.ok + day.at_risk + day.critical
        shares.append(round(100 * (day.healthy + day.ok) / whole, 1) if whole else None)
    return charts.line(
        [date_format(day.on, "M j") for day in days],
        [charts.Series("Healthy or OK", shares, tone="good")],
        unit="%",
        places=1,
        low=0,
        high=100,
    )


@require_safe
@page(right=Right.HOME_VIEW)
def since_monday(request: MemberRequest) -> HttpResponse:
    """Who fell most, who was flagged and who left since Monday."""
    viewer, csm_id, today = request.viewer, _csm(request), timezone.localdate()
    monday, instant = _since(today)
    churned = queries.churned_since(viewer, monday, csm_id)
    falls: list[movers.Mover] = []
    flagged: Any = []
    if viewer.may(Right.HEALTH_VIEW):
        as_of = health.as_of(viewer)
        if as_of.on is not None and as_of.on > monday:
            days = (as_of.on - monday).days
            falls = movers.largest_falls(viewer, as_of.on, days, FALLS, csm_id=csm_id)
        flagged = (
            queries.newly_at_risk(viewer, instant, csm_id)
            .order_by("name_key")
            .values("id", "name", score=F("health__score"))
        )
    context = {
        "since": monday,
        "falls": falls,
        "flagged": flagged[: queries.SHOWN],
        "churned": churned.values("id", "name", "churned_on")[: queries.SHOWN],
    }
    return render(request, "home/_since_monday.html", context)


@require_safe
@page(right=Right.HOME_VIEW)
def waiting(request: MemberRequest) -> HttpResponse:
    """What waits for the viewer: unread lines of the inbox, and imports to look at."""
    viewer = request.viewer
    unread = inbox.unread(viewer)
    context = {
        "unread": list(unread.select_related("account")[: queries.SHOWN]),
        "imports": queries.imports_to_look_at(viewer) if _may_import(viewer) else [],
    }
    return render(request, "home/_waiting.html", context)
