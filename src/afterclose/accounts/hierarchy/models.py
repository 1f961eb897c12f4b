"""Parents that an import has named and that are not here yet."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from afterclose.accounts.models import Account
from afterclose.businesses.tenancy import TenantModel, TenantOneToOneField


class AwaitedParent(TenantModel):
    """The external id of an account's parent, until an account with it is there.

    A file may name a parent that only a later row, or another file, brings. ``problem`` says
    why a parent that is there was not taken.
    """

    account = TenantOneToOneField(Account, on_delete=models.CASCADE, related_name="awaited_parent")
    external_id = models.CharField(max_length=200)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index("business", "external_id", name="awaited_parent_id")]

    def __str__(self) -> str:
        return f"Parent “{self.external_id}”"
