"""A disk that is full and a database that takes no writing: said, nothing half-done, over by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from documents import token_of
from html_forms import forms_of
from psycopg import sql

from reference_app import migration

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
SMALL = "4m"
POOL = 2
"""Connections of the service under test: each may refuse once before it is replaced."""


@pytest.fixture
def disk() -> Iterator[Path]:
    """A real file system of 4 MB, which PostgreSQL reaches too though it runs as another user."""
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or mount is None or unmount is None:
        pytest.skip("only root may mount a small file system")
    with TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        place = Path(made, "disk")
        place.mkdir()
        mounted = subprocess.run([mount, "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", place], check=False, timeout=10)
        if mounted.returncode != 0:
            pytest.skip("this machine lets nobody mount a file system")
        try:
            yield place
        finally:
            subprocess.run([unmount, "--lazy", place], check=True, timeout=10)


def fill(place: Path) -> Path:
    """Take every byte that is left."""
    filler = place / "filler"
    with ExitStack() as stack, filler.open("wb", buffering=0) as file:
        stack.enter_context(pytest.raises(OSError, match="No space left"))
        while True:
            file.write(bytes(4096))
    return filler


def kept(place: Path) -> list[str]:
    return sorted(found.name for found in place.rglob("*") if found.is_file() and found.name != "filler")


def test_a_file_for_which_there_is_no_room_is_said_leaves_nothing_and_is_taken_once_there_is(staged, disk, draft, key):
    with staged(storage=disk.as_uri()) as stage:
        client = stage.signed_in("business")
        made = client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).json()["id"]
        path, page = f"/api/v1/dossiers/{made}/pieces/proof_of_loss", f"/dossiers/{made}/pieces/proof_of_loss"
        content = PDF + os.urandom(200_000)
        filler = fill(disk)
        refused = client.post(path, content=content)
        assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
        assert refused.headers["retry-after"]
        files = {"token": (None, token_of(client).encode()), "file": ("loss.pdf", content, "application/pdf")}
        shown = client.post(page, files=files)
        assert shown.status_code == 503
        assert shown.headers["retry-after"]
        assert 'id="proof_of_loss-error"' in shown.text
        assert kept(disk) == []
        assert client.get(f"/api/v1/dossiers/{made}/pieces").json() == []
        filler.unlink()
        assert client.post(page, files=files).status_code == 200
        (piece,) = client.get(f"/api/v1/dossiers/{made}/pieces").json()
        assert client.get(f"{path}/{piece['id']}").content == content


@pytest.fixture(scope="module")
def writing(staged: Any, new_databases: Any) -> Iterator[tuple[Any, str]]:
    """A service on a database of its own, and that database."""
    with new_databases() as url:
        migration.upgrade(url)
        with staged(DATABASE_URL=url, pool_size=POOL) as running:
            yield running, url


def test_a_database_without_room_says_so_keeps_nothing_half_and_goes_on_once_there_is(writing, disk):
    """One table stands on the full disk: that of messages, which are counted elsewhere."""
    stage, url = writing
    place = disk / "tables"
    place.mkdir()
    name = sql.Identifier(f"full_{uuid4().hex}")
    client = stage.signed_in("business")
    dossier = stage.filed(client)["id"]
    said = {"token": token_of(client), "key": str(uuid4()), "text": "An hour of writing"}
    address = f"/dossiers/{dossier}/messages"
    with psycopg.connect(url, autocommit=True) as connection, ExitStack() as ends:
        os.chown(place, *account_of(connection))
        connection.execute(sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(name, sql.Literal(str(place))))
        ends.callback(connection.execute, sql.SQL("DROP TABLESPACE {}").format(name))
        connection.execute(sql.SQL("ALTER TABLE message SET TABLESPACE {}").format(name))
        ends.callback(connection.execute, "ALTER TABLE message SET TABLESPACE pg_default")
        filler = fill(disk)
        refused = client.post(address, data=said)
        assert refused.status_code == 503
        (back,) = [form for form in forms_of(refused.text) if form.action == address]
        assert back.sent == said
        assert messages(connection, dossier) == (0, 0)
        filler.unlink()
        assert "An hour of writing" in client.post(address, data=back.sent).text
        assert messages(connection, dossier) == (1, 1)


def account_of(connection: psycopg.Connection) -> tuple[int, int]:
    (folder,) = connection.execute("SELECT current_setting('data_directory')").fetchone()
    owner = Path(folder).stat()
    return owner.st_uid, owner.st_gid


def messages(connection: psycopg.Connection, dossier: str) -> tuple[int, int]:
    """How many there are, and how many the dossier counts."""
    query = "SELECT (SELECT count(*) FROM message m WHERE m.dossier_id = d.id), d.messages FROM dossier d WHERE id = %s"
    row = connection.execute(query, [dossier]).fetchone()
    return int(row[0]), int(row[1])


def test_while_a_database_takes_no_writing_people_read_and_what_they_write_comes_back(writing, draft, key):
    """As one that stands by does, to which a name leads for a moment."""
    stage, url = writing
    client = stage.signed_in("business")
    dossier = stage.filed(client)["id"]
    address, text = f"/dossiers/{dossier}/messages", 'An hour of "<b>writing</b>"'
    said = {"token": token_of(client), "key": str(uuid4()), "text": text}
    same = key()
    with psycopg.connect(url, autocommit=True) as connection:
        read_only(connection, "on")
        assert [client.get(f"/dossiers/{dossier}").status_code for _ in range(POOL + 1)][-1] == 200
        refused = client.post(address, data=said, headers={"Accept-Language": "fr"})
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
        (back,) = [form for form in forms_of(refused.text) if form.action == address]
        assert back.sent == said
        assert "<b>writing" not in refused.text
        assert "rien de ce que vous avez écrit n’est perdu" in refused.text.lower()
        over = client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=same)
        assert (over.status_code, over.headers["content-type"]) == (503, "application/problem+json")
        assert over.headers["retry-after"]
        form = {"token": said["token"], "key": str(uuid4()), "procedure": "emergency-aid", "need": text}
        kept_form = client.post("/dossiers", data=form)
        assert kept_form.status_code == 503
        assert any(one.sent.get("need") == text for one in forms_of(kept_form.text))
        read_only(connection, "off", others_stay=True)
        answers = [client.post(address, data=said).status_code for _ in range(POOL + 1)]
        assert answers[-1] == 200
        assert messages(connection, dossier) == (1, 1)
    again = client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=same)
    assert again.status_code == 201
    assert len(client.get("/api/v1/dossiers").json()["items"]) == 2


def read_only(connection: psycopg.Connection, value: str, *, others_stay: bool = False) -> None:
    """Sessions that begin from now on write, or do not; those there are end, unless they ``stay``."""
    name = sql.Identifier(connection.info.dbname)
    connection.execute("SET default_transaction_read_only = off")
    connection.execute(
        sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}").format(name, sql.Literal(value))
    )
    if not others_stay:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
