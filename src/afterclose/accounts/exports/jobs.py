"""Writing files in the background, and letting go of them."""

from __future__ import annotations

import logging

from django.urls import reverse

from afterclose.accounts.exports import actions
from afterclose.accounts.exports.models import AT_WORK, Export
from afterclose.businesses.actors import Actor
from afterclose.businesses.jobs import business_job, every_business
from afterclose.kit import clock
from afterclose.ui.lists.background import Wish

logger = logging.getLogger(__name__)


@business_job("accounts.write_export", atomic=False)
def write_export(business_id: int, export_id: int) -> None:
    """Write one file; begun anew when it was interrupted."""
    actions.write_file(export_id)


@business_job("accounts.sweep_exports_of_business")
def sweep_exports_of_business(business_id: int, timestamp: int = 0) -> None:
    """Write again what a worker died over; remove files that were kept for a week."""
    now = clock.now()
    dead = Export.objects.filter(state__in=AT_WORK, touched_at__lt=now - actions.DEAD_AFTER)
    for export_id in list(dead.values_list("id", flat=True)):
        logger.warning("Export %s had stopped; beginning it anew.", export_id)
        write_export.defer(business_id=business_id, export_id=export_id)
    dead.update(touched_at=now)
    actions.remove_old(at=now)


sweep_exports = every_business("accounts.sweep_exports", sweep_exports_of_business)


class BackgroundWriter:
    """What `ui.lists.background` is given."""

    def ask(self, viewer: Actor, wish: Wish) -> str:
        """Ask for the file and have a worker write it; the page that shows how far it is."""
        export = actions.ask(actor=viewer, at=clock.now(), wish=wish)
        write_export.defer(business_id=viewer.business_id, export_id=export.id)
        return reverse("exports:show", args=[export.id])

    def address(self) -> str:
        """The page of one's own files."""
        return reverse("exports:list")
