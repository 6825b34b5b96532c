"""What can be said in seconds of changed files, before they are committed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from scorecard import project
from scorecard.cli.criteria_folders import criteria_of, folders
from scorecard.cli.errors import CommandError
from scorecard.cli.waivers import refused
from scorecard.criteria import CatalogueError
from scorecard.declarations import declared
from scorecard.evidence import Evidence, Severity, Status, Text
from scorecard.gating import policy as policies
from scorecard.linting import lint
from scorecard.linting.producers import producers
from scorecard.project import ProjectError, ProjectFile
from scorecard.site import Site
from security import committed_secrets, source_code

_TOLD = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)
"""What stops a commit; findings of low severity are told by the run."""


@dataclass(frozen=True)
class Remark:
    """Something about a file; not ``certain`` where a file could not be looked at."""

    at: str
    text: Text
    certain: bool = True


def check(files: Sequence[Path], project_file: Path, today: date) -> list[Remark]:
    """Remarks on ``files`` (all paths from this folder), by what each is; files of no kind we know say nothing.

    The project file and the policy beside it are looked at when they are among ``files``, own criteria when a file of
    their folders is. Code and secrets are read by the scanners of the run, in a copy of the changed files alone.

    Raises:
        CommandError: a file does not exist or lies outside this folder.
    """
    root = Path.cwd()
    inside = [_inside(path, root) for path in files]
    found: list[Remark] = []
    known = _project(project_file, found, told=project_file.resolve() in inside, today=today)
    for path in inside:
        if path.name == policies.FILE_NAME:
            found += _policy(path, root, today)
    if known is not None:
        found += _criteria(known, project_file.resolve().parent, inside)
    return [*found, *_scanned(inside, root)]


def _inside(path: Path, root: Path) -> Path:
    whole = path.resolve()
    if not whole.is_file() or not whole.is_relative_to(root.resolve()):
        raise CommandError(
            Text(en=f"{path}: no file of this folder", fr=f"{path} : n’est pas un fichier de ce dossier")
        )
    return whole


def _project(path: Path, found: list[Remark], *, told: bool, today: date) -> ProjectFile | None:
    """The project file, and what is wrong with it when ``told``; None when there is none that can be read."""
    try:
        known = project.load(path)
        declared(known)
    except ProjectError as error:
        if told:
            at, _, said = str(error).partition(": ")  # the message begins with the file and the line
            found.append(Remark(at, Text(en=said, fr=said)))
        return None
    if told:
        content = path.read_text(encoding="utf-8")
        criteria = _criteria_of(known, path, found)
        if criteria is not None:
            found += [Remark(one.at, one.text) for one in refused(known, content, str(path), criteria, today)]
    return known


def _criteria_of(known: ProjectFile, path: Path, found: list[Remark]) -> set[str] | None:
    """Ids of the criteria the project is judged by; None, and why among ``found``, when they cannot be read."""
    try:
        return {criterion.id for criterion in criteria_of(folders(known, path.resolve().parent, ()))}
    except CatalogueError as error:
        found.append(Remark(str(path), Text(en=str(error), fr=str(error))))
        return None


def _policy(path: Path, root: Path, today: date) -> Iterator[Remark]:
    name = path.relative_to(root.resolve()).as_posix()
    try:
        policies.parse(path.read_bytes(), name, today)
    except policies.PolicyError as error:
        at, _, said = str(error).partition(": ")
        yield Remark(at, Text(en=said, fr=said))


def _criteria(known: ProjectFile, base: Path, files: Sequence[Path]) -> Iterator[Remark]:
    """The whole catalogue when a file of own criteria changed: a criterion may break another."""
    own = folders(known, base, ())
    changed = [path for path in files if path.suffix == ".toml" and any(path.is_relative_to(folder) for folder in own)]
    if not changed:
        return
    try:
        problems = lint(criteria_of(own), producers())
    except CatalogueError as error:
        yield Remark(changed[0].name, Text(en=str(error), fr=str(error)))
        return
    for problem in problems:
        yield Remark(problem.criterion, problem.text)


def _scanned(files: Sequence[Path], root: Path) -> Iterator[Remark]:
    """What the scanners of code and of secrets say of ``files``, copied with their paths into a folder of their own."""
    if not files:
        return
    with tempfile.TemporaryDirectory(prefix="portance-check-") as folder:
        there, run = Path(folder, "files"), Path(folder, "run")
        for path in files:
            copy = there / path.relative_to(root.resolve())
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        # A scanner that has nothing to read says that it could not look; this file is read and holds nothing.
        (there / "portance_check.py").write_text("# nothing\n", encoding="utf-8")
        about = ProjectFile.model_validate({"project": {"name": "check", "users": 1}, "target": {"source": "."}})
        site = Site(project=about, root=there, run=run, profile="smoke")
        for collect in (source_code.collect, committed_secrets.collect):
            yield from _of(collect(site))


def _of(evidence: Evidence) -> Iterator[Remark]:
    for finding in evidence.findings:
        if finding.severity in _TOLD and finding.suppression is None:
            said = f"{finding.message} ({finding.rule})"
            yield Remark(finding.location, Text(en=said, fr=said))
    if evidence.status in (Status.ERROR, Status.DEGRADED) and evidence.reason is not None:
        yield Remark(evidence.name, evidence.reason, certain=False)
