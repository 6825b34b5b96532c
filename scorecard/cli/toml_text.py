"""Text that a TOML 1.0 parser reads back as the same values, whatever strangers put into them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def value(item: object) -> str:
    """``item`` (text, number, list, mapping, nested) on one line.

    Raises:
        TypeError: it is of a kind that TOML does not have, such as None.
    """
    match item:
        case bool():
            return "true" if item else "false"
        case str():
            return string(item)
        case int() | float():
            return repr(item)
        case Mapping():
            pairs = ", ".join(f"{key(str(k))} = {value(v)}" for k, v in item.items())
            return f"{{ {pairs} }}" if pairs else "{}"
        case Sequence():
            return f"[{', '.join(value(v) for v in item)}]"
        case _:
            raise TypeError(f"TOML has no {type(item).__name__}")


def string(text: str) -> str:
    """``text`` as a basic string; what a reader cannot see (controls, direction marks) is shown by its number."""
    return '"' + "".join(_character(c) for c in text) + '"'


def key(text: str) -> str:
    """``text`` as a key, quoted unless it may stand bare."""
    return text if _BARE_KEY.fullmatch(text) else string(text)


def comment(text: str, limit: int = 200) -> str:
    """``text`` as the inside of a comment: one line, nothing invisible, at most ``limit`` characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    number = ord(character)
    if 0xD800 <= number <= 0xDFFF:  # half a pair, which no UTF-8 file can hold
        return "\\uFFFD"
    return f"\\u{number:04X}" if number <= 0xFFFF else f"\\U{number:08X}"
