"""Which numbers of a table are withheld so that none speaks of few people, nor can be worked out from the others.

A number from 1 to 10 is withheld: fewer than eleven is what statistics on persons never show (Insee, rule of the 11 for
fiscal data; that for businesses asks for three only). With totals beside, one number withheld is their difference; so
others are withheld with it until

* what is withheld in a line whose total is shown adds up to eleven at least, since its sum can be worked out; and
* of every number withheld there is another table, with the same numbers shown, in which it is different.

The second is looked for as a cycle of changes that cancel out in every line (Gusfield, "A graph theoretic approach to
statistical data security", SIAM J. Comput. 17, 1988), among numbers that are at least 1, since zeros are always shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

LEAST = 11
"""The fewest people a number may speak of."""
TOTAL = "*"
"""The name of the line of totals, in both directions."""

Cell = tuple[str, str]
Table = Mapping[Cell, int]


def withheld(table: Table) -> frozenset[Cell]:
    """The cells of ``table``, totals among them, that are not to be shown."""
    hidden = {cell for cell, number in table.items() if 0 < number < LEAST}
    while (line := _weak_line(table, hidden)) is not None:
        hidden.add(_smallest(table, line, hidden))
    return frozenset(hidden)


def _weak_line(table: Table, hidden: Set[Cell]) -> list[Cell] | None:
    """Cells that may be withheld to mend what can be worked out; None when nothing can."""
    for line, total in _lines(table):
        inside = [cell for cell in line if cell in hidden]
        shown = [cell for cell in line if cell not in hidden and table[cell] > 0]
        tells = len(inside) == 1 or (total not in hidden and sum(table[cell] for cell in inside) < LEAST)
        if inside and tells and shown:
            return shown
    for row, column in sorted(hidden):
        if not _may_differ(table, hidden, (row, column)):
            shown = [cell for cell in table if cell not in hidden and table[cell] > 0]
            near = [cell for cell in shown if cell[0] == row or cell[1] == column]
            return near if near else shown  # with nothing left to withhold every number may differ
    return None


def _smallest(table: Table, line: list[Cell], hidden: Set[Cell]) -> Cell:
    """The one to lose: a number before a total, a small one before a large one."""
    return min((cell for cell in line if cell not in hidden), key=lambda cell: (TOTAL in cell, table[cell], cell))


def _lines(table: Table) -> Iterator[tuple[list[Cell], Cell]]:
    """Every row and every column, each with which of its cells is the total of the others."""
    for name in sorted({row for row, _ in table}):
        yield [cell for cell in sorted(table) if cell[0] == name], (name, TOTAL)
    for name in sorted({column for _, column in table}):
        yield [cell for cell in sorted(table) if cell[1] == name], (TOTAL, name)


def _may_differ(table: Table, hidden: Set[Cell], cell: Cell) -> bool:
    """Whether some other table shows the same and has another number in ``cell``.

    Totals count as the negative of what they add up, so that every line adds up to zero: a change of one in ``cell``
    has to be carried from its column back to its row by other numbers that are withheld, or the other way round.
    """
    row, column = ("row", cell[0]), ("column", cell[1])
    ways: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for other in hidden - {cell}:
        up, down = _moves(table, other)
        here, there = ("row", other[0]), ("column", other[1])
        if up:
            ways.setdefault(here, set()).add(there)
        if down:
            ways.setdefault(there, set()).add(here)
    up, down = _moves(table, cell)
    return (up and _leads(ways, column, row)) or (down and _leads(ways, row, column))


def _moves(table: Table, cell: Cell) -> tuple[bool, bool]:
    """Whether the number of ``cell``, with its sign in the sums, may be one more, and one less."""
    less = table[cell] > 1
    return (less, True) if (cell[0] == TOTAL) != (cell[1] == TOTAL) else (True, less)


def _leads(ways: Mapping[tuple[str, str], Set[tuple[str, str]]], begin: tuple[str, str], end: tuple[str, str]) -> bool:
    seen, ahead = {begin}, [begin]
    while ahead:
        for following in ways.get(ahead.pop(), set()):
            if following == end:
                return True
            if following not in seen:
                seen.add(following)
                ahead.append(following)
    return False
