"""What a CSM is told of the accounts that the score has flagged (CS-58). Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

from afterclose.accounts.at_risk import Flagged, told
from afterclose.notifications.actions import Message
from afterclose.notifications.kinds import Kind, Pace
from afterclose.ui import formats

AT_RISK = Kind("at_risk", "Account at risk", Pace.DAILY, 30)

#: With more accounts than this at once a CSM gets one line for all of them, not a flood.
SEVERAL = 10


def messages(flagged: Iterable[Flagged], on: date) -> Iterator[Message]:
    """One message per account, or one for all where a CSM has many; keyed by flag and day."""
    by_csm: dict[int, list[Flagged]] = defaultdict(list)
    for each in flagged:
        if each.csm_id is not None:
            by_csm[each.csm_id].append(each)
    for csm_id, accounts in by_csm.items():
        if len(accounts) > SEVERAL:
            yield _of_many(csm_id, accounts, on)
        else:
            yield from (_of_one(csm_id, account, on) for account in accounts)


def _of_one(csm_id: int, account: Flagged, on: date) -> Message:
    return Message(
        member_id=csm_id,
        kind=AT_RISK,
        key=f"at_risk:{account.flag_id}:{on.isoformat()}",
        title=f"{account.name} is at risk",
        body=f"{told(account).capitalize()}.",
        url=f"/accounts/{account.account_id}/health/",
        account_id=account.account_id,
    )


def _of_many(csm_id: int, accounts: list[Flagged], on: date) -> Message:
    lowest = sorted(accounts, key=lambda account: (account.after, account.account_id))[:3]
    named = ", ".join(f"{account.name} ({formats.number(account.after, 1)})" for account in lowest)
    return Message(
        member_id=csm_id,
        kind=AT_RISK,
        key=f"at_risk:{accounts[0].flag_id}:{on.isoformat()}:{len(accounts)}",
        title=f"{len(accounts)} of your accounts are newly at risk",
        body=f"Lowest health: {named}.",
        url=f"/health/at-risk/?csm={csm_id}",
    )
