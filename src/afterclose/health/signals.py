"""The raw inputs of a range of accounts as they were known on a day: one query per signal.

Set-wise reads for the nightly run (spec 00, hot paths). Days are counted in the database, so
that only small integers cross over. What "known on a day" means is docs/numbers/health.md,
"A past day".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from afterclose.billing.periods import derived_period
from afterclose.health import scoring
from afterclose.health.scoring import Component, Ending, Source
from afterclose.kit import clock, periods


@dataclass(frozen=True, slots=True)
class Range:
    """Which accounts (ids, both ends included) of the business in context, on which day."""

    business_id: int
    first_account_id: int
    last_account_id: int
    on: date
    time_zone: str

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters that every query here takes."""
        _, ends = clock.day_bounds(self.on, self.time_zone)
        return {
            "business": self.business_id,
            "first": self.first_account_id,
            "last": self.last_account_id,
            "on": self.on,
            "zone": self.time_zone,
            "day_ends": ends,
            "surveys_from": _begins(self.on, scoring.SURVEY_DAYS, self.time_zone),
            "reopened_from": _begins(self.on, scoring.REOPENED_DAYS, self.time_zone),
        }


def _begins(on: date, days: int, time_zone: str) -> datetime:
    return clock.start_of_day(on - timedelta(days=days), time_zone)


class Known(NamedTuple):
    """One account to be scored, with its components.

    `held_score` is the last score held against the threshold (CS-58).
    """

    account_id: int
    can_be_flagged: bool
    held_score: float | None
    components: list[Component]


# Accounts that were customers on the day: known by then and not churned by then (CS-50). A
# churned account whose churn day nobody told us left before any day that we can ask about.
ACCOUNTS = """
    SELECT a.id, a.stage = ANY(%(eligible)s), s.held_score, a.renewal_date - %(on)s::date
      FROM accounts_account a
      LEFT JOIN health_score s ON s.business_id = a.business_id AND s.account_id = a.id
     WHERE a.business_id = %(business)s AND a.id BETWEEN %(first)s AND %(last)s
       AND (a.customer_since IS NULL OR a.customer_since <= %(on)s)
       AND (a.stage <> 'churned' OR a.churned_on > %(on)s)
     ORDER BY a.id
"""

# The last use is one row per account; only for a day before it are the roll-ups asked, by one
# index probe per account.
USAGE = """
    SELECT l.account_id,
           %(on)s::date - CASE WHEN l.last_used_on <= %(on)s THEN l.last_used_on ELSE (
               SELECT max(d.used_on) FROM usage_dailyusage d
                WHERE d.business_id = l.business_id AND d.account_id = l.account_id
                  AND d.used_on <= %(on)s) END
      FROM usage_lastuse l
     WHERE l.business_id = %(business)s AND l.account_id BETWEEN %(first)s AND %(last)s
       AND l.first_used_on <= %(on)s
"""

TICKETS = """
    SELECT t.account_id, t.open, coalesce(%(on)s::date - (t.oldest AT TIME ZONE %(zone)s)::date, 0)
      FROM (SELECT account_id,
                   count(*) FILTER (WHERE solved_at IS NULL OR solved_at >= %(day_ends)s) AS open,
                   min(opened_at) FILTER (WHERE solved_at IS NULL OR solved_at >= %(day_ends)s)
                       AS oldest
              FROM support_ticket
             WHERE business_id = %(business)s AND account_id BETWEEN %(first)s AND %(last)s
               AND opened_at < %(day_ends)s
             GROUP BY account_id) t
"""

REOPENED = """
    SELECT account_id, count(*)
      FROM support_reopening
     WHERE business_id = %(business)s AND account_id BETWEEN %(first)s AND %(last)s
       AND reopened_at >= %(reopened_from)s AND reopened_at < %(day_ends)s
     GROUP BY account_id
"""

# NPS promoters answer 9 or 10 and detractors 0 to 6; CSAT counts 4 and 5 as content.
ANSWERS = """
    SELECT account_id,
           count(*) FILTER (WHERE survey = 'nps'),
           count(*) FILTER (WHERE survey = 'nps' AND score >= 9),
           count(*) FILTER (WHERE survey = 'nps' AND score <= 6),
           count(*) FILTER (WHERE survey = 'csat'),
           count(*) FILTER (WHERE survey = 'csat' AND score >= 4)
      FROM feedback_surveyanswer
     WHERE business_id = %(business)s AND account_id BETWEEN %(first)s AND %(last)s
       AND answered_at >= %(surveys_from)s AND answered_at < %(day_ends)s
     GROUP BY account_id
"""

# Whoever has left the company by the day has no say any more.
CONTACTS = """
    SELECT account_id, count(*) FILTER (WHERE is_champion), count(*) FILTER (WHERE is_detractor)
      FROM accounts_contact
     WHERE business_id = %(business)s AND account_id BETWEEN %(first)s AND %(last)s
       AND (is_champion OR is_detractor) AND (left_on IS NULL OR left_on > %(on)s)
     GROUP BY account_id
"""

