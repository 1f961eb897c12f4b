"""Custom fields of accounts and contacts: what admins define, and the values (CS-6).

Owns: definitions, their choices, one typed value table per subject. Reads: accounts, contacts.
Announces: nothing on the timeline; every change is in the audit log. Others use ``queries``
(definitions, values by key, what a list joins), ``actions`` (set values) and, for conditions,
the typed columns as ``docs/custom-fields.md`` describes them.
"""
