"""The objects a folder of manifests stands for: plain files as they are, a kustomization as kustomize renders it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from k8s import kustomization
from k8s.documents import SUFFIXES, ManifestError, Reading, read_file, read_text
from scorecard import processes
from scorecard.evidence import Text

RENDER_TIMEOUT_S = 60
MAX_FILES = 2_000

Which = Callable[[str], str | None]


def render(path: Path, which: Which = shutil.which) -> Reading:
    """Every object of a file, a folder or a kustomization, with the reasons why some may be missing.

    Args:
        path: a YAML file, a folder of them, or a folder with a kustomization.
        which: finds a program by its name; kustomize, then kubectl, then the subset in ``k8s.kustomization``.

    Raises:
        ManifestError: nothing can be known of these manifests.
    """
    if path.is_file() and path.name in kustomization.FILE_NAMES:
        return _kustomized(path.parent, which)
    if path.is_file():
        return read_file(path, path.name)
    if not path.is_dir():
        raise ManifestError(
            Text(en=f"{path.name}: no such file or folder", fr=f"{path.name} : fichier ou dossier introuvable")
        )
    if kustomization.file_in(path) is not None:
        return _kustomized(path, which)
    return _folder(path)


def _kustomized(folder: Path, which: Which) -> Reading:
    for program, arguments in (("kustomize", ["build"]), ("kubectl", ["kustomize"])):
        found = which(program)
        if found is not None:
            return read_text(_run([found, *arguments, str(folder)], program), f"{program} {folder.name}")
    return kustomization.resolve(folder, folder)


def _run(command: list[str], program: str) -> str:
    try:
        done = processes.run(command, timeout_s=RENDER_TIMEOUT_S, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except subprocess.TimeoutExpired as error:
        raise ManifestError(
            Text(
                en=f"{program} did not end within {RENDER_TIMEOUT_S} s",
                fr=f"{program} n’a pas terminé en {RENDER_TIMEOUT_S} s",
            )
        ) from error
    if done.returncode != 0:
        errors = done.stderr.decode("utf-8", "replace")
        said = next((line.strip() for line in errors.splitlines() if line.strip()), f"exit code {done.returncode}")
        raise ManifestError(Text(en=f"{program} refuses: {said}", fr=f"{program} refuse : {said}"))
    return done.stdout.decode("utf-8", "replace")


def _folder(folder: Path) -> Reading:
    """Objects of every YAML file below a folder; Helm charts and kustomizations inside it are said, not guessed."""
    reading = Reading()
    files = 0
    for current, folders, names in os.walk(folder):
        here = Path(current)
        shown = folder.name if here == folder else str(here.relative_to(folder))
        if (here / "Chart.yaml").is_file():
            folders.clear()
            reading.problems.append(
                Text(
                    en=f"{shown}: a Helm chart, which is not rendered here; give its output (helm template) instead",
                    fr=f"{shown} : un chart Helm, non interprété ici ; fournissez son résultat (helm template)",
                )
            )
            continue
        if kustomization.file_in(here) is not None:
            folders.clear()
            reading.problems.append(
                Text(
                    en=f"{shown}: a kustomization; let target.manifests name the one that is deployed",
                    fr=f"{shown} : une kustomization ; target.manifests doit désigner celle qui est déployée",
                )
            )
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(name for name in names if name.endswith(SUFFIXES)):
            files += 1
            if files > MAX_FILES:
                reading.problems.append(Text(en=f"more than {MAX_FILES} files", fr=f"plus de {MAX_FILES} fichiers"))
                return reading
            found = read_file(here / name, str((here / name).relative_to(folder)))
            reading.resources += found.resources
            reading.problems += found.problems
    return reading
