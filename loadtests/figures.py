"""Figures in sentences, as English and French write them."""

from __future__ import annotations


def milliseconds(seconds: float) -> str:
    """A duration people can compare: whole milliseconds below 10 s, whole seconds above; the same in both tongues."""
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.0f} s"


def french(number: float, form: str = ".1f") -> str:
    """A number with the French decimal comma; ``form`` is a format specification."""
    return format(number, form).replace(".", ",")


def french_percent(ratio: float, digits: int = 2) -> str:
    """A ratio as a French percentage, with its space and comma."""
    return f"{french(ratio * 100, f'.{digits}f')} %"
