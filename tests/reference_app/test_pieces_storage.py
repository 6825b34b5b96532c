"""Where pieces are kept: a folder or S3, never whole in memory, nothing left of what was cut or deleted."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import psutil
import pytest

import reference_app
from reference_app import storage
from reference_app.errors import TooManyRequests, Unavailable
from reference_app.jobs.queues import Queue
from reference_app.jobs.staging import stage as put
from reference_app.parts import make_parts
from reference_app.pieces import limits
from reference_app.pieces.limits import Uploads
from reference_app.storage import StorageError, open_store

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF\n"

PROCEDURE = """
name = { en = "Rebuilding", fr = "Reconstruction" }
contact = "reconstruction@mairie.example"
telephone = "01 99 00 78 90"
summary = { en = "For households.", fr = "Pour les foyers." }
service = { en = "Town hall", fr = "Mairie" }
[filing]
receipt_prefix = "REC"
title = "household"
silence_months = 2
silence = "accepts"
silence_source = "CRPA, art. L231-1"
appeal_months = 2
have_ready = [{ en = "the plans", fr = "les plans" }]
appeals = [{ en = "an appeal to the mayor", fr = "un recours auprès du maire" }]
[[filing.fields]]
name = "household"
kind = "line"
label = { en = "Name of the household", fr = "Nom du foyer" }
[[filing.pieces]]
name = "plans"
label = { en = "Plans", fr = "Plans" }
kinds = ["pdf"]
at_most_mb = 120
"""


async def given(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.fixture(scope="module")
def s3(tmp_path_factory) -> Iterator[str]:
    """Address of a bucket of a real S3 server, in a process of its own."""
    log = tmp_path_factory.mktemp("s3") / "log"
    with log.open("wb") as written:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
        process = subprocess.Popen(command, stdout=written, stderr=written)
    try:
        for _ in range(1200):
            if (found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text())) is not None:
                break
            assert process.poll() is None, log.read_text()
            threading.Event().wait(0.05)
        assert found is not None, log.read_text()
        httpx.put(f"{found[0]}/pieces").raise_for_status()
        yield f"{found[0]}/pieces"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def in_s3(staged, s3) -> Iterator[Any]:
    """A service that keeps its pieces there; credentials come from the environment, as they do in production."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AWS_ACCESS_KEY_ID", "of-a-test")
        patched.setenv("AWS_SECRET_ACCESS_KEY", "of-a-test")
        with staged(storage=f"s3://pieces/somewhere?endpoint={s3.rpartition('/')[0]}") as stage:
            yield stage


def begun(client, draft, key) -> str:
    answer = client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key())
    return f"/api/v1/dossiers/{answer.raise_for_status().json()['id']}/pieces"


def test_in_s3_a_piece_is_kept_whole_fetched_and_deleted(in_s3, s3, draft, key, work):
    content = PDF + os.urandom(12_000_000)
    client = in_s3.signed_in("business")
    path = begun(client, draft, key)
    sent = client.post(f"{path}/proof_of_loss", content=content).raise_for_status().json()
    assert client.get(f"{path}/proof_of_loss/{sent['id']}").content == content
    assert "<Key>somewhere/pieces/" in httpx.get(s3).text
    assert client.delete(f"{path}/proof_of_loss/{sent['id']}").status_code == 204
    asyncio.run(work(in_s3))
    assert "<Key>" not in httpx.get(s3).text


def test_in_s3_an_upload_that_is_too_large_leaves_no_part_behind(in_s3, s3, draft, key):
    client = in_s3.signed_in("business")
    path = begun(client, draft, key)

    def chunks():
        yield PDF
        for _ in range(21):
            yield bytes(1_000_000)

    assert client.post(f"{path}/proof_of_loss", content=chunks()).status_code == 413
    assert "<Key>" not in httpx.get(s3).text
    assert "<UploadId>" not in httpx.get(f"{s3}?uploads").text


def test_a_storage_that_is_away_is_a_503_and_the_draft_goes_on(staged, in_s3, draft, key, monkeypatch):
    monkeypatch.setitem(storage._RETRIES, "retry_timeout", timedelta(seconds=1))
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with staged(storage=f"s3://pieces?endpoint=http://127.0.0.1:{port}") as stage:
        client = stage.signed_in("business")
        path = begun(client, draft, key)
        refused = client.post(f"{path}/proof_of_loss", content=PDF)
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
        assert client.post(f"{path.removesuffix('/pieces')}/file", headers=key()).status_code == 200


@pytest.mark.parametrize("url", ["file://host/folder", "s3://", "https://example.org/x", "s3://b?secret=1", "/folder"])
def test_an_address_that_is_no_storage_is_refused(url):
    with pytest.raises(StorageError):
        open_store(url)


def test_bytes_that_no_piece_knows_are_swept_once_they_are_old(stage, draft, key, work):
    client = stage.signed_in("business")
    store, folder = stage.app.state.parts.store, Path(stage.app.state.parts.settings.storage.removeprefix("file://"))
    before = set(folder.rglob("*"))
    client.post(f"{begun(client, draft, key)}/proof_of_loss", content=PDF).raise_for_status()
    asyncio.run(storage.write(store, "pieces/00/left", given(PDF)))
    old = (datetime.now(UTC) - timedelta(hours=30)).timestamp()
    added = {path for path in set(folder.rglob("*")) - before if path.is_file()}
    assert len(added) == 2
    for path in added:
        os.utime(path, (old, old))
    asyncio.run(storage.write(store, "pieces/00/fresh", given(PDF)))
    asyncio.run(deferred(stage, "pieces:sweep"))
    asyncio.run(work(stage))
    assert {path.name for path in added if not path.exists()} == {"left"}
    assert (folder / "pieces/00/fresh").exists()


