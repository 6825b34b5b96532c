"""The memory of the service while it is asked, looked at ten times a second."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

FILE_NAME = "memory.jsonl"
FOLDER = "service"
"""Where in the raw output of a run the file is."""
_EVERY_S = 0.1
_LOOKS_A_FAMILY = 50
"""Looks between two searches for children: to go through all processes of a machine takes milliseconds."""


class Sample(NamedTuple):
    """Memory that only the service's processes have (resident less shared, bytes) at a moment (ns since 1970)."""

    at_ns: int
    bytes: int


@contextmanager
def watched(pids: Sequence[int], path: Path) -> Iterator[None]:
    """Write the memory of the processes and their children to ``path`` while the block lasts, a JSON object a line.

    One look costs some tens of microseconds a process. Where the processes are not this machine's nothing is written.
    """
    done = threading.Event()
    thread = threading.Thread(target=_watch, args=(pids, path, done), name="memory", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def read(path: Path) -> list[Sample]:
    """The samples in ``path`` in order of time; none where there is no file. Lines cut short are left out."""
    samples: list[Sample] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    for line in lines:
        try:
            match json.loads(line):
                case {"at_ns": int() as at, "bytes": int() as size}:
                    samples.append(Sample(at, size))
        except ValueError:
            continue
    return sorted(samples)


def _watch(pids: Sequence[int], path: Path, done: threading.Event) -> None:
    looks, family = 0, _family(pids)
    with path.open("w", encoding="utf-8") as file:
        while family and not done.wait(_EVERY_S):
            looks += 1
            if looks % _LOOKS_A_FAMILY == 0:
                family = _family(pids)
            size = sum(_own_bytes(process) for process in family)
            if size > 0:
                file.write(json.dumps({"at_ns": time.time_ns(), "bytes": size}) + "\n")


def _family(pids: Sequence[int]) -> list[psutil.Process]:
    found: dict[int, psutil.Process] = {}
    for pid in pids:
        try:
            process = psutil.Process(pid)
            found.update({member.pid: member for member in (process, *process.children(recursive=True))})
        except psutil.Error:  # it has ended
            continue
    return list(found.values())


def _own_bytes(process: psutil.Process) -> int:
    try:
        memory = process.memory_info()
        return int(memory.rss - memory.shared)
    except psutil.Error:
        return 0
