"""What is withheld cannot be worked out: not by subtraction, not by solving all lines together."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from reference_app.open_data.secrecy import LEAST, TOTAL, Cell, withheld

Numbers = dict[Cell, int]


def table_of(inner: list[list[int]]) -> Numbers:
    """A table with its totals; rows are named 0, 1, …, columns a, b, …."""
    found: Numbers = {}
    for row, numbers in enumerate(inner):
        found |= {(str(row), chr(97 + column)): number for column, number in enumerate(numbers)}
        found[str(row), TOTAL] = sum(numbers)
    for column in range(len(inner[0])):
        found[TOTAL, chr(97 + column)] = sum(numbers[column] for numbers in inner)
    found[TOTAL, TOTAL] = sum(map(sum, inner))
    return found


def bounds(numbers: Numbers, hidden: frozenset[Cell], wanted: Cell) -> tuple[float, float]:
    """What a stranger who solves every line for ``wanted`` finds; they know that zeros are always shown."""
    cells = sorted(numbers)
    place = {cell: index for index, cell in enumerate(cells)}
    equations, known = [], []
    for side, name in sorted({(0, row) for row, _ in cells} | {(1, column) for _, column in cells}):
        equation = np.zeros(len(cells))
        for cell in (cell for cell in cells if cell[side] == name):
            equation[place[cell]] = -1.0 if cell[1 - side] == TOTAL else 1.0
        equations.append(equation)
        known.append(0.0)
    ranges = [(1, None) if cell in hidden else (numbers[cell], numbers[cell]) for cell in cells]
    aim = np.zeros(len(cells))
    aim[place[wanted]] = 1.0
    found = [linprog(sign * aim, A_eq=np.array(equations), b_eq=known, bounds=ranges) for sign in (1, -1)]
    low = found[0].fun if found[0].status == 0 else -np.inf
    high = -found[1].fun if found[1].status == 0 else np.inf
    return float(low), float(high)


def recovered(numbers: Numbers, hidden: frozenset[Cell]) -> list[Cell]:
    """The withheld cells of which only one number is possible."""
    found = {cell: bounds(numbers, hidden, cell) for cell in hidden}
    return [cell for cell, (low, high) in found.items() if high - low < 0.5]


def small(numbers: Numbers) -> frozenset[Cell]:
    """The control: what is withheld without any other to protect it."""
    return frozenset(cell for cell, number in numbers.items() if 0 < number < LEAST)


FEW = table_of([[40, 3, 20], [35, 18, 25], [50, 30, 12]])
LONG_WAY = table_of([[1, 10, 0], [0, 10, 1], [10, 0, 10]])
"""Withheld numbers in a ring of six in which two that are 1 stand in each other's way."""


def test_withholding_the_small_number_alone_gives_it_away():
    assert recovered(FEW, small(FEW)) == [("0", "b")]


def test_it_is_withheld_with_others_that_protect_it():
    hidden = withheld(FEW)
    assert ("0", "b") in hidden
    assert len(hidden) >= 4
    assert recovered(FEW, hidden) == []
    assert (TOTAL, TOTAL) not in hidden


def test_a_bridge_between_two_rings_is_seen_too():
    inner = [[5, 50, 0, 0], [50, 50, 7, 0], [0, 0, 50, 60], [0, 0, 60, 9]]
    numbers = table_of(inner)
    assert recovered(numbers, small(numbers)) != []
    assert recovered(numbers, withheld(numbers)) == []


def test_numbers_that_cannot_be_less_than_one_are_reckoned_with():
    hidden = withheld(LONG_WAY)
    assert recovered(LONG_WAY, hidden) == []


def test_a_table_without_small_numbers_is_shown_whole():
    assert withheld(table_of([[11, 200], [0, 12]])) == frozenset()


def test_zeros_are_shown():
    numbers = table_of([[0, 3], [40, 0]])
    assert all(numbers[cell] > 0 for cell in withheld(numbers))


def lines_of(numbers: Numbers) -> list[tuple[list[Cell], Cell]]:
    rows, columns = {row for row, _ in numbers}, {column for _, column in numbers}
    by_row = [([(row, column) for column in columns if column != TOTAL], (row, TOTAL)) for row in rows]
    return by_row + [([(row, column) for row in rows if row != TOTAL], (TOTAL, column)) for column in columns]


INNER = st.integers(2, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.one_of(st.integers(0, 12), st.integers(0, 60)), min_size=width, max_size=width),
        min_size=1,
        max_size=4,
    )
)


@settings(max_examples=60, deadline=None)
@given(INNER)
def test_nothing_small_is_shown_and_nothing_withheld_is_recovered(inner):
    numbers = table_of(inner)
    hidden = withheld(numbers)
    assert not [cell for cell, number in numbers.items() if cell not in hidden and 0 < number < LEAST]
    for inside, total in lines_of(numbers):
        out = [numbers[cell] for cell in inside if cell in hidden]
        if total not in hidden and out:
            assert len(out) > 1
            assert sum(out) >= LEAST
    assert recovered(numbers, hidden) == []


def test_the_control_is_recovered_often():
    """Without the others most tables with a small number give it away: the checker above is one that can fail."""
    given_away = [
        inner
        for inner in product([[30, 4], [30, 20]], [[5, 40], [25, 31]])
        if recovered(table_of(list(inner)), small(table_of(list(inner))))
    ]
    assert len(given_away) >= 2


@pytest.mark.parametrize("number", [1, 10, 11, 12])
def test_the_line_is_at_eleven(number):
    numbers = table_of([[number, 300, 300], [300, 300, 300]])
    assert (("0", "a") in withheld(numbers)) == (number < 11)
