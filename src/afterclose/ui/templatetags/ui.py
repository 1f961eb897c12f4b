"""The components as template tags: `{% load ui %}`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.template import Context
from django.template.base import Parser, Token
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from afterclose.kit.money import Money, round_half_up
from afterclose.ui import components, formats, forms, icons
from afterclose.ui.charts import Chart

register = template.Library()

_NOTHING = mark_safe(f'<span class="nothing">{formats.DASH}</span>')


# Blocks: a box is drawn only where a page fills it.


class _TakeNode(template.Node):
    def __init__(self, name: str, variable: str) -> None:
        self.name = name
        self.variable = variable

    def render(self, context: Context) -> SafeString:
        blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
        block = blocks.get_block(self.name) if blocks else None
        html = block.render(context).strip() if block else ""
        context[self.variable] = mark_safe(html)  # a template's own output
        return mark_safe("")


@register.tag
def take(parser: Parser, token: Token) -> template.Node:
    """`{% take "lead" as lead %}`: a block's output as a variable, empty if no page fills it."""
    found = re.fullmatch(r'take "(\w+)" as (\w+)', token.contents)
    if found is None:
        raise template.TemplateSyntaxError('Write {% take "block" as variable %}.')
    return _TakeNode(found[1], found[2])


# Small things.


@register.simple_tag
def icon(name: str, label: str = "", **options: Any) -> SafeString:
    """A Tabler outline icon; without a label it is decoration and hidden from readers."""
    css = f"icon {options.get('class', '')}".strip()
    if label:
        return format_html(
            '<svg class="{}" viewBox="0 0 24 24" width="20" height="20" fill="none" '
            'stroke="currentColor" stroke-width="1.75" stroke-linecap="round" '
            'stroke-linejoin="round" role="img" aria-label="{}">{}</svg>',
            css, label, _svg(name),
        )  # fmt: skip
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" width="20" height="20" fill="none" '
        'stroke="currentColor" stroke-width="1.75" stroke-linecap="round" '
        'stroke-linejoin="round" aria-hidden="true" focusable="false">{}</svg>',
        css, _svg(name),
    )  # fmt: skip


_icon = icon  # tags with a parameter of that name need another way to it


def _svg(name: str) -> SafeString:
    return mark_safe(icons.body(name))  # a file of the icon package


@register.simple_tag
def badge(text: Any, tone: str = "neutral", icon: str = "", dot: bool = False) -> SafeString:
    """A word in a tinted pill; tones: neutral, good, warn, bad, info, accent."""
    mark = SafeString("")
    if icon:
        mark = format_html("{} ", _icon(icon, **{"class": "icon-xs"}))
    elif dot:
        mark = mark_safe('<span class="dot" aria-hidden="true"></span>')
    return format_html('<span class="pill tone-{}">{}{}</span>', tone, mark, text)


@register.simple_tag
def avatar(name: str, size: str = "md") -> SafeString:
    """Initials on one of six tints; decoration beside a written name."""
    return format_html(
        '<span class="initials initials-{} tint-{}" aria-hidden="true">{}</span>',
        size, components.avatar_tint(name), formats.initials(name),
    )  # fmt: skip


@register.simple_tag
def person(name: str | None, email: str = "", size: str = "sm") -> SafeString:
    """Avatar and name; None is “Nobody”."""
    if not name:
        return mark_safe('<span class="person nothing">Nobody</span>')
    below = format_html('<span class="person-email">{}</span>', email) if email else ""
    return format_html(
        '<span class="person">{}<span class="person-name">{}{}</span></span>',
        avatar(name, size), name, below,
    )  # fmt: skip


@register.simple_tag
def stage(name: str, position: int = 0, total: int = 0, tone: str = "accent") -> SafeString:
    """A stage's name with dots for how far along it is: `{% stage "Proposed" 2 5 %}`."""
    if not total:
        return format_html('<span class="stage tone-{}">{}</span>', tone, name)
    dots = format_html_join(
        "",
        '<span class="stage-dot{}"></span>',
        ((" is-done" if index < position else "",) for index in range(total)),
    )
    return format_html(
        '<span class="stage tone-{}"><span class="stage-dots" aria-hidden="true">{}</span>{}'
        '<span class="visually-hidden"> (step {} of {})</span></span>',
        tone, dots, name, position, total,
    )  # fmt: skip


# Numbers, money, time.


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
    text = formats.day(value)
    if relative is None:
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), text)
    return format_html(
        '<time datetime="{}">{}</time> <span class="day-apart">{}</span>',
        value.isoformat(), text, formats.days_apart(value, relative),
    )  # fmt: skip


# Health.


@register.simple_tag
def health_ring(
    score: float | Decimal | None, size: str = "md", url: str = "", bucket: str = ""
) -> str:
    """A ring with the number and the word; the word comes from the unrounded score."""
    kind = components.BUCKETS[bucket] if bucket else components.bucket_of(_float(score))
    shown = formats.DASH if score is None else str(round_half_up(Decimal(str(score))))
    filled = "0" if score is None else f"{min(100.0, max(0.0, float(score))):.1f}"
    inside = format_html(
        '<svg class="ring" viewBox="0 0 36 36" aria-hidden="true" focusable="false">'
        '<circle class="ring-track" cx="18" cy="18" r="15.5" pathLength="100"/>{}'
        '<text class="ring-number" x="18" y="18.5">{}</text></svg>'
        '<span class="health-word"><span class="visually-hidden">Health {}: </span>{}</span>',
        format_html(
            '<circle class="ring-fill" cx="18" cy="18" r="15.5" pathLength="100" '
            'stroke-dasharray="{} 100" transform="rotate(-90 18 18)"/>', filled,
        ) if score is not None and float(score) > 0 else "",
        shown, "without a number" if score is None else f"{shown} of 100", kind.word,
    )  # fmt: skip
    if url:
        return format_html(
            '<a class="health health-{} tone-{}" href="{}">{}</a>', size, kind.tone, url, inside
        )
    return format_html('<span class="health health-{} tone-{}">{}</span>', size, kind.tone, inside)


