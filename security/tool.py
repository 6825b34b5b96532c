"""Tools run as subprocesses: bounded in time and output, and killed with all they started on every way out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO

from scorecard.evidence import Text
from scorecard.processes import started
from security import SecurityError
from security.redaction import redact

SCANNERS_FOLDER = "PORTANCE_SCANNERS"
"""Environment variable with a folder where scanners are looked for first."""
OUTPUT_LIMIT = 32 * 1024 * 1024
VERSION_TIMEOUT_S = 30.0
_CHUNK = 64 * 1024
_POLL_S = 0.02
_KILLED_PIPES_S = 5.0


class ToolError(SecurityError):
    """A tool gave no usable answer; ``text`` says why, in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class NotInstalledError(ToolError):
    """A scanner is nowhere on this machine."""


@dataclass(frozen=True)
class Tool:
    """A program and the words that start it; paths of this machine stay out of what it is called in evidence.

    ``distribution`` is the Python package it belongs to, installed in this interpreter or in the environment whose
    programs are in ``folder``.
    """

    name: str
    command: tuple[str, ...]
    distribution: str | None = None
    folder: Path | None = None

    @property
    def shown(self) -> tuple[str, ...]:
        """The command without the folders of this machine."""
        return shown(self.command)


@dataclass(frozen=True)
class Finished:
    """How a run of a tool ended; output in bytes, duration in seconds."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    duration_s: float

    @property
    def last_words(self) -> str:
        """Last line of the error output, redacted and short."""
        lines = self.stderr.decode("utf-8", "replace").strip().splitlines()
        return redact(lines[-1].strip())[:200] if lines else ""


def shown(words: Sequence[str]) -> tuple[str, ...]:
    """Words of a command without the folders of this machine."""
    return tuple(
        "python" if word == sys.executable else Path(word).name if word.startswith("/") else word for word in words
    )


def module(name: str, package: str) -> Tool:
    """The tool that ``python -m package`` starts, beside this program.

    ``-P`` keeps the folder under scan off the import path: a file there named like a module would otherwise run.
    """
    return Tool(name=name, command=(sys.executable, "-P", "-X", "utf8", "-m", package), distribution=name)


def scanner(program: str, *, package: str | None = None) -> Tool:
    """The scanner ``program``, which runs in an environment of its own; ``package`` is where it comes from.

    Looked for in the folder that PORTANCE_SCANNERS names, in ``.venv-scanners`` beside the environment of this
    interpreter, beside this interpreter, then on the PATH.

    Raises:
        NotInstalledError: it is in none of them; the text says how to install it.
    """
    named = os.environ.get(SCANNERS_FOLDER)
    folders = (
        *([] if not named else [Path(named)]),
        Path(sys.prefix).parent / ".venv-scanners" / "bin",
        Path(sys.executable).parent,
    )
    for folder in folders:
        if (found := shutil.which(program, path=folder)) is not None:
            return Tool(program, (found,), program if package is None else package, folder)
    if (found := shutil.which(program)) is not None:
        return Tool(program, (found,))
    raise NotInstalledError(_not_found(program, program if package is None else package))


def version(tool: Tool, *, timeout_s: float = VERSION_TIMEOUT_S) -> str:
    """Version of the tool: of its package where that is installed, else what it says itself.

    Raises:
        ToolError: the tool is not installed, or does not run.
    """
    if tool.distribution is not None and tool.folder is None:
        try:
            return metadata.version(tool.distribution)
        except metadata.PackageNotFoundError as error:
            raise ToolError(_not_installed(tool, "no such package")) from error
    if tool.distribution is not None and tool.folder is not None:  # to ask it takes some of them seconds
        places = [str(place) for place in tool.folder.parent.glob("lib/python*/site-packages")]
        for installed in metadata.distributions(name=tool.distribution, path=places):
            return installed.version
    done = run(tool, ("--version",), timeout_s=timeout_s)
    found = re.search(r"\d+\.\d+(?:[.\w+-]*\w)?", done.stdout.decode("utf-8", "replace"))
    if done.exit_code != 0 or found is None:
        raise ToolError(_does_not_run(tool, done))
    return found[0]


def run(
    tool: Tool,
    arguments: Sequence[str] = (),
    *,
    cwd: Path | None = None,
    timeout_s: float,
    output_limit: int = OUTPUT_LIMIT,
    tick: Callable[[], None] | None = None,
    env: Mapping[str, str | None] | None = None,
) -> Finished:
    """Run ``tool`` to its end, whatever its exit code; ``tick`` is called about once a second meanwhile.

    ``env`` is added to the environment of this process; a variable that is None there is taken out of it.

    Raises:
        ToolError: not installed, longer than ``timeout_s`` seconds, or more than ``output_limit`` bytes of output.
    """
    began = time.monotonic()
    with ExitStack() as pipes, ExitStack() as programs:  # pipes end after the programs that write into them
        try:
            process = programs.enter_context(
                started(
                    [*tool.command, *arguments],
                    cwd=cwd,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env={name: value for name, value in {**os.environ, **(env or {})}.items() if value is not None},
                )
            )
        except OSError as error:
            raise ToolError(_not_installed(tool, error.strerror or type(error).__name__)) from error
        assert process.stdout is not None
        assert process.stderr is not None
        out, err = _Drain(process.stdout, output_limit), _Drain(process.stderr, output_limit)
        for drain in (out, err):
            pipes.callback(drain.close)
        in_time = _wait(process.pid, began + timeout_s, (out, err), tick)
    if out.overflown or err.overflown:
        raise ToolError(_too_much(tool, output_limit))
    if not in_time:
        raise ToolError(_too_long(tool, timeout_s))
    return Finished(process.returncode, bytes(out.content), bytes(err.content), round(time.monotonic() - began, 3))


class _Drain:
    """Reads a pipe in its own thread, so that a full pipe blocks nobody, and keeps no more than ``limit`` bytes."""

    def __init__(self, pipe: IO[bytes], limit: int) -> None:
        self.content = bytearray()
        self.overflown = False
        self._pipe = pipe
        self._limit = limit
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        descriptor = self._pipe.fileno()
        while chunk := os.read(descriptor, _CHUNK):
            if len(self.content) + len(chunk) > self._limit:
                self.overflown = True
            else:
                self.content += chunk

    def close(self) -> None:
        """Wait for the end of the pipe, then close it."""
        self._thread.join(_KILLED_PIPES_S)
        if not self._thread.is_alive():
            self._pipe.close()


def _wait(pid: int, deadline: float, drains: tuple[_Drain, ...], tick: Callable[[], None] | None) -> bool:
    next_tick = time.monotonic() + 1.0
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        now = time.monotonic()
        if now > deadline or any(drain.overflown for drain in drains):
            return False
        if tick is not None and now >= next_tick:
            tick()
            next_tick = now + 1.0
        time.sleep(_POLL_S)
    return True


def _not_installed(tool: Tool, why: str) -> Text:
    return Text(
        en=f"{tool.name} cannot be started ({why}): is it installed?",
        fr=f"{tool.name} ne peut pas être lancé ({why}) : est-il installé ?",
    )


def _not_found(program: str, package: str) -> Text:
    return Text(
        en=f"{program} is not installed here: install the Python package {package} in .venv-scanners beside the "
        f"environment of Portance (security/requirements.txt lists those always used), or name the folder it is in "
        f"by the variable {SCANNERS_FOLDER}",
        fr=f"{program} n’est pas installé ici : installer le paquet Python {package} dans .venv-scanners, à côté de "
        f"l’environnement de Portance (security/requirements.txt donne ceux qui servent toujours), ou indiquer son "
        f"dossier par la variable {SCANNERS_FOLDER}",
    )


def _does_not_run(tool: Tool, done: Finished) -> Text:
    said = f" ({done.last_words})" if done.last_words else ""
    return Text(
        en=f"{tool.name} does not tell its version, exit code {done.exit_code}{said}: is it installed?",
        fr=f"{tool.name} ne donne pas sa version, code de sortie {done.exit_code}{said} : est-il installé ?",
    )


def _too_long(tool: Tool, timeout_s: float) -> Text:
    return Text(
        en=f"{tool.name} had not finished after {timeout_s:.0f} s and was stopped",
        fr=f"{tool.name} n’avait pas fini au bout de {timeout_s:.0f} s et a été arrêté",
    )


def _too_much(tool: Tool, limit: int) -> Text:
    return Text(
        en=f"{tool.name} wrote more than {limit // 1024} kB and was stopped",
        fr=f"{tool.name} a écrit plus de {limit // 1024} ko et a été arrêté",
    )


def crashed(tool: Tool, done: Finished) -> ToolError:
    """The error for a tool that ended with an exit code it has no right to."""
    said = f": {done.last_words}" if done.last_words else ""
    return ToolError(
        Text(
            en=f"{tool.name} ended with exit code {done.exit_code}{said}",
            fr=f"{tool.name} s’est terminé avec le code {done.exit_code}{said}",
        )
    )


def garbage(tool: Tool, done: Finished) -> ToolError:
    """The error for a tool whose output is not what it promises; the output is not quoted, it may hold secrets."""
    size = len(done.stdout)
    return ToolError(
        Text(
            en=f"{tool.name} gave {size} bytes that cannot be read as its report",
            fr=f"{tool.name} a rendu {size} octets qui ne se lisent pas comme son rapport",
        )
    )
