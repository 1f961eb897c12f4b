"""Health: ring, word, trend."""

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.utils.safestring import SafeString

from afterclose.kit.money import round_half_up
from afterclose.ui import components, formats
from afterclose.ui.escaping import format_html, format_html_join
from afterclose.ui.tags.words import badge

register = template.Library()


@register.simple_tag
def health_ring(
    score: float | Decimal | str | None, size: str = "md", url: str = "", bucket: str = ""
) -> str:
    """A ring with the number and the word; the word comes from the unrounded score.

    A template gives "" for the score of an account that was never scored; that is no data.
    """
    score = _float(score)
    kind = components.BUCKETS[bucket] if bucket else components.bucket_of(score)
    shown = formats.DASH if score is None else str(round_half_up(Decimal(str(score))))
    filled = "" if score is None or score <= 0 else f"{min(100.0, score):.1f}"
    inside = _ring(shown, filled, kind.word)
    if url:
        return format_html(
            '<a class="health health-{} tone-{}" href="{}">{}</a>', size, kind.tone, url, inside
        )
    return format_html('<span class="health health-{} tone-{}">{}</span>', size, kind.tone, inside)


# A page of accounts draws fifty, of a thousand that there are.
@lru_cache(maxsize=2048)
def _ring(shown: str, filled: str, word: str) -> SafeString:
    return format_html(
        '<svg class="ring" viewBox="0 0 36 36" aria-hidden="true" focusable="false">'
        '<circle class="ring-track" cx="18" cy="18" r="15.5" pathLength="100"/>{}'
        '<text class="ring-number" x="18" y="18.5">{}</text></svg>'
        '<span class="health-word"><span class="visually-hidden">Health {}: </span>{}</span>',
        format_html(
            '<circle class="ring-fill" cx="18" cy="18" r="15.5" pathLength="100" '
            'stroke-dasharray="{} 100" transform="rotate(-90 18 18)"/>', filled,
        ) if filled else "",
        shown, "without a number" if shown == formats.DASH else f"{shown} of 100", word,
    )  # fmt: skip


@register.simple_tag
def health_word(score: float | Decimal | None, bucket: str = "") -> str:
    """The health word as a badge."""
    kind = components.BUCKETS[bucket] if bucket else components.bucket_of(_float(score))
    return badge(kind.word, tone=kind.tone, dot=True)


def _float(score: float | Decimal | str | None) -> float | None:
    return None if score is None or score == "" else float(score)


@register.simple_tag
def sparkline(
    points: Iterable[Any],
    label: str = "Trend",
    low: float | None = None,
    high: float | None = None,
    tone: str = "accent",
) -> str:
    """A small trend; what it shows is said in words to a screen reader."""
    values = [None if point is None else float(point) for point in points]
    drawn = components.sparkline(values, low=low, high=high)
    dots = format_html_join("", '<circle cx="{}" cy="{}" r="1.5"/>', drawn.dots)
    last = format_html(
        '<circle class="spark-last" cx="{}" cy="{}" r="2.5"/>', *drawn.last
    ) if drawn.last else ""  # fmt: skip
    return format_html(
        '<svg class="spark tone-{}" viewBox="0 0 120 32" width="120" height="32" role="img" '
        'aria-label="{}: {}"><path d="{}"/>{}{}</svg>',
        tone, label, drawn.summary, drawn.path, dots, last,
    )  # fmt: skip
