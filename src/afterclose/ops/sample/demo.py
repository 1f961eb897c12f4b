"""The demo business: its people, its sample data, and staying alive from day to day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from afterclose.billing.actions import advance_periods
from afterclose.businesses import actors
from afterclose.businesses.actions import add_member, create_business
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Business, Membership, Role
from afterclose.businesses.tenancy import business_context
from afterclose.health import running
from afterclose.health.models import Score
from afterclose.kit import clock, periods
from afterclose.notifications.models import OutgoingMail
from afterclose.ops.models import SampleSet
from afterclose.ops.sample import actions
from afterclose.renewals.actions import send_reminders

SLUG = "demo"
NAME = "Tidemark Analytics"
#: No secret: ``bin/demo`` listens on the own machine alone, and says it on the screen.
PASSWORD = "demo-afterclose"  # noqa: S105
SIZE, SEED = 120, 7

OWNER = ("demo@afterclose.example", "Dana Whitfield", "Head of Customer Success")
PEOPLE = (
    ("priya@afterclose.example", "Priya Banerjee", Role.MANAGER, "Customer Success Manager"),
    ("tomas@afterclose.example", "Tomás Quintana", Role.MANAGER, "Customer Success Manager"),
    ("haruka@afterclose.example", "Haruka Okada", Role.MANAGER, "Customer Success Manager"),
    ("ngozi@afterclose.example", "Ngozi Adeyemi", Role.ADMIN, "Revenue Operations"),
    ("linnea@afterclose.example", "Linnéa Sjöberg", Role.MANAGER, "Account Executive"),
    ("marcus@afterclose.example", "Marcus Lockwood", Role.MEMBER, "Finance"),
)
LOGINS = ((OWNER[0], "super admin"), (PEOPLE[0][0], "manager"), (PEOPLE[-1][0], "member"))


def make(*, at: datetime, size: int = SIZE, seed: int = SEED) -> bool:
    """Make the demo business, or bring it up to today; whether anything had to be done."""
    business = Business.objects.filter(slug=SLUG).first()
    if business is None:
        actor = _found(at)
    else:
        with business_context(business.id):
            actor = actors.system(business.id)
    with business_context(actor.business_id):
        if business is None:
            actions.begin(actor=actor, at=at, size=size, seed=seed)
        with transaction.atomic():
            unfinished = SampleSet.objects.filter(finished_at=None, destroying_since=None).exists()
        if unfinished:
            actions.go_on(actor=actor, at=at)
            _night(actor, at)
        return _live_on(actor, at) or unfinished


@transaction.atomic
def _found(at: datetime) -> Actor:
    email, name, title = OWNER
    owner = create_business(
        name=NAME,
        slug=SLUG,
        owner_email=email,
        owner_name=name,
        password=PASSWORD,
        at=at,
        country="GB",
        settings={"currency": "USD", "time_zone": "Europe/London"},
    )
    with business_context(owner.business_id):
        Membership.objects.filter(person__email=email).update(title=title)
        for person, called, role, does in PEOPLE:
            add_member(
                actor=owner,
                at=at,
                email=person,
                name=called,
                role=role,
                title=does,
                password=PASSWORD,
            )
    return owner


# Whoever used the product on a day a week ago uses it again: the sample customers go on
# working, so that a demo of last month does not look as if everybody had left.
_USE_AGAIN = """
    INSERT INTO usage_dailyusage
           (business_id, account_id, used_on, feature, user_key, count, seconds, is_sample)
    SELECT business_id, account_id, %(on)s, feature, user_key, count, seconds, true
      FROM usage_dailyusage
     WHERE business_id = %(business)s AND is_sample AND used_on = %(on)s::date - 7
        ON CONFLICT (business_id, account_id, used_on, feature, user_key) DO NOTHING
"""
_LAST_USE = """
    UPDATE usage_lastuse l SET last_used_on = %(on)s
      FROM (SELECT DISTINCT account_id FROM usage_dailyusage
             WHERE business_id = %(business)s AND used_on = %(on)s AND is_sample) u
     WHERE l.business_id = %(business)s AND l.account_id = u.account_id
       AND l.last_used_on < %(on)s
"""


def _live_on(actor: Actor, at: datetime) -> bool:
    """Bring the demo from its newest day to today: use, billing periods, scores."""
    today = clock.today_in(actor.settings.time_zone, at=at)
    with transaction.atomic():
        newest: date | None = Score.objects.aggregate(newest=Max("on"))["newest"]
    if newest is None or newest >= today:
        return False
    first = max(newest + timedelta(days=1), today - timedelta(days=365))
    with transaction.atomic(), connection.cursor() as cursor:
        for day in periods.each_day(first, today + timedelta(days=1)):
            given: dict[str, Any] = {"business": actor.business_id, "on": day}
            cursor.execute(_USE_AGAIN, given)
            cursor.execute(_LAST_USE, given)
    if first < today:
        running.take(
            business_id=actor.business_id, at=at, begin=first, end=today - timedelta(days=1)
        )
    _night(actor, at)
    return True


def _night(actor: Actor, at: datetime) -> None:
    """What the schedule does every morning, once."""
    system = actors.system(actor.business_id)
    today = clock.today_in(actor.settings.time_zone, at=at)
    advance_periods(actor=system, on=today)
    running.take(business_id=actor.business_id, at=at)
    send_reminders(actor=system, at=at, on=today)
    # Nobody is behind the invented addresses; the inbox has what the mails would say.
    with transaction.atomic():
        OutgoingMail.objects.filter(sent_at=None, to__endswith=".example").delete()