# Live on the day: started, and either ended later or, where no end is told, live now. Where
# the stored period holds the day (the usual case) the database counts to its end; the rest
# comes by subscription, because finding the period around a day is a rule in kit.periods.
CONTRACTS = """
    WITH known AS (
        SELECT account_id, ended_on, current_period_end,
               ended_on > %(on)s OR (ended_on IS NULL AND status <> 'cancelled') AS live,
               current_period_start <= %(on)s AND (
                   current_period_end > %(on)s OR NOT period_is_derived
                   OR cancel_at_period_end) AS as_stored
          FROM billing_subscription
         WHERE business_id = %(business)s AND account_id BETWEEN %(first)s AND %(last)s
           AND started_on <= %(on)s)
    SELECT account_id,
           min(current_period_end) FILTER (WHERE live) - %(on)s::date,
           max(coalesce(ended_on, least(current_period_end, %(on)s::date)))
               FILTER (WHERE NOT live) - %(on)s::date,
           bool_and(as_stored) FILTER (WHERE live)
      FROM known
     GROUP BY account_id
"""

# For the accounts where the stored period of a live subscription does not hold the day.
PERIODS = """
    SELECT account_id, started_on, ended_on, current_period_start, current_period_end,
           "interval",
           period_is_derived AND NOT (cancel_at_period_end AND current_period_end <= %(on)s)
      FROM billing_subscription
     WHERE business_id = %(business)s AND account_id = ANY(%(accounts)s)
       AND started_on <= %(on)s
       AND (ended_on > %(on)s OR (ended_on IS NULL AND status <> 'cancelled'))
"""

Row = tuple[Any, ...]

# As plain text: an enum's `.value` costs as much as a component's look-up.
_NPS, _CSAT, _CONTACTS = Source.NPS.value, Source.CSAT.value, Source.CONTACTS.value
_PERIOD, _ENDED, _RENEWAL = Ending.PERIOD.value, Ending.ENDED.value, Ending.RENEWAL.value


def known(cursor: Any, accounts: Range, eligible: list[str]) -> Iterator[Known]:
    """Every account of the range that has a score on the day, in the order of ids.

    `cursor` is a psycopg cursor in a transaction with the business in context. `eligible` are
    the stages that may be flagged. Memory is that of the range.
    """
    given = {**accounts.parameters, "eligible": eligible}

    def rows(query: str) -> list[Row]:
        found: list[Row] = cursor.execute(query, given).fetchall()
        return found

    by_signal = (
        {account: scoring.usage(days) for account, days in rows(USAGE) if days is not None},
        _support(rows(TICKETS), rows(REOPENED)),
        _sentiment(rows(ANSWERS), rows(CONTACTS)),
    )
    contracts = _contracts(rows(CONTRACTS), cursor, given)
    for account, can_be_flagged, held, renewal in rows(ACCOUNTS):
        components = [signal[account] for signal in by_signal if account in signal]
        if account in contracts:
            components.append(contracts[account])
        elif renewal is not None:
            components.append(scoring.contract(_RENEWAL, renewal))
        yield Known(account, can_be_flagged, held, components)


def _support(tickets: list[Row], reopened: list[Row]) -> dict[int, Component]:
    times: dict[int, int] = dict(reopened)
    return {
        account: scoring.support(open_tickets, oldest, times.get(account, 0))
        for account, open_tickets, oldest in tickets
    }


def _sentiment(answers: list[Row], contacts: list[Row]) -> dict[int, Component]:
    found = {
        account: scoring.sentiment(_CONTACTS, champions + detractors, champions, detractors)
        for account, champions, detractors in contacts
    }
    for account, nps, promoters, detractors, csat, content in answers:
        if nps:
            found[account] = scoring.sentiment(_NPS, nps, promoters, detractors)
        elif csat:
            found[account] = scoring.sentiment(_CSAT, csat, content, csat - content)
    return found


def _contracts(rows: list[Row], cursor: Any, given: dict[str, Any]) -> dict[int, Component]:
    found: dict[int, Component] = {}
    elsewhere: list[int] = []
    for account, live, ended, as_stored in rows:
        if live is None:
            found[account] = scoring.contract(_ENDED, ended)
        elif as_stored:
            found[account] = scoring.contract(_PERIOD, live)
        else:
            elsewhere.append(account)
    if not elsewhere:
        return found
    on: date = given["on"]
    ends: dict[int, date] = {}
    for account, *subscription in cursor.execute(PERIODS, {**given, "accounts": elsewhere}):
        end = period_end(*subscription, on=on)
        ends[account] = min(ends.get(account, end), end)
    for account, end in ends.items():
        found[account] = scoring.contract(_PERIOD, (end - on).days)
    return found


def period_end(
    started_on: date,
    ended_on: date | None,
    begins: date,
    ends: date,
    interval: periods.Interval,
    is_derived: bool,
    *,
    on: date,
) -> date:
    """When the period around `on` ends, for a subscription live on that day (CS-54).

    Where no system told the period, the rule of billing. Else the stored one; before it, whole
    intervals back from its start. One that was told and not renewed since has ended.
    """
    if is_derived:
        return derived_period(started_on, interval, on, ended_on).end
    if begins <= on:
        return ends
    return periods.period_containing(begins, interval, on).end
