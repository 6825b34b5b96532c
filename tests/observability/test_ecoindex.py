"""EcoIndex against what its authors publish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observability import ecoindex


def test_the_published_example_has_the_published_score_and_grade():
    # README of ecoindex_compute: 100 nodes, 100 kB, 100 requests give 72.0 and B.
    score = ecoindex.score(dom_nodes=100, requests=100, weight=100_000)
    assert round(score) == 72
    assert ecoindex.grade(score) == "B"


def test_nothing_is_a_hundred_and_the_heaviest_page_known_is_zero():
    assert ecoindex.score(0, 0, 0) == 100
    assert ecoindex.score(594_601, 3920, 223_212_260) == 0
    assert ecoindex.score(10**9, 10**9, 10**12) == 0


@pytest.mark.parametrize(
    ("score", "letter"), [(100, "A"), (80.1, "A"), (80, "B"), (70, "C"), (55, "D"), (40, "E"), (25, "F"), (10, "G")]
)
def test_a_grade_begins_above_its_line(score: float, letter: str):
    assert ecoindex.grade(score) == letter


@given(st.integers(0, 600_000), st.integers(0, 4_000), st.floats(0, 3e8), st.integers(1, 1000))
def test_a_heavier_page_never_scores_better(dom: int, requests: int, weight: float, more: int):
    before = ecoindex.score(dom, requests, weight)
    assert ecoindex.score(dom + more, requests, weight) <= before
    assert ecoindex.score(dom, requests + more, weight) <= before
    assert ecoindex.score(dom, requests, weight + more * 1000) <= before


def test_less_than_nothing_is_refused():
    with pytest.raises(ValueError, match="below zero"):
        ecoindex.score(-1, 0, 0)
