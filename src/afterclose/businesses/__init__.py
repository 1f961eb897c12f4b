"""The tenant, its people and what they may do.

Owns: Business, Person, Membership, Setting, SavedView, ListChoice, AuditEntry, ApiKey;
the tenancy machinery (``tenancy``, ``context``, ``postgres``); the one table of rights
(``permissions``).
Reads: nothing of ours above ``ui``.
Announces: nothing on the timeline (that belongs to accounts); changes go to the audit log.
"""