@register.simple_tag
def health_word(score: float | Decimal | None, bucket: str = "") -> str:
    """The health word as a badge."""
    kind = components.BUCKETS[bucket] if bucket else components.bucket_of(_float(score))
    return badge(kind.word, tone=kind.tone, dot=True)


def _float(score: float | Decimal | None) -> float | None:
    return None if score is None else float(score)


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


# Progress.


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


# Larger pieces.


@register.inclusion_tag("ui/components/tile.html")
def tile(
    label: str,
    value: Any,
    url: str = "",
    *,
    detail: str = "",
    icon: str = "",
    tone: str = "",
    money: bool = False,
    delta_from: Any = None,
    good: str = "up",
    suffix: str = "",
    places: int | None = None,
    slug: str = "",
    current: bool = False,
) -> dict[str, Any]:
    """A number that opens the rows that it counts; `money` for Money, or pass Money itself.

    `slug` is its name in `kit.numbers`; `current` marks the tile whose rows are on the page.
    """
    is_money = money or isinstance(value, Money)
    if value is None:
        shown = formats.DASH
    elif is_money:
        shown = formats.money(value, short=True)
    elif isinstance(value, str):
        shown = value
    else:
        shown = formats.number(value, places) + suffix
    return {
        "label": label,
        "shown": shown,
        "exact": formats.money(value) if is_money and value is not None else "",
        "value": value,
        "url": url,
        "detail": detail,
        "icon": icon,
        "tone": tone,
        "delta_from": delta_from,
        "good": good,
        "slug": slug,
        "current": current,
    }


@register.inclusion_tag("ui/components/empty.html")
def empty(
    title: str,
    text: str = "",
    action_url: str = "",
    action_label: str = "",
    *,
    icon: str = "inbox",
    second_url: str = "",
    second_label: str = "",
    drawer: bool = False,
    level: int = 0,
) -> dict[str, Any]:
    """Why there is nothing here, and the next step; `level` makes the title a heading."""
    return {
        "title": title,
        "text": text,
        "action_url": action_url,
        "action_label": action_label,
        "icon": icon,
        "second_url": second_url,
        "second_label": second_label,
        "drawer": drawer,
        "level": level,
    }


@register.inclusion_tag("ui/components/panel.html")
def panel(
    url: str,
    title: str = "",
    *,
    id: str = "",  # noqa: A002  # as templates say it
    height: str = "md",
    refresh: str = "",
    icon: str = "",
    bare: bool = False,
    reveal: bool = False,
) -> dict[str, Any]:
    """A card that loads itself and keeps its place meanwhile.

    `refresh` names an event (see `feedback.announce`) that loads it again; `reveal` waits until
    it scrolls into view.
    """
    triggers = ["revealed" if reveal else "load"]
    triggers += [f"{event} from:document" for event in refresh.split()]
    return {
        "url": url,
        "title": title,
        "id": id or f"panel-{slugify(title or url)}",
        "height": height,
        "trigger": ", ".join(triggers),
        "icon": icon,
        "bare": bare,
    }


@register.inclusion_tag("ui/components/chart.html")
def chart(
    id: str,  # noqa: A002  # as templates say it
    title: str,
    chart: Chart,
    height: str = "md",
    as_of: Any = None,
) -> dict[str, Any]:
    """A chart with its table; `id` is unique on the page, the title says the subject."""
    rows = [
        (
            label,
            [(None if v is None else formats.number(v, chart.places), link) for v, link in cells],
        )
        for label, cells in chart.rows()
    ]
    return {
        "id": id,
        "title": title,
        "chart": chart,
        "data": chart.as_json(),
        "rows": rows,
        "height": height,
        "as_of": as_of,
    }


# Forms.


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """The field's control with the classes of its kind."""
    return field.as_widget(attrs={"class": forms.control_class(field)})


@register.simple_tag
def option_control(option: Any, field: BoundField) -> SafeString:
    """One radio button or checkbox of a group, with the same classes."""
    option.data["attrs"]["class"] = forms.control_class(field)
    html: SafeString = option.tag()
    return html


@register.filter
def field_kind(field: BoundField) -> str:
    """How the field is laid out: check, options, money or plain."""
    return forms.kind_of(field)


@register.filter
def currency_of(field: BoundField) -> str:
    """The currency in front of a money field."""
    return str(getattr(field.field.widget, "currency", ""))


@register.inclusion_tag("ui/forms/errors.html")
def errors(form: BaseForm) -> dict[str, Any]:
    """The summary of a form's errors, each linking to its field."""
    problems = [
        {"id": field.id_for_label or field.auto_id, "label": field.label, "text": text}
        for field in form.visible_fields()
        for text in field.errors
    ]
    general = list(form.non_field_errors()) + [
        f"{field.name}: {text}" for field in form.hidden_fields() for text in field.errors
    ]
    return {"problems": problems, "general": general, "count": len(problems) + len(general)}


@register.filter
def pages_around(page: Any) -> Iterable[int | str]:
    """The page numbers to offer, with gaps: 1 … 4 5 6 … 20."""
    result: Iterable[int | str] = page.paginator.get_elided_page_range(
        page.number, on_each_side=1, on_ends=1
    )
    return result
