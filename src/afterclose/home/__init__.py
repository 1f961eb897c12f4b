"""The Monday dashboard: a page of panels, each a number or a short list that opens its rows.

Owns: nothing. It has no numbers of its own either; each is a query of the app it is about.
Reads: accounts and imports, notifications, tasks, health, renewals.
Announces: nothing.
"""
