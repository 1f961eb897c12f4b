"""The results as Markdown, written into ``docs/performance.md`` between its two marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.imports import Loaded
from bench.lists import Combination
from bench.measuring import percentile
from bench.nightly import Night
from bench.pages import Page
from bench.segments import Round

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
# What a list promises, in milliseconds (spec 06, “Speed”).
LIST_LIMIT = 100
BEGIN, END = "<!-- measured: {} -->", "<!-- end: {} -->"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; all but the first column are numbers."""
    lines = [
        "| " + " | ".join(headings) + " |",
        "|---|" + "---:|" * (len(headings) - 1),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
    return "\n".join(lines)


def of_nights(nights: Iterable[Night]) -> str:
    """The nightly runs."""
    return table(
        ("accounts", "processes", "seconds", "accounts/s", "peak memory", "bare writes", "ratio"),
        (
            (
                f"{night.accounts:,}",
                str(night.processes),
                f"{night.run.seconds:.1f}",
                f"{night.accounts / night.run.seconds:,.0f}",
                f"{night.run.peak / 2**20:.0f} MB",
                f"{night.bare.seconds:.1f} s",
                f"{night.ratio:.2f}",
            )
            for night in nights
        ),
    )


def of_pages(pages: Iterable[Page]) -> str:
    """The pages and panels."""
    return table(
        ("page or panel", "p50", "p95", "queries", "size"),
        (
            (
                page.name,
                f"{page.p50:.0f} ms",
                f"{page.p95:.0f} ms",
                "–".join(str(n) for n in sorted({min(page.queries), max(page.queries)})),
                f"{page.size / 1024:.0f} KB",
            )
            for page in pages
        ),
    )


def of_lists(found: Sequence[Combination]) -> str:
    """Every filter of the account list in every order: all of them, and the ten slowest."""
    times, ratios = [each.milliseconds for each in found], [each.ratio for each in found]
    unfiltered = percentile([each.unfiltered for each in found], 0.5)
    within = sum(each < LIST_LIMIT for each in times) / len(times)
    summary = table(
        ("combinations", "median", "p95", "slowest", f"under {LIST_LIMIT} ms"),
        [
            (
                f"{len(found):,}",
                *(_told(percentile(times, part), percentile(ratios, part)) for part in (0.5, 0.95)),
                _told(max(times), max(ratios)),
                f"{within:.1%}",
            )
        ],
    )
    slowest = table(
        ("filter and order", "took", "unfiltered, beside it"),
        (
            (
                f"`{each.query}`",
                _told(each.milliseconds, each.ratio),
                f"{each.unfiltered:.0f} ms",
            )
            for each in found[:10]
        ),
    )
    return f"Unfiltered, median: {unfiltered:.0f} ms.\n\n{summary}\n\n{slowest}"


def _told(milliseconds: float, ratio: float) -> str:
    return f"{milliseconds:.0f} ms, {ratio:.2f} times"


def of_segments(rounds: Iterable[Round]) -> str:
    """The rounds over all segments."""
    return table(
        (
            "accounts",
            "segments",
            "members",
            "made, all written",
            "nothing changed",
            "median segment",
            "slowest segment",
        ),
        (
            (
                f"{each.accounts:,}",
                str(each.segments),
                f"{each.members:,}",
                f"{each.first.seconds:.1f} s",
                f"{each.again.seconds:.1f} s",
                f"{each.median * 1000:.0f} ms",
                f"{each.slowest * 1000:.0f} ms",
            )
            for each in rounds
        ),
    )


def of_imports(loads: Iterable[Loaded]) -> str:
    """The imports."""
    return table(
        ("rows", "file", "first time", "rows/s", "the same file again", "peak memory"),
        (
            (
                f"{load.rows:,}",
                f"{load.size / 2**20:.1f} MB",
                f"{load.first.seconds:.1f} s",
                f"{load.rows / load.first.seconds:,.0f}",
                f"{load.again.seconds:.1f} s",
                f"{max(load.first.peak, load.again.peak) / 2**20:.0f} MB",
            )
            for load in loads
        ),
    )


def keep(name: str, text: str) -> None:
    """Replace one part of the document."""
    begin, end = BEGIN.format(name), END.format(name)
    whole = DOCUMENT.read_text(encoding="utf-8")
    head, _, rest = whole.partition(begin)
    _, _, tail = rest.partition(end)
    DOCUMENT.write_text(f"{head}{begin}\n{text}\n{end}{tail}", encoding="utf-8")
