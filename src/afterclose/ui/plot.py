"""A chart as plain shapes, so that it stands in the page before any script has run.

Everything is laid out in a square of 1000 by 1000 that the browser stretches; words stand beside
it and are not stretched. ECharts takes over when somebody points at the chart
(static/ui/figures.js) and draws the same: the axis, its words, the colours and which points are
marked are said here (`for_browser`), the words of the values by the table behind the chart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from afterclose.ui import formats
from afterclose.ui.charts import Chart, Point, Series

SIDE = 1000
COLOURS = 7
# Smaller differences are noise of the arithmetic, and would make steps of nothing.
LEAST = 1e-6
STEPS = 4
# Up to so many bars are as wide as bars get; more of them share the width.
FEW_BARS = 6
BAND = 0.8
# Points are marked where there are few of them.
FEW_POINTS = 24
# What a label and the gap after it take, and how wide a chart is on a phone and on a screen.
LETTER, GAP, LEAST_GAP = 6.6, 16, 4
NARROW, WIDE = 230, 430

Shape = Literal["line", "dots", "fill", "bar", "column"]


@dataclass(frozen=True, slots=True)
class Mark:
    """One path: what it is, its colour (`1` to `7`, or a tone), and whether it is a forecast."""

    shape: Shape
    path: str
    colour: str
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A word under the axis; `only` says on which width it is shown, or "" for both."""

    text: str
    x: str
    anchor: Literal["start", "middle", "end"]
    only: Literal["", "narrow", "wide"]


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a donut: how much of 100, beginning where, in which colour."""

    share: str
    offset: str
    colour: str


@dataclass(frozen=True, slots=True)
class Plot:
    """What `ui/components/plot.html` draws; `ticks` from the top down, evenly apart, `steps` the
    numbers that they stand for, from the bottom up."""

    ticks: tuple[str, ...]
    steps: tuple[float, ...]
    lines: tuple[int, ...]
    marks: tuple[Mark, ...]
    labels: tuple[Label, ...]
    legend: tuple[tuple[str, str], ...]
    slices: tuple[Slice, ...] = ()


def plot(chart: Chart) -> Plot:
    """The shapes of a chart that is not empty."""
    if chart.kind == "donut":
        return _donut(chart)
    stacks = chart.kind in ("stacked", "area")
    bases = _bases(chart) if stacks else [[0.0] * len(chart.x) for _ in chart.series]
    tops = [
        [None if value is None and not stacks else base + (value or 0)
         for value, base in zip(series.values, under, strict=True)]
        for series, under in zip(chart.series, bases, strict=True)
    ]  # fmt: skip
    ticks = _ticks(chart, [top for row in tops for top in row if top is not None])
    scale = _Scale(ticks[0], ticks[-1])
    marks: list[Mark] = []
    for index, series in enumerate(chart.series):
        colour = _colour(series, index)
        if chart.kind in ("bars", "stacked"):
            marks += _bars(chart, index, colour, tops[index], bases[index], scale)
        else:
            marks += _trend(chart, series, colour, tops[index], bases[index], scale)
    several = len(chart.series) > 1
    return Plot(
        ticks=_words(ticks),
        steps=tuple(ticks),
        lines=tuple(scale.y(tick) for tick in ticks),
        marks=tuple(marks),
        labels=tuple(_labels(chart)),
        legend=tuple(
            (_colour(series, index), series.name)
            for index, series in enumerate(chart.series)
            if several
        ),
    )


def for_browser(chart: Chart, drawn: Plot) -> dict[str, Any]:
    """What static/ui/charts.js needs to draw the same; colours are classes of charts.css."""
    return {
        "kind": chart.kind,
        "x": list(chart.x),
        "unit": chart.unit,
        "steps": list(drawn.steps),
        "ticks": list(reversed(drawn.ticks)),
        "hasDots": len(chart.x) <= FEW_POINTS,
        "colours": [part.colour for part in drawn.slices] or list(chart.tones),
        "series": [
            {
                "name": series.name,
                "values": list(series.values),
                "links": list(series.links),
                "colour": _colour(series, index),
                "dashed": series.dashed,
            }
            for index, series in enumerate(chart.series)
        ],
    }


def _colour(series: Series, index: int) -> str:
    return series.tone or str(index % COLOURS + 1)


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float

    def y(self, value: float) -> int:
        """From the top, as SVG counts."""
        share = (value - self.low) / (self.high - self.low)
        return round(SIDE * (1 - min(1.0, max(0.0, share))))


def _bases(chart: Chart) -> list[list[float]]:
    """Upon what each series of a stack stands."""
    under = [0.0] * len(chart.x)
    found = []
    for series in chart.series:
        found.append(under)
        under = [base + (value or 0) for base, value in zip(under, series.values, strict=True)]
    return found


def _ticks(chart: Chart, values: Sequence[float]) -> list[float]:
    """Round numbers from the lowest to the highest, evenly apart, as ECharts chooses them."""
    if chart.low is not None and chart.high is not None:
        return [chart.low + (chart.high - chart.low) / STEPS * step for step in range(STEPS + 1)]
    low = min([0.0, *values]) if chart.low is None else chart.low
    high = max([0.0, *values]) if chart.high is None else chart.high
    if high - low < LEAST:
        return [low, low + 1]
    step = _round_step((high - low) / STEPS)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(step * count, 10) for count in range(first, last + 1)]


def _round_step(step: float) -> float:
    """1, 2, 3, 5 or 10 times a power of ten, the nearest to the step."""
    power: float = 10.0 ** math.floor(math.log10(step))
    part = step / power
    for limit, nice in ((1.5, 1), (2.5, 2), (4, 3), (7, 5)):
        if part < limit:
            return nice * power
    return 10 * power


def _words(ticks: Sequence[float]) -> tuple[str, ...]:
    step = ticks[1] - ticks[0]
    places = max(0, -math.floor(math.log10(step) + 1e-9)) if step % 1 else 0
    return tuple(
        formats.number(tick, places) if abs(tick) < 1000 else formats.short_number(tick)
        for tick in reversed(ticks)
    )


def _bars(
    chart: Chart,
    index: int,
    colour: str,
    tops: Sequence[Point],
    bases: Sequence[float],
    scale: _Scale,
) -> list[Mark]:
    count = len(chart.x)
    beside = 1 if chart.kind == "stacked" else len(chart.series)
    band = SIDE / count
    few = count <= FEW_BARS and beside == 1
    paths: dict[str, list[str]] = {}
    for at, (top, base) in enumerate(zip(tops, bases, strict=True)):
        if top is None or top == base:
            continue
        y, foot = scale.y(top), scale.y(base)
        if few:
            path = f"M{_n(band * (at + 0.5))} {foot}V{y}"
        else:
            width = band * BAND / beside
            left = band * (at + (1 - BAND) / 2) + width * (index if beside > 1 else 0)
            path = f"M{_n(left)} {foot}V{y}h{_n(width)}V{foot}z"
        tone = chart.tones[at] if at < len(chart.tones) else colour
        paths.setdefault(tone, []).append(path)
    shape: Shape = "column" if few else "bar"
    return [Mark(shape, "".join(parts), tone) for tone, parts in paths.items()]


def _trend(
    chart: Chart,
    series: Series,
    colour: str,
    tops: Sequence[Point],
    bases: Sequence[float],
    scale: _Scale,
) -> list[Mark]:
    """A line that breaks where nothing is known; over an area when the kind says so."""
    apart = SIDE / max(1, len(tops) - 1)
    places = [
        None if top is None else (_n(apart * at), scale.y(top)) for at, top in enumerate(tops)
    ]
    line = ""
    for before, here in zip([None, *places], places, strict=False):
        if here is not None:
            line += f"{'M' if before is None else 'L'}{here[0]} {here[1]}"
    marks = []
    if chart.kind == "area":
        back = "".join(
            f"L{_n(apart * at)} {scale.y(bases[at])}" for at in reversed(range(len(bases)))
        )
        marks.append(Mark("fill", f"{line}{back}z", colour))
    marks.append(Mark("line", line, colour, series.dashed))
    alone = [
        here
        for before, here, after in zip([None, *places], places, [*places[1:], None], strict=False)
        if here and (len(places) <= FEW_POINTS or (before is None and after is None))
    ]
    if alone:
        marks.append(Mark("dots", "".join(f"M{x} {y}h0" for x, y in alone), colour))
    return marks


def _labels(chart: Chart) -> list[Label]:
    count = len(chart.x)
    between = chart.kind in ("bars", "stacked")
    longest = max(map(len, chart.x), default=1)
    room = longest * LETTER + GAP
    narrow, wide = (math.ceil(count / max(2, int(width / room))) for width in (NARROW, WIDE))
    if count * (longest * LETTER + LEAST_GAP) <= NARROW + 2 * GAP:
        narrow = wide = 1
    found: list[Label] = []
    for at, text in enumerate(chart.x):
        is_narrow, is_wide = at % narrow == 0, at % wide == 0
        if not is_narrow and not is_wide:
            continue
        share = (at + 0.5) / count if between else at / max(1, count - 1)
        anchor: Literal["start", "middle", "end"] = "middle"
        if not between:
            anchor = "start" if share < 0.03 else "end" if share > 0.93 else "middle"
        only: Literal["", "narrow", "wide"] = (
            "" if is_narrow and is_wide else "narrow" if is_narrow else "wide"
        )
        found.append(Label(text, f"{_n(100 * share)}%", anchor, only))
    return found


def _donut(chart: Chart) -> Plot:
    values = [value or 0 for value in chart.series[0].values]
    whole = sum(values) or 1
    slices, legend, done = [], [], 0.0
    for index, value in enumerate(values):
        share = 100 * value / whole
        colour = chart.tones[index] if index < len(chart.tones) else str(index % COLOURS + 1)
        slices.append(Slice(_n(share), _n(0 - done), colour))
        legend.append((colour, f"{chart.x[index]} {formats.number(value, chart.places)}"))
        done += share
    return Plot((), (), (), (), (), tuple(legend), tuple(slices))


def _n(value: float) -> str:
    """A place with one digit after the point at most."""
    return f"{value:.1f}".removesuffix(".0")
