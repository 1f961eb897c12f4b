"""Reads of exports: only what the viewer asked for."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404

from afterclose.accounts.exports.models import Export
from afterclose.businesses.actors import Actor


def exports(viewer: Actor) -> QuerySet[Export]:
    """The files that the viewer asked for."""
    if viewer.membership_id is None:
        return Export.objects.none()
    return Export.objects.filter(member_id=viewer.membership_id)


def export(viewer: Actor, export_id: int) -> Export:
    """One of them; raises Http404, also for somebody else's."""
    found = exports(viewer).filter(pk=export_id).first()
    if found is None:
        raise Http404("There is no such file of yours.")
    return found
