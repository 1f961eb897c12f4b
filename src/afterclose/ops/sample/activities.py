"""What stands on the timeline: calls, meetings, mails, notes with mentions, and the product's
own facts."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from afterclose.accounts.models import Stage
from afterclose.ops.sample.frame import Frame, Member
from afterclose.ops.sample.story import Arc, Story


class Fact(NamedTuple):
    """One event of the timeline; ``by`` None is the product itself, ``who`` the index of the
    contact that it was done with."""

    kind: str
    at: datetime
    by: Member | None
    title: str
    body: str = ""
    payload: str = "{}"
    mentions: tuple[Member, ...] = ()
    who: int | None = None


_CALLS = (
    ("Check-in call", "Went through open points. {who} is happy with the pace."),
    ("Call about the rollout", "{who} wants the second team in before the end of the quarter."),
    ("Pricing question", "{who} asked what more seats would cost. Sent the table afterwards."),
)
_MEETINGS = (
    ("Quarterly review", "Showed the results against last quarter. {who} will share them upwards."),
    ("Training for new users", "Nine people came. Recording sent to {who}."),
    ("Kick-off", "Agreed on scope, dates and who decides what."),
)
_MAILS = (
    ("Summary and next steps", "Sent the notes of our call and the two open questions."),
    ("Release notes for their team", "Pointed {who} to the new scheduled reports."),
    ("Renewal date", "Reminded {who} of the renewal date and asked for the budget owner."),
)
_NOTES = (
    ("Note", "{who} prefers mail to calls. Never on Fridays."),
    (
        "Note",
        "They are hiring two analysts. More seats likely in spring. @{mention} please follow.",
    ),
    ("Note", "Budget review is in the first week of next month. @{mention} can you join the call?"),
    ("Note", "Procurement needs the security papers again."),
)
_WORRIES = (
    ("Note", "Use has gone down since {who} went on leave. @{mention} any idea who covers?"),
    ("Call about low use", "{who} says the team went back to spreadsheets for month end."),
    ("Escalation call", "They want a date for the export fix. Promised an answer this week."),
)
_KINDS = (
    ("activity.call", _CALLS),
    ("activity.email", _MAILS),
    ("activity.note", _NOTES),
    ("activity.meeting", _MEETINGS),
)
_CUMULATED = (32, 66, 86, 100)


def facts_of(
    story: Story, csm: Member | None, people: list[str], frame: Frame, dice: Random
) -> list[Fact]:
    """Everything on the account's timeline but flags and churn, oldest first."""
    if story.is_bare:
        return []
    by = csm or frame.team[0]
    facts = _milestones(story, by, frame, dice)
    detail = frame.detail
    reach = min(story.since or 40, detail.activities * 30)
    ends = 0 if story.left is None else story.left
    # Nobody calls an account that has fallen silent: that is why it has.
    quiet = 34 if story.arc is Arc.SILENT else 1
    pace = 60 if story.arc is Arc.QUIET else 24
    ago = ends + quiet + dice.randrange(pace)
    while ago < max(reach, ends + quiet + 1):
        facts.append(_activity(story, by, people, ago, frame, dice))
        if detail.activities == 1:
            break
        ago += 6 + dice.randrange(pace)
    facts.sort(key=lambda fact: fact.at)
    return facts


def _activity(
    story: Story, by: Member, people: list[str], ago: int, frame: Frame, dice: Random
) -> Fact:
    kind, texts = dice.choices(_KINDS, cum_weights=_CUMULATED)[0]
    worried = story.mood < 0.5 and ago < 90 and dice.random() < 0.5
    if worried:
        texts = _WORRIES
    title, body = dice.choice(texts)
    if worried:
        kind = "activity.note" if title == "Note" else "activity.call"
    number = dice.randrange(len(people)) if people else None
    who = "The office" if number is None else people[number]
    with_them = number if "{who}" in body or kind != "activity.note" else None
    mentioned: tuple[Member, ...] = ()
    if "{mention}" in body:
        others = [member for member in frame.team if member.id != by.id] or list(frame.team)
        mentioned = (dice.choice(others),)
    body = body.format(who=who, mention=mentioned[0].handle if mentioned else "")
    return Fact(kind, frame.instant(ago, dice), by, title, body, mentions=mentioned, who=with_them)


def _milestones(story: Story, by: Member, frame: Frame, dice: Random) -> list[Fact]:
    if story.since is None:
        return [Fact("account.created", frame.instant(21, dice), by, "Account created")]
    if story.since > frame.detail.activities * 31:
        return []
    begun = frame.instant(story.since, dice)
    facts = [Fact("account.created", begun, by, "Account created")]
    if story.stage is not Stage.ONBOARDING and story.since > 50:
        facts.append(_staged(begun + timedelta(days=45), by, Stage.ONBOARDING, Stage.ACTIVE))
    if story.stage in (Stage.EXPANDING, Stage.RENEWAL) and story.since > 70:
        facts.append(_staged(frame.instant(9, dice), by, Stage.ACTIVE, story.stage))
    return facts


def _staged(at: datetime, by: Member, before: Stage, after: Stage) -> Fact:
    return Fact(
        "stage.changed",
        at,
        by,
        f"Stage changed from {before.label} to {after.label}",
        payload=f'{{"from": "{before.value}", "to": "{after.value}"}}',
    )


def churned(story: Story, by: Member, frame: Frame, dice: Random) -> Fact:
    """The fact that the account left."""
    at = frame.instant(story.left or 1, dice)
    return _staged(at, by, Stage.ACTIVE, Stage.CHURNED)
