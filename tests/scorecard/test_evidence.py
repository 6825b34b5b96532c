import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from scorecard.evidence import (
    Column,
    Evidence,
    EvidenceError,
    Fact,
    Provenance,
    Status,
    Table,
    Text,
    Unit,
    broken,
    read,
    write,
)

WHY = Text(en="nobody looked", fr="personne n'a regardé")


def observed(**changes: object) -> Evidence:
    values: dict[str, object] = {
        "name": "load",
        "collector": "loadtests",
        "project": "Aide d'urgence",
        "status": Status.COMPLETED,
        "provenance": Provenance.since(datetime.now(UTC), tool="test", version="1"),
        "facts": (Fact(id="load.p95", value=0.31, unit=Unit.SECOND, low=0.3, high=0.35),),
        "tables": (Table(id="load.steps", columns=(Column(name="rate", unit=Unit.RATIO),), rows=((1.0,), (None,))),),
    }
    return Evidence.model_validate(values | changes)


def test_what_is_written_is_read_back_the_same(tmp_path: Path) -> None:
    evidence = observed()
    assert read(write(evidence, tmp_path)) == evidence.sealed()


def test_a_fact_without_value_needs_a_reason() -> None:
    with pytest.raises(ValidationError, match="no value and no reason"):
        Fact(id="load.p95", value=None, unit=Unit.SECOND)
    assert Fact(id="load.p95", value=None, unit=Unit.SECOND, reason=WHY).reason == WHY


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_not_finite_are_refused(number: float) -> None:
    with pytest.raises(ValidationError):
        Fact(id="load.p95", value=number, unit=Unit.SECOND)


@pytest.mark.parametrize(
    ("value", "unit"), [(True, Unit.COUNT), (1, Unit.YES_NO), ("fast", Unit.SECOND), (1.0, Unit.TEXT)]
)
def test_a_value_of_another_kind_than_its_unit_is_refused(value: object, unit: Unit) -> None:
    with pytest.raises(ValidationError, match="not a value in unit"):
        Fact.model_validate({"id": "a.b", "value": value, "unit": unit})


def test_an_interval_upside_down_is_refused() -> None:
    with pytest.raises(ValidationError, match="above high"):
        Fact(id="a.b", value=2.0, unit=Unit.SECOND, low=3.0, high=1.0)


def test_a_row_that_does_not_fit_its_columns_is_refused() -> None:
    with pytest.raises(ValidationError, match="cells for"):
        Table(id="t", columns=(Column(name="a"),), rows=((1.0, 2.0),))


@pytest.mark.parametrize("status", [Status.DEGRADED, Status.SKIPPED, Status.ERROR])
def test_whatever_did_not_complete_says_why(status: Status) -> None:
    with pytest.raises(ValidationError, match="without a reason"):
        observed(status=status)


def test_completed_evidence_says_whence_it_comes() -> None:
    with pytest.raises(ValidationError, match="without provenance"):
        observed(provenance=None)


def test_broken_evidence_holds_no_fact() -> None:
    assert broken("load", "p", WHY).facts == ()


def test_evidence_changed_by_hand_is_refused(tmp_path: Path) -> None:
    path = write(observed(), tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("0.31", "0.11"), encoding="utf-8")
    with pytest.raises(EvidenceError, match=r"load\.json: the digest does not match"):
        read(path)


def test_evidence_cut_short_is_refused(tmp_path: Path) -> None:
    path = write(observed(), tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(EvidenceError, match=r"load\.json: not valid JSON"):
        read(path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"null", b'{"schema": "portance/evidence/9"}'])
def test_a_file_that_is_no_evidence_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "load.json"
    path.write_bytes(content)
    with pytest.raises(EvidenceError, match=r"^load\.json: "):
        read(path)


def test_an_unknown_field_is_refused(tmp_path: Path) -> None:
    path = write(observed(), tmp_path)
    document = json.loads(path.read_text(encoding="utf-8"))
    document["verdict"] = "pass"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(EvidenceError, match="verdict"):
        read(path)


def test_a_failed_write_keeps_the_file_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(observed(), tmp_path)
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(observed(facts=()), tmp_path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
