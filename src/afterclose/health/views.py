"""Pages of health."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods, require_safe

from afterclose.accounts import queries as account_queries
from afterclose.accounts.lists import AccountList
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.health import explaining, movers as moving, queries, scoring
from afterclose.health.comparisons import PERIODS
from afterclose.health.lists import AtRiskList
from afterclose.health.models import DayTotal
from afterclose.kit.digits import whole_number
from afterclose.ui import charts
from afterclose.ui.components import BUCKETS as TONES
from afterclose.ui.lists import list_view

# What charts call the tones of the buckets.
CHART_TONES = {"good": "good", "info": "accent", "warn": "warn", "bad": "bad", "neutral": "neutral"}


@require_safe
@page(right=Right.HEALTH_VIEW)
def overview(request: MemberRequest) -> HttpResponse:
    """How healthy the book is: buckets, their trend, and who moved. What is counted over the
    whole book loads after the page."""
    viewer = request.viewer
    as_of = queries.as_of(viewer)
    totals = queries.day_totals(viewer, as_of.on) if as_of.on else []
    return render(
        request,
        "health/overview.html",
        {
            "as_of": as_of,
            "tiles": _frames(),
            "trend": _trend(totals) if len(totals) > 1 else None,
            "threshold": viewer.settings.at_risk_threshold,
            "days": _period(request.GET.get("days", "")),
            "periods": PERIODS,
        },
    )


@require_safe
@page(right=Right.HEALTH_VIEW)
def figures(request: MemberRequest) -> HttpResponse:
    """How many accounts are how healthy now, as tiles and as a chart; loads into the overview."""
    counts = queries.distribution(request.viewer)
    context = {
        "tiles": _tiles(counts),
        "scored": sum(counts.values()) - counts["none"],
        "distribution": _distribution(counts),
    }
    return render(request, "health/_figures.html", context)


@require_safe
@page(right=Right.HEALTH_VIEW)
def at_risk_number(request: MemberRequest) -> HttpResponse:
    """How many accounts are at risk; loads into the overview."""
    count = queries.at_risk_count(request.viewer)
    return render(request, "health/_at_risk_number.html", {"count": count})


@require_safe
@page(right=Right.HEALTH_VIEW)
def movers(request: MemberRequest) -> HttpResponse:
    """Who fell and rose most over `?days=`; loads into the overview."""
    on = queries.as_of(request.viewer).on
    days = _period(request.GET.get("days", ""))
    falls, rises = moving.movers(request.viewer, on, days) if on else ([], [])
    return render(request, "health/_movers.html", {"falls": falls, "rises": rises, "days": days})


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.HEALTH_VIEW)
def at_risk(request: MemberRequest) -> HttpResponseBase:
    """Accounts at or under the threshold, or flagged; POST saves views."""
    return list_view(request, AtRiskList)


@require_safe
@page(right=Right.HEALTH_VIEW)
def explain(request: MemberRequest, account_id: int) -> HttpResponse:
    """Why an account has the score it has, on its current day or on `?on=`."""
    account = account_queries.account(request.viewer, account_id)
    on = _day(request.GET.get("on", ""))
    found = queries.explanation(request.viewer, account_id, on)
    if found is None and on is not None:
        raise Http404(f"There is no score of {on.isoformat()} for this account.")
    context: dict[str, Any] = {"account": account, "found": found, "is_past": on is not None}
    if found is not None:
        changes = explaining.change_rows(found)
        context |= {
            "components": explaining.component_rows(found, account_id),
            "changes": changes,
            "change": explaining.change_shown(changes),
            "shown": None if found.score is None else scoring.shown(found.score),
            "before": scoring.shown(found.before.score) if found.before else None,
            "chart": _history(found, account_id),
            "today": timezone.localdate(),
        }
    context |= {
        "flag": account_queries.at_risk_flag(request.viewer, account_id),
        "may_edit": request.viewer.may(Right.ACCOUNTS_EDIT),
    }
    return render(request, "health/explain.html", context)


@require_safe
@page(right=Right.HEALTH_VIEW)
def panel(request: MemberRequest, account_id: int) -> HttpResponse:
    """The score on the account page: ring, trend, sentences."""
    account = account_queries.account(request.viewer, account_id)
    found = queries.explanation(request.viewer, account_id)
    context: dict[str, Any] = {"account": account, "found": found}
    if found is not None:
        changes = explaining.change_rows(found)
        context |= {
            "components": explaining.component_rows(found, account_id),
            "has_change": bool(changes),
            "points": [score for _, score in found.trend],
        }
    return render(request, "health/_panel.html", context)


def _period(text: str) -> int:
    days = whole_number(text)
    return days if days in PERIODS else 7


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None:
        raise Http404(f"“{text[:20]}” is not a day like 2026-03-31.")
    return found


def _bucket_url(slug: str) -> str:
    return AccountList.url(reverse("accounts:list"), health=slug, sort="health")


def _frames() -> list[dict[str, Any]]:
    """The tiles without their numbers."""
    return [
        {
            "slug": bucket.slug,
            "label": bucket.word.value,
            "detail": "of accounts",
            "url": _bucket_url(bucket.slug),
        }
        for bucket in scoring.BUCKETS
    ]


def _tiles(counts: dict[str, int]) -> list[dict[str, Any]]:
    whole = sum(counts.values())
    shares = {slug: f"{100 * count / whole:.0f} %" for slug, count in counts.items() if whole}
    return [
        {
            **frame,
            "count": counts[frame["slug"]],
            "detail": f"{shares[frame['slug']]} {frame['detail']}" if whole else "",
        }
        for frame in _frames()
    ]


def _tone(slug: str) -> Any:
    return CHART_TONES[TONES[slug].tone]


def _distribution(counts: dict[str, int]) -> charts.Chart:
    return charts.bars(
        [bucket.word.value for bucket in scoring.BUCKETS],
        [
            charts.Series(
                "Accounts",
                [counts[bucket.slug] for bucket in scoring.BUCKETS],
                links=[_bucket_url(bucket.slug) for bucket in scoring.BUCKETS],
            )
        ],
        unit="accounts",
        tones=[_tone(bucket.slug) for bucket in scoring.BUCKETS],
    )


def _trend(totals: Sequence[DayTotal]) -> charts.Chart:
    values = {
        "critical": [day.critical for day in totals],
        "at_risk": [day.at_risk for day in totals],
        "ok": [day.ok for day in totals],
        "healthy": [day.healthy for day in totals],
        "none": [day.no_data for day in totals],
    }
    words = {bucket.slug: bucket.word.value for bucket in scoring.BUCKETS}
    return charts.area(
        [date_format(day.on, "M j") for day in totals],
        [
            charts.Series(words[slug], counts, tone=_tone(slug))
            for slug, counts in values.items()
            if any(counts)
        ],
        unit="accounts",
    )


def _history(found: queries.Explanation, account_id: int) -> charts.Chart | None:
    """The days from the first one that has a score; each point opens the score of that day."""
    known = [index for index, (_, score) in enumerate(found.trend) if score is not None]
    if len(known) < 2:
        return None
    days = found.trend[known[0] :]
    address = reverse("health:explain", args=[account_id])
    return charts.line(
        [date_format(day, "M j") for day, _ in days],
        [
            charts.Series(
                "Health",
                [None if score is None else round(score, 1) for _, score in days],
                links=[f"{address}?on={day.isoformat()}" for day, _ in days],
            )
        ],
        unit="of 100",
        low=0,
        high=100,
    )
