"""Memory of the service, read while it is under load: what is its own, not what processes share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psutil


def private_bytes(pids: Sequence[int]) -> int | None:
    """Anonymous memory of the processes ``pids`` and all they started, pages shared among them counted once.

    Pages of files and of a database's shared buffers are left out: they fill up once, and are no leak. None when no
    process is left to ask, or the system does not tell.
    """
    found: dict[int, psutil.Process] = {}
    for pid in pids:
        try:
            root = psutil.Process(pid)
            found.update({process.pid: process for process in [root, *root.children(recursive=True)]})
        except psutil.Error:
            continue
    told = [memory for process in found.values() if (memory := _anonymous(process)) is not None]
    return sum(told) if told else None


def _anonymous(process: psutil.Process) -> int | None:
    """Proportional anonymous memory (``Pss_Anon`` of smaps_rollup, proc(5)); what only this process has elsewhere."""
    try:
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        unique: int = process.memory_full_info().uss
    except (psutil.Error, AttributeError):
        return None
    return unique
