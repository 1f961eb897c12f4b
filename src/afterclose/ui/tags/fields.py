"""Form fields and paging."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.utils.safestring import SafeString

from afterclose.ui import forms

register = template.Library()


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
