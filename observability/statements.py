"""SQL statements told apart by their shape, so that the same statement with other values counts as the same."""

from __future__ import annotations

import re
from functools import lru_cache

from observability.tracing import without_literals

_PLACEHOLDER = re.compile(r"\$\d+|%\(\w+\)[sbt]|%[sbt]\b|(?<![:\w]):[A-Za-z_]\w*")
_VALUES = re.compile(r"\(\s*\?(?:\s*,\s*\?)+\s*\)")
_ROWS = re.compile(r"\(\?\)(?:\s*,\s*\(\?\))+")
_TRANSACTION = re.compile(
    r"(?:begin|start transaction|commit|rollback|end|savepoint|release|set|reset|discard|deallocate)\b", re.IGNORECASE
)


@lru_cache(maxsize=4096)
def shape(sql: str) -> str:
    """``sql`` without values: literals and placeholders become ``?``, lists of them one, comments go."""
    text = _PLACEHOLDER.sub("?", without_literals(sql))
    return _ROWS.sub("(?)", _VALUES.sub("(?)", text)).rstrip("; ")


def is_transaction_control(statement: str) -> bool:
    """Whether ``statement`` begins or ends a transaction or sets up the session: it takes time but asks for nothing."""
    return _TRANSACTION.match(statement) is not None
