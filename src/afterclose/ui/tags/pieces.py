"""Larger pieces: tiles, empty states, lazy panels, charts."""

from typing import Any

from django import template
from django.utils.text import slugify

from afterclose.kit.money import Money
from afterclose.ui import components, formats
from afterclose.ui.charts import Chart
from afterclose.ui.plot import for_browser, plot

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
    waiting: bool = False,
) -> dict[str, Any]:
    """A number that opens the rows that it counts; `money` for Money, or pass Money itself.

    `slug` is its name in `kit.numbers`; `current` marks the tile whose rows are on the page;
    `waiting` shows the words alone and keeps the place of a number that is still counted.
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
        "slug": "" if waiting else slug,
        "current": current,
        "waiting": waiting,
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


@register.inclusion_tag("ui/components/panel.html", takes_context=True)
def panel(
    context: template.Context,
    url: str,
    title: str = "",
    *,
    id: str = "",  # noqa: A002  # as templates say it
    height: components.Height = "md",
    phone: components.Height | None = None,
    waiting: str = "",
    refresh: str = "",
    icon: str = "",
    bare: bool = False,
    reveal: bool = False,
) -> dict[str, Any]:
    """A card that loads itself and keeps its place meanwhile, so that nothing moves.

    `height` (and `phone`, where a table becomes cards) is what its content usually takes, in rem
    or by name; `waiting` is a template of the page's context that looks as the content will.
    `refresh` names an event (see `feedback.announce`) that loads it again; `reveal` waits until
    it scrolls into view.
    """
    triggers = ["revealed" if reveal else "panel-show"]
    triggers += [f"{event} from:document" for event in refresh.split()]
    return {
        **({str(key): value for key, value in context.flatten().items()} if waiting else {}),
        "url": url,
        "title": title,
        "id": id or f"panel-{slugify(title or url)}",
        "room": components.room(height, phone),
        "waiting_template": waiting,
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
    drawn = None if chart.is_empty else plot(chart)
    return {
        "id": id,
        "title": title,
        "chart": chart,
        "data": drawn and for_browser(chart, drawn),
        "plot": drawn,
        "rows": rows,
        "height": height,
        "as_of": as_of,
    }
