"""Learning from curves: on software kept apart, the intervals hold what they promise; made-up curves throughout."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from loadtests import theory
from loadtests.analogues import Calibration, shape, shipped
from loadtests.calibration import FEWEST, WINDOWS, Curves, calibrate, folds, main, read, windows
from loadtests.errors import LoadTestError

LEVELS = 2.0 ** np.arange(3, 9)


def invented(count: int, seed: int) -> Curves:
    """Curves that saturate somewhere, some of which fall afterwards, with a little noise; five to a framework."""
    generator = np.random.default_rng(seed)
    ceiling = 2 ** generator.uniform(3, 9, (count, 1))
    fall = generator.choice([0.0, 0.0, 0.002], (count, 1))
    rates = LEVELS / (1 + LEVELS / ceiling + fall * LEVELS) * np.exp(generator.normal(0, 0.03, (count, len(LEVELS))))
    return Curves(
        levels=LEVELS,
        log_rates=np.log(1_000 * rates),
        frameworks=tuple(f"f{i // 5}-variant{i % 5}" for i in range(count)),
        series=("json",) * count,
        rounds=tuple(1 + i % 5 for i in range(count)),
        source="invented",
    )


@pytest.fixture(scope="module")
def learned() -> Calibration:
    curves = invented(300, seed=1)
    # A second round of the same software, so that the noise between rounds can be seen.
    again = replace(curves, rounds=tuple(r + 1 for r in curves.rounds), log_rates=curves.log_rates + 0.01)
    both = Curves(
        levels=LEVELS,
        log_rates=np.concatenate([curves.log_rates, again.log_rates]),
        frameworks=curves.frameworks * 2,
        series=curves.series * 2,
        rounds=curves.rounds + again.rounds,
        source="invented",
    )
    return calibrate(both)


@pytest.mark.parametrize("horizon", [1, 2])
def test_intervals_hold_what_they_promise_on_software_kept_apart(learned: Calibration, horizon: int) -> None:
    slopes, changes = windows(invented(500, seed=2), horizon, 1)
    low, high = learned.atlases[horizon].bounds(slopes, 0.9)
    assert 0.84 <= np.mean((low <= changes) & (changes <= high)) <= 0.97


@pytest.mark.parametrize("horizon", [1, 2])
def test_a_calibration_that_claims_too_much_is_caught_by_the_same_check(learned: Calibration, horizon: int) -> None:
    atlas = learned.atlases[horizon]
    boastful = replace(atlas, levels=atlas.levels * [1, 0.5])
    slopes, changes = windows(invented(500, seed=2), horizon, 1)
    low, high = boastful.bounds(slopes, 0.9)
    assert np.mean((low <= changes) & (changes <= high)) < 0.84


def test_no_group_is_on_both_sides_of_a_split_and_every_curve_is_judged_once() -> None:
    curves = invented(60, seed=3)
    judged = []
    for learn, judge in folds(curves.families, 4):
        assert not {curves.families[i] for i in learn} & {curves.families[i] for i in judge}
        judged += list(judge)
    assert sorted(judged) == list(range(60))


def test_variants_of_a_framework_are_one_family() -> None:
    assert set(invented(10, seed=4).families) == {"f0", "f1"}


def test_a_calibration_survives_its_file(learned: Calibration) -> None:
    document = json.loads(json.dumps(learned.as_document(), allow_nan=False))
    again = Calibration.of_document(document)
    assert again.as_document() == learned.as_document()


def test_the_shipped_calibration_says_how_it_was_made_and_names_no_software() -> None:
    made = shipped().made
    assert made["curves"] > 1_000
    assert made["families"] > 100
    assert shipped().atlases.keys() == WINDOWS.keys()
    for atlas in shipped().atlases.values():
        assert atlas.counts.min() >= FEWEST >= 3
        assert (np.diff(atlas.knots, axis=1) >= 0).all()
        assert (np.diff(atlas.levels, axis=0) >= 0).all()


def test_a_shape_is_the_slope_of_each_octave_the_newest_first() -> None:
    octaves = np.log2([1.0, 2.0, 4.0, 8.0])
    slopes = shape(octaves, np.log([100.0, 200.0, 200.0, 100.0]))
    assert slopes == pytest.approx([-1, 0, 1])


def test_an_octave_of_which_less_than_half_was_measured_is_left_out() -> None:
    slopes = shape(np.log2([1.0, 2.0, 2.5]), np.log([10.0, 20.0, 25.0]))
    assert slopes[0] == pytest.approx(1)
    assert np.isnan(slopes[1:]).all()


def test_the_laws_speak_only_for_shapes_that_published_curves_hardly_show() -> None:
    for horizon in (1, 2):
        slopes, changes = theory.windows(horizon, seed=1)
        assert ((slopes[:, 0] >= theory.STILL_GROWING) | (slopes[:, 0] <= theory.FALLING)).all()
        assert (changes < horizon * np.log(3)).all()


def _document(**changes: object) -> dict[str, object]:
    plain = {
        "source": "invented",
        "concurrency": [8, 16, 32, 64],
        "columns": ["round", "test", "framework", "throughput"],
        "curves": [[1, "json", "a", [1.0, 2.0, 3.0, 4.0]]],
    }
    return {**plain, **changes}


def test_curves_are_read_with_their_names(tmp_path: Path) -> None:
    path = tmp_path / "curves.json"
    path.write_text(json.dumps(_document()), encoding="utf-8")
    curves = read(path)
    assert (curves.frameworks, curves.series, curves.rounds) == (("a",), ("json",), (1,))
    assert np.exp(curves.log_rates[0]) == pytest.approx([1, 2, 3, 4])


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        json.dumps(_document(concurrency=[8, 16, 32, 65])),
        json.dumps(_document(curves=[[1, "json", "a", [1.0, 0.0, 3.0, 4.0]]])),
        json.dumps(_document(curves=[[1, "json", "a", [1.0, 2.0]], [1, "json", "b", [1.0, 2.0, 3.0, 4.0]]])),
        json.dumps(_document(curves=[["json", "a", [1.0, 2.0, 3.0, 4.0]]])),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_curves_that_cannot_be_used_are_refused_by_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "curves.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(LoadTestError, match=r"curves\.json"):
        read(path)


def test_the_script_says_what_is_wrong_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "missing.json"), str(tmp_path / "out.json")]) == 2
    assert "missing.json" in capsys.readouterr().err
    assert not (tmp_path / "out.json").exists()
    assert main([]) == 2
