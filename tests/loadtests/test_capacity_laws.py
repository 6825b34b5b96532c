"""The classical laws, against fits published elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from loadtests.scaling_laws import Usl, fit_amdahl, fit_usl

RAYTRACER_N = [1, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64]
RAYTRACER_X = [20, 78, 130, 170, 190, 200, 210, 230, 260, 280, 310]


def test_the_usl_of_the_raytracer_is_the_published_one() -> None:
    law = fit_usl(RAYTRACER_N[:6], RAYTRACER_X[:6])
    assert (law.contention, law.coherency, law.gain) == pytest.approx((0.02444, 0.00163, 20.856), rel=5e-3)


def test_over_all_levels_the_raytracer_shows_no_coherency() -> None:
    law = fit_usl(RAYTRACER_N, RAYTRACER_X)
    assert (law.contention, law.gain) == pytest.approx((0.0578, 21.85), rel=5e-3)
    assert law.coherency < 1e-5


@pytest.mark.parametrize("residual", ["rate", "log"])
def test_the_parameters_of_a_synthetic_curve_are_found_again(residual: str) -> None:
    measured = [1, 1.8868, 3.0769, 3.5294, 3.5398, 3.3557]
    law = fit_usl([1, 2, 4, 6, 8, 10], measured, "rate" if residual == "rate" else "log")
    assert (law.contention, law.coherency, law.gain) == pytest.approx((0.02, 0.02, 1.0), abs=1e-4)
    assert law.peak == pytest.approx(7.0, abs=0.01)


def test_without_coherency_the_law_is_amdahls_and_has_no_peak() -> None:
    truth = Usl(0.1, 0.0, 50.0)
    law = fit_amdahl([1, 2, 4, 8], truth.rate(np.array([1, 2, 4, 8])))
    assert (law.contention, law.coherency, law.gain) == pytest.approx((0.1, 0.0, 50.0), abs=1e-3)
    assert law.peak == math.inf


def test_the_unit_of_the_rates_only_scales_the_gain() -> None:
    small, large = (fit_usl(RAYTRACER_N, [x * unit for x in RAYTRACER_X]) for unit in (1e-4, 1e6))
    assert large.contention == pytest.approx(small.contention, rel=1e-4)
    assert large.gain / small.gain == pytest.approx(1e10, rel=1e-4)
