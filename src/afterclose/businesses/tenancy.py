"""What a model needs to belong to a business.

``TenantModel`` gives ``id`` and ``business``; the database side (composite keys, forced
row-level security) follows from ``BusinessField`` in ``businesses.postgres.schema``.
The manager filters by the business in context as well, so that updates and deletes carry
business_id too (spec 00, shape for Citus); the policy is what is relied on.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models.fields.related import ForeignKey

from afterclose.businesses.context import (
    business_context,
    current_business_id,
    person_context,
    required_business_id,
)

__all__ = [
    "BusinessField",
    "TenantForeignKey",
    "TenantManager",
    "TenantModel",
    "TenantOneToOneField",
    "business_context",
    "current_business_id",
    "person_context",
]


class BusinessField(models.ForeignKey[Any, Any]):
    """The business that a row belongs to; its presence makes the table a tenant table.

    ``also_visible_to`` names a person column: whoever is in ``person_context`` may read
    their own rows of it in every business (memberships alone need this).
    """

    _ALWAYS: ClassVar[dict[str, Any]] = {
        "to": "businesses.Business",
        "on_delete": models.PROTECT,
        "editable": False,
        "related_name": "+",
        "db_index": False,
    }

    def __init__(self, *, also_visible_to: str = "", **kwargs: Any) -> None:
        self.also_visible_to = also_visible_to
        super().__init__(**{**kwargs, **self._ALWAYS})

    def get_default(self) -> int:
        """The business in context; raises NoBusinessContext where there is none."""
        return required_business_id()

    def contribute_to_class(
        self, cls: type[models.Model], name: str, private_only: bool = False, **kwargs: Any
    ) -> None:
        """Make the filtering manager the base manager too, which writes and deletes go through.

        A model's own Meta does not inherit it from TenantModel's, and would forget it.
        """
        super().contribute_to_class(cls, name, private_only, **kwargs)
        if not cls._meta.abstract:
            cls._meta.base_manager_name = "objects"

    def deconstruct(self) -> Any:
        name, path, _, _ = super().deconstruct()
        own = {"also_visible_to": self.also_visible_to} if self.also_visible_to else {}
        return name, path, (), own

    @property
    def db_constraint(self) -> bool:
        """Whether the database checks it by a key of its own.

        A required foreign key to another tenant table includes business_id, so it already
        proves that the business exists; a second check would lock the one business row
        for each of a million inserts.
        """
        model = getattr(self, "model", None)
        if model is None:
            return True
        return not any(
            isinstance(field, TenantForeignKey | TenantOneToOneField) and not field.null
            for field in model._meta.local_fields
        )

    @db_constraint.setter
    def db_constraint(self, value: bool) -> None:
        """Django's own field assigns it; ours is derived."""


class TenantForeignKey(ForeignKey[Any, Any]):
    """A foreign key to another tenant table; in the database it includes business_id."""


class TenantOneToOneField(models.OneToOneField[Any, Any]):
    """One row per target; unique in the database together with business_id."""


class TenantManager[M: models.Model](models.Manager[M]):
    """Only rows of the business in context; none without a context."""

    def get_queryset(self) -> models.QuerySet[M]:
        business_id = current_business_id()
        rows = super().get_queryset()
        return rows.none() if business_id is None else rows.filter(business_id=business_id)


class TenantModel(models.Model):
    """Base of every table that belongs to one business.

    A model that holds secrets or other people's mail sets ``assistant_may_read`` to False: then
    the database role of the assistant has no right to its table (``postgres.assistant``).
    """

    assistant_may_read: ClassVar[bool] = True

    id = models.BigAutoField(primary_key=True)
    business = BusinessField()

    objects = TenantManager()

    class Meta:
        abstract = True
