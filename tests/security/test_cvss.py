"""Base scores, against vectors scored in FIRST's own examples and in the national database."""

from __future__ import annotations

import pytest

from scorecard.evidence import Severity
from security.cvss import band, base_score


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.1/AV:N/AC:L/PR:H/UI:R/S:C/C:L/I:L/A:N", 4.8),
        ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H", 5.9),
        ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", 1.6),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
    ],
)
def test_known_vectors_have_their_known_score(vector, score):
    assert base_score(vector) == score


@pytest.mark.parametrize(
    "vector", ["", "9.8", "CVSS:3.1/AV:N", "CVSS:4.0/AV:N/AC:L", "CVSS:3.1/AV:Z/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"]
)
def test_what_is_not_a_whole_vector_has_no_score(vector):
    assert base_score(vector) is None


def test_bands_meet_at_their_published_limits():
    limits = {
        0.0: "none",
        0.1: "low",
        3.9: "low",
        4.0: "medium",
        6.9: "medium",
        7.0: "high",
        8.9: "high",
        9.0: "critical",
    }
    assert {score: band(score) for score in limits} == {score: Severity(word) for score, word in limits.items()}