async def deferred(stage, task: str) -> None:
    """Stage the periodic ``task`` now."""
    parts = make_parts(stage.app.state.parts.settings)
    await parts.pool.open()
    async with parts.pool.connection() as connection:
        await put(connection, task, {"timestamp": 0}, queue=Queue.HOURS)
    await parts.pool.close()


def test_a_slow_upload_outlives_the_deadline_of_other_requests(staged, draft, key):
    with staged(request_timeout_s=0.5) as stage:
        client = stage.signed_in("business")
        path = begun(client, draft, key)

        def chunks():
            yield PDF
            for _ in range(15):
                time.sleep(0.1)
                yield bytes(1000)

        assert client.post(f"{path}/proof_of_loss", content=chunks()).status_code == 201


def test_an_upload_that_stands_still_is_ended(stage, draft, key, monkeypatch):
    monkeypatch.setattr(limits, "GRACE_S", 0.3)
    client = stage.signed_in("business")
    path = begun(client, draft, key)
    at = urlsplit(stage.url)
    cookie = "; ".join(f"{c.name}={c.value}" for c in client.cookies.jar)
    head = (
        f"POST {path}/proof_of_loss HTTP/1.1\r\nHost: {at.netloc}\r\nCookie: {cookie}\r\nContent-Length: 9999\r\n\r\n"
    )
    with socket.create_connection((at.hostname, at.port), timeout=20) as connection:
        connection.sendall(head.encode() + PDF)
        answer = connection.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 408")
    assert "too-slow" in answer
    assert client.get(path).json() == []


def test_so_many_arrive_at_once_and_no_more():
    uploads, one, other = Uploads(at_once=2, of_one=1), uuid4(), uuid4()
    with uploads.one(one):
        with pytest.raises(TooManyRequests), uploads.one(one):
            pass
        with uploads.one(other), pytest.raises(Unavailable), uploads.one(uuid4()):
            pass
    assert uploads.running() == 0


@pytest.fixture(scope="module")
def rebuilding() -> Iterator[tuple[str, psutil.Process]]:
    """The whole service as processes, with a procedure that needs a large piece; its address and its worker."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)  # PostgreSQL runs as another user when the tests run as root
        package = Path(reference_app.__file__).parent
        shutil.copytree(package, folder / "reference_app", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "reference_app" / "procedures" / "rebuilding.toml").write_text(PROCEDURE)
        process = subprocess.Popen(
            [sys.executable, "-m", "reference_app", "up", "--port", "0"],
            cwd=made,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([made, str(package.parent)])},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.endswith(" is ready\n"), line
            children = psutil.Process(process.pid).children(recursive=True)
            (worker,) = (child for child in children if "serve" in child.cmdline())
            yield line.split()[0], worker
        finally:
            process.terminate()
            process.wait(60)
            process.stdout.close()


@pytest.fixture
def household(rebuilding, form_action, key) -> Iterator[tuple[httpx.Client, str]]:
    """A person with a complete draft of that procedure but for its piece."""
    url, _ = rebuilding
    with httpx.Client(base_url=url, follow_redirects=True, timeout=120, headers={"Accept-Language": "en"}) as client:
        client.post(form_action(client.get("/sign-in/business")), data={"identity": uuid4().hex}).raise_for_status()
        path = "/api/v1/procedures/rebuilding/dossiers"
        yield client, client.post(path, json={"household": "Martin"}, headers=key()).raise_for_status().json()["id"]


def test_a_required_piece_blocks_filing_with_a_word_beside_it(household, key):
    client, dossier = household
    path = f"/api/v1/dossiers/{dossier}"
    refused = client.post(f"{path}/file", headers=key())
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"pointer": "#/plans", "detail": "Send this piece."}]
    hidden = dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', client.get(f"/dossiers/{dossier}").text)
    )
    page = client.post(f"/dossiers/{dossier}/file", data=hidden)
    assert page.status_code == 422
    assert 'id="plans-error">Send this piece.' in page.text
    assert f'action="/dossiers/{dossier}/pieces/plans"' in page.text
    first = client.post(f"{path}/pieces/plans", content=PDF).raise_for_status().json()
    assert client.post(f"{path}/file", headers=key()).status_code == 200
    kept = client.delete(f"{path}/pieces/plans/{first['id']}")
    assert kept.status_code == 409
    assert client.post(f"{path}/pieces/plans", content=PDF + b"%").status_code == 201, "another in its place"


def test_a_file_of_100_mb_passes_through_without_filling_the_memory(rebuilding, household):
    client, dossier = household
    _, worker = rebuilding
    path = f"/api/v1/dossiers/{dossier}/pieces/plans"
    client.post(path, content=PDF + bytes(12_000_000)).raise_for_status()  # what the first one loads stays loaded
    before, highest, done = worker.memory_info().rss, 0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.02):
            highest = max(highest, worker.memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    block = bytes(1_000_000)
    try:
        sent = client.post(path, content=(PDF if n == 0 else block for n in range(101))).raise_for_status().json()
        digest = hashlib.sha256()
        with client.stream("GET", f"{path}/{sent['id']}") as answer:
            for chunk in answer.iter_bytes():
                digest.update(chunk)
    finally:
        done.set()
        watching.join()
    assert digest.hexdigest() == sent["sha256"]
    assert sent["size"] > 100_000_000
    assert 0 < highest < before + 30_000_000
