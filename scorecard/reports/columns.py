"""The columns of a data table in words: their titles and their cells."""

from __future__ import annotations

from scorecard.evidence import Column, Table, Unit
from scorecard.reports import labels
from scorecard.reports.measured import Cell
from scorecard.reports.words import Words

PRINTED = {
    "load.steps": ("offered", "p50", "p95", "p99", "error_rate", "outcome", "reason", "reason_fr"),
}
"""Columns that paper has room for, of the tables with too many; the page and the evidence hold them all."""


def printed(table: Table) -> Table:
    """``table`` with the columns that fit on paper."""
    names = [column.name for column in table.columns]
    kept = [place for place, name in enumerate(names) if name in PRINTED.get(table.id, names)]
    return table.model_copy(
        update={
            "columns": tuple(table.columns[place] for place in kept),
            "rows": tuple(tuple(row[place] for place in kept) for row in table.rows),
        }
    )


def title(name: str, words: Words) -> str:
    """The name of a column in words; one that nobody named shows as it is."""
    return words.name(labels.COLUMNS, name) if name in labels.COLUMNS else name.replace("_", " ")


def cell(value: Cell, column: Column, words: Words) -> str:
    """A value with its unit, or a word by its name; nothing for a word that is not there."""
    if column.unit is Unit.COUNT and isinstance(value, float):
        return words.measured(value)  # a mean of counts, such as the statements in a request
    if column.unit is not None:
        return words.quantity(value, column.unit)
    return "" if value is None else words.cell(value)
