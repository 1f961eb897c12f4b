"""What happens to one account: the scenes that cover every state, then a believable mixture.

The first accounts of every set play the scenes in order, so a set of ``len(SCENES)`` accounts
or more has every state that a screen can show; the most telling ones come first. A day is
counted back from today ("ago"), so that a set made tomorrow tells the same story.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import Any

from afterclose.accounts.models import Stage
from afterclose.billing.models import Interval, Status


class Arc(StrEnum):
    """How use and mood went over the last 18 months."""

    STEADY = "steady"
    QUIET = "quiet"  # used, but not every day
    GROWING = "growing"
    DECLINING = "declining"  # falling for five months, hardly used now
    SILENT = "silent"  # stopped one to three months ago
    RECOVERING = "recovering"  # fell silent four months ago, is back
    NEW = "new"
    CHURNED = "churned"
    UNUSED = "unused"  # never used at all


@dataclass(frozen=True, slots=True)
class Story:
    """One account's life in a few facts; the generators fill in the rest."""

    arc: Arc = Arc.STEADY
    stage: Stage = Stage.ACTIVE
    since: int | None = 400  # customer for so many days; None: unknown
    name: str = ""  # instead of an invented one
    domain: str = ""  # instead of the name's own
    is_bare: bool = False  # nothing but a name
    has_csm: bool = True
    parent: int | None = None  # number of the parent account
    currency: str = ""
    seats: int = 0
    seats_full: bool = False
    # Subscription
    subscribed: bool = True
    renews_in: int | None = None  # days to the end of the current period
    interval: Interval = Interval.YEAR
    status: Status = Status.ACTIVE
    cancels: bool = False
    second_in: int | None = None  # a second subscription renewing in so many days
    second_currency: str = ""
    curated_in: int | None = None  # renewal date set by hand
    # Use, tickets, mood
    last_used: int = 1
    tickets: str = "some"  # none, some, many
    surveys: str = "nps"  # none, csat, nps
    mood: float = 0.75
    contacts: int = 3
    people: tuple[tuple[str, str, str, str], ...] = ()  # more: name, e-mail, title, phone
    champion: bool = True
    champion_left: bool = False
    detractor: bool = False
    # Risk and churn
    flag: str = ""  # hand, cleared
    flag_reasons: tuple[str, ...] = ()
    left: int | None = None  # churned so many days ago
    left_undated: bool = False
    left_reason: str = ""
    returned: bool = False  # had left before, and came back

    @property
    def is_troubled(self) -> bool:
        """Whether somebody should look at it on Monday."""
        return (
            self.arc in (Arc.DECLINING, Arc.SILENT)
            or self.cancels
            or self.tickets == "many"
            or self.status is Status.PAST_DUE
            or self.stage in (Stage.RENEWAL, Stage.EXPANDING)
        )


_LONG = (
    "Internationale Gesellschaft für angewandte Windenergie- und Meerestechnik Nord"
    " Verwaltungs- und Beteiligungsgesellschaft mbH & Co. KG"
)

# One person twice, to try a merge: at two accounts of a group with one address, and at one account
# as somebody typed them again.
_MAREN = ("Maren Okafor", "maren.okafor@harborgroup.example")
_TOM = "Tom Alder"

