"""Numbers, money, changes, dates, instants, and how far something is."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from afterclose.kit.money import Money
from afterclose.ui import components, formats
from afterclose.ui.escaping import format_html
from afterclose.ui.tags.words import icon

register = template.Library()

_NOTHING = mark_safe(f'<span class="nothing">{formats.DASH}</span>')


@register.simple_tag
def number(value: formats.Numeric | None, places: int | None = None, suffix: str = "") -> str:
    """A grouped number with tabular figures; None is a dash."""
    if value is None:
        return _NOTHING
    return format_html('<span class="figure">{}{}</span>', formats.number(value, places), suffix)


@register.simple_tag
def money(
    value: Money | int | None,
    currency: str = "",
    accounting: bool = False,
    whole: bool = False,
    compact: bool = False,
) -> str:
    """Money, or minor units with a currency; None is a dash.

    The short form keeps the exact amount as its title.
    """
    if value is None:
        return _NOTHING
    amount = value if isinstance(value, Money) else Money(int(value), currency)
    text = formats.money(amount, accounting=accounting, whole=whole, short=compact)
    if compact:
        exact = formats.money(amount, accounting=accounting)
        return format_html('<span class="figure" title="{}">{}</span>', exact, text)
    return format_html('<span class="figure">{}</span>', text)


@register.simple_tag
def delta(
    now: Any,
    before: Any,
    kind: str = "number",
    currency: str = "",
    good: str = "up",
) -> str:
    """The change beside what it changed from: “+4 from 71”; nothing to compare with is a dash.

    kind: number, percent (relative change), points (percentage points), money (minor units or
    Money). `good` says which direction is good news: up, down or "" for neither.
    """
    if now is None or before is None:
        return _NOTHING
    is_money = isinstance(now, Money) or kind == "money"
    new = _minor(now) if is_money else float(now)
    old = _minor(before) if is_money else float(before)
    change = components.delta(new, old, good=good)  # type: ignore[arg-type]
    sign = {"up": "+", "down": formats.MINUS, "flat": "±"}[change.direction]
    from_text: str
    if is_money:
        code = now.currency if isinstance(now, Money) else currency
        size = formats.money(Money(abs(int(change.size)), code), short=True)
        from_text = formats.money(Money(int(old), code), short=True)
    elif kind == "percent":
        size = "new" if change.percent is None else f"{formats.number(abs(change.percent), 1)}%"
        sign = "" if change.percent is None else sign
        from_text = formats.number(old)
    else:
        unit = " pts" if kind == "points" else ""
        size = formats.number(abs(change.size)) + unit
        from_text = formats.number(old)
    arrow = {"up": "arrow-up-right", "down": "arrow-down-right", "flat": "minus"}
    return format_html(
        '<span class="delta tone-{}">{}<span class="figure">{}{}</span>'
        '<span class="delta-from"> from {}</span></span>',
        change.tone, icon(arrow[change.direction], **{"class": "icon-xs"}), sign, size, from_text,
    )  # fmt: skip


def _minor(value: Any) -> int:
    return value.minor if isinstance(value, Money) else int(value)


@register.simple_tag
def when(
    instant: datetime | None,
    format: str = "short",  # noqa: A002  # as templates say it
    now: datetime | None = None,
) -> str:
    """An instant in the active time zone, the exact one as title; None is a dash."""
    if instant is None:
        return _NOTHING
    if format == "relative":
        text = formats.ago(instant, now or timezone.now())
    else:
        text = formats.instant(instant, format)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        instant.isoformat(), formats.exact_instant(instant), text,
    )  # fmt: skip


@register.simple_tag
def day(value: date | None, relative: date | None = None) -> str:
    """A date by the person's locale; `relative=today` adds how far away it is."""
    if value is None:
        return _NOTHING
    written = _day(value.isoformat(), formats.day(value))
    if relative is None:
        return written
    return format_html(
        '{} <span class="day-apart">{}</span>', written, formats.days_apart(value, relative)
    )


@lru_cache(maxsize=8192)
def _day(exact: str, text: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', exact, text)


@register.simple_tag
def progress(done: int | None, total: int | None, label: str = "Progress") -> str:
    """A bar with what is done and what is left; without a total it only says that it works."""
    if total is None or done is None:
        return format_html(
            '<div class="progress-line"><progress aria-label="{}"></progress>'
            '<span class="progress-text">Working</span></div>', label,
        )  # fmt: skip
    left = max(0, total - done)
    return format_html(
        '<div class="progress-line"><progress value="{}" max="{}" aria-label="{}"></progress>'
        '<span class="progress-text">{} of {}{}</span></div>',
        min(done, total), max(total, 1), label, formats.number(done), formats.number(total),
        f", {formats.number(left)} left" if left else "",
    )  # fmt: skip


@register.simple_tag
def bar(value: Any, highest: Any, tone: str = "accent", label: str = "") -> str:
    """A small horizontal bar for tables; the number stands beside it, so it is decoration
    unless it has a label."""
    share = 0.0 if not highest or value is None else float(value) / float(highest) * 100
    share = min(100.0, max(0.0, share))
    says = format_html('role="img" aria-label="{}"', label) if label else 'aria-hidden="true"'
    return format_html(
        '<svg class="bar tone-{}" viewBox="0 0 100 6" preserveAspectRatio="none" {}>'
        '<rect class="bar-track" width="100" height="6"/>'
        '<rect class="bar-fill" width="{}" height="6"/></svg>',
        tone, mark_safe(says), f"{share:.1f}",  # escaped above
    )  # fmt: skip
