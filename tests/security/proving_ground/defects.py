"""The planted defects of ``tests/proving_ground``: what each one is, who must find it, and a copy to try it on."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

GROUND = Path(__file__).resolve().parents[2] / "proving_ground"

Twin = Literal["weak", "sound"]
TWINS: tuple[Twin, ...] = ("weak", "sound")

PLANTED = {
    "${PLANTED_KEY_ID}": "AKIA" + "PORTANCEFAKE0001",
    "${PLANTED_PASSWORD}": "not-a-real-one-" + "Tr0ub4dor",
}
"""Put in place of their marks in the copy only: no scan of this repository or of its history meets a planted secret."""


@dataclass(frozen=True)
class Expected:
    """A finding that must come out: by which scanner (name of its evidence), where, and the fact it counts in.

    A ``*`` in the place stands for what is made at the time of the test (the name of a commit).
    """

    scanner: str
    place: str
    fact: str
    cwe: str


@dataclass(frozen=True)
class Defect:
    """A planted defect.

    Attributes:
        sought_by: the scanners that look for such a thing at all, found or missed.
        expected: the findings that must come out of the weak twin, and no other of the same weakness of the sound one.
    """

    name: str
    title: str
    cwe: str
    sought_by: tuple[str, ...]
    expected: tuple[Expected, ...]


def defects() -> tuple[Defect, ...]:
    """All planted defects, by name."""
    return tuple(_read(path) for path in sorted(GROUND.glob("*/defect.toml")))


def lay_out(name: str, folder: Path) -> Path:
    """Copy the project ``name`` below ``folder`` with its secrets and its history; gives the folder of the copy."""
    for shared in ("ground.py", "serve.py"):
        shutil.copy(GROUND / shared, folder / shared)
    copy = folder / name
    shutil.copytree(GROUND / name, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for file in _files(copy):
        file.write_text(_planted(file.read_text(encoding="utf-8")), encoding="utf-8")
    pasts = sorted(copy.glob("*.past"))
    if pasts:
        _give_history(copy, pasts)
    return copy


def _read(path: Path) -> Defect:
    said = tomllib.loads(path.read_text(encoding="utf-8"))
    expected = tuple(Expected(**{"cwe": said["cwe"], **one}) for one in said["expected"])
    return Defect(path.parent.name, said["title"], said["cwe"], tuple(said["sought_by"]), expected)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _planted(text: str) -> str:
    for mark, secret in PLANTED.items():
        text = text.replace(mark, secret)
    return text


def _give_history(copy: Path, pasts: list[Path]) -> None:
    """Make ``copy`` a repository: its first commit holds the files of each ``<twin>.past``, its second one does not."""
    present = {file: file.read_bytes() for file in _files(copy) if not any(file.is_relative_to(past) for past in pasts)}
    for past in pasts:
        shutil.copytree(past, past.with_suffix(""), dirs_exist_ok=True)
        shutil.rmtree(past)
    _git(copy, "init", "--quiet", "--initial-branch=main")
    _commit(copy, "First version")
    for file in _files(copy):
        if ".git" not in file.parts and file not in present:
            file.unlink()
    for file, content in present.items():
        file.write_bytes(content)
    _commit(copy, "Taken out again")


def _commit(folder: Path, message: str) -> None:
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", message)


def _git(folder: Path, *arguments: str) -> None:
    somebody = {"NAME": "Somebody", "EMAIL": "somebody@example.org"}
    identity = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in somebody.items()}
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **identity}
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, timeout=60)  # noqa: S607 (git of PATH)