SCENES: tuple[dict[str, Any], ...] = (
    {"seats": 640, "renews_in": 210, "mood": 0.95, "contacts": 6, "since": 1200},
    {
        "arc": Arc.GROWING,
        "stage": Stage.EXPANDING,
        "renews_in": 45,
        "seats": 180,
        "seats_full": True,
        "mood": 0.9,
    },
    {
        "arc": Arc.DECLINING,
        "stage": Stage.RENEWAL,
        "renews_in": 12,
        "seats": 220,
        "last_used": 34,
        "mood": 0.2,
        "flag": "hand",
        "flag_reasons": ("adoption", "champion-change"),
        "champion_left": True,
    },
    {"cancels": True, "renews_in": 25, "arc": Arc.DECLINING, "last_used": 31, "mood": 0.3},
    {"status": Status.PAST_DUE, "renews_in": 55, "arc": Arc.QUIET, "last_used": 6, "seats": 90},
    {"arc": Arc.RECOVERING, "renews_in": 160, "flag": "cleared", "flag_reasons": ("engagement",)},
    {"arc": Arc.SILENT, "last_used": 75, "renews_in": 29, "mood": 0.1, "detractor": True},
    {
        "arc": Arc.CHURNED,
        "stage": Stage.CHURNED,
        "left": 40,
        "left_reason": "competitor",
        "since": 610,
        "mood": 0.25,
    },
    {
        "arc": Arc.NEW,
        "stage": Stage.ONBOARDING,
        "since": 20,
        "status": Status.TRIALING,
        "interval": Interval.MONTH,
        "renews_in": 9,
        "surveys": "none",
        "tickets": "none",
    },
    {
        "stage": Stage.PROSPECT,
        "arc": Arc.UNUSED,
        "subscribed": False,
        "since": None,
        "tickets": "none",
        "surveys": "none",
        "contacts": 1,
        "champion": False,
    },
    {"is_bare": True, "since": None},
    {"subscribed": False, "curated_in": 33, "arc": Arc.QUIET, "last_used": 4},
    {"currency": "EUR", "interval": Interval.MONTH, "renews_in": 11, "since": 300},
    {"currency": "GBP", "interval": Interval.QUARTER, "renews_in": 52, "since": 430},
    {"currency": "JPY", "renews_in": 128, "name": "Kaede Instruments 株式会社"},
    {"name": _LONG, "currency": "EUR", "renews_in": 299},
    {"stage": Stage.RENEWAL, "renews_in": 14, "mood": 0.85, "seats": 60},
    {
        "tickets": "many",
        "renews_in": 66,
        "mood": 0.2,
        "detractor": True,
        "seats": 140,
        "last_used": 17,
    },
    {"surveys": "none", "detractor": True, "champion": False, "renews_in": 240},
    {"returned": True, "since": 500, "renews_in": 190, "arc": Arc.QUIET, "last_used": 2},
    # A set of 20 ends here.
    {"parent": 0, "renews_in": 205, "seats": 45},
    {"parent": 0, "renews_in": 215, "seats": 30, "arc": Arc.QUIET},
    {"subscribed": False, "curated_in": 88, "stage": Stage.EXPANDING},
    {"second_in": 28, "renews_in": 220, "seats": 110},
    {"second_in": 150, "second_currency": "GBP", "renews_in": 175, "currency": "USD"},
    {"status": Status.CANCELLED, "renews_in": 18, "arc": Arc.DECLINING, "last_used": 24},
    {"has_csm": False, "renews_in": 140},
    {"surveys": "csat", "renews_in": 310, "mood": 0.6},
    {"arc": Arc.UNUSED, "renews_in": 270, "surveys": "none", "champion": False},
    {"tickets": "none", "surveys": "none", "contacts": 0, "renews_in": 320},
    {
        "arc": Arc.CHURNED,
        "stage": Stage.CHURNED,
        "left": 200,
        "left_reason": "",
        "since": 560,
    },
    {"arc": Arc.CHURNED, "stage": Stage.CHURNED, "left": 330, "left_undated": True, "since": 700},
    {"renews_in": 1, "interval": Interval.MONTH, "since": 95},
    {"renews_in": 30, "mood": 0.8},
    {"renews_in": 60, "stage": Stage.EXPANDING, "mood": 0.9, "arc": Arc.GROWING},
    {
        "renews_in": 90,
        "arc": Arc.SILENT,
        "last_used": 48,
        "flag": "hand",
        "flag_reasons": ("price", "competitor", "support", "financial"),
        "mood": 0.25,
    },
    {"champion_left": True, "renews_in": 101, "arc": Arc.QUIET, "last_used": 8},
    {"stage": Stage.ONBOARDING, "is_bare": True, "since": 3},
    {"name": "Ōtaki & Söhne “Nordlicht” Ltd", "renews_in": 133},
    {"arc": Arc.NEW, "stage": Stage.ONBOARDING, "since": 34, "renews_in": 331},
    # A second group, of two currencies and two levels.
    {
        "name": "Harbor Group",
        "renews_in": 230,
        "seats": 120,
        "mood": 0.85,
        "people": ((*_MAREN, "Head of operations", "+49 331 555 0142"),),
    },
    {
        "name": "Harbor Freight",
        "parent": 40,
        "renews_in": 231,
        "seats": 60,
        "mood": 0.5,
        "people": ((*_MAREN, "Group operations", ""),),
    },
    {"name": "Harbor GmbH", "parent": 40, "renews_in": 232, "seats": 20, "currency": "EUR"},
    {"name": "Harbor Freight Nord", "parent": 41, "renews_in": 233, "seats": 10, "arc": Arc.QUIET},
    # One customer twice, to try a merge: as billing knows it, and as somebody typed it.
    {
        "name": "Quillmark Press",
        "renews_in": 144,
        "seats": 55,
        "mood": 0.8,
        "people": (
            (_TOM, "tom.alder@quillmarkpress.example", "Publisher", ""),
            (_TOM, "", "", "+44 302 555 0117"),
        ),
    },
    {
        "name": "Quillmark Press Ltd",
        "domain": "quillmarkpress.example",
        "subscribed": False,
        "curated_in": 144,
        "arc": Arc.UNUSED,
        "tickets": "none",
        "surveys": "none",
        "contacts": 2,
        "has_csm": False,
    },
)

