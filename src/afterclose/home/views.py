"""The Monday dashboard and its panels (CS-98)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from afterclose.accounts.lists import AccountList
from afterclose.accounts.models import Stage
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.health import queries as health
from afterclose.health.lists import AtRiskList
from afterclose.health.scoring import BUCKETS
from afterclose.home import queries
from afterclose.kit import clock
from afterclose.notifications import queries as inbox
from afterclose.renewals.lists import RenewalList, values_in_words
from afterclose.tasks import queries as tasks
from afterclose.tasks.lists import ME, TaskList
from afterclose.ui import charts, formats
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
            "since": queries.last_monday(today),
            "as_of": health.as_of(viewer) if sees_health else None,
            "sees_health": sees_health,
            "sees_renewals": viewer.may(Right.RENEWALS_VIEW),
            "sees_tasks": viewer.may(Right.TASKS_VIEW),
        },
    )


def _may_import(viewer: Actor) -> bool:
    return viewer.may(Right.ACCOUNTS_IMPORT)


def _csm(request: MemberRequest) -> int | None:
    return request.viewer.membership_id if request.GET.get("mine") == "1" else None


def _who(csm_id: int | None) -> dict[str, Any]:
    return {} if csm_id is None else {"csm": csm_id}


def _since(today: date) -> tuple[date, Any]:
    monday = queries.last_monday(today)
    return monday, clock.start_of_day(monday, timezone.get_current_timezone_name())


@require_safe
@page(right=Right.HOME_VIEW)
def numbers(request: MemberRequest) -> HttpResponse:
    """The row of numbers at the top; each opens exactly the rows that it counts."""
    viewer, csm_id, today = request.viewer, _csm(request), timezone.localdate()
    monday, instant = _since(today)
    since_words = f"since {formats.day(monday)}"
    tiles: list[dict[str, Any]] = []
    if viewer.may(Right.HEALTH_VIEW):
        at_risk_url = reverse("health:at_risk")
        tiles += [
            {
                "slug": "health.at_risk",
                "label": "At risk",
                "value": health.at_risk_count(viewer, csm_id=csm_id),
                "url": AtRiskList.url(at_risk_url, **_who(csm_id)),
                "icon": "alert-triangle",
                "tone": "bad",
                "detail": f"health {viewer.settings.at_risk_threshold:f} or under, or flagged",
            },
            {
                "slug": "home.newly_at_risk",
                "label": "Newly at risk",
                "value": queries.newly_at_risk_count(viewer, instant, csm_id),
                "url": AtRiskList.url(at_risk_url, flagged_from=monday, **_who(csm_id)),
                "icon": "flag",
                "detail": since_words,
            },
        ]
    tiles.append(
        {
            "slug": "home.churned",
            "label": "Churned",
            "value": queries.churned_since(viewer, monday, csm_id).count(),
            "url": AccountList.url(
                reverse("accounts:list"),
                stage=Stage.CHURNED.value,
                churned_on_from=monday,
                **_who(csm_id),
            ),
            "icon": "door-exit",
            "detail": since_words,
        }
    )
    if viewer.may(Right.RENEWALS_VIEW):
        week = queries.renewing_in_a_week(viewer, today, csm_id)
        tiles.append(
            {
                "slug": "home.renewing_this_week",
                "label": "Renews in 7 days",
                "value": week.count,
                "detail": values_in_words(week),
                "url": RenewalList.url(
                    reverse("renewals:window", args=[30]), renews_on="next-7", **_who(csm_id)
                ),
                "icon": "refresh",
            }
        )
    if viewer.may(Right.TASKS_VIEW):
        overdue = tasks.mine(viewer).filter(due_on__lt=today).count()
        tiles.append(
            {
                "slug": "tasks.mine",
                "label": "My tasks",
                "value": tasks.mine(viewer).count(),
                "url": TaskList.url(reverse("tasks:list"), state="open", assignee=ME),
                "icon": "checkbox",
                "tone": "bad" if overdue else "",
                "detail": f"{overdue} overdue" if overdue else "none overdue",
            }
        )
    tiles.append(
        {
            "slug": "notifications.unread",
            "label": "Unread",
            "value": inbox.unread(viewer).count(),
            "url": reverse("notifications:inbox"),
            "icon": "bell",
            "detail": "in your inbox",
        }
    )
    return render(request, "home/_numbers.html", {"tiles": tiles})


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
        [day.on.isoformat() for day in days],
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
    falls: list[health.Mover] = []
    flagged: Any = []
    if viewer.may(Right.HEALTH_VIEW):
        as_of = health.as_of(viewer)
        if as_of.on is not None and as_of.on > monday:
            days = (as_of.on - monday).days
            falls = health.largest_falls(viewer, as_of.on, days, FALLS, csm_id=csm_id)
        flagged = queries.newly_at_risk(viewer, instant, csm_id).order_by("name_key")
        flagged = flagged.annotate(score=F("health__score"))
    context = {
        "since": monday,
        "falls": falls,
        "flagged": flagged[: queries.SHOWN],
        "churned": queries.churned_since(viewer, monday, csm_id)[: queries.SHOWN],
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
