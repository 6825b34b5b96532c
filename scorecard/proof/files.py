"""The files of a run and their digests."""

from __future__ import annotations

import hashlib
from pathlib import Path

FOLDER = "proof"
"""Folder of a run that holds its statement, its summary and their signatures; it proves, and is not proved."""

STATEMENT = "statement.json"
SUMMARY = "summary.json"
SCORECARD = "scorecard.json"

LINK = "link"
"""What stands for the digest of a link: what it leads to may change without the run."""


def envelope(name: str) -> str:
    """Name of the signed copy of a document of the proof: ``statement.dsse.json`` for ``statement.json``."""
    return name.removesuffix(".json") + ".dsse.json"


KNOWN = frozenset({STATEMENT, SUMMARY, envelope(STATEMENT), envelope(SUMMARY)})
"""Every file that the folder of the proof may hold."""


def digests(run: Path) -> dict[str, str]:
    """SHA-256 of every file of ``run`` but its proof, by path from the run folder, in order.

    A link has :data:`LINK` for a digest, which no file has.

    Raises:
        OSError: a file cannot be read.
    """
    found = {path.relative_to(run).as_posix(): path for path in run.rglob("*") if path.is_symlink() or path.is_file()}
    return {name: _digest(found[name]) for name in sorted(found) if not name.startswith(f"{FOLDER}/")}


def sha256(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _digest(path: Path) -> str:
    if path.is_symlink():
        return LINK
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
