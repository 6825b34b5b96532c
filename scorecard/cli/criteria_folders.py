"""Own criteria on disk: the folders a project or a command names, and what a run keeps of them to be graded again."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from scorecard.cli.errors import CommandError
from scorecard.cli.runs import Run, slug, write_text
from scorecard.criteria import Criterion, catalogue
from scorecard.evidence import Text
from scorecard.project import ProjectFile

KEPT = "criteria"
"""Folder of a run that holds the own criteria it is graded with."""

SUMS = "SHA256SUMS"
"""Their digests, as ``sha256sum --check`` reads them."""


def folders(project: ProjectFile, root: Path, given: Sequence[Path]) -> tuple[Path, ...]:
    """The folders of own criteria: those of the project file (from ``root``), then those ``given``, each once."""
    named = [*(root / folder for folder in project.criteria.folders), *given]
    return tuple(dict.fromkeys(path.resolve() for path in named))


def criteria_of(own: Sequence[Path]) -> tuple[Criterion, ...]:
    """The shipped catalogue with the ``own`` folders. Raises CatalogueError as :func:`scorecard.criteria.catalogue`."""
    return catalogue(own=own)


def keep(run: Run, own: Sequence[Path]) -> None:
    """Copy the files of ``own`` into the run folder, instead of what it kept before.

    Raises:
        OSError: the folder cannot be written.
    """
    # Read before the old copy goes: it may be what is given.
    copies = {
        f"{number}-{slug(folder.name)}/{file.name}": file.read_bytes()
        for number, folder in enumerate(own, start=1)
        for file in sorted(folder.glob("*.toml"))
    }
    folder = run.folder / KEPT
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in copies.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    if copies:
        sums = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in copies.items())
        write_text(folder / SUMS, "".join(sums))


def kept(run: Run) -> tuple[Path, ...]:
    """The folders of own criteria that ``run`` keeps, none when it was graded with the shipped ones alone.

    Raises:
        CommandError: a file is not what it was when the run was graded, is missing, or was added.
    """
    folder = run.folder / KEPT
    if not folder.is_dir():
        return ()
    found = {
        f"{file.parent.name}/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.glob("*/*.toml")
    }
    wrong = sorted(set(found.items()) ^ set(_sums(folder / SUMS).items()))
    if wrong:
        name = f"{KEPT}/{wrong[0][0]}"
        raise CommandError(
            Text(
                en=f"{run.folder}: {name} is not what this run was graded with; name the folder with --criteria",
                fr=f"{run.folder} : {name} n’est pas ce avec quoi cette évaluation a été notée ; donner le dossier "
                "avec --criteria",
            )
        )
    return tuple(sorted({folder / name.split("/")[0] for name in found}, key=_number))


def _sums(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _number(folder: Path) -> int:
    number = folder.name.split("-", 1)[0]
    return int(number) if number.isdecimal() else 0
