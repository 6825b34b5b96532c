"""Quarantine: a piece is opened by others once a scanner has seen it; a scanner that hangs or raves hides nothing."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from reference_app.jobs.queues import Queue
from reference_app.jobs.staging import stage as put
from reference_app.parts import make_parts
from reference_app.pieces import scanning
from reference_app.pieces.scanning import ScannerError, Verdict, make_scanner, rested

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF\n"
VIRUS = b"PORTANCE-IS-NO-VIRUS-BUT-A-TEST"
LIMIT_S = 60


async def given(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.fixture(scope="module")
def clamd(tmp_path_factory) -> Iterator[Path]:
    """A real clamd with one signature, that of VIRUS, on a Unix socket; more than 1 MB is too large for it."""
    program = shutil.which("clamd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        assert os.environ.get("CI") != "true", "CI installs clamav-daemon"
        pytest.skip("no clamd here: apt install clamav-daemon")
    folder = tmp_path_factory.mktemp("clamd")
    at = folder / "clamd.sock"
    (folder / "signatures").mkdir()
    (folder / "signatures" / "test.ndb").write_text(f"Portance.Test:0:*:{VIRUS.hex()}\n")
    configuration = folder / "clamd.conf"
    configuration.write_text(
        f"DatabaseDirectory {folder}/signatures\nLocalSocket {at}\nForeground yes\nStreamMaxLength 1M\nMaxThreads 2\n"
    )
    log = (folder / "log").open("wb")
    process = subprocess.Popen([program, "--config-file", str(configuration)], stdout=log, stderr=log)
    try:
        for _ in range(LIMIT_S * 20):
            if at.is_socket():
                break
            assert process.poll() is None, (folder / "log").read_text()
            threading.Event().wait(0.05)
        yield at
    finally:
        process.terminate()
        process.wait(LIMIT_S)
        log.close()


@pytest.fixture(scope="module")
def scanned(staged, clamd):
    """A service that asks the real scanner."""
    with staged(scanner=f"unix://{clamd}") as stage:
        yield stage


@contextmanager
def answering(answer: bytes | None) -> Iterator[str]:
    """Address of a scanner that reads and then says ``answer``, or hangs for ever with None."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    stopping = threading.Event()
    held: list[socket.socket] = []

    def serve() -> None:
        while not stopping.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            held.append(connection)
            if answer is not None:
                connection.recv(65536)
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"tcp://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        stopping.set()
        thread.join()
        for connection in (*held, listening):
            connection.close()


def test_the_real_scanner_tells_clean_from_infected_and_says_what_is_too_large(clamd):
    scan = make_scanner(f"unix://{clamd}")
    assert asyncio.run(scan(given(PDF))) is Verdict.CLEAN
    assert asyncio.run(scan(given(PDF, VIRUS[:9], VIRUS[9:]))) is Verdict.INFECTED
    assert asyncio.run(scan(given(PDF, *[bytes(256 * 1024)] * 40))) is Verdict.TOO_LARGE


@pytest.mark.parametrize("answer", [b"", b"\xff\xfe\x00", b"stream: OK but not quite\0", b"UNKNOWN COMMAND\0"])
def test_what_cannot_be_understood_is_no_verdict(answer):
    with answering(answer) as url, pytest.raises(ScannerError):
        asyncio.run(make_scanner(url)(given(PDF)))


