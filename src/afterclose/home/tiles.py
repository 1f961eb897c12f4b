"""The numbers at the top of the dashboard: what each is called, before and after it is counted.

The page shows the names at once and keeps the place; the panel brings the numbers.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse

from afterclose.accounts.lists import AccountList
from afterclose.accounts.models import Stage
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.health import queries as health
from afterclose.health.lists import AtRiskList
from afterclose.home import queries
from afterclose.kit import clock
from afterclose.kit.periods import last_monday
from afterclose.notifications import queries as inbox
from afterclose.renewals.lists import RenewalList, values_in_words
from afterclose.tasks import queries as tasks
from afterclose.tasks.lists import ME, TaskList
from afterclose.ui import formats

Tile = dict[str, Any]


def frames(viewer: Actor, today: date) -> list[Tile]:
    """The tiles that the viewer sees, with their words and without a number; no query."""
    since = f"since {formats.day(last_monday(today))}"
    threshold = f"health {viewer.settings.at_risk_threshold:f} or under, or flagged"
    found: list[tuple[Right | None, Tile]] = [
        (Right.HEALTH_VIEW, _frame("health.at_risk", "At risk", "alert-triangle", threshold)),
        (Right.HEALTH_VIEW, _frame("home.newly_at_risk", "Newly at risk", "flag", since)),
        (None, _frame("home.churned", "Churned", "door-exit", since)),
        (
            Right.RENEWALS_VIEW,
            _frame("home.renewing_this_week", "Renews in 7 days", "refresh", formats.DASH),
        ),
        (Right.TASKS_VIEW, _frame("tasks.mine", "My tasks", "checkbox", "none overdue")),
        (None, _frame("notifications.unread", "Unread", "bell", "in your inbox")),
    ]
    return [tile for right, tile in found if right is None or viewer.may(right)]


def counted(viewer: Actor, today: date, zone: str, csm_id: int | None = None) -> list[Tile]:
    """The same tiles with their numbers; each opens exactly the rows that it counts."""
    monday = last_monday(today)
    who = {} if csm_id is None else {"csm": csm_id}
    at_risk_url = reverse("health:at_risk")

    def at_risk() -> Tile:
        return {
            "value": health.at_risk_count(viewer, csm_id=csm_id),
            "url": AtRiskList.url(at_risk_url, **who),
            "tone": "bad",
        }

    def newly_at_risk() -> Tile:
        instant = clock.start_of_day(monday, zone)
        return {
            "value": queries.newly_at_risk_count(viewer, instant, csm_id),
            "url": AtRiskList.url(at_risk_url, flagged_from=monday, **who),
        }

    def churned() -> Tile:
        address = AccountList.url(
            reverse("accounts:list"), stage=Stage.CHURNED.value, churned_on_from=monday, **who
        )
        return {"value": queries.churned_since(viewer, monday, csm_id).count(), "url": address}

    def renewing() -> Tile:
        week = queries.renewing_in_a_week(viewer, today, csm_id)
        address = RenewalList.url(reverse("renewals:window", args=[30]), renews_on="next-7", **who)
        return {"value": week.count, "detail": values_in_words(week), "url": address}

    def mine() -> Tile:
        # Both in one pass over the index.
        late = Count("pk", filter=Q(due_on__lt=today))
        own = tasks.mine(viewer).aggregate(all=Count("pk"), overdue=late)
        overdue = own["overdue"]
        return {
            "value": own["all"],
            "url": TaskList.url(reverse("tasks:list"), state="open", assignee=ME),
            "tone": "bad" if overdue else "",
            "detail": f"{overdue} overdue" if overdue else "none overdue",
        }

    def unread() -> Tile:
        return {"value": inbox.unread(viewer).count(), "url": reverse("notifications:inbox")}

    counts = {
        "health.at_risk": at_risk,
        "home.newly_at_risk": newly_at_risk,
        "home.churned": churned,
        "home.renewing_this_week": renewing,
        "tasks.mine": mine,
        "notifications.unread": unread,
    }
    return [{**frame, **counts[frame["slug"]]()} for frame in frames(viewer, today)]


def _frame(slug: str, label: str, icon: str, detail: str) -> Tile:
    return {"slug": slug, "label": label, "icon": icon, "detail": detail, "tone": ""}
