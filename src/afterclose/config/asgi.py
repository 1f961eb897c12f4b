"""What the web server runs."""

import os

from django.core.asgi import get_asgi_application

from afterclose.kit.postgres import DatabaseProblem

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "afterclose.config.settings")
application = get_asgi_application()


def _refuse_powerful_role() -> None:
    """Ends the process before it answers anybody if its role could pass by row-level security."""
    from django.db import connection

    try:
        connection.get_connection_params()
    except DatabaseProblem as problem:
        raise SystemExit(str(problem)) from None


_refuse_powerful_role()
