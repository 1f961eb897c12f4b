"""Which segments ask for a custom field, one of its choices or a tag, by the conditions as saved:
those things cannot be deleted quietly, and a segment follows the tags that it names."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from django.urls import reverse

from afterclose.accounts.custom_fields.models import CustomChoice, CustomField
from afterclose.accounts.tags.models import Tag
from afterclose.accounts.uses import Thing, UsedBy
from afterclose.businesses.actors import Actor
from afterclose.segments import queries
from afterclose.segments.conditions import ConditionError
from afterclose.segments.models import Segment, Subject

_OF_ACCOUNT = "account."


def using(viewer: Actor, thing: Thing) -> list[UsedBy]:
    """The segments that ask for a thing; one that the viewer may not see is not named."""
    found = []
    visible = set(queries.segments(viewer).values_list("id", flat=True))
    for segment in _all():
        if not asks_for(segment, thing):
            continue
        if segment.pk in visible:
            url = reverse("segments:detail", args=[segment.pk])
            found.append(UsedBy(f"the segment “{segment.name}”", url))
        else:
            found.append(UsedBy(f"a private segment of {segment.owner}"))
    return found


def asks_for(segment: Segment, thing: Thing) -> bool:
    """Whether a segment's condition names a thing."""
    leaves = list(_leaves(segment.condition))
    if isinstance(thing, Tag):
        return any(thing.pk in _values(leaf) for leaf in leaves if _is_tag(leaf))
    field = thing.field if isinstance(thing, CustomChoice) else thing
    names = {_name_for(segment, field)} - {""}
    mine = [leaf for leaf in leaves if leaf.get("field") in names]
    if isinstance(thing, CustomField):
        return bool(mine)
    return any(thing.pk in _values(leaf) for leaf in mine)


def problem_of(segment: Segment, error: ConditionError) -> str:
    """Why a segment's members cannot be found, in words that say what to do: a custom field that
    was deleted by its name, else what is wrong with the condition."""
    deleted = CustomField.objects.filter(archived_at__isnull=False)
    names = sorted(field.label for field in deleted if asks_for(segment, field))
    if not names:
        return str(error)
    fields = ", ".join(f"“{name}”" for name in names)
    return (
        f"The custom field{'s' if len(names) > 1 else ''} {fields} that it asks for"
        f" {'were' if len(names) > 1 else 'was'} deleted. An admin can restore deleted fields for"
        " 30 days, under Settings, Custom fields."
    )


def _all() -> Iterator[Segment]:
    yield from Segment.objects.select_related("owner__person").order_by("name_key")


def _leaves(condition: Any) -> Iterator[dict[str, Any]]:
    """Every object with a field; rows of relations have neither tags nor custom fields."""
    for group in ("all", "any"):
        for each in condition.get(group, ()):
            yield from _leaves(each)
    if "not" in condition:
        yield from _leaves(condition["not"])
    if "field" in condition:
        yield condition


def _name_for(segment: Segment, field: CustomField) -> str:
    """What a field is called in a segment's condition; empty where it cannot be."""
    if field.subject == segment.subject:
        return f"cf_{field.key}"
    return f"{_OF_ACCOUNT}cf_{field.key}" if segment.subject == Subject.CONTACT else ""


def _is_tag(leaf: dict[str, Any]) -> bool:
    return leaf["field"] in ("tag", f"{_OF_ACCOUNT}tag")


def _values(leaf: dict[str, Any]) -> list[Any]:
    value = leaf.get("value")
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else [value]


def with_tags(condition: Any, gone: Collection[int], into_id: int) -> Any:
    """A condition that asks for one tag where it asked for any of some."""
    if "field" in condition:
        if not _is_tag(condition) or not isinstance(condition.get("value"), list):
            return condition
        named = [into_id if each in gone else each for each in condition["value"]]
        return {**condition, "value": list(dict.fromkeys(named))}
    made = dict(condition)
    for group in ("all", "any"):
        if group in made:
            made[group] = [with_tags(each, gone, into_id) for each in made[group]]
    if "not" in made:
        made["not"] = with_tags(made["not"], gone, into_id)
    return made
