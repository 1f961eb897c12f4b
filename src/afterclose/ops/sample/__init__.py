"""Sample data: a believable book of customers, made and destroyed cleanly (CS-97).

Pure generators (``story``, ``life`` and what it calls) give the same rows for the same seed,
day and team; ``writing`` puts a chunk of them into the database, ``destroying`` takes out
exactly what was made and what hangs on it. The demo, tests, screenshots and bench use it alike.

This is the one place that writes other apps' tables: it makes history, and no action of theirs
may be asked to backdate. Scores and account figures come from their own apps.
"""
