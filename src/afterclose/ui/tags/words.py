"""Small things: icons, badges, people, stages."""

from functools import lru_cache
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from afterclose.ui import components, formats, icons
from afterclose.ui.escaping import escape, format_html, format_html_join

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "", **options: Any) -> SafeString:
    """A Tabler outline icon; without a label it is decoration and hidden from readers."""
    css = SafeString(escape(f"icon {options.get('class', '')}".strip()))
    return _drawn(name, css, SafeString(escape(label)))


_icon = icon  # tags with a parameter of that name need another way to it


# Escaped before it is remembered: safe and unsafe text that look alike are one key.
@lru_cache(maxsize=1024)
def _drawn(name: str, css: SafeString, label: SafeString) -> SafeString:
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" width="20" height="20" fill="none" '
        'stroke="currentColor" stroke-width="1.75" stroke-linecap="round" '
        'stroke-linejoin="round" {}>{}</svg>',
        css,
        format_html('role="img" aria-label="{}"', label)
        if label
        else mark_safe('aria-hidden="true" focusable="false"'),
        mark_safe(icons.body(name)),  # a file of the icon package
    )


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
@lru_cache(maxsize=1024)
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
    return _stage(SafeString(escape(name)), position, total, tone)


# Escaped before it is remembered: safe and unsafe text that look alike are one key.
@lru_cache(maxsize=1024)
def _stage(name: SafeString, position: int, total: int, tone: str) -> SafeString:
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
