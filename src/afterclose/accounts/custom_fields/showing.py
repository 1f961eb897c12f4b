"""How values stand on a page."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from afterclose.accounts.custom_fields import queries
from afterclose.accounts.custom_fields.models import Kind, Subject
from afterclose.accounts.custom_fields.rules import Definition, words
from afterclose.businesses.actors import Actor
from afterclose.ui import formats
from afterclose.ui.lists import NOTHING
from afterclose.ui.templatetags.ui import badge, day, money


def custom_facts(
    viewer: Actor, subject: Subject, subject_id: int
) -> list[tuple[Definition, SafeString]]:
    """Every field of a subject with its value as HTML, a dash for none; three queries."""
    known = queries.fields(viewer, subject)
    if not known:
        return []
    held = queries.values(viewer, subject, [subject_id], known)[subject_id]
    return [(one, shown(one, held[one.key])) for one in known]


def shown(one: Definition, value: Any) -> SafeString:
    """A value as HTML."""
    if value is None:
        return NOTHING
    match one.kind:
        case Kind.NUMBER:
            return exact_number(value)
        case Kind.MONEY:
            return SafeString(money(value))
        case Kind.DATE:
            return SafeString(day(value))
        case Kind.CHOICE:
            return badge(words(one, value))
        case Kind.CHOICES:
            labels = [choice.label for choice in one.choices if choice.key in value]
            return format_html_join(" ", "{}", ((badge(label),) for label in labels))
        case Kind.URL:
            return external_link(value)
        case _:
            return format_html("{}", words(one, value))


def exact_number(value: Any) -> SafeString:
    """A decimal with as many places as it has."""
    places = max(0, -int(value.as_tuple().exponent))
    return format_html('<span class="figure">{}</span>', formats.number(value, places))


def external_link(value: str) -> SafeString:
    """A link that leaves the product, shown without what every address has."""
    bare = value.split("://", 1)[-1].removeprefix("www.").rstrip("/")
    short = bare if len(bare) <= 40 else f"{bare[:39]}…"
    return format_html(
        '<a href="{}" rel="noopener noreferrer" target="_blank" title="{}">{}</a>',
        value,
        value,
        short,
    )
