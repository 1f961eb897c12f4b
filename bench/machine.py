"""On what the figures were measured."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from django.db import connection


def described() -> str:
    """Processor, cores, memory, versions, in one line."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        postgres = cursor.fetchone()[0]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    return (
        f"{_processor()}, {cores} cores, {memory:.0f} GB memory, {platform.system()}"
        f" {platform.release()}, Python {platform.python_version()}, PostgreSQL {postgres}"
    )


def busy() -> float:
    """How many other programs wanted a core during the last minute, on average."""
    return os.getloadavg()[0]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
