"""The line of code that a span names: the service's own, and no more of the path than says which file it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from observability import call_sites, memory
from observability.loaded import Loaded, read
from scorecard import evidence
from scorecard.evidence import Column, Table, Text, Unit, broken


def compiled(path: str, source: str, **names: object) -> Callable[[], dict[str, str | int]]:
    """A function as if it stood in the file at ``path``."""
    space: dict[str, object] = dict(names)
    exec(compile(source, path, "exec"), space)  # noqa: S102 (the test's own source)
    made = space["call"]
    assert callable(made)
    return made


def test_the_innermost_frame_that_is_no_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    library = compiled(json.__file__, "def call():\n    return here()", here=call_sites.here)
    own = compiled(str(tmp_path / "app" / "letters.py"), "\n\ndef call():\n    return library()", library=library)
    assert own() == {call_sites.FILE: "app/letters.py", call_sites.LINE: 4}


def test_of_a_file_elsewhere_three_parts_say_which_it_is() -> None:
    own = compiled("/elsewhere/jean.dupont/town/app/letters.py", "def call():\n    return here()", here=call_sites.here)
    assert own()[call_sites.FILE] == "town/app/letters.py"


def test_code_made_at_run_time_or_of_a_library_has_no_line() -> None:
    assert call_sites.of_code(compile("1", "<string>", "eval")) == {}
    assert call_sites.of_code(json.loads.__code__) == {}
    assert call_sites.of_code(pytest.raises.__code__) == {}


def test_steps_without_a_usable_time_are_left_out(tmp_path: Path) -> None:
    assert read(tmp_path) == Loaded()
    names = ("achieved", "outcome", "started", "ended")
    times = ("2026-11-22T12:00:00.000+00:00", "2026-11-22T12:00:05.500+00:00")
    steps = Table.model_validate(
        {
            "id": "load.steps",
            "columns": [
                Column(name=name, unit=Unit.REQUESTS_PER_SECOND if name == "achieved" else None) for name in names
            ],
            "rows": [
                (10.0, "held", *times),
                (80.0, "held", None, None),
                (90.0, "void", *times),
                (99.0, "held", "?", "?"),
            ],
        }
    )
    load = broken("load", "Aides", Text(en="x", fr="x")).model_copy(update={"tables": (steps,)})
    evidence.write(load, tmp_path / "evidence")
    (step,) = read(tmp_path).steps
    assert (step.rate, step.end_ns - step.begin_ns) == (10.0, 5_500_000_000)


def test_lines_of_memory_cut_short_are_left_out(tmp_path: Path) -> None:
    assert memory.read(tmp_path / "none") == []
    path = tmp_path / "memory.jsonl"
    path.write_text('{"at_ns": 2, "bytes": 20}\n[]\n{"at_ns": 1, "bytes": 10}\n{"at_ns": 3, "by', encoding="utf-8")
    assert memory.read(path) == [(1, 10), (2, 20)]
