"""Customer health: the daily score, its explanation, and who is at risk because of it.

Owns: snapshots (one per account and day), current scores (one per account), nightly runs.
Reads: accounts and contacts, subscriptions, usage, tickets, survey answers.
Announces: nothing of its own; accounts announces at_risk.flagged when a score crosses (CS-58).

The formula is in docs/numbers/health.md; ``scoring.py`` is that formula.
"""
