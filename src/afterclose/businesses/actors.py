"""Who acts: a member of the business, a program with an API key, or the system."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from afterclose.businesses.models import Membership, Person, Role
from afterclose.businesses.permissions import Right, allows
from afterclose.businesses.settings import BusinessSettings, settings_of


@dataclass(frozen=True, slots=True)
class Grant:
    """What an API key may do: what its role may, as far as its scopes let it through."""

    key_id: int
    role: Role
    rights: frozenset[Right]


@dataclass(frozen=True, slots=True)
class Actor:
    """The ``actor`` of every action and the ``viewer`` of every query.

    A member has ``membership``, an API key has ``grant``. The system (jobs, automation) has
    neither and may do everything within its one business.
    """

    business_id: int
    name: str
    membership: Membership | None = None
    grant: Grant | None = None

    @property
    def is_system(self) -> bool:
        """Whether the product itself acts: neither a person nor an API key."""
        return self.membership is None and self.grant is None

    @property
    def person(self) -> Person | None:
        """The person behind it, or None for the system."""
        return self.membership.person if self.membership else None

    @property
    def person_id(self) -> int | None:
        """The person's id, or None for the system."""
        return self.membership.person_id if self.membership else None

    @property
    def membership_id(self) -> int | None:
        """The membership's id, or None for the system."""
        return self.membership.id if self.membership else None

    @property
    def role(self) -> Role | None:
        """The role in this business, or None for the system."""
        if self.grant is not None:
            return self.grant.role
        return Role(self.membership.role) if self.membership else None

    @property
    def settings(self) -> BusinessSettings:
        """The business's settings (cached for the request or job)."""
        return settings_of(self.business_id)

    @property
    def zone(self) -> ZoneInfo:
        """The person's time zone, else the business's."""
        person = self.person
        return ZoneInfo((person.time_zone if person else "") or self.settings.time_zone)

    def may(self, right: Right | str) -> bool:
        """Whether the actor has the right; a feature that is switched off nobody has."""
        right = Right(right)
        role = self.role
        if self.grant is not None and right not in self.grant.rights:
            return False
        if role is None:
            return self.settings.is_on(right)
        return allows(role, right, self.settings)


def system(business_id: int, name: str = "Afterclose") -> Actor:
    """The product itself, acting for one business."""
    return Actor(business_id=business_id, name=name)


def member(membership: Membership) -> Actor:
    """A member acting for themselves."""
    return Actor(
        business_id=membership.business_id, name=str(membership.person), membership=membership
    )
