"""One account's whole life as rows: everything hangs together here, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from afterclose.accounts.models import Contact
from afterclose.accounts.reasons import DEFAULT_REASONS
from afterclose.ops.sample import activities, names, subscriptions, surveys, tickets, usage
from afterclose.ops.sample.activities import Fact
from afterclose.ops.sample.frame import Frame, Member, Row
from afterclose.ops.sample.story import SCENES, Story, story_of

_CONTACT = Contact._meta.label_lower
_ONE_TIME = (
    "We had no time to make use of it.",
    "The board chose a suite that covers more.",
    "Too slow for our data, and support could not help.",
    "Our budget for tools was halved.",
    "",
)


@dataclass(slots=True)
class Life:
    """Rows of one account without the ids that only the database can give.

    ``parent`` is the number of another account; the first item of an answer and of an event is
    the index of a contact or None, of a reopening and a mention the index of a ticket and of an
    event.
    """

    parent: int | None
    account: Row
    contacts: list[Row] = field(default_factory=list)
    subscriptions: list[Row] = field(default_factory=list)
    usage: list[Row] = field(default_factory=list)
    last_use: tuple[date, date] | None = None
    tickets: list[Row] = field(default_factory=list)
    reopenings: list[Row] = field(default_factory=list)
    answers: list[Row] = field(default_factory=list)
    churn_events: list[Row] = field(default_factory=list)
    flags: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    mentions: list[tuple[int, int]] = field(default_factory=list)
    notifications: list[Row] = field(default_factory=list)


def life_of(number: int, frame: Frame) -> Life:
    """The life of the account of a number; the same for the same frame."""
    dice = frame.dice(number)
    story = story_of(number, dice)
    company = names.company(number, frame.seed, dice)
    key = f"sample-{number + 1:06}"
    csm = _csm(story, number, frame, dice)
    ae = dice.choice(frame.team[-3:]) if not story.is_bare and dice.random() < 0.5 else None
    # Most are billed in dollars wherever they sit, as most vendors do.
    currency = company.place.currency if dice.random() < 0.35 else "USD"
    deal = subscriptions.deal_of(story, currency, dice)
    contacts = _contacts(story, company, frame, dice)
    emails = [row[1] for row in contacts if row[1]]
    bought = subscriptions.subscriptions_of(story, key, deal, frame, dice)
    since = frame.day(story.since) if story.since is not None else None
    if since and bought:
        since = min(since, *(row[9] for row in bought))
    life = Life(story.parent, _account(story, company, deal, key, csm, ae, since, frame, dice))
    made = frame.midnight - timedelta(days=(frame.on - since).days if since else 21)
    life.contacts = [(*row, True, made, made) for row in contacts]
    life.subscriptions = [(*row, made, made) for row in bought]
    used = usage.usage_of(story, _users(emails, company.domain, deal.seats), frame, dice)
    life.usage = [(*use, True) for use in used]
    life.last_use = (used[0].used_on, used[-1].used_on) if used else None
    asked_by = emails[0] if emails else f"team@{company.domain}"
    asked = tickets.tickets_of(story, key, asked_by, frame, dice)
    life.tickets = asked.tickets
    life.reopenings = list(asked.reopenings)
    life.answers = surveys.answers_of(story, key, len(contacts), frame, dice)
    _tell(life, story, csm, [row[0] for row in contacts], key, frame, dice)
    return life


def _csm(story: Story, number: int, frame: Frame, dice: Random) -> Member | None:
    """Who looks after the account: the first of the team has a full book, and troubles in it."""
    if story.is_bare or not story.has_csm:
        return None
    if number < len(SCENES) and story.is_troubled and dice.random() < 0.7:
        return frame.team[0]
    csms = frame.team[:4]
    return dice.choice((csms[0], *csms))


def _account(
    story: Story,
    company: names.Company,
    deal: subscriptions.Deal,
    key: str,
    csm: Member | None,
    ae: Member | None,
    since: date | None,
    frame: Frame,
    dice: Random,
) -> Row:
    bare = story.is_bare
    name = story.name or company.name
    own = f"{names.slug(name)[:60]}.example" if story.name else company.domain
    domain = story.domain or own
    made = frame.midnight - timedelta(days=(frame.on - since).days if since else 21)
    left = frame.day(story.left) if story.left is not None and not story.left_undated else None
    return (
        name,
        key,
        "" if bare else domain,
        "" if bare or dice.random() < 0.2 else f"https://{domain}",
        "" if bare else company.industry,
        "" if bare else company.place.country,
        "" if bare else dice.choice(names.SOURCES),
        deal.plan if story.subscribed and not bare else "",
        deal.seats if story.subscribed and not bare else None,
        story.stage.value,
        csm.id if csm else None,
        ae.id if ae else None,
        since,
        left,
        frame.day(-story.curated_in) if story.curated_in is not None else None,
        "" if bare else deal.currency,
        True,
        made,
        made,
    )


def _contacts(story: Story, company: names.Company, frame: Frame, dice: Random) -> list[Row]:
    """Name, e-mail, title, phone, four roles, the day they left."""
    taken: set[str] = set()
    rows: list[Row] = []
    for number in range(0 if story.is_bare else story.contacts):
        person = names.person(dice, company.place, company.domain, taken)
        champion = story.champion and number == 0
        left = frame.day(30) if story.champion_left and number == 0 else None
        rows.append(
            (
                *person,
                champion,
                number == 1,
                number == 2 or (number == 0 and dice.random() < 0.15),
                story.detractor and number == story.contacts - 1,
                left,
            )
        )
    rows += [(*person, False, False, False, False, None) for person in story.people]
    return rows


def _users(emails: list[str], domain: str, seats: int) -> list[str]:
    most = min(usage.MOST_USERS, seats)
    return (emails + [f"user{number}@{domain}" for number in range(1, most + 1)])[:most]


def _tell(
    life: Life,
    story: Story,
    csm: Member | None,
    people: list[str],
    key: str,
    frame: Frame,
    dice: Random,
) -> None:
    """Timeline, flags, churn, and what the inbox says about them."""
    facts = activities.facts_of(story, csm, people, frame, dice)
    by = csm or frame.team[0]
    colleague = frame.team[1] if by.id == frame.team[0].id and len(frame.team) > 1 else by
    if story.left is not None:
        facts.append(activities.churned(story, by, frame, dice))
        _leave(life, story, key, frame, dice, ago=story.left, returned=False)
    if story.returned:
        _leave(life, story, key, frame, dice, ago=(story.since or 0) + 90, returned=True)
    if story.flag:
        facts += _flag(life, story, colleague, key, frame, dice)
    for index, fact in enumerate(facts):
        life.events.append(
            (
                fact.who,
                fact.kind,
                fact.at,
                fact.at,
                fact.by.id if fact.by else None,
                fact.by.name if fact.by else "Afterclose",
                fact.title,
                fact.body,
                "" if fact.who is None else _CONTACT,
                fact.payload,
                fact.at,
                True,
            )
        )
        for member in fact.mentions:
            life.mentions.append((index, member.id))
            if fact.at > frame.midnight - timedelta(days=14):
                life.notifications.append(_mentioned(fact, member, life, key, index, frame))


def _leave(
    life: Life, story: Story, key: str, frame: Frame, dice: Random, *, ago: int, returned: bool
) -> None:
    life.churn_events.append(
        (
            f"{key}-c{len(life.churn_events) + 1}",
            frame.day(ago),
            story.left_reason,
            0 if dice.random() < 0.8 else 10_000 * dice.randint(1, 40),
            life.account[-4] or "USD",
            dice.random() < 0.1,
            dice.random() < 0.2,
            returned,
            dice.choice(_ONE_TIME),
            True,
        )
    )


def _flag(life: Life, story: Story, by: Member, key: str, frame: Frame, dice: Random) -> list[Fact]:
    """A flag set by hand, and perhaps taken off again."""
    cleared = story.flag == "cleared"
    set_at = frame.instant(85 if cleared else 6, dice)
    cleared_at = frame.instant(30, dice) if cleared else None
    words = ", ".join(DEFAULT_REASONS[reason] for reason in story.flag_reasons)
    note = "" if cleared else "Talked to the sponsor. We need a plan before the renewal."
    thanks = "Use is back, and the sponsor is with us." if cleared else ""
    life.flags.append(
        (
            list(story.flag_reasons),
            note,
            set_at,
            by.id,
            False,
            cleared_at,
            by.id if cleared else None,
            thanks,
        )
    )
    facts = [Fact("at_risk.flagged", set_at, by, f"Flagged at risk: {words}", note)]
    if cleared_at is not None:
        facts.append(Fact("at_risk.cleared", cleared_at, by, "No longer at risk", thanks))
    elif by.id != frame.team[0].id:
        title = f"{life.account[0]} was flagged at risk"
        life.notifications.append(
            (
                frame.team[0].id,
                "at_risk",
                title[:300],
                words,
                "",
                False,
                set_at,
                None,
                f"{key}:flag",
            )
        )
    return facts


def _mentioned(fact: Fact, member: Member, life: Life, key: str, index: int, frame: Frame) -> Row:
    read_at = fact.at + timedelta(hours=3)
    title = f"{fact.by.name if fact.by else 'Somebody'} mentioned you at {life.account[0]}"
    is_read = fact.at < frame.midnight - timedelta(days=4)
    return (
        member.id,
        "mention",
        title[:300],
        fact.body,
        "",
        False,
        fact.at,
        read_at if is_read else None,
        f"{key}:mention:{index}",
    )
