"""What the visual components compute before a template draws them: words, shapes, paths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Tone = Literal["neutral", "good", "warn", "bad", "info", "accent"]

# What a panel takes, in rem; static/ui/panels.css has a class for each.
ROOMS = (6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 30, 32, 36, 40, 48, 56, 64)
Height = Literal["sm", "md", "lg", "xl"] | int
NAMED_ROOMS = {"sm": 6, "md": 12, "lg": 20, "xl": 30}


def room(height: Height, phone: Height | None = None) -> str:
    """The classes that keep a panel's place: `room-20`, or `room-14 room-phone-24`."""

    def rem(asked: Height) -> int:
        found = NAMED_ROOMS.get(asked, 0) if isinstance(asked, str) else asked
        if found not in ROOMS:
            raise ValueError(f"A panel is {', '.join(map(str, ROOMS))} rem high, not {asked}.")
        return found

    return f"room-{rem(height)}" + ("" if phone is None else f" room-phone-{rem(phone)}")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A word for a health score; the word is always shown, the tone only colours it."""

    slug: str
    word: str
    tone: Tone


HEALTHY = Bucket("healthy", "Healthy", "good")
OK = Bucket("ok", "OK", "info")
AT_RISK = Bucket("at_risk", "At risk", "warn")
CRITICAL = Bucket("critical", "Critical", "bad")
NO_DATA = Bucket("none", "No data", "neutral")
BUCKETS = {bucket.slug: bucket for bucket in (HEALTHY, OK, AT_RISK, CRITICAL, NO_DATA)}


def bucket_of(score: float | None) -> Bucket:
    """Healthy from 75, OK from 50, At risk from 25, else Critical; on the unrounded score.

    74.6 is shown as 75 and is still OK: the word follows the number that was computed.
    """
    if score is None:
        return NO_DATA
    for lowest, bucket in ((75, HEALTHY), (50, OK), (25, AT_RISK)):
        if score >= lowest:
            return bucket
    return CRITICAL


@dataclass(frozen=True, slots=True)
class Sparkline:
    """SVG path data of a small trend; gaps split the line, single points become dots."""

    path: str
    dots: tuple[tuple[float, float], ...]
    last: tuple[float, float] | None
    summary: str


def sparkline(
    points: Iterable[float | None],
    *,
    width: float = 120,
    height: float = 32,
    low: float | None = None,
    high: float | None = None,
) -> Sparkline:
    """Fit the points into a box of width × height, with 3 units of air around it."""
    values: Sequence[float | None] = [None if p is None else float(p) for p in points]
    known = [value for value in values if value is not None]
    if not known:
        return Sparkline("", (), None, "No data")
    bottom = min(known) if low is None else low
    top = max(known) if high is None else high
    step = (width - 6) / max(1, len(values) - 1)
    # A difference of nothing would make it infinite.
    rise = 0.0 if top - bottom < 1e-9 else (height - 6) / (top - bottom)
    runs: list[list[tuple[float, float]]] = []
    after_gap = True
    for index, value in enumerate(values):
        if value is None:
            after_gap = True
            continue
        if after_gap:
            runs.append([])
            after_gap = False
        # A flat line lies in the middle; what is outside of low and high lies on the edge.
        up = (min(max(value, bottom), top) - bottom) * rise if rise else (height - 6) / 2
        runs[-1].append((3 + index * step, height - 3 - up))
    path = " ".join(
        "M" + " L".join([f"{x:.1f} {y:.1f}" for x, y in run]) for run in runs if len(run) > 1
    )
    dots = tuple((round(run[0][0], 1), round(run[0][1], 1)) for run in runs if len(run) == 1)
    last = (round(runs[-1][-1][0], 1), round(runs[-1][-1][1], 1))
    first, latest = known[0], known[-1]
    went = "unchanged" if latest == first else "up" if latest > first else "down"
    summary = (
        f"{went} from {first:g} to {latest:g}, lowest {min(known):g}, highest {max(known):g}"
        if len(known) > 1
        else f"{latest:g}"
    )
    return Sparkline(path, dots, last, summary)


@dataclass(frozen=True, slots=True)
class Delta:
    """A change: its sign, its size and whether that is good news."""

    direction: Literal["up", "down", "flat"]
    size: float
    percent: float | None
    tone: Tone


def delta(now: float, before: float, *, good: Literal["up", "down", ""] = "up") -> Delta:
    """The change from `before` to `now`; percent is None where `before` is zero."""
    size = now - before
    direction: Literal["up", "down", "flat"] = "flat" if size == 0 else "up" if size > 0 else "down"
    tone: Tone = (
        "neutral" if direction == "flat" or not good else "good" if direction == good else "bad"
    )
    percent = None if before == 0 else size / abs(before) * 100
    return Delta(direction, size, percent, tone)


def avatar_tint(name: str) -> int:
    """One of six tints, the same for the same name in every process (so not hash())."""
    return sum(ord(letter) * (index + 1) for index, letter in enumerate(name)) % 6
