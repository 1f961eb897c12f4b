"""Parents and children of accounts (CS-10): who may be whose parent, and a group's accounts.

``tree`` keeps it a tree; ``figures`` is where apps above add what a group is
worth and how it is doing; ``importing`` links parents by external id, in whatever order they come.
The definitions are in docs/numbers/hierarchy.md.
"""
