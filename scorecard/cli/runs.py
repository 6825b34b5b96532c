"""A run on disk: ``runs/<UTC time>-<name>/`` with the project file, the evidence, the scorecard and its pages."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from typing import Literal

from scorecard import evidence, project
from scorecard.cli.errors import CommandError
from scorecard.evidence import Evidence, EvidenceError, Text
from scorecard.project import ProjectFile

STATE = "run.json"

State = Literal["running", "completed", "interrupted"]


@dataclass(frozen=True)
class Run:
    """The folder of a run."""

    folder: Path

    @property
    def evidence_folder(self) -> Path:
        """Where the evidence files are."""
        return self.folder / "evidence"

    @property
    def project_file(self) -> Path:
        """The project file as it was when the run began."""
        return self.folder / project.FILE_NAME

    def mark(self, state: State, *, today: date, lang: str) -> None:
        """Say in ``run.json`` how far the run got, on what date and in which language it was graded."""
        content = {
            "schema": "portance/run/1",
            "portance": metadata.version("portance"),
            "state": state,
            "graded_on": today.isoformat(),
            "lang": lang,
        }
        write_text(self.folder / STATE, json.dumps(content, indent=1) + "\n")

    def read(self) -> tuple[ProjectFile, list[Evidence], list[Text]]:
        """The project, the evidence that can be read, and one sentence for all that cannot.

        Raises:
            CommandError: the folder is no run at all.
            ProjectError: its project file is wrong.
        """
        if not self.project_file.is_file():
            raise CommandError(
                Text(
                    en=f"{self.folder}: not a run folder, it has no {project.FILE_NAME}",
                    fr=f"{self.folder} : n’est pas un dossier d’évaluation, {project.FILE_NAME} n’y est pas",
                )
            )
        found: list[Evidence] = []
        problems: list[Text] = []
        for path in sorted(self.evidence_folder.glob("*.json")):
            try:
                found.append(evidence.read(path))
            except EvidenceError as error:
                problems.append(Text(en=f"evidence left out: {error}", fr=f"élément de preuve écarté : {error}"))
        if (state := self.state()) != "completed":
            problems.append(
                Text(
                    en=f"this run did not go to its end (state: {state}); what it had observed until then is kept",
                    fr=f"cette évaluation n’est pas allée à son terme (état : {state}) ; ce qui a été observé reste",
                )
            )
        return project.load(self.project_file), found, problems

    def state(self) -> str:
        """How far the run got, "unknown" when it does not say."""
        try:
            content = json.loads((self.folder / STATE).read_text(encoding="utf-8"))
            return str(content["state"])
        except (OSError, ValueError, KeyError, TypeError):
            return "unknown"


def create(parent: Path, name: str, project_bytes: bytes, now: datetime) -> Run:
    """A new run folder below ``parent``, with ``parent/latest`` pointing to it.

    Raises:
        OSError: the folder cannot be written.
    """
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    base = f"{stamp}-{slug(name)}"
    for attempt in range(1000):
        folder = parent / (base if attempt == 0 else f"{base}-{attempt + 1}")
        try:
            folder.mkdir(parents=True, exist_ok=False)
            break
        except FileExistsError:
            continue
    else:
        raise FileExistsError(f"{parent / base}: a thousand runs began in this second")
    (folder / project.FILE_NAME).write_bytes(project_bytes)
    _point(parent / "latest", folder.name)
    return Run(folder)


def slug(name: str) -> str:
    """``name`` in lower-case ASCII words joined by hyphens, at most 40 characters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "run"


def write_text(path: Path, content: str) -> None:
    """Write ``path`` whole or not at all. Raises OSError."""
    write_bytes(path, content.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``path`` whole or not at all. Raises OSError."""
    temporary = path.with_name(path.name + ".part")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _point(link: Path, target: str) -> None:
    temporary = link.with_name(f".latest-{os.getpid()}")
    temporary.symlink_to(target)
    temporary.replace(link)