def test_a_scanner_that_is_away_or_hangs_is_given_up(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(ScannerError):
        asyncio.run(make_scanner(f"tcp://127.0.0.1:{port}")(given(PDF)))
    monkeypatch.setattr(scanning, "SCAN_S", 0.3)
    with answering(None) as url, pytest.raises(ScannerError):
        asyncio.run(make_scanner(url)(given(PDF)))


def test_after_a_failure_a_scanner_is_left_alone_and_then_asked_by_one():
    now, asked, answers = [0.0], [], [ScannerError("away"), ScannerError("away"), Verdict.CLEAN, Verdict.CLEAN]

    async def scanner(_: AsyncIterator[bytes]) -> Verdict:
        asked.append(now[0])
        answer = answers.pop(0)
        if isinstance(answer, ScannerError):
            raise answer
        return answer

    scan = rested(scanner, lambda: now[0])

    async def outcome() -> Verdict | None:
        try:
            return await scan(given(PDF))
        except ScannerError:
            return None

    for at, found in (
        (0.0, None),
        (5.0, None),
        (16.0, None),
        (20.0, None),
        (32.0, Verdict.CLEAN),
        (32.0, Verdict.CLEAN),
    ):
        now[0] = at
        assert asyncio.run(outcome()) is found, at
    assert asked == [0.0, 16.0, 32.0, 32.0]


def sent(stage, content: bytes, filename: str = "a.pdf") -> tuple:
    """A filed dossier with one piece: its author, an agent, the paths of both to it."""
    business = stage.signed_in("business")
    filed = stage.filed(business)["id"]
    named = {"Content-Disposition": f'attachment; filename="{filename}"'}
    answer = business.post(f"/api/v1/dossiers/{filed}/pieces/proof_of_loss", content=content, headers=named)
    one = f"dossiers/{filed}/pieces/proof_of_loss/{answer.raise_for_status().json()['id']}"
    return business, stage.signed_in("agent"), one


def files_of(stage) -> set[Path]:
    folder = Path(stage.app.state.parts.settings.storage.removeprefix("file://"))
    return {path for path in folder.rglob("*") if path.is_file()}


def state(client, one: str) -> str:
    found = client.get(f"/api/v1/{one.rpartition('/proof_of_loss')[0]}").raise_for_status().json()
    return found[0]["state"]


def test_an_agent_opens_a_piece_once_it_is_found_clean(scanned, work):
    business, agent, one = sent(scanned, PDF + uuid4().bytes)
    assert state(business, one) == "en_attente"
    dossier = one.split("/")[1]
    early = agent.get(f"/agent/{one}")
    assert early.status_code == 409
    assert "still being checked" in early.text
    shown = agent.get(f"/agent/dossiers/{dossier}")
    assert shown.status_code == 200
    assert "Being checked" in shown.text
    assert f'href="/agent/{one}"' not in shown.text
    asyncio.run(work(scanned))
    assert state(business, one) == "saine"
    assert f'href="/agent/{one}"' in agent.get(f"/agent/dossiers/{dossier}").text
    for path in (f"/agent/{one}", f"/api/v1/agent/{one}"):
        fetched = agent.get(path)
        assert fetched.content.startswith(PDF)
        assert "sandbox" in fetched.headers["content-security-policy"]


def test_an_infected_piece_is_deleted_and_its_author_told_beside_it(scanned, work):
    before = files_of(scanned)
    business, agent, one = sent(scanned, PDF + VIRUS + uuid4().bytes, "facture.pdf")
    assert len(files_of(scanned) - before) == 1
    asyncio.run(work(scanned))
    assert state(business, one) == "infectee"
    page = business.get(f"/{one.rpartition('/proof_of_loss')[0]}").text
    assert re.search(r"facture\.pdf.*Refused: a virus was found.*It was deleted\. Send another file\.", page, re.S)
    for client, path in ((business, f"/{one}"), (business, f"/api/v1/{one}"), (agent, f"/agent/{one}")):
        assert client.get(path).status_code == 409, path
    assert not files_of(scanned) - before
    better = business.post(f"/api/v1/{one.rpartition('/')[0]}", content=PDF + uuid4().bytes)
    assert better.status_code == 201
    asyncio.run(work(scanned))
    assert state(business, one) == "saine", "the infected one is replaced"


def test_what_is_too_large_for_the_scanner_stays_unscanned_and_is_not_asked_for_ever(scanned, work, database_url):
    business, agent, one = sent(scanned, PDF + bytes(2_000_000))
    asyncio.run(work(scanned))
    assert state(business, one) == "non_analysee"
    assert agent.get(f"/agent/{one}").status_code == 409
    with psycopg.connect(database_url) as connection:
        looked_at = "SELECT scanned_at IS NOT NULL FROM piece WHERE id = %s"
        assert connection.execute(looked_at, [one.rpartition("/")[2]]).fetchone() == (True,)


@pytest.mark.parametrize("answer", [None, b"\xff\x00nonsense"])
def test_a_scanner_that_hangs_or_raves_hides_no_dossier_and_is_asked_again(
    staged, scanned, work, answer, monkeypatch, database_url
):
    monkeypatch.setattr(scanning, "SCAN_S", 0.3)
    kept_in = scanned.app.state.parts.settings.storage
    with answering(answer) as url, staged(scanner=url, storage=kept_in) as stage:
        business, agent, one = sent(stage, PDF + uuid4().bytes)
        piece = one.rpartition("/")[2]
        asyncio.run(work(stage))
        assert state(business, one) == "en_attente"
        assert "Being checked" in agent.get(f"/agent/dossiers/{one.split('/')[1]}").text
        assert business.get(f"/{one}").content.startswith(PDF), "its author has it all the same"
        with psycopg.connect(database_url) as connection:
            again = connection.execute(
                "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE task_name = 'pieces:scan' AND status = 'todo'"
                " AND args->>'piece' = %s RETURNING attempts",
                [piece],
            ).fetchall()
        assert again == [(1,)]
    monkeypatch.undo()
    asyncio.run(work(scanned))
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT state FROM piece WHERE id = %s", [piece]).fetchone() == ("saine",)


def test_without_a_scanner_a_piece_says_so_and_opens_only_by_the_setting(stage, staged):
    business, agent, one = sent(stage, PDF)
    assert state(business, one) == "non_analysee"
    assert "Not checked for viruses" in business.get(f"/dossiers/{one.split('/')[1]}").text
    assert agent.get(f"/agent/{one}").status_code == 409
    with staged(unscanned_pieces="open") as careless:
        _, agent, one = sent(careless, PDF)
        assert f'href="/agent/{one}"' in agent.get(f"/agent/dossiers/{one.split('/')[1]}").text
        assert agent.get(f"/agent/{one}").content == PDF


def test_what_waited_too_long_is_looked_at_anew(scanned, work, database_url):
    _, _, one = sent(scanned, PDF + uuid4().bytes)
    piece = one.rpartition("/")[2]
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE piece SET sent_at = sent_at - interval '5 hours' WHERE id = %s", [piece])
        lost = "DELETE FROM procrastinate_jobs WHERE args->>'piece' = %s"
        assert connection.execute(lost, [piece]).rowcount == 1, "its attempts have ended"
    asyncio.run(deferred(scanned, "pieces:catch_up"))
    asyncio.run(work(scanned))
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT state FROM piece WHERE id = %s", [piece]).fetchone() == ("saine",)


async def deferred(stage, task: str) -> None:
    """Stage the periodic ``task`` now."""
    parts = make_parts(stage.app.state.parts.settings)
    await parts.pool.open()
    async with parts.pool.connection() as connection:
        await put(connection, task, {"timestamp": 0}, queue=Queue.HOURS)
    await parts.pool.close()
