"""Which columns the generators give for each table, in order; the writer adds the rest."""

from __future__ import annotations

from typing import NamedTuple


class Table(NamedTuple):
    """A table and the columns of its rows, without ``business_id``."""

    name: str
    columns: tuple[str, ...]


def _table(name: str, columns: str) -> Table:
    return Table(name, tuple(columns.split()))


ACCOUNTS = _table(
    "accounts_account",
    """id parent_id name external_id domain website industry country source plan seats stage csm_id
    ae_id customer_since churned_on renewal_date currency is_sample created_at updated_at""",
)
CONTACTS = _table(
    "accounts_contact",
    """id account_id name email title phone is_champion is_economic_buyer is_technical_buyer
    is_detractor left_on is_sample created_at updated_at""",
)
SUBSCRIPTIONS = _table(
    "billing_subscription",
    """account_id external_id plan status quantity mrr arr currency interval auto_renews started_on
    ended_on current_period_start current_period_end period_is_derived cancel_at_period_end
    had_upgrade had_downgrade is_sample created_at updated_at""",
)
DAILY_USAGE = _table(
    "usage_dailyusage", "account_id used_on feature user_key count seconds is_sample"
)
LAST_USE = _table("usage_lastuse", "account_id first_used_on last_used_on")
TICKETS = _table(
    "support_ticket",
    """id account_id external_id requester_email requester_domain subject priority opened_at
    solved_at first_response_minutes reopened_count satisfaction was_escalated is_sample
    updated_at""",
)
REOPENINGS = _table("support_reopening", "ticket_id account_id reopened_at")
ANSWERS = _table(
    "feedback_surveyanswer",
    "account_id contact_id external_id survey score comment answered_at is_sample",
)
CHURN_EVENTS = _table(
    "accounts_churnevent",
    """account_id external_id churned_on reason refund currency after_upgrade after_downgrade
    is_reactivation feedback is_sample""",
)
FLAGS = _table(
    "accounts_atriskflag",
    """account_id reasons note set_at set_by_id is_automatic cleared_at cleared_by_id clear_note""",
)
EVENTS = _table(
    "accounts_event",
    """id account_id subject_id kind occurred_at recorded_at by_id actor_name title body
    subject_type payload reacted_at is_sample""",
)
MENTIONS = _table("accounts_mention", "event_id member_id")
NOTIFICATIONS = _table(
    "notifications_notification",
    "account_id member_id kind title body url is_urgent created_at read_at key",
)

#: In the order in which they can be written.
ALL = (
    ACCOUNTS,
    CONTACTS,
    SUBSCRIPTIONS,
    DAILY_USAGE,
    LAST_USE,
    TICKETS,
    REOPENINGS,
    ANSWERS,
    CHURN_EVENTS,
    FLAGS,
    EVENTS,
    MENTIONS,
    NOTIFICATIONS,
)
