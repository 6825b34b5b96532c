"""The command of a project that fills the database of a copy with invented records."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from loadtests.errors import LoadTestError
from scorecard import processes

LONGEST_S = 600.0
_WORDS = 300


class FillingError(LoadTestError):
    """The command that fills the database failed; the message is one line with its last words."""


def fill(command: str, url: str, rows: int, root: Path) -> None:
    """Run ``command`` in ``root``, without a shell, until the service at ``url`` has so many records.

    Raises:
        FillingError: it failed, or took longer than :data:`LONGEST_S`.
    """
    given = {"{rows}": str(rows), "{port}": str(urlsplit(url).port), "{url}": url}
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise FillingError(f"target.grow: {error} in {command!r}") from error
    for name, value in given.items():
        words = [word.replace(name, value) for word in words]
    if words[0] in ("python", "python3"):
        words[0] = sys.executable
    try:
        done = processes.run(words, timeout_s=LONGEST_S, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except OSError as error:
        raise FillingError(f"target.grow: {words[0]}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise FillingError(f"target.grow: not done within {LONGEST_S:.0f} s") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        last = lines[-1][:_WORDS] if lines else "nothing on its error output"
        raise FillingError(f"target.grow: exit code {done.returncode}: {last}")
