"""Merging duplicates (CS-11): one account, or contact, takes over what points at another.

``references`` finds the tables by the models themselves, in whatever app; ``rules`` says what an
app wants where two rows cannot both stay; ``engine`` moves rows and keeps a journal, from which
``actions.undo_merge`` restores all of it for 30 days; ``aliases`` remembers the external ids of
accounts that are gone. ``kinds`` declares in what accounts and contacts differ; ``queries`` and
``views`` know nothing else of it. docs/decisions/0100-merging.md.
"""
