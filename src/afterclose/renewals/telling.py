"""What people are told of renewals that come near (CS-44). No database, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from afterclose.kit.money import Money
from afterclose.notifications.actions import Mail, Message
from afterclose.notifications.kinds import Kind, Pace
from afterclose.renewals.reminding import is_urgent

RENEWAL_REMINDER = Kind("renewal_reminder", "Renewal reminder", Pace.NOW, 31)

#: With more than this at once a person gets one line for all of them, not a flood.
SEVERAL = 10
#: How many a mail lists; the rest is counted and linked.
LISTED = 40


@dataclass(frozen=True, slots=True)
class Due:
    """A renewal whose reminder is due. `ends`: it is set to end then instead of renewing."""

    account_id: int
    account_name: str
    subscription_id: int | None
    plan: str
    renews_on: date
    days: int
    threshold: int
    value: Money | None
    ends: bool
    stage: str
    reasons: tuple[str, ...]

    @property
    def key(self) -> str:
        """Names the reminder: the renewal, its period and the threshold."""
        what = self.subscription_id or f"account-{self.account_id}"
        return f"renewal:{what}:{self.renews_on.isoformat()}:{self.threshold}"

    @property
    def url(self) -> str:
        """The page of the account."""
        return f"/accounts/{self.account_id}/"

    @property
    def is_urgent(self) -> bool:
        """Whether little time is left."""
        return is_urgent(self.days)

    @property
    def when(self) -> str:
        """`renews in 30 days`, `ends today`."""
        verb = "ends" if self.ends else "renews"
        apart = {0: "today", 1: "tomorrow"}.get(self.days, f"in {self.days} days")
        return f"{verb} {apart}"

    @property
    def headline(self) -> str:
        """`Acme renews in 30 days`."""
        return f"{self.account_name} {self.when}"

    @property
    def standing(self) -> str:
        """`At risk: payment past due`; the stage alone where there is nothing to add."""
        return f"{self.stage}: {'; '.join(self.reasons)}"


def messages(member_id: int, due: Sequence[Due]) -> Iterator[Message]:
    """The lines for one person's inbox; the mail is one for all, see `mail`."""
    if len(due) > SEVERAL:
        yield _line_for_many(member_id, due, f"/renewals/90-days/?csm={member_id}")
        return
    for each in due:
        yield Message(
            member_id=member_id,
            kind=RENEWAL_REMINDER,
            key=each.key,
            title=each.headline,
            body=f"{each.plan or 'Renewal'}, {each.renews_on.isoformat()}. {each.standing}.",
            url=each.url,
            account_id=each.account_id,
            is_urgent=each.is_urgent,
            by_mail=False,
        )


def message_to_admin(member_id: int, due: Sequence[Due]) -> Message:
    """One line about renewals of accounts that nobody looks after."""
    return _line_for_many(
        member_id, due, "/renewals/90-days/?csm=none", "of accounts without a CSM"
    )


def _line_for_many(member_id: int, due: Sequence[Due], url: str, whose: str = "") -> Message:
    return Message(
        member_id=member_id,
        kind=RENEWAL_REMINDER,
        key=f"{due[0].key}:{len(due)}",
        title=subject(due, whose),
        body="; ".join(each.headline for each in due[:3]) + ("; …" if len(due) > 3 else "."),
        url=url,
        is_urgent=any(each.is_urgent for each in due),
        by_mail=False,
    )


def mail(member_id: int, due: Sequence[Due], *, whose: str = "", url: str = "") -> Mail:
    """The one mail to a person about a morning's renewals."""
    return Mail(
        member_id=member_id,
        kind=RENEWAL_REMINDER,
        key=f"{due[0].key}:{len(due)}",
        subject=subject(due, whose),
        template="renewals/mail/reminder",
        context={
            "due": due[:LISTED],
            "more": max(0, len(due) - LISTED),
            "url": url or f"/renewals/90-days/?csm={member_id}",
        },
    )


def subject(due: Sequence[Due], whose: str = "") -> str:
    """`Acme renews in 30 days`, or how many renewals there are and how many are urgent."""
    urgent = sum(each.is_urgent for each in due)
    if len(due) == 1 and not whose:
        return f"{'Urgent: ' if urgent else ''}{due[0].headline}"
    count = f"{len(due)} renewal{'' if len(due) == 1 else 's'} ahead"
    told = f"{count} {whose}".strip()
    return f"{told}, {urgent} within 14 days" if urgent else told
