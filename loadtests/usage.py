"""Who uses the processor: the service's own processes, its database's, and the machine as a whole."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import psutil

Kind = Literal["service", "database"]

DATABASES = frozenset({"postgres", "postmaster", "mysqld", "mariadbd", "mongod", "redis-server", "valkey-server"})
"""Names of the programs whose processes are a database's, as their packages install them."""


@dataclass(frozen=True)
class Reading:
    """Processor seconds so far, at one moment (monotonic seconds).

    Attributes:
        processes: what each process is, its seconds, and those of the children it has seen end, by its id.
        machine: seconds of all cores that were not idle.
    """

    at: float
    processes: dict[int, tuple[Kind, float, float]]
    machine: float

    def total(self, kind: Kind) -> float:
        """Seconds of all processes of ``kind``, those that have ended included."""
        return sum(own + ended for what, own, ended in self.processes.values() if what == kind)


@dataclass(frozen=True)
class Usage:
    """Cores used between two readings, on average.

    Attributes:
        service: by the service's own processes together.
        busiest: by the busiest process of the service.
        database: by the processes of its database that are among its own; None when there are none.
        machine: by everything on the machine.
        seconds: between the readings.
    """

    service: float
    busiest: float
    database: float | None
    machine: float
    seconds: float

    @property
    def with_database(self) -> float:
        """By the service's own processes and those of its database among them."""
        return self.service + (0.0 if self.database is None else self.database)


def read(pids: Sequence[int]) -> Reading:
    """The processor time of ``pids`` and all they started, now."""
    found: dict[int, psutil.Process] = {}
    for pid in pids:
        try:
            root = psutil.Process(pid)
            found.update({process.pid: process for process in [root, *root.children(recursive=True)]})
        except psutil.Error:
            continue
    processes: dict[int, tuple[Kind, float, float]] = {}
    for process in found.values():
        try:
            times, name = process.cpu_times(), process.name()
        except psutil.Error:
            continue
        kind: Kind = "database" if name in DATABASES else "service"
        # a database may start a process for a part of one statement: it is gone before it is ever read
        ended = times.children_user + times.children_system
        processes[process.pid] = (kind, times.user + times.system, ended)
    whole = psutil.cpu_times()
    idle = whole.idle + getattr(whole, "iowait", 0.0)
    return Reading(time.monotonic(), processes, sum(whole) - idle - getattr(whole, "guest", 0.0))


def between(before: Reading, after: Reading) -> Usage | None:
    """The cores used from one reading to the other; None when no process of the service is left to ask."""
    seconds = after.at - before.at
    if not after.processes or seconds <= 0:
        return None
    own = [
        seconds_used - (before.processes[pid][1] if pid in before.processes else 0.0)
        for pid, (kind, seconds_used, _) in after.processes.items()
        if kind == "service"
    ]
    has_database = any(kind == "database" for kind, _, _ in after.processes.values())
    return Usage(
        service=max(0.0, after.total("service") - before.total("service")) / seconds,
        busiest=max(own, default=0.0) / seconds,
        database=max(0.0, after.total("database") - before.total("database")) / seconds if has_database else None,
        machine=(after.machine - before.machine) / seconds,
        seconds=seconds,
    )
