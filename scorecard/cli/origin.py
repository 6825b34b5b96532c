"""Where an assessed project lies in its repository, kept as ``origin.json`` so that reports point at its lines."""

from __future__ import annotations

import posixpath
import subprocess
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from scorecard.cli.runs import Run, write_text
from scorecard.evidence import Strict
from scorecard.project import FILE_NAME
from scorecard.scorecard import ProjectSummary

FILE = "origin.json"
GIT_TIMEOUT_S = 10.0


class Origin(Strict):
    """The project file's path from the root of its repository, the commit that was assessed, and what was not in it.

    ``commit`` and ``changed`` (whether tracked files differed from the commit) are None where git could not tell.
    """

    schema_: Literal["portance/origin/1"] = Field(default="portance/origin/1", alias="schema")
    project_file: str = FILE_NAME
    commit: str | None = Field(default=None, pattern=r"^[0-9a-f]{40,64}$")
    changed: bool | None = None


def record(run: Run, project_file: Path) -> None:
    """Write where ``project_file`` lies into the run. Raises OSError."""
    content = find(project_file).model_dump_json(by_alias=True, indent=1)
    write_text(run.folder / FILE, content + "\n")


def read(run: Run) -> Origin:
    """What :func:`record` wrote; a project file at the root of an unknown repository where it cannot be read."""
    try:
        return Origin.model_validate_json((run.folder / FILE).read_bytes())
    except (OSError, ValidationError):
        return Origin()


def find(project_file: Path) -> Origin:
    """Where ``project_file`` lies: the nearest folder above it with a ``.git`` is the root of the repository."""
    path = project_file.resolve()
    root = next((folder for folder in path.parents if (folder / ".git").exists()), None)
    if root is None:
        return Origin(project_file=path.name)
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    status = _git(root, "status", "--porcelain", "--untracked-files=no")
    return Origin(
        project_file=path.relative_to(root).as_posix(),
        commit=commit or None,
        changed=None if status is None or not commit else bool(status),
    )


def placed(summary: ProjectSummary, origin: Origin, source: str | None) -> ProjectSummary:
    """``summary`` with the paths that reports point at, from the root of the repository.

    Scanners give paths from the folder of the project file, or from ``target.source`` where that lies outside of it.
    """
    folder = posixpath.dirname(origin.project_file)
    wanted = "." if source is None else posixpath.normpath(source)
    base = posixpath.normpath(posixpath.join(folder, wanted)) if wanted.startswith("..") else folder or "."
    outside = base.startswith("..") or posixpath.isabs(wanted)
    return summary.model_copy(update={"file": origin.project_file, "code": None if outside else base})


def _git(root: Path, *arguments: str) -> str | None:
    """What git says, None when it cannot: no git, not its repository, too slow."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "-c", "core.fsmonitor=false", *arguments],  # noqa: S607 (the user's own git, found as the shell finds it)
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=GIT_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
