"""Larger pieces: tiles, empty states, lazy panels, charts."""

from typing import Any

from django import template
from django.utils.text import slugify

from afterclose.kit.money import Money
from afterclose.ui import formats
from afterclose.ui.charts import Chart

register = template.Library()


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
