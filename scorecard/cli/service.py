"""The service under test: started from its command or found at its address, watched, stopped."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from scorecard.cli import tether
from scorecard.cli.errors import CommandError
from scorecard.evidence import Text
from scorecard.interruption import held
from scorecard.project import ProjectFile
from security.service_log import mask, masked

GRACE_S = 10.0
"""Seconds a service has to stop by itself after SIGTERM: the default of ``docker stop``."""

_POLL_S = 0.1


class ServiceError(CommandError):
    """The service did not start, is not there, or died."""


@dataclass
class Service:
    """A service that answers.

    Attributes:
        url: base URL without a trailing slash.
        started_in: seconds from the command to the first good answer of the health path; None for a given address.
        log: what the service printed; None for a given address.
        stopped_in: seconds from SIGTERM to the end, once stopped.
        stopped_gracefully: whether it ended by itself within :data:`GRACE_S`, once stopped.
    """

    url: str
    process: subprocess.Popen[bytes] | None = None
    started_in: float | None = None
    log: Path | None = None
    stopped_in: float | None = None
    stopped_gracefully: bool | None = None
    family: dict[int, psutil.Process] = field(default_factory=dict)

    def pids(self) -> tuple[int, ...]:
        """Processes of the service as they are now, its own and its descendants'; none for a given address."""
        if self.process is None or self.process.poll() is not None:
            return ()
        try:
            leader = psutil.Process(self.process.pid)
            members = [leader, *leader.children(recursive=True)]
        except psutil.NoSuchProcess:
            return ()
        self.family.update({member.pid: member for member in members})
        return tuple(member.pid for member in members)

    def died(self) -> Text | None:
        """Why the service is no longer there, None while it is."""
        if self.process is None:
            return None
        code = self.process.poll()
        if code is None or self.stopped_in is not None:
            return None
        return Text(
            en=f"the service ended by itself with exit code {code}: {last_line(self.log)}",
            fr=f"le service s’est arrêté de lui-même, code de sortie {code} : {last_line(self.log)}",
        )

    def stop(self) -> None:
        """SIGTERM, :data:`GRACE_S` seconds, then SIGKILL for whatever is left of it."""
        process = self.process
        if process is None or self.stopped_in is not None:
            return
        self.pids()
        started = time.monotonic()
        already_dead = process.poll() is not None
        if not already_dead:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_S)
        self.stopped_gracefully = not already_dead and process.poll() is not None
        self.stopped_in = time.monotonic() - started
        _kill_group(process)
        for member in self.family.values():
            if member.is_running() and member.pid != process.pid:
                _kill(member)
        process.wait()


@contextmanager
def running(
    project: ProjectFile, root: Path, log: Path, *, extra_env: Mapping[str, str], port: int | None = None
) -> Iterator[Service]:
    """The service of ``project``, ready to answer; stopped on every way out.

    Args:
        root: folder the start command runs in.
        log: file that takes what the service prints; masked once it has stopped, since a run travels.
        extra_env: added to the environment of the service.
        port: the port to give it; a free one when None.

    Raises:
        ServiceError: neither an address nor a command is given, nothing answers there, or the command fails.
    """
    target = project.target
    if target.url is not None:
        service = Service(url=target.url.rstrip("/"))
        _require_answer(service.url, target.health)
        yield service
        return
    if target.start is None:
        raise ServiceError(
            Text(
                en="portance.toml: target: neither url nor start is given, so no service can be looked at",
                fr="portance.toml : target : ni url ni start n’est indiqué, aucun service ne peut être examiné",
            )
        )
    chosen = free_port() if port is None else port
    with ExitStack() as stack:
        with held():
            service = _start(target.start.replace("{port}", str(chosen)), target.workers, root, log, extra_env, chosen)
            stack.callback(mask, log)
            stack.callback(service.stop)
        service.started_in = _wait_until_ready(service, target.health, target.start_timeout)
        service.pids()
        yield service


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def last_line(log: Path | None) -> str:
    """The last line the service printed that is not empty, masked, cut at 300 characters."""
    if log is None or not log.exists():
        return "(no output)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8192))
        lines = [line.strip() for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return masked(lines[-1])[:300] if lines else "(no output)"


def _start(command: str, workers: int, root: Path, log: Path, extra_env: Mapping[str, str], port: int) -> Service:
    try:
        words = shlex.split(command.replace("{workers}", str(workers)))
    except ValueError as error:
        raise ServiceError(
            Text(
                en=f"portance.toml: target.start: {error} in {command!r}",
                fr=f"portance.toml : target.start : {error} dans {command!r}",
            )
        ) from error
    if words[0] in ("python", "python3"):
        words[0] = sys.executable
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-IS", tether.__file__, *words],
            cwd=root,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **extra_env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Service(url=f"http://127.0.0.1:{port}", process=process, log=log)


def _wait_until_ready(service: Service, health: str, timeout: float) -> float:
    started = time.monotonic()
    with httpx.Client(timeout=2.0, trust_env=False) as client:
        while True:
            if (died := service.died()) is not None:
                raise ServiceError(died)
            try:
                answer = client.get(service.url + health)
                if answer.status_code < 400:
                    return time.monotonic() - started
                seen = str(answer.status_code)
            except httpx.HTTPError as error:
                seen = type(error).__name__
            if time.monotonic() - started > timeout:
                raise ServiceError(
                    Text(
                        en=f"the service was not ready after {timeout:g} s: GET {health} gave {seen}; "
                        f"its last line: {last_line(service.log)}",
                        fr=f"le service n’était pas prêt après {timeout:g} s : GET {health} a donné {seen} ; "
                        f"sa dernière ligne : {last_line(service.log)}",
                    )
                )
            time.sleep(_POLL_S)


def _require_answer(url: str, health: str) -> None:
    try:
        with httpx.Client(timeout=5.0, trust_env=False) as client:
            client.get(url + health)
    except httpx.HTTPError as error:
        raise ServiceError(
            Text(
                en=f"nothing answers at {url}{health}: {error}",
                fr=f"rien ne répond à {url}{health} : {error}",
            )
        ) from error


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _kill(member: psutil.Process) -> None:
    try:
        member.kill()
    except psutil.NoSuchProcess:
        return
