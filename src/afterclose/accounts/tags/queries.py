"""Reads of tags: viewer in, rows out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Count, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Concat
from django.http import Http404

from afterclose.accounts.tags.models import AccountTag, ContactTag, Tag, TagRemoval
from afterclose.accounts.tags.naming import key_of
from afterclose.accounts.tags.removals import UNDOABLE_FOR
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.ui.lists import Option

Links = type[AccountTag] | type[ContactTag]


def tags(viewer: Actor) -> QuerySet[Tag]:
    """Every tag of the business by name, with ``accounts`` and ``contacts``: how many have it."""
    require(viewer, Right.ACCOUNTS_VIEW)
    return Tag.objects.annotate(
        accounts=_how_many(AccountTag), contacts=_how_many(ContactTag)
    ).order_by("key")


def _how_many(links: Links) -> Coalesce:
    rows: Any = links.objects.filter(tag_id=OuterRef("pk")).order_by().values("tag_id")
    return Coalesce(
        Subquery(rows.annotate(many=Count("*")).values("many"), output_field=IntegerField()), 0
    )


def tag(viewer: Actor, tag_id: int) -> Tag:
    """One tag with its counts; raises Http404."""
    found = tags(viewer).filter(pk=tag_id).first()
    if found is None:
        raise Http404("There is no such tag.")
    return found


def removals(viewer: Actor, at: datetime) -> list[TagRemoval]:
    """What can be undone: deleted and merged tags, the newest first, with ``until``."""
    require(viewer, Right.SETTINGS_EDIT)
    found = list(TagRemoval.objects.filter(at__gt=at - UNDOABLE_FOR).order_by("-at", "-id"))
    for each in found:
        each.until = each.at + UNDOABLE_FOR
    return found


def removal(viewer: Actor, removal_id: int) -> TagRemoval:
    """One of them; raises Http404."""
    require(viewer, Right.SETTINGS_EDIT)
    found = TagRemoval.objects.filter(pk=removal_id).first()
    if found is None:
        raise Http404("There is nothing to undo.")
    return found


def tags_of_account(viewer: Actor, account_id: int) -> list[Tag]:
    """An account's tags by name."""
    require(viewer, Right.ACCOUNTS_VIEW)
    return list(Tag.objects.filter(account_links__account_id=account_id).order_by("key"))


def tags_of_contact(viewer: Actor, contact_id: int) -> list[Tag]:
    """A contact's tags by name."""
    require(viewer, Right.ACCOUNTS_VIEW)
    return list(Tag.objects.filter(contact_links__contact_id=contact_id).order_by("key"))


def tags_of_contacts(viewer: Actor, contact_ids: Collection[int]) -> dict[int, list[Tag]]:
    """The tags of some contacts, one query."""
    require(viewer, Right.ACCOUNTS_VIEW)
    found: dict[int, list[Tag]] = {}
    links = ContactTag.objects.filter(contact_id__in=contact_ids).select_related("tag")
    for link in links.order_by("tag__key"):
        found.setdefault(link.contact_id, []).append(link.tag)
    return found


def shown(links: Links, column: str) -> ArraySubquery:
    """For a list's queryset: the row's tags as ``tone:name`` in order of name."""
    rows: Any = links.objects.filter(**{column: OuterRef("pk")}).order_by("tag__key")
    return ArraySubquery(
        rows.values(shown=Concat("tag__tone", Value(":"), "tag__name", output_field=CharField()))
    )


def tag_options(_viewer: Actor, text: str, limit: int) -> list[Option]:
    """Tags whose name begins with the text."""
    found = Tag.objects.order_by("key")
    if text.strip():
        key = key_of(text)
        found = found.filter(key__gte=key, key__lt=key + "\U0010ffff")
    return [Option(str(each.id), each.name) for each in found[:limit]]


def tag_labels(_viewer: Actor, ids: Sequence[str]) -> Mapping[str, str]:
    """Names of tags by id."""
    return {str(each.id): each.name for each in Tag.objects.filter(id__in=ids)}
