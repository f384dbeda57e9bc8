"""The embedded server's settings, from the machine's memory and disk."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

MB: Final = 1024**2
GB: Final = 1024**3
_CGROUP_LIMITS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def machine_memory() -> int:
    """Give the bytes of memory that this machine, or its container, may use."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for limit in _CGROUP_LIMITS:
        if limit.is_file() and (text := limit.read_text().strip()).isdigit():
            memory = min(memory, int(text))
    return memory


def tuned(memory: int, disk_folder: Path, *, lz4: bool) -> dict[str, str]:
    """Give settings for a server that has the machine to itself and the client.

    `memory` in bytes; the log of changes may take up to a tenth of the disk of `disk_folder`.
    """
    wal = min(8 * GB, max(1 * GB, shutil.disk_usage(disk_folder).free // 10))
    settings = {
        "shared_buffers": _megabytes(min(8 * GB, memory // 4)),
        "effective_cache_size": _megabytes(memory * 5 // 8),
        "work_mem": "64MB",
        "maintenance_work_mem": _megabytes(min(1 * GB, memory // 16)),
        "max_wal_size": _megabytes(wal),
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        # The default method costs more time than the smaller log saves; LZ4 does not.
        "wal_compression": "lz4" if lz4 else "off",
        "random_page_cost": "1.1",
        "jit": "off",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "max_connections": "100",
    }
    # Containers often have a small /dev/shm, where a parallel hash join then fails.
    if shutil.disk_usage("/dev/shm").total < 1 * GB:  # noqa: S108 - PostgreSQL's own place
        settings["dynamic_shared_memory_type"] = "mmap"
    return settings


def conf_text(settings: Mapping[str, str]) -> str:
    """Write settings as a PostgreSQL configuration file."""
    head = "# Written by claims at each start; use ALTER SYSTEM for settings of your own.\n"
    return head + "".join(f"{name} = {quoted(value)}\n" for name, value in settings.items())


def quoted(value: str) -> str:
    """Quote a value for a PostgreSQL configuration file."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _megabytes(size: int) -> str:
    return f"{size // MB}MB"
