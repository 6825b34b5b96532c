"""The site that collectors look at: the service, its project file, and the folder of the run."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from scorecard.evidence import Text
from scorecard.project import ProjectFile, RunProfile


def _silent(message: Text, fraction: float, remaining_s: float | None = None) -> None:
    """Progress that nobody listens to."""


Progress = Callable[[Text, float, float | None], None]
"""Called with what is being done, the fraction done (0 to 1) and the seconds left, None when not known."""


@dataclass(frozen=True)
class Copy:
    """Another copy of the service, started for one test: its base URL and the processes it runs in."""

    url: str
    pids: tuple[int, ...]


class CopyError(Exception):
    """Another copy of the service did not start; ``text`` says why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


StartCopy = Callable[[int], AbstractContextManager[Copy]]
"""Starts another copy of the service with so many workers, beside the one that runs; it is stopped with its block.

Raises CopyError where the copy does not start.
"""


@dataclass(frozen=True)
class LoadWorkers:
    """Workers on other machines that play the load: the address where they join, and how many are waited for."""

    host: str
    port: int
    count: int


@dataclass(frozen=True)
class Site:
    """What a collector may look at.

    Attributes:
        project: the project file.
        root: folder that relative paths of the project file start from.
        run: folder of the run; a collector keeps raw tool output under ``run/raw/<collector>/``.
        url: base URL of the running service without a trailing slash, None when none runs.
        profile: how long and deep to look.
        progress: to be called about once a second during long work.
        metrics: address at which this run had the service show its metrics, None when it did not ask for that.
        server_pids: processes of the service, when this run started it (to read their CPU and memory).
        start_copy: starts another copy of the service; None when the run does not know how.
        asked: whether this very collector was asked for by its name, and is thus to look even where the profile is
            short.
        workers: who plays the load, where that is not this machine.
    """

    project: ProjectFile
    root: Path
    run: Path
    url: str | None = None
    profile: RunProfile = "quick"
    progress: Progress = _silent
    server_pids: tuple[int, ...] = field(default=())
    metrics: str | None = None
    start_copy: StartCopy | None = None
    asked: bool = False
    workers: LoadWorkers | None = None

    def path(self, relative: str) -> Path:
        """Absolute path of something the project file names."""
        return (self.root / relative).resolve()

    def raw(self, collector: str) -> Path:
        """Folder for raw output of ``collector``, made if needed."""
        folder = self.run / "raw" / collector
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def is_local(url: str) -> bool:
    """Whether ``url`` is on this machine; load goes elsewhere only with ``target.remote = true``."""
    host = re.sub(r"^https?://", "", url).split("/", 1)[0].rsplit("@", 1)[-1]
    host = host.split("]")[0].lstrip("[") if host.startswith("[") else host.split(":")[0]
    return host in ("localhost", "::1") or bool(re.fullmatch(r"127(\.\d{1,3}){3}", host))
