"""What a name in a module means: the full name behind an import."""

from __future__ import annotations

import ast
from collections.abc import Mapping


def imports(module: ast.Module) -> dict[str, str]:
    """The full name behind each imported one, wherever in the module the import stands."""
    known: dict[str, str] = {}
    for node in ast.walk(module):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    known[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            case ast.ImportFrom(module=package, names=names):
                for alias in names:
                    known[alias.asname or alias.name] = f"{package or ''}.{alias.name}"
            case _:
                pass
    return known


def full_name(node: ast.expr, known: Mapping[str, str]) -> str:
    """``requests.get`` for ``r.get`` after ``import requests as r``; empty for what is no dotted name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([known.get(node.id, node.id), *reversed(parts)])
