"""Every scanner that is a program: killed, absent, too slow, fed garbage; and every scan of nothing. None is a pass.

The programs are real: a script takes the place of the scanner, in the folder that PORTANCE_SCANNERS names, or handed
over where the scanner belongs to this interpreter.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from scorecard.cli import rendered_manifests
from scorecard.evidence import Evidence, Status
from scorecard.site import Site
from security import (
    committed_history,
    committed_secrets,
    components,
    containerfile,
    dependencies,
    extras,
    manifest_schemas,
    registry,
    source_code,
    workflows,
)
from security.tool import SCANNERS_FOLDER, Tool

PROGRAMS = {
    "containerfile": ("hadolint", partial(containerfile.collect, timeout_s=8.0)),
    "workflows": ("zizmor", partial(workflows.collect, timeout_s=8.0)),
    "manifest-schemas": (
        "kubernetes-validate",
        partial(manifest_schemas.collect, render=rendered_manifests.rendered, timeout_s=8.0),
    ),
    "components": ("cyclonedx-py", partial(components.collect, timeout_s=8.0)),
    "semgrep": ("semgrep", partial(extras.collect, extras.SEMGREP, timeout_s=8.0)),
    "checkov": ("checkov", partial(extras.collect, extras.CHECKOV, timeout_s=8.0)),
}
MODULES: dict[str, Callable[..., Evidence]] = {
    "code": source_code.collect,
    "dependencies": dependencies.collect,
    "secrets": committed_secrets.collect,
}
FAULTS = {
    "crashes": "os.kill(os.getpid(), signal.SIGSEGV)",
    "is killed": "os.kill(os.getpid(), signal.SIGKILL)",
    "gives garbage": "print('\\x00 no report')",
    "gives an empty object": "print('{}')",
    "gives nothing": "pass",
    "gives half a report": 'print(\'{"version": "2.1.0", "runs": [{"results": [\')',
    "fails in words": "sys.exit('Traceback: it broke')",
    "takes for ever": "time.sleep(120)",
}
SCANNERS = {**registry.SCANNERS, "manifest-schemas": rendered_manifests.collect}
EXTRAS = ("semgrep", "checkov")
STATIC = (*PROGRAMS, *MODULES, "secrets-history")


SOUND = {
    "src/app.py": "x = 1\n",
    "Containerfile": "FROM python:3.13.1\nUSER 1000\n",
    "deploy/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n",
    "requirements.txt": "a==1\n",
    ".github/workflows/a.yml": "on: push\npermissions: {}\njobs: {}\n",
}


@pytest.fixture
def site(make_site: Callable[..., Site], tmp_path: Path) -> Site:
    """A small project with something of everything, all of it sound."""
    for name, text in SOUND.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return make_site(source="src", manifests="deploy", requirements="requirements.txt")


def program(folder: Path, name: str, then: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    script = f"""\
        #!{sys.executable}
        import os, signal, sys, time
        if "--version" in sys.argv:
            print("9.9.9")
            sys.exit()
        {then}
        """
    path.write_text(textwrap.dedent(script))
    path.chmod(0o755)
    return path


def assert_clears_nothing(evidence: Evidence, *statuses: Status) -> None:
    assert evidence.status in (Status.ERROR, Status.DEGRADED, *statuses)
    assert evidence.reason is not None
    assert evidence.reason.en != evidence.reason.fr
    for fact in evidence.facts:
        # What needs no tool may be known: how many files there are, and what a requirements file says of itself.
        if not fact.id.endswith(("_files", "_validated", ".dependencies", "_locked", "_share", "_commits")):
            assert fact.value is None, fact.id
            assert fact.reason is not None


@pytest.mark.parametrize("fault", list(FAULTS))
@pytest.mark.parametrize("name", list(PROGRAMS))
def test_a_program_that_fails_clears_nothing(site, tmp_path, monkeypatch, name, fault):
    file, collect = PROGRAMS[name]
    program(tmp_path / "scanners", file, FAULTS[fault])
    monkeypatch.setenv(SCANNERS_FOLDER, str(tmp_path / "scanners"))
    patience = {"timeout_s": 0.5} if fault == "takes for ever" else {}
    assert_clears_nothing(collect(site, **patience))


@pytest.mark.parametrize("fault", [*FAULTS, "is absent"])
@pytest.mark.parametrize("name", list(MODULES))
def test_a_module_that_fails_clears_nothing(site, tmp_path, name, fault):
    absent = Tool("absent", ("/nowhere/absent",))
    tool = absent if fault == "is absent" else Tool(name, (str(program(tmp_path / "scanners", name, FAULTS[fault])),))
    more = {"second": absent} if name == "code" else {}
    patience = 0.5 if fault == "takes for ever" else 20.0
    assert_clears_nothing(MODULES[name](site, tool=tool, timeout_s=patience, **more))


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_a_program_that_is_absent_clears_nothing_and_says_how_to_install_it(site, tmp_path, monkeypatch, name):
    monkeypatch.delenv(SCANNERS_FOLDER, raising=False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "elsewhere" / ".venv"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "elsewhere" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    evidence = SCANNERS[name](site)
    assert_clears_nothing(evidence, *((Status.SKIPPED,) if name in EXTRAS else ()))
    assert "install the Python package" in evidence.reason.en
    assert "installer le paquet" in evidence.reason.fr


@pytest.mark.parametrize("fault", [*FAULTS, "is absent"])
def test_a_git_that_fails_clears_nothing(site, commit, tmp_path, fault):
    commit(tmp_path, SOUND)
    path = "/nowhere/git" if fault == "is absent" else str(program(tmp_path / "scanners", "git", FAULTS[fault]))
    bounds = committed_history.Bounds(seconds=0.5 if fault == "takes for ever" else 20.0)
    assert_clears_nothing(committed_history.collect(site, git=Tool("git", (path,)), bounds=bounds))


@pytest.mark.parametrize("name", [name for name in STATIC if name not in ("dependencies", *EXTRAS)])
def test_the_control_a_sound_project_is_read_whole(site, commit, tmp_path, monkeypatch, name):
    commit(tmp_path, SOUND)
    monkeypatch.delenv(SCANNERS_FOLDER, raising=False)
    evidence = SCANNERS[name](site)
    if name == "components":  # a==1 is installed nowhere
        assert evidence.status is Status.DEGRADED
    else:
        assert evidence.status is Status.COMPLETED, evidence.reason
    assert evidence.findings == ()


@pytest.mark.parametrize("name", STATIC)
def test_an_empty_folder_is_unknown(make_site, tmp_path, name):
    for folder in ("src", "deploy", "flows", "images"):
        (tmp_path / folder).mkdir()
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    given = {"manifests": "deploy", "workflows": "flows", "containerfile": "images", "requirements": "requirements.txt"}
    evidence = SCANNERS[name](make_site(source="src", **given))
    assert evidence.status is Status.ERROR
    assert all(fact.value is None for fact in evidence.facts)


@pytest.mark.parametrize("name", STATIC)
def test_what_is_named_and_not_there_is_unknown(make_site, name):
    keys = ("source", "manifests", "workflows", "containerfile", "requirements")
    evidence = SCANNERS[name](make_site(**dict.fromkeys(keys, "nowhere")))
    assert evidence.status is Status.ERROR
    assert all(fact.value is None for fact in evidence.facts)


def test_every_static_scanner_of_the_run_is_tried_here():
    from scorecard.cli.stages import COLLECTORS

    assert set(STATIC) == {one.id for one in COLLECTORS if one.room == "security" and not one.live}
