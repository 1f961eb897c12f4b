"""Pages that show the components; no data behind them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from afterclose.kit.money import Money
from afterclose.ui import charts, errors, feedback
from afterclose.ui.gallery.forms import ExampleForm

NOW = datetime(2026, 3, 2, 14, 5, 9, tzinfo=UTC)
TODAY = NOW.date()
ICONS = ("home", "building", "heartbeat", "refresh", "file-invoice", "bell", "settings")
MONTHS = ("Oct", "Nov", "Dec", "Jan", "Feb", "Mar")


def overview(request: HttpRequest) -> HttpResponse:
    """All components on one page."""
    mrr = [41_200, 42_950, 42_100, 44_800, 46_300, 47_900]
    context: dict[str, Any] = {
        "now": NOW,
        "today": TODAY,
        "soon": TODAY + timedelta(days=12),
        "arr": Money(48_250_000, "USD"),
        "owed": Money(-1_234_050, "EUR"),
        "yen": Money(125_000, "JPY"),
        "francs": Money(1_250_00, "CHF"),
        "scores": [92, 74.6, 41, 12, 0, None],
        "trend": [61, 62, 60, 64, None, None, 66, 71, 70, 72],
        "falling": [80, 78, 79, 71, 64, 58, 49],
        "icons": ICONS,
        "line": charts.line(
            MONTHS,
            [
                charts.Series("MRR", mrr, links=["/_gallery/table/"] * 6),
                charts.Series("Forecast", [None, None, None, 44_800, 46_900, 49_000], dashed=True),
            ],
            unit="USD",
        ),
        "bars": charts.bars(
            ("Healthy", "OK", "At risk", "Critical"),
            [charts.Series("Accounts", [54, 31, 18, 6])],
            tones=("good", "neutral", "warn", "bad"),
        ),
        "donut": charts.donut(
            ("Annual", "Monthly", "Quarterly"), [charts.Series("Accounts", [72, 31, 17])]
        ),
        "nothing": charts.line(MONTHS, [charts.Series("MRR", [None] * 6)]),
    }
    return render(request, "ui/gallery/overview.html", context)


def table(request: HttpRequest) -> HttpResponse:
    """A list as pages show it."""
    rows = [
        {
            "name": name,
            "owner": owner,
            "arr": Money(arr, "USD"),
            "score": score,
            "renews_on": date(2026, 3, 20) + timedelta(days=17 * index),
            "stage": stage,
            "position": position,
        }
        for index, (name, owner, arr, score, stage, position) in enumerate(
            [
                ("Northwind Logistics", "Dana Reyes", 12_400_000, 88, "Proposed", 3),
                ("Blue Harbor Foods", "Priya Nair", 4_850_000, 61.2, "Open", 1),
                ("Kestrel Analytics", None, 960_000, 34, "At risk", 2),
                ("Verdant Labs", "Tom Becker", 22_100_000, 12, "Open", 1),
                ("Osprey Freight International Holdings", "Dana Reyes", 0, None, "Open", 1),
            ]
        )
    ]
    page = Paginator(rows * 40, 5).get_page(request.GET.get("page"))
    return render(request, "ui/gallery/table.html", {"page": page, "today": TODAY})


def form(request: HttpRequest) -> HttpResponse:
    """Each kind of field; works as a page and in the drawer."""
    if request.method == "POST":
        example = ExampleForm(request.POST, request.FILES)
        if example.is_valid():
            messages.success(request, f"{example.cleaned_data['name']} was saved.")
            return redirect("gallery:overview")
        return render(request, "ui/gallery/form.html", {"form": example}, status=422)
    return render(request, "ui/gallery/form.html", {"form": ExampleForm()})


def panel(request: HttpRequest, state: str) -> HttpResponse:
    """What lazy panels load: something, nothing, or an error."""
    if state == "broken":
        return errors.server_error(request)
    return render(request, "ui/gallery/panel.html", {"state": state, "now": NOW})


def badge(request: HttpRequest) -> HttpResponse:
    """The unread number of the bell."""
    return HttpResponse("3")


def error(request: HttpRequest, status: int) -> HttpResponse:
    """The error page of a status."""
    pages = {
        400: errors.bad_request,
        403: errors.forbidden,
        404: errors.not_found,
        500: errors.server_error,
        503: errors.unavailable,
    }
    if status == 405:
        return errors.render_problem(request, errors.NOT_ALLOWED)
    if status == 419:
        return errors.csrf_failure(request, "shown in the gallery")
    return pages.get(status, errors.not_found)(request)


def toast(request: HttpRequest) -> HttpResponse:
    """A toast from an htmx answer."""
    level: feedback.Level = "error" if request.GET.get("level") == "error" else "success"
    text = {
        "error": "The proposal was not sent: the contact has no address. Add one and send again.",
        "success": "Marked complete.",
    }[level]
    return feedback.toast(HttpResponse(status=204), text, level)


def bare(request: HttpRequest) -> HttpResponse:
    """The centred card."""
    return render(request, "ui/gallery/bare.html", {"form": ExampleForm()})
