"""Renewals: what renews when, how it stands and why, and the reminders before it.

Owns: the Renewal view, Reminder.
Reads: accounts (stage, at-risk flag, renewal date set by hand), subscriptions, health scores.
Announces: renewal.reminded on the account's timeline.

The formula is in docs/numbers/renewals.md; ``stages.py`` is that formula.
"""
