"""Which function answers on which route: decorators of FastAPI, Flask and Starlette, URL lists of Django.

Prefixes given to a router or blueprint, and where it is included, are put before the path when they are written out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from scorecard.findings.route import ANY, Route

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
_DEPTH = 3
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Outlined:
    """A function: where it is, what it calls by name, and the routes its decorators give it (method, path, router)."""

    name: str
    first: int
    last: int
    calls: frozenset[str]
    decorated: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Outline:
    """What the routes of a project need of one module, so that its syntax tree need not be kept.

    Attributes:
        listed: routes of a list: method, path, name of the handler.
        prefixes: what each router of the module puts before its paths.
        included: routers included here: prefix, module it may come from (empty for this one), variable there.
    """

    functions: tuple[Outlined, ...]
    listed: tuple[tuple[str, str, str], ...]
    prefixes: Mapping[str, str]
    included: tuple[tuple[str, str, str], ...]


def outline(module: ast.Module) -> Outline:
    """The outline of a module."""
    functions, listed, included = [], [], []
    prefixes: dict[str, str] = {}
    came_from = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    for node in ast.walk(module):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                functions.append(_outlined(node))
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call):
                prefixes[name] = word(keyword(call, "prefix")) or word(keyword(call, "url_prefix")) or ""
            case ast.Call(func=ast.Attribute(attr="include_router" | "register_blueprint"), args=[router, *_]):
                prefix = word(keyword(node, "prefix")) or word(keyword(node, "url_prefix")) or ""
                match router:
                    case ast.Name(id=name):
                        included.append((prefix, *came_from.get(name, ("", name))))
                    case ast.Attribute(value=ast.Name(id=package), attr=name):
                        included.append((prefix, package, name))
                    case _:
                        pass
            case ast.Call(func=ast.Name(id="path" | "Route" as kind), args=[first, handler, *_]):
                path, name = word(first), _last_name(handler)
                if path is not None and name:
                    methods = [ANY] if kind == "path" else _methods(node)
                    listed += [(method, "/" + path.lstrip("/"), name) for method in methods]
            case _:
                pass
    return Outline(tuple(functions), tuple(listed), prefixes, tuple(included))


def routes(outlines: Mapping[str, Outline]) -> tuple[Route, ...]:
    """Every route of a project (outlines by file), with its handler and the functions that it calls by name."""
    included: dict[tuple[str, str], list[str]] = {}
    functions: dict[str, list[tuple[str, Outlined]]] = {}
    for file, one in outlines.items():
        for function in one.functions:
            functions.setdefault(function.name, []).append((file, function))
        for prefix, package, name in one.included:
            last = package.rpartition(".")[2]
            for where in [other for other in outlines if PurePosixPath(other).stem == last] if package else [file]:
                included.setdefault((where, name), []).append(prefix)
    found: set[Route] = set()
    for file, one in outlines.items():
        for function in one.functions:
            for method, path, owner in function.decorated:
                for before in included.get((file, owner), [""]):
                    whole = before + one.prefixes.get(owner, "") + path
                    for where, reached in _reached(file, function, functions):
                        found.add(Route(method, whole or "/", where, reached.first, reached.last))
        for method, path, name in one.listed:
            for where, handler in functions.get(name, [])[:1]:
                for place, reached in _reached(where, handler, functions):
                    found.add(Route(method, path, place, reached.first, reached.last))
    return tuple(sorted(found))


def is_handler(function: Function) -> bool:
    """Whether a decorator makes ``function`` answer on a route."""
    return any(True for _ in _decorated(function))


def word(node: ast.expr | None) -> str | None:
    """The text of a string literal, None for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The argument ``name`` of a call, None when it is not given by name."""
    return next((one.value for one in call.keywords if one.arg == name), None)


def _outlined(function: Function) -> Outlined:
    called = (_last_name(node.func) for node in ast.walk(function) if isinstance(node, ast.Call))
    return Outlined(
        function.name,
        function.lineno,
        function.end_lineno or function.lineno,
        frozenset(name for name in called if name),
        tuple(_decorated(function)),
    )


def _decorated(function: Function) -> Iterator[tuple[str, str, str]]:
    for call in function.decorator_list:
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        path = word(call.args[0]) if call.args else word(keyword(call, "path"))
        if path is None or (path and not path.startswith("/")):
            continue
        owner, name = _last_name(call.func.value), call.func.attr
        if name in METHODS:
            yield name.upper(), path, owner
        elif name in ("route", "api_route"):
            for method in _methods(call):
                yield method, path, owner


def _methods(call: ast.Call) -> list[str]:
    given = keyword(call, "methods")
    if isinstance(given, ast.List | ast.Tuple | ast.Set):
        return [said.upper() for one in given.elts if (said := word(one)) is not None]
    return ["GET"]


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _reached(
    file: str, handler: Outlined, functions: Mapping[str, list[tuple[str, Outlined]]]
) -> Iterator[tuple[str, Outlined]]:
    """The handler and what it calls, over three calls, where a name means one function only, here or anywhere."""
    pending, seen = [(file, handler, 0)], {(file, handler.first)}
    while pending:
        where, function, depth = pending.pop()
        yield where, function
        for name in function.calls if depth < _DEPTH else ():
            known = functions.get(name, [])
            here = known if len(known) == 1 else [one for one in known if one[0] == where]
            if len(here) == 1 and (here[0][0], here[0][1].first) not in seen:
                seen.add((here[0][0], here[0][1].first))
                pending.append((*here[0], depth + 1))
