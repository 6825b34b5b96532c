"""``portance init`` without a service to look at: the template, and what is refused before anything is written."""

import socket
import threading
from pathlib import Path

import httpx
import pytest

from scorecard import project
from scorecard.cli.errors import CommandError
from scorecard.cli.init import base_url, initialise


def test_without_a_url_the_file_starts_a_command_and_takes_up_what_lies_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "requirements.txt").write_text("")
    with httpx.Client() as client:
        path = initialise(None, tmp_path, openapi=None, name="  Mon\nservice ", client=client, lang="fr")
    found = project.load(path)
    assert found.project.name == "Mon service"
    assert found.target.start is not None
    assert (found.target.source, found.target.requirements, found.target.manifests) == ("src", "requirements.txt", None)


def test_a_dead_service_is_one_line_and_nothing_is_written(tmp_path: Path) -> None:
    with socket.socket() as taken, httpx.Client(trust_env=False) as client:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(CommandError, match="the service does not answer") as caught:
            initialise(url, tmp_path / "new", openapi=None, name=None, client=client, lang="en")
    assert len(caught.value.text.fr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_something_that_does_not_speak_http_is_a_dead_service(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, httpx.Client(trust_env=False) as client:
        thread = threading.Thread(target=_greet, args=(server,), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(CommandError, match="the service does not answer"):
            initialise(url, tmp_path, openapi=None, name=None, client=client, lang="en")
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("127.0.0.1:8000", "http://host:port"),
        ("ftp://127.0.0.1/", "http://host:port"),
        ("http://", "http://host:port"),
        ("http://[::1", "not a usable address"),
        ("http://user:hunter2@127.0.0.1/", "password"),
        ("http://127.0.0.1/?token=hunter2", r"\? or #"),
    ],
)
def test_an_address_that_cannot_stand_in_the_file_is_refused(url: str, why: str) -> None:
    with pytest.raises(CommandError, match=why) as caught:
        base_url(url)
    assert "user:hunter2" not in str(caught.value)


def test_an_address_loses_its_last_slash_only() -> None:
    assert base_url(" http://127.0.0.1:8000/api/ ") == "http://127.0.0.1:8000/api"


def _greet(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")