# How often each arc is met among the others, and how it turns out.
_MIXTURE = {
    Arc.STEADY: 40,
    Arc.QUIET: 15,
    Arc.GROWING: 13,
    Arc.DECLINING: 11,
    Arc.SILENT: 7,
    Arc.RECOVERING: 5,
    Arc.NEW: 4,
    Arc.CHURNED: 7,
    Arc.UNUSED: 2,
}
_ARCS, _WEIGHTS = tuple(_MIXTURE), tuple(_MIXTURE.values())
_CUMULATED = [sum(_WEIGHTS[: i + 1]) for i in range(len(_WEIGHTS))]
_MOODS = {
    Arc.STEADY: (0.6, 0.95),
    Arc.QUIET: (0.45, 0.8),
    Arc.GROWING: (0.7, 1.0),
    Arc.DECLINING: (0.15, 0.5),
    Arc.SILENT: (0.1, 0.45),
    Arc.RECOVERING: (0.5, 0.8),
    Arc.NEW: (0.6, 0.9),
    Arc.CHURNED: (0.1, 0.5),
    Arc.UNUSED: (0.4, 0.7),
}
_LAST_USED = {
    Arc.STEADY: (0, 4),
    Arc.QUIET: (1, 12),
    Arc.GROWING: (0, 2),
    Arc.DECLINING: (16, 52),
    Arc.SILENT: (46, 100),
    Arc.RECOVERING: (0, 4),
    Arc.NEW: (0, 5),
}
REASONS = ("budget", "features", "competitor", "support", "pricing", "no longer needed", "")
_INTERVALS = (Interval.YEAR, Interval.MONTH, Interval.QUARTER)
_PERIOD_DAYS = {Interval.YEAR: 365, Interval.QUARTER: 91, Interval.MONTH: 30}


def story_of(number: int, dice: Random) -> Story:
    """The story of the account of a number."""
    if number < len(SCENES):
        story = Story(**SCENES[number])
        return story if story.renews_in is not None else replace(story, renews_in=250)
    return _mixed(number, dice)


def _mixed(number: int, dice: Random) -> Story:
    arc = dice.choices(_ARCS, cum_weights=_CUMULATED)[0]
    chance = dice.random
    interval = dice.choices(_INTERVALS, cum_weights=(80, 93, 100))[0]
    since = 30 + int(chance() ** 1.6 * 1700)
    values: dict[str, Any] = {
        "arc": arc,
        "interval": interval,
        "since": since,
        "renews_in": 1 + dice.randrange(_PERIOD_DAYS[interval]),
        "mood": dice.uniform(*_MOODS[arc]),
        "last_used": dice.randint(*_LAST_USED.get(arc, (0, 0))),
        "contacts": dice.choices((1, 2, 3, 4, 6), cum_weights=(20, 50, 78, 94, 100))[0],
        "champion": chance() < 0.55,
        "detractor": chance() < (0.4 if arc in (Arc.DECLINING, Arc.SILENT) else 0.06),
        "champion_left": chance() < 0.04,
        "surveys": dice.choices(("nps", "csat", "none"), cum_weights=(62, 76, 100))[0],
        "tickets": dice.choices(("some", "none", "many"), cum_weights=(70, 94, 100))[0],
        "has_csm": chance() > 0.03,
        "seats_full": arc is Arc.GROWING and chance() < 0.5,
    }
    values |= _turn(arc, values, dice)
    return Story(**values)


def _turn(arc: Arc, values: dict[str, Any], dice: Random) -> dict[str, Any]:
    """What follows from the arc for stage, subscription and risk."""
    chance = dice.random()
    renewing = values["interval"] is Interval.YEAR and values["renews_in"] <= 60
    stage = Stage.RENEWAL if renewing and chance < 0.6 else Stage.ACTIVE
    match arc:
        case Arc.GROWING if chance < 0.4:
            return {"stage": Stage.EXPANDING}
        case Arc.DECLINING | Arc.SILENT:
            # Those who do not use it are asked to renew all the same, and most of them soon.
            soon = dice.randint(3, 150) if dice.random() < 0.7 else values["renews_in"]
            return {
                "stage": stage,
                "renews_in": min(soon, values["renews_in"]),
                "cancels": chance < 0.12,
                "status": Status.PAST_DUE if chance > 0.92 else Status.ACTIVE,
                "flag": "hand" if 0.3 < chance < 0.45 else "",
                "flag_reasons": (dice.choice(("adoption", "engagement", "support", "price")),),
            }
        case Arc.RECOVERING:
            return {
                "stage": stage,
                "flag": "cleared" if chance < 0.7 else "",
                "flag_reasons": (dice.choice(("engagement", "product", "support")),),
            }
        case Arc.NEW:
            since = dice.randint(4, 55)
            trial = chance < 0.35
            return {
                "stage": Stage.ONBOARDING,
                "since": since,
                "status": Status.TRIALING if trial else Status.ACTIVE,
                "interval": Interval.MONTH if trial else Interval.YEAR,
                "renews_in": dice.randint(3, 27) if trial else 365 - since,
            }
        case Arc.CHURNED:
            left = dice.randint(4, 520)
            return {
                "stage": Stage.CHURNED,
                "left": left,
                "since": left + 60 + int(chance * 900),
                "left_reason": dice.choice(REASONS),
            }
        case Arc.UNUSED:
            if chance < 0.5:
                return {
                    "stage": Stage.PROSPECT,
                    "subscribed": False,
                    "since": None,
                    "tickets": "none",
                    "surveys": "none",
                    "champion": False,
                    "detractor": False,
                }
            return {"is_bare": chance < 0.75, "surveys": "none", "tickets": "none"}
    return {"stage": stage, "status": Status.PAST_DUE if chance > 0.985 else Status.ACTIVE}
