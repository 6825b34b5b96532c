"""Which program graded a run: its version, and what it is made of, since a clone changes between two versions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources
from importlib.resources.abc import Traversable

PACKAGE = "scorecard"
"""What grades and writes: criteria, grading, reports; collectors are named in the evidence they left."""


@dataclass(frozen=True)
class Program:
    """Version of Portance, and SHA-256 of the files that grade and write."""

    version: str
    digest: str


@cache
def program() -> Program:
    """The program that runs now."""
    whole = hashlib.sha256()
    for name, file in sorted(_files(resources.files(PACKAGE), ""), key=lambda found: found[0]):
        content = file.read_bytes()
        whole.update(f"{name}\0{len(content)}\0".encode() + content)
    return Program(metadata.version("portance"), whole.hexdigest())


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for item in folder.iterdir():
        if item.is_dir() and item.name != "__pycache__":
            yield from _files(item, f"{prefix}{item.name}/")
        elif item.is_file():
            yield prefix + item.name, item
