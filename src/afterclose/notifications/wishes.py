"""Who is still a member, what each wants to be told at which pace, and when they want mails."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Business, Membership
from afterclose.notifications import times
from afterclose.notifications.kinds import Kind, Pace
from afterclose.notifications.models import MailTimes, Preference


class Wishes:
    """The wishes of some members, read once."""

    def __init__(
        self,
        business: Business,
        members: dict[int, Membership],
        stored: dict[tuple[int, str], Preference],
        mail_times: dict[int, MailTimes],
        zone: str,
    ) -> None:
        self.business = business
        self.members = members
        self._stored = stored
        self._times = mail_times
        self._zone = zone

    def in_app(self, member_id: int, kind: Kind) -> bool:
        """Whether it goes into the inbox; never for one who has left."""
        wish = self._stored.get((member_id, kind.slug))
        return member_id in self.members and (wish is None or wish.in_app)

    def pace(self, member_id: int, kind: Kind) -> Pace:
        """When it is mailed; never to one who has left."""
        if member_id not in self.members:
            return Pace.OFF
        wish = self._stored.get((member_id, kind.slug))
        return kind.pace if wish is None else Pace(wish.mail)

    def times(self, member_id: int) -> MailTimes:
        """When the member wants mails; the product's own for whoever has chosen nothing."""
        return self._times.get(member_id) or MailTimes(
            member_id=member_id, business_id=self.business.pk
        )

    def zone(self, member_id: int) -> ZoneInfo:
        """The member's time zone, else the business's."""
        return ZoneInfo(self.members[member_id].person.time_zone or self._zone)

    def quiet_until(self, member_id: int, at: datetime) -> datetime | None:
        """When the quiet hours are over that hold for the member at that instant, if any do."""
        wanted = self._times.get(member_id)
        if wanted is None or wanted.quiet_from is None or wanted.quiet_to is None:
            return None
        if member_id not in self.members:
            return None
        zone = self.zone(member_id)
        return times.quiet_until(at, zone, wanted.quiet_from, wanted.quiet_to)


def wishes_of(actor: Actor, member_ids: Collection[int]) -> Wishes:
    """The wishes of these members, in four queries however many they are."""
    members = Membership.objects.filter(
        id__in=member_ids, deactivated_at__isnull=True
    ).select_related("person")
    found = {member.id: member for member in members}
    stored = Preference.objects.filter(member_id__in=found)
    mail_times = MailTimes.objects.filter(member_id__in=found)
    return Wishes(
        Business.objects.get(pk=actor.business_id),
        found,
        {(wish.member_id, wish.kind): wish for wish in stored},
        {each.member_id: each for each in mail_times},
        actor.settings.time_zone,
    )
