"""EcoIndex: how light a page is among the pages of the Web, 0 to 100."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

# Quantiles of 500 000 pages of the HTTP Archive (20 classes) and lower ends of the grades, as the Collectif Conception
# Numérique Responsable publishes them: cnumr/ecoindex_reference, ecoindex_reference.json.
_DOM = (0, 47, 75, 159, 233, 298, 358, 417, 476, 537, 603, 674, 753, 843, 949, 1076, 1237, 1459, 1801, 2479, 594601)
_REQUESTS = (0, 2, 15, 25, 34, 42, 49, 56, 63, 70, 78, 86, 95, 105, 117, 130, 147, 170, 205, 281, 3920)
_KILOBYTES = (
    0, 1.37, 144.7, 319.53, 479.46, 631.97, 783.38, 937.91, 1098.62, 1265.47, 1448.32, 1648.27, 1876.08, 2142.06,
    2465.37, 2866.31, 3401.59, 4155.73, 5400.08, 8037.54, 223212.26,
)  # fmt: skip
_GRADES = ((80, "A"), (70, "B"), (55, "C"), (40, "D"), (25, "E"), (10, "F"))


def score(dom_nodes: int, requests: int, weight: float) -> float:
    """EcoIndex of a page from its DOM elements, its requests and its bytes transferred (a kilobyte is 1 000 bytes).

    100 - 5 (3 d + 2 r + w) / 6, where d, r and w are the places, 0 to 20, among the quantiles: GreenIT, EcoIndex 3.
    """
    places = 3 * _place(dom_nodes, _DOM) + 2 * _place(requests, _REQUESTS) + _place(weight / 1000, _KILOBYTES)
    return 100 - 5 * places / 6


def grade(value: float) -> str:
    """Letter of a score: A above 80, down to G at 10 and below."""
    return next((letter for above, letter in _GRADES if value > above), "G")


def _place(value: float, quantiles: Sequence[float]) -> float:
    if value < 0:
        raise ValueError(f"{value} is below zero: nothing on a page is")
    lower = bisect_right(quantiles, value) - 1
    if lower == len(quantiles) - 1:
        return float(lower)
    return lower + (value - quantiles[lower]) / (quantiles[lower + 1] - quantiles[lower])
