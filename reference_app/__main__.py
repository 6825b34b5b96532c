"""``python -m reference_app``: run the service, alone or with all it needs; migrate; check what must hold."""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
from datetime import date
from pathlib import Path

from reference_app import stopping
from reference_app.errors import ReferenceAppError
from reference_app.stopping import StopRequested


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Returns the exit code: 0 done or stopped as asked, 1 a check found something, 2 it could not be done, which one
    line on the error output explains.
    """
    options = _parser().parse_args(arguments)
    try:
        match options.command:
            case "up":
                return _up(options)
            case "serve":
                return _serve(options)
            case "work":
                return _work(options)
            case "jobs":
                return asyncio.run(_jobs(options.retry))
            case "partner":
                return asyncio.run(_partner(options))
            case "reconcile":
                return asyncio.run(_reconcile(options.day))
            case "migrate":
                return _migrate()
            case "verify":
                return asyncio.run(_verify())
            case "supervise":
                return asyncio.run(_supervise(options.email, options.group, options.port))
            case "seed":
                return asyncio.run(_seed(options.dossiers, options.port))
            case _:
                return asyncio.run(_purge(options.seconds, dry_run=options.dry_run))
    except ReferenceAppError as error:
        sys.stderr.write(f"reference_app: {error}\n")
        return 2
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        sys.stderr.write(f"reference_app: {error.strerror}{where}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    from reference_app.deliveries import command as deliveries
    from reference_app.partners import command as partners

    parser = argparse.ArgumentParser(prog="python -m reference_app", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="the whole service: PostgreSQL, identity provider, workers")
    kept = (
        "folder that keeps the data, and beside it DATA-pieces the files and DATA-secrets what signs sessions and "
        "webhooks; without it all of them go with the process"
    )
    up.add_argument("--data", type=Path, help=kept)
    up.add_argument("--unlimited", default="", metavar="NETWORKS", help="networks without limits, for a load test")
    up.add_argument(
        "--slots-of",
        type=int,
        choices=range(1, 201),
        metavar="1-200",
        help="open slots of so many seats at made-up places, for a load test",
    )
    up.add_argument("--partner-token", metavar="TOKEN", help="let a partner in with this token, for a load test")
    up.add_argument("--mail-to", type=Path, metavar="FOLDER", help="write the mails there; without it none is made")
    serve = commands.add_parser("serve", help="the service only, set up by environment variables")
    serve.add_argument("--fd", type=int, help=argparse.SUPPRESS)
    serve.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    for command in (up, serve):
        command.add_argument("--host", default="127.0.0.1")
        command.add_argument("--port", type=int, default=8000)
        command.add_argument("--workers", type=int, choices=range(1, 65), default=1, metavar="1-64")
    work = commands.add_parser("work", help="do the deferred work: mail, scans, exports, purges")
    work.add_argument("--queues", default="seconds,minutes,hours", help="comma separated; all of them by default")
    work.add_argument("--nice", type=int, choices=range(20), default=0, metavar="0-19", help="yield to others so far")
    work.add_argument("--alive-file", type=Path, help="touched every few seconds, for a probe")
    work.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    jobs = commands.add_parser("jobs", help="list the jobs that failed")
    jobs.add_argument("--retry", type=int, metavar="ID", help="put a failed job back into its queue instead")
    partners.add_parser(commands)
    deliveries.add_parser(commands)
    commands.add_parser("migrate", help="bring the database of DATABASE_URL to the newest schema")
    commands.add_parser("verify", help="check the log and the pieces of every dossier and the seats of every slot")
    supervise = commands.add_parser("supervise", help="make an agent who has signed in a supervisor of a group")
    supervise.add_argument("email")
    supervise.add_argument("group", help="identifier of the group: that of its procedure, or procedure/name")
    supervise.add_argument("--port", type=int, help="of the service whose own PostgreSQL is meant")
    seed = commands.add_parser("seed", help="fill the database with invented dossiers until there are so many")
    seed.add_argument("--dossiers", type=int, required=True)
    seed.add_argument("--port", type=int, help="of the service whose own PostgreSQL is meant, without DATABASE_URL")
    purge = commands.add_parser("purge", help="forget what no retention keeps any more, and tell who is told before")
    purge.add_argument("--dry-run", action="store_true", help="count only, change nothing")
    purge.add_argument("--seconds", type=float, default=600.0, help="end after so long; the next one goes on")
    return parser


def _up(options: argparse.Namespace) -> int:
    from reference_app import stack
    from reference_app.settings import PREFIX

    if options.mail_to is not None:
        options.mail_to.mkdir(parents=True, exist_ok=True)
        os.environ[f"{PREFIX}SMTP_URL"] = options.mail_to.resolve().as_uri()
    try:
        with stopping.on_signals():
            stack.up(
                options.host,
                options.port,
                options.workers,
                options.data,
                options.unlimited,
                options.slots_of,
                options.partner_token,
            )
    except StopRequested:
        return 0
    return 0


def _serve(options: argparse.Namespace) -> int:
    from reference_app import server, settings, workers
    from reference_app.listening import listen

    loaded = settings.load()  # before the slow imports: what is wrong is said at once
    from reference_app.app import create_app

    if options.fd is not None:
        return server.run(create_app(loaded), socket.socket(fileno=options.fd), options.ready_fd)
    taken = listen(options.host, options.port)
    if options.workers == 1:
        return server.run(create_app(loaded), taken)
    try:
        with stopping.on_signals():
            workers.supervise(taken, options.workers, {}, on_ready=lambda: None, check=lambda: None)
    except StopRequested:
        return 0
    return 0


def _work(options: argparse.Namespace) -> int:
    from reference_app import settings

    loaded = settings.load()
    os.nice(options.nice)
    from reference_app.jobs import queues, worker

    worker.run(loaded, queues.named(options.queues), options.ready_fd, options.alive_file)
    return 0


async def _jobs(retry: int | None) -> int:
    from reference_app.database import connect
    from reference_app.jobs import failed

    async with connect(_database_url()) as connection:
        if retry is not None:
            await failed.retry(connection, retry)
            return 0
        listed = await failed.listed(connection)
    for job in listed:
        sys.stdout.write(f"{job.id}\t{job.ended_at:%Y-%m-%d %H:%M:%S}\t{job.queue}\t{job.task}\t{job.arguments}\n")
    sys.stdout.write(f"{len(listed)} failed\n")
    return 1 if listed else 0


async def _partner(options: argparse.Namespace) -> int:
    from reference_app.database import connect
    from reference_app.partners import command
    from reference_app.parts import utc_now
    from reference_app.settings import PREFIX

    key = os.environ.get(f"{PREFIX}WEBHOOK_KEY")
    loopback = os.environ.get(f"{PREFIX}WEBHOOK_LOOPBACK", "").lower() in ("1", "true")
    async with connect(_database_url()) as connection:
        await command.run(connection, options, utc_now(), key, loopback=loopback)
    return 0


async def _reconcile(day: date | None) -> int:
    from reference_app import settings
    from reference_app.deliveries import command

    return await command.run(settings.load(), day)


def _migrate() -> int:
    from reference_app import migration

    migration.upgrade(_database_url())
    return 0


async def _verify() -> int:
    from reference_app.appointments.seats import miscounted
    from reference_app.database import connect
    from reference_app.dossiers.operations import broken_chains
    from reference_app.instruction.journal import broken as broken_journal
    from reference_app.pieces.proof import differing

    broken = 0
    async with connect(_database_url()) as connection:
        for check in (broken_chains, broken_journal, miscounted, differing):
            async for identifier, problem in check(connection):
                broken += 1
                sys.stdout.write(f"{identifier}: {problem}\n")
    sys.stdout.write(f"{broken} broken\n")
    return 1 if broken else 0


async def _supervise(email: str, group: str, port: int | None) -> int:
    from reference_app.database import connect
    from reference_app.groups import GROUPS
    from reference_app.instruction import agents, members
    from reference_app.parts import utc_now

    if group not in GROUPS:
        raise ReferenceAppError(f"there is no group {group!r}: {', '.join(GROUPS)}")
    async with connect(_database_of(port)) as connection:
        found = await agents.by_email(connection, email)
        if found is None:
            raise ReferenceAppError("no agent with this address has signed in yet")
        member = found.account_id
        async with connection.transaction():
            await members.put(connection, member, group, supervisor=True, by=member, at=utc_now())
    sys.stdout.write(f"{found.name} supervises {group}\n")
    return 0


async def _seed(dossiers: int, port: int | None) -> int:
    from reference_app.database import connect
    from reference_app.seeding import seed

    async with connect(_database_of(port)) as connection:
        sys.stdout.write(f"{await seed(connection, dossiers)} added\n")
    return 0


async def _purge(seconds: float, *, dry_run: bool) -> int:
    from reference_app.database import connect
    from reference_app.parts import utc_now
    from reference_app.rights import purge

    async with connect(_database_url()) as connection:
        if dry_run:
            found = await purge.count(connection, utc_now())
        else:
            found = await purge.purge(connection, utc_now(), seconds=seconds)
    for kind, number in found.kinds.items():
        sys.stdout.write(f"{number} {kind}\n")
    sys.stdout.write(f"{found.all} {'to forget' if dry_run else 'forgotten'}\n")
    for procedure in purge.without_rule():
        sys.stderr.write(f"reference_app: {procedure} has no [retention]: nothing of it is forgotten\n")
    if not found.whole:
        sys.stderr.write("reference_app: not everything within the time; the next purge goes on\n")
    return 0


def _database_of(port: int | None) -> str:
    """The database that is named, or the own one of the service on ``port``."""
    from reference_app import embedded

    return embedded.answering_for(port) if port is not None and not os.environ.get("DATABASE_URL") else _database_url()


def _database_url() -> str:
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        raise ReferenceAppError("DATABASE_URL is not set")
    return url


if __name__ == "__main__":
    sys.exit(main())
