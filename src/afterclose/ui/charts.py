"""What a chart shows, as plain data; plot.py lays it out, static/ui/charts.js draws it again.

Values are plain numbers in the unit that the axis names. The template tag `{% chart %}` renders
the same data as a table behind the chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["line", "area", "bars", "stacked", "donut"]
Tone = Literal["good", "warn", "bad", "neutral", "info", "accent"]
Point = int | float | None

MOST_SLICES = 4


@dataclass(frozen=True, slots=True)
class Series:
    """One line, one colour of bars, or the slices of a donut.

    `links[i]` is the address of the rows that point i counts; `tone` overrides the palette
    where the colour has a meaning (health); `dashed` marks a forecast.
    """

    name: str
    values: Sequence[Point]
    links: Sequence[str | None] = ()
    tone: Tone | None = None
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart ready for `{% chart %}`."""

    kind: Kind
    x: Sequence[str]
    series: Sequence[Series]
    unit: str = ""
    x_label: str = ""
    places: int | None = None
    low: float | None = None
    high: float | None = None
    tones: Sequence[Tone] = field(default=())

    def __post_init__(self) -> None:
        for series in self.series:
            if len(series.values) != len(self.x):
                raise ValueError(
                    f"“{series.name}” has {len(series.values)} values for {len(self.x)} labels."
                )
            if series.links and len(series.links) != len(self.x):
                raise ValueError(f"“{series.name}” needs a link, or None, for each value.")
        if self.kind == "donut" and (len(self.x) > MOST_SLICES or len(self.series) != 1):
            raise ValueError(f"A donut has one series and at most {MOST_SLICES} slices; use bars.")

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value is not None for series in self.series for value in series.values)

    def rows(self) -> list[tuple[str, list[tuple[Point, str | None]]]]:
        """The table behind the chart: a label and a (value, link) per series."""
        return [
            (
                label,
                [
                    (series.values[i], series.links[i] if series.links else None)
                    for series in self.series
                ],
            )
            for i, label in enumerate(self.x)
        ]


def line(x: Sequence[str], series: Sequence[Series], **options: Any) -> Chart:
    """A trend; options: unit, x_label, places, low, high."""
    return Chart("line", x, series, **options)


def area(x: Sequence[str], series: Sequence[Series], **options: Any) -> Chart:
    """Trends stacked upon each other."""
    return Chart("area", x, series, **options)


def bars(x: Sequence[str], series: Sequence[Series], **options: Any) -> Chart:
    """Counts side by side; `tones` colours the bars one by one."""
    return Chart("bars", x, series, **options)


def stacked(x: Sequence[str], series: Sequence[Series], **options: Any) -> Chart:
    """Counts stacked upon each other."""
    return Chart("stacked", x, series, **options)


def donut(x: Sequence[str], series: Sequence[Series], **options: Any) -> Chart:
    """Parts of a whole, four at most."""
    return Chart("donut", x, series, **options)
