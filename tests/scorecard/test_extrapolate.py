"""``portance extrapolate``: files of points, and the answer in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from defusedxml import ElementTree

from loadtests.capacity import NotReachable, ReplicasNeeded, extrapolate, replicas_needed
from scorecard.cli.errors import CommandError
from scorecard.cli.extrapolate import as_document, describe, read_points
from scorecard.cli.extrapolate_plot import bars, write_svg

ESTIMATE = extrapolate([1, 2, 4], [100, 190, 350], 8)


def written(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_bytes(content.encode())
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "level,throughput\n1,100\n2,190.5\n4,350\n"),
        ("crlf.csv", "level,throughput\r\n1,100\r\n2,190.5\r\n4,350\r\n\r\n"),
        ("bom.csv", "\ufeffLevel , Throughput\n1,100\n2,190.5\n4,350"),
        ("french.csv", "date;throughput;level\nlundi;100;1\nmardi;190,5;2\nmardi;350;4\n"),
        ("a.json", '{"level": [1, 2, 4], "throughput": [100, 190.5, 350]}'),
        ("rows.json", '[{"level":1,"throughput":100},{"level":2,"throughput":190.5},{"level":4,"throughput":350}]'),
    ],
)
def test_points_are_read_from_the_forms_people_have(tmp_path: Path, name: str, content: str) -> None:
    assert read_points(written(tmp_path, name, content)) == ([1, 2, 4], [100, 190.5, 350])


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", "", "line 1: a header"),
        ("a.csv", "1,100\n2,200\n", "line 1: a header"),
        ("a.csv", "level,throughput,level\n1,2,3\n", "line 1: a header"),
        ("a.csv", "level,throughput\n1,100\n2,many\n", "line 3: throughput is 'many'"),
        ("a.csv", "level,throughput\n1,100\n\n2,nan\n", "line 4: throughput is 'nan'"),
        ("a.csv", "level,throughput\n1,100,5\n", "line 2: 3 cells for 2 columns"),
        ("a.csv", 'level,throughput\n1,"100\n', "not CSV"),
        ("a.json", '{"level": [1,\n2', "line 2: not valid JSON"),
        ("a.json", '{"levels": [1], "rates": [2]}', 'needs {"level"'),
        ("a.json", '{"level": [1, true], "throughput": [1, 2]}', "level number 2 is True"),
        ("a.json", '{"level": [1, 2], "throughput": [1, NaN]}', "throughput number 2 is nan"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_where(tmp_path: Path, name: str, content: str, says: str) -> None:
    with pytest.raises(CommandError, match=r"a\.(csv|json)") as caught:
        read_points(written(tmp_path, name, content))
    assert says in caught.value.text.en
    assert caught.value.text.fr != caught.value.text.en


def test_a_missing_file_and_one_that_is_no_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.csv: cannot be read"):
        read_points(tmp_path / "none.csv")
    path = tmp_path / "binary.csv"
    path.write_bytes(b"level,throughput\n\xff\xfe")
    with pytest.raises(CommandError, match="not UTF-8"):
        read_points(path)


def test_the_answer_says_its_interval_and_how_far_it_reaches() -> None:
    english, french = (describe(ESTIMATE, None, lang) for lang in ("en", "fr"))
    assert "between" in english
    assert "90% confidence" in english
    assert "2 times the highest level measured" in english
    assert "entre" in french
    assert "2 fois le plus haut niveau mesuré" in french


def test_a_level_that_was_measured_is_not_called_an_extrapolation() -> None:
    assert "within what was measured" in describe(extrapolate([1, 2, 4], [100, 190, 350], 3), None, "en")


def test_replicas_are_told_with_their_spare_or_plainly_refused() -> None:
    needed = replicas_needed([1, 2, 4], [100, 198, 390], demand=200)
    assert isinstance(needed, ReplicasNeeded)
    assert f"Replicas needed: {needed.count}." in describe(ESTIMATE, needed, "en")
    exhausted = replicas_needed([1, 2, 4], [100, 120, 121], demand=500)
    assert "not reachable by adding replicas" in describe(ESTIMATE, exhausted, "en")
    assert "n’est pas atteignable en ajoutant des instances" in describe(ESTIMATE, exhausted, "fr")
    further = replicas_needed([1, 2, 4], [100, 198, 390], demand=50_000)
    assert "Measure with more replicas" in describe(ESTIMATE, further, "en")


def test_the_document_is_plain_json_with_the_same_figures() -> None:
    answer = replicas_needed([1, 2, 4], [100, 120, 121], demand=500)
    assert isinstance(answer, NotReachable)
    document = json.loads(json.dumps(as_document(ESTIMATE, answer), allow_nan=False))
    assert (document["value"], document["low"], document["high"]) == (ESTIMATE.value, ESTIMATE.low, ESTIMATE.high)
    assert document["replicas"]["reachable"] is False
    assert document["replicas"]["reason"]["fr"]
    assert "replicas" not in as_document(ESTIMATE)


def test_the_curve_is_drawn_for_a_terminal_and_as_svg(tmp_path: Path) -> None:
    levels, rates = [1.0, 1.0, 2.0, 4.0, 8.0], [25.0, 27.0, 49.0, 93.0, 160.0]
    estimate = extrapolate(levels, rates, 24)
    drawn = bars(levels, rates, estimate, "en")
    assert [line.split()[0] for line in drawn] == ["1", "2", "4", "8", "24"]
    assert drawn[0].endswith(" 26")
    full, wide = drawn[-1].count("█"), drawn[-1].count("█") + drawn[-1].count("░")
    assert full / wide == pytest.approx(estimate.low / estimate.high, abs=0.05)
    path = tmp_path / "curve.svg"
    write_svg(path, levels, rates, estimate, 195.0, "fr")
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    shapes = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert (shapes.count("circle"), shapes.count("polygon"), shapes.count("polyline")) == (5, 1, 1)
    words = [(element.text or "").split() for element in root.iter() if element.tag.endswith("text")]
    assert ["demandé", ":", "195"] in words
    assert not any("seconde" in word for word in words)
    with pytest.raises(CommandError, match="cannot be written"):
        write_svg(tmp_path / "nowhere" / "curve.svg", levels, rates, estimate, None, "en")
