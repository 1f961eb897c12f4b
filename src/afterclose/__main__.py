"""The command ``afterclose``: Django's commands with the database ready, and a few of ours.

``afterclose serve`` runs everything; ``afterclose database start|stop|status|address|psql`` is
about the server; whatever else is said goes to Django (``afterclose migrate``).
"""

import os
import sys

from afterclose.kit.postgres import DatabaseProblem, open_database

# These change or read the schema, which the application's role may not.
AS_OWNER = {
    "flush",
    "makemigrations",
    "migrate",
    "optimizemigration",
    "showmigrations",
    "sqlflush",
    "sqlmigrate",
    "sqlsequencereset",
    "squashmigrations",
}
WITHOUT_DATABASE = {
    "--help",
    "--version",
    "-h",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "version",
}


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; gives the exit status. ``arguments`` without the program's name."""
    said = sys.argv[1:] if arguments is None else arguments
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "afterclose.config.settings")
    try:
        match said:
            case ["serve", *rest]:
                from afterclose.kit.supervisor import serve_command

                return serve_command(rest)
            case ["database", *rest]:
                from afterclose.kit.postgres.command import database_command

                return database_command(rest)
            case _:
                return _django(said)
    except DatabaseProblem as problem:
        print(problem, file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130


def _django(said: list[str]) -> int:
    from django.core.management import execute_from_command_line

    command = said[0] if said else "help"
    asks_for_help = {"--help", "-h"} & set(said)
    if command in AS_OWNER:
        os.environ.setdefault("AFTERCLOSE_DB_ROLE", "owner")
    if command in WITHOUT_DATABASE or asks_for_help:
        execute_from_command_line(["afterclose", *said])
        return 0
    with open_database():
        execute_from_command_line(["afterclose", *said])
    return 0


if __name__ == "__main__":
    sys.exit(main())
