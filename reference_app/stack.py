"""The whole service in one foreground command: PostgreSQL, migrations, stand-ins, workers, jobs."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing, nullcontext
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from reference_app import children, embedded, kept_secrets, migration, stopping, workers
from reference_app.appointments.prepared import prepare
from reference_app.children import Child
from reference_app.database import connect
from reference_app.listening import listen, port_of
from reference_app.partners.partner import let_in_for_load
from reference_app.settings import PREFIX
from reference_app.stand_ins.started import LOOPBACK, start_all


def up(
    host: str,
    port: int,
    count: int,
    data: Path | None,
    unlimited: str = "",
    slots_of: int | None = None,
    partner_token: str | None = None,
) -> None:
    """Run everything until StopRequested; what was started is stopped on every way out.

    Requests from the networks ``unlimited`` (comma separated) are not counted. With ``slots_of``, slots of so many
    seats are open from the start; with ``partner_token``, whoever has it is let in as a partner.

    Raises:
        ReferenceAppError: a part could not be started or died; the message is one line.
    """
    with ExitStack() as stack:
        taken = stack.enter_context(closing(listen(host, port)))
        url = f"http://{_address(host)}:{port_of(taken)}"
        stand_ins = start_all(stack, url)
        database_url, database_died, storage = _database(stack, data, port_of(taken))
        with nullcontext() if storage is None else stopping.held():  # of our own nobody holds a lock: it takes a second
            migration.upgrade(database_url)
        if slots_of is not None:
            asyncio.run(_open_slots(database_url, slots_of))
        if partner_token is not None:
            asyncio.run(_let_in(database_url, partner_token))
        children.wait_ready([stand_in.child for stand_in in stand_ins])

        def check() -> None:
            if database_died():
                raise workers.WorkersError("PostgreSQL ended")
            for stand_in in stand_ins:
                if stand_in.child.process.poll() is not None:
                    raise workers.WorkersError(f"{stand_in.child.name} ended")

        def say_ready() -> None:
            sys.stdout.write(f"{url} is ready\n")
            sys.stdout.flush()

        environment = {"DATABASE_URL": database_url, f"{PREFIX}PUBLIC_URL": url}
        if storage is not None and f"{PREFIX}STORAGE" not in os.environ:
            environment[f"{PREFIX}STORAGE"] = storage
        for stand_in in stand_ins:
            environment |= stand_in.settings
        if unlimited:
            environment[f"{PREFIX}UNLIMITED_NETWORKS"] = unlimited
        environment |= kept_secrets.made(_secrets(data), os.environ)

        def start_jobs() -> Child:
            return children.start("the worker of the jobs", "reference_app", ["work", "--nice", "10"], environment)

        workers.supervise(taken, count, environment, on_ready=say_ready, check=check, beside=[start_jobs])


async def _open_slots(database_url: str, seats: int) -> None:
    async with connect(database_url) as connection:
        await prepare(connection, seats, datetime.now(UTC))


async def _let_in(database_url: str, token: str) -> None:
    async with connect(database_url) as connection:
        await let_in_for_load(connection, token, datetime.now(UTC))


def _address(host: str) -> str:
    """Where people reach a service that listens on ``host``: "all interfaces" is no address to go to."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return LOOPBACK
    return f"[{host}]" if address.version == 6 else host


def _database(stack: ExitStack, data: Path | None, port: int) -> tuple[str, Callable[[], bool], str | None]:
    """The address of the database, whether it died, and where files live as long as it does.

    Of a database that is not ours, neither of the latter is known.
    """
    given = os.environ.get("DATABASE_URL")
    if given:
        return given, lambda: False, None
    server = stack.enter_context(embedded.running(data))
    embedded.answers_for(server, port)
    files = server.home / "pieces" if data is None else _beside(data, "pieces")
    files.mkdir(mode=0o700, exist_ok=True)
    return server.dsn(), lambda: server.process.poll() is not None, files.as_uri()


def _secrets(data: Path | None) -> Path | None:
    """Where secrets are kept: beside our own database, if that is."""
    return None if data is None or os.environ.get("DATABASE_URL") else _beside(data, "secrets")


def _beside(data: Path, what: str) -> Path:
    folder = data.resolve()
    return folder.with_name(f"{folder.name}-{what}")
