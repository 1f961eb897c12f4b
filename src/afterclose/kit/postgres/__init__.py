"""The PostgreSQL that Afterclose runs on: embedded by default, any server by ``DATABASE_URL``.

Knows nothing of Django. Three faces:

- :func:`database_settings` names the database for Django; pure, starts nothing.
- :func:`open_database` makes it ready (starts the embedded server or prepares the other
  one) and hands back a lease; the embedded server stops when its last lease ends.
- :mod:`afterclose.kit.postgres.cluster` is the embedded server itself.

Three roles: ``afterclose_owner`` owns the tables and migrates, ``afterclose_app`` reads and
writes rows, ``afterclose_assistant`` reads. None of them can pass by row-level security.
"""

from afterclose.kit.postgres.connect import database_settings, open_database
from afterclose.kit.postgres.errors import DatabaseProblem

__all__ = ["DatabaseProblem", "database_settings", "open_database"]
