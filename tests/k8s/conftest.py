"""A project whose manifests are a given path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scorecard import project
from scorecard.evidence import Evidence, Fact
from scorecard.site import Site


@pytest.fixture
def site_of(tmp_path: Path) -> Callable[[Path | None], Site]:
    def make(manifests: Path | None) -> Site:
        line = "" if manifests is None else f'manifests = "{manifests}"\n'
        content = f'[project]\nname = "Aides"\nusers = 1000\n[target]\nurl = "http://127.0.0.1:1"\n{line}'
        return Site(project=project.parse(content.encode()), root=tmp_path, run=tmp_path / "run")

    return make


@pytest.fixture
def fact() -> Callable[[Evidence, str], Fact]:
    return lambda evidence, name: next(found for found in evidence.facts if found.id == f"k8s.{name}")
