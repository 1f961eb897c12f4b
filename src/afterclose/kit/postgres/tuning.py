"""Settings of the embedded server, fitted to the memory of the machine."""

import os
from pathlib import Path

MB = 1024 * 1024
MAX_CONNECTIONS = 100


def server_settings(socket: Path, *, throwaway: bool) -> str:
    """The text of ``afterclose.conf``, which ``postgresql.conf`` includes last."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    buffers = max(64 * MB, min(memory // 8, (256 if throwaway else 2048) * MB))
    settings: dict[str, str | int] = {
        "listen_addresses": "",
        "port": 5432,
        "unix_socket_directories": str(socket),
        "unix_socket_permissions": "0700",
        "max_connections": MAX_CONNECTIONS,
        "shared_buffers": _size(buffers),
        "effective_cache_size": _size(memory // 2),
        "work_mem": "16MB",
        "maintenance_work_mem": _size(max(64 * MB, min(memory // 32, 512 * MB))),
        "random_page_cost": "1.1",
        "jit": "off",
        # The log's full pages stay as they are: this build knows only pglz, whose compression was
        # a quarter of the server's work in a nightly run.
        "wal_compression": "off",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "log_min_duration_statement": "2s",
        "logging_collector": "on",
        # A week of log files, each overwritten when its day comes round again.
        "log_filename": "server-%a.log",
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_rotation_size": 0,
    }
    if _shared_memory() < 256 * MB:
        # Containers give 64 MB of /dev/shm, and a parallel query then fails in its middle.
        settings["dynamic_shared_memory_type"] = "mmap"
    if throwaway:
        # A commit still reaches the log's file before it is answered: what a killed server
        # had said yes to is there again, only a power cut may take it.
        settings |= {
            "fsync": "off",
            "full_page_writes": "off",
            "logging_collector": "off",
            "autovacuum_naptime": "10min",
        }
    lines = [
        f"{name} = '{str(value).replace(chr(39), chr(39) * 2)}'" for name, value in settings.items()
    ]
    return "\n".join(["# Written by Afterclose at every start.", *lines, ""])


def _size(size: int) -> str:
    return f"{size // MB}MB"


def _shared_memory() -> int:
    """Bytes of /dev/shm; plenty where the system has no such thing."""
    try:
        found = os.statvfs("/dev/shm")  # noqa: S108 - asked for its size
    except OSError:
        return 1 << 40
    return found.f_frsize * found.f_blocks
