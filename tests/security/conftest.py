"""A site on a folder of its own, small services, and tools that misbehave on purpose."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from scorecard.evidence import Evidence, Fact, Status
from scorecard.project import About, ProjectFile, SecuritySection, TargetSection
from scorecard.site import Site
from security.tool import Tool

# The stand-ins are modules of their own, found by their names.
sys.path.insert(0, str(Path(__file__).parent))

from api_service import api_service, api_site
from lobby import lobby, lobby_site
from portal import portal, portal_site
from town import town, town_site

__all__ = ["api_service", "api_site", "lobby", "lobby_site", "portal", "portal_site", "town", "town_site"]


@dataclass
class Answer:
    """What a small service answers on one path."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = "<!doctype html><title>Portail</title>"
    html: bool = True


Service = Callable[[str, str, dict[str, str]], Answer]


@pytest.fixture
def answer() -> type[Answer]:
    """To write an answer of a small service with."""
    return Answer


@pytest.fixture
def make_site(tmp_path: Path) -> Callable[..., Site]:
    """A site whose project file has the given target keys; ``security`` and ``url`` are apart."""

    def make(*, url: str | None = None, security: dict[str, Any] | None = None, **target: Any) -> Site:
        project = ProjectFile(
            project=About(name="Aide", users=1000),
            target=TargetSection(**target),
            security=SecuritySection(**(security or {})),
        )
        run = tmp_path / "runs" / "one"
        run.mkdir(parents=True, exist_ok=True)
        return Site(project=project, root=tmp_path, run=run, url=url)

    return make


@pytest.fixture
def serve() -> Iterator[Callable[[Service], str]]:
    """Serve a function of (method, path, headers) on a free port and give its URL."""
    servers: list[ThreadingHTTPServer] = []

    def start(service: Service) -> str:
        class Handler(BaseHTTPRequestHandler):
            server_version, sys_version = "portail", ""

            def answer(self) -> None:
                given = service(self.command, self.path, {k.lower(): v for k, v in self.headers.items()})
                content = given.body.encode()
                self.send_response(given.status)
                self.send_header("Content-Type", "text/html; charset=utf-8" if given.html else "application/json")
                self.send_header("Content-Length", str(len(content)))
                for name, value in given.headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_OPTIONS = answer  # noqa: N815 (names given by http.server)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = False  # joined on close, so that no socket outlives the test
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def fake_tool(tmp_path: Path) -> Callable[..., Tool]:
    """A tool that tells its version, then does ``then`` (Python statements; ``sys`` and ``time`` are there)."""

    def make(then: str, *, version: str = "9.9.9") -> Tool:
        script = tmp_path / "fake_tool.py"
        script.write_text(
            "import os, subprocess, sys, time\n"
            f"if '--version' in sys.argv:\n    print({version!r})\n    sys.exit()\n{then}\n"
        )
        return Tool("faketool", (sys.executable, str(script)))

    return make


@pytest.fixture
def patience() -> Callable[[Tool], float]:
    """Seconds to wait for a fake tool: few for one that sleeps on purpose, many for one that a busy machine slows."""
    return lambda tool: 0.3 if "time.sleep" in Path(tool.command[-1]).read_text() else 60.0


@pytest.fixture
def fact() -> Callable[[Evidence, str], Fact]:
    """The fact of an evidence by its id."""

    def find(evidence: Evidence, name: str) -> Fact:
        return {one.id: one for one in evidence.facts}[name]

    return find


@pytest.fixture
def assert_unknown(fact: Callable[[Evidence, str], Fact]) -> Callable[..., None]:
    """Fail unless the evidence is not completed and ``name`` is unknown for a bilingual reason that holds ``word``."""

    def check(evidence: Evidence, name: str, word: str) -> None:
        assert evidence.status is not Status.COMPLETED
        one = fact(evidence, name)
        assert one.value is None
        assert one.reason is not None
        assert word in one.reason.en, one.reason.en
        assert one.reason.fr
        assert one.reason.fr != one.reason.en

    return check


@pytest.fixture
def advisories(tmp_path: Path) -> Callable[..., str]:
    """Write a local source of advisories that knows the control, and what else is given; its name in the project."""

    def write(*records: dict[str, Any], name: str = "advisories.jsonl", control: bool = True) -> str:
        known = [osv("PYSEC-2014-8", "Jinja2", fixed="2.7.2", modified="2026-11-20T00:00:00Z")] if control else []
        lines = [json.dumps(record) for record in (*known, *records)]
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        return name

    return write


def osv(identifier: str, package: str, *, fixed: str = "2.0", **more: Any) -> dict[str, Any]:
    """An OSV record about all versions of ``package`` below ``fixed``."""
    events = [{"introduced": "0"}, {"fixed": fixed}]
    affected = {
        "package": {"ecosystem": "PyPI", "name": package},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    }
    return {"id": identifier, "modified": "2026-11-01T00:00:00Z", "affected": [affected], **more}


@pytest.fixture(name="osv")
def _osv() -> Callable[..., dict[str, Any]]:
    return osv


@pytest.fixture
def commit() -> Callable[..., None]:
    """Commit ``files`` (texts by path, None to delete one) in the repository at a folder, made if there is none."""

    def make(folder: Path, files: dict[str, str | None]) -> None:
        def git(*words: str) -> None:
            who = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
            subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, timeout=60)  # noqa: S607

        if not (folder / ".git").exists():
            git("init", "--quiet", "--initial-branch=main")
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True) if text is None else path.write_text(text)
            git("add", "--all", "--", name)
        git("commit", "--quiet", "--allow-empty", "--message=a")

    return make
