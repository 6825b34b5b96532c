from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scorecard.cli import main
from scorecard.cli.runs import Run
from scorecard.criteria import Criterion, Reference, catalogue
from scorecard.evidence import Evidence, Fact, Provenance, Status, Text, Unit, write
from scorecard.project import ProjectFile, parse

POC = """
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/die":
            os._exit(7)
        body = json.dumps({"hello": "world"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""

PROJECT = """
[project]
name = "Masques"
users = 5_000

[target]
start = "python poc.py {port}"
source = "src"

[[journeys]]
name = "look"
steps = [{ get = "/", contains = "hello" }]
"""


@pytest.fixture
def poc(tmp_path: Path) -> Path:
    """A folder with a small proof of concept and its project file."""
    (tmp_path / "poc.py").write_text(POC, encoding="utf-8")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("def answer() -> int:\n    return 42\n", encoding="utf-8")
    (tmp_path / "portance.toml").write_text(PROJECT, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="session")
def judged_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a run folder whose evidence answers every question of the shipped catalogue well, and sealed as a run is.

    ``worse`` gives other values by fact; None is a fact that could not be observed. ``toml`` is added to the project
    file. Everything was observed today, so that a command judges it by its own clock.
    """

    def make(
        name: str = "run",
        *,
        kind: str = "internal-tool",
        toml: str = "",
        worse: Mapping[str, object] | None = None,
    ) -> Path:
        folder = tmp_path_factory.mktemp("runs") / name
        (folder / "evidence").mkdir(parents=True)
        content = f'[project]\nname = "Aid"\nusers = 1_000\nkind = "{kind}"\n[target]\nsource = "src"\n' + toml
        (folder / "portance.toml").write_text(content, encoding="utf-8")
        now = datetime.now(UTC)
        Run(folder).mark("completed", today=now.date(), lang="en")
        found: dict[str, dict[str, Fact]] = {}
        project = parse(content.encode())
        for criterion in catalogue():
            if project.project.kind in criterion.kinds:
                fact = _good(criterion, project, found.get(criterion.evidence, {}).get(criterion.fact))
                found.setdefault(criterion.evidence, {})[criterion.fact] = fact
        for evidence_name, facts in found.items():
            changed = [_told(fact, worse or {}) for fact in facts.values()]
            write(
                Evidence(
                    name=evidence_name,
                    collector="test",
                    project="Aid",
                    status=Status.COMPLETED,
                    provenance=Provenance.since(now, tool="test", version="1"),
                    facts=tuple(f.model_copy(update={"observed_on": now.date(), "source": "A, x"}) for f in changed)
                    if evidence_name == "declarations"
                    else tuple(changed),
                ),
                folder / "evidence",
            )
        return folder

    return make


def _good(criterion: Criterion, project: ProjectFile, before: Fact | None) -> Fact:
    """A fact that passes, also the questions that read it too."""
    wanted = criterion.pass_
    if isinstance(wanted, Reference):
        section, key = wanted.of.split(".")
        wanted = getattr(getattr(project, section), key) * wanted.times + wanted.plus
    if not isinstance(wanted, bool | str):
        wanted = wanted / 2 if criterion.better == "lower" else wanted * 2 + 1
        if before is not None and isinstance(before.value, int | float):
            wanted = min(wanted, before.value) if criterion.better == "lower" else max(wanted, before.value)
        if criterion.unit is Unit.RATIO and criterion.better == "higher":
            wanted = max(1.0, criterion.pass_ if isinstance(criterion.pass_, float) else wanted)
        return Fact(id=criterion.fact, value=wanted, unit=criterion.unit, low=wanted, high=wanted)
    return Fact(id=criterion.fact, value=wanted, unit=criterion.unit)


def _told(fact: Fact, worse: Mapping[str, object]) -> Fact:
    if fact.id not in worse:
        return fact
    value = worse[fact.id]
    reason = Text(en="nobody looked", fr="personne n’a regardé") if value is None else None
    return Fact.model_validate({"id": fact.id, "value": value, "unit": fact.unit, "reason": reason})


@dataclass(frozen=True)
class Said:
    """How a command ended in this process."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Said]]:
    """Runs the command in this process, in ``tmp_path``: for the many cases; one case has a process of its own."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    pipeline = [name for name in os.environ if name.startswith(("GITHUB_", "CI_"))]

    def run(*arguments: str, **environment: str) -> Said:
        with monkeypatch.context() as here:
            here.chdir(tmp_path)
            lang = () if "--lang" in arguments else ("--lang", "en")
            here.setattr(sys, "argv", ["portance", *arguments, *lang])
            here.setattr("scorecard.cli.LANG", "en")  # as the language of this machine was found at import
            for name in pipeline:
                here.delenv(name)
            for name, value in environment.items():
                here.setenv(name, value)
            capsys.readouterr()
            try:
                main()
            except SystemExit as end:
                code = end.code
            out, err = capsys.readouterr()
        assert isinstance(code, int)
        return Said(code, out, err)

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)
