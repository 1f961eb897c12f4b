"""What the web server runs."""

import gc
import os

from django.core.asgi import get_asgi_application
from django.urls import get_resolver

from afterclose.kit.body_limit import MEGABYTE, BodyLimit
from afterclose.kit.postgres import DatabaseProblem

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "afterclose.config.settings")
# Five of the largest files at once (docs/guides/importing.md).
application = BodyLimit(get_asgi_application(), most=1_000 * MEGABYTE)


def _refuse_powerful_role() -> None:
    """Ends the process before it answers anybody if its role could pass by row-level security."""
    from django.db import connection

    try:
        connection.get_connection_params()
    except DatabaseProblem as problem:
        raise SystemExit(str(problem)) from None


def _settle() -> None:
    """Loads every page's code before the first request, and takes what is loaded out of the
    garbage collector's rounds: a whole round of it took 150 ms in the middle of a page."""
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()


_refuse_powerful_role()
_settle()
