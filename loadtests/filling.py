"""The command of a project that fills the database of a copy with invented records."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from loadtests.errors import LoadTestError

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
        process = subprocess.Popen(
            words,
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise FillingError(f"target.grow: {words[0]}: {error.strerror}") from error
    try:
        _, said = process.communicate(timeout=LONGEST_S)
    except subprocess.TimeoutExpired as error:
        raise FillingError(f"target.grow: not done within {LONGEST_S:.0f} s") from error
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode != 0:
        lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
        last = lines[-1][:_WORDS] if lines else "nothing on its error output"
        raise FillingError(f"target.grow: exit code {process.returncode}: {last}")
