"""Pages put together from text: whether what goes into them was escaped, as far as one function shows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from security.names import full_name, imports
from security.routes import Function, is_handler

# Tags that pages are made of; "<name>" in the usage of a command is none.
_TAG = re.compile(
    r"</?(?:html|head|body|main|div|span|p|a|ul|ol|li|dl|dt|dd|table|tr|td|th|h[1-6]|b|i|em|strong|form|input|button|"
    r"label|option|select|textarea|img|script|style|title|section|article|nav|br|hr|pre|code)\b[^<>]*>?",
    re.IGNORECASE,
)
_ESCAPING = frozenset(
    {"html.escape", "escape", "markupsafe.escape", "quote", "urllib.parse.quote", "int", "float", "len", "round", "sum",
     "isoformat", "strftime", "quoteattr", "dumps", "bleach.clean", "nh3.clean", "django.utils.html.escape"}
)  # fmt: skip
_FRAMEWORKS = frozenset(
    {"fastapi", "flask", "starlette", "django", "aiohttp", "sanic", "bottle", "litestar", "quart", "tornado", "pyramid"}
)
_KEEPING = frozenset({"join", "str", "strip", "lower", "upper", "title", "format", "replace", "sorted", "list"})


def is_html(node: ast.JoinedStr) -> bool:
    """Whether the written-out parts of an f-string hold a tag of a page."""
    written = "\0".join(
        one.value for one in node.values if isinstance(one, ast.Constant) and isinstance(one.value, str)
    )
    return _TAG.search(written) is not None


def unescaped(module: ast.Module) -> Iterator[ast.JoinedStr]:
    """The f-strings of ``module`` that make a page and put into it what nothing shows to be escaped."""
    known = imports(module)
    if not {name.partition(".")[0] for name in known.values()} & _FRAMEWORKS:
        return
    constants = {
        target.id
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for function in ast.walk(module):
        if isinstance(function, Function):
            safe = _Safe(known, constants, function)
            for node in ast.walk(function):
                if isinstance(node, ast.JoinedStr) and is_html(node) and not safe(node):
                    yield node


class _Safe:
    """Tells whether an expression of a function holds nothing but markup written out and text escaped."""

    def __init__(self, known: Mapping[str, str], constants: set[str], function: Function) -> None:
        self._known = known
        self._constants = constants
        self._values: dict[str, list[ast.expr]] = {}
        # What a helper is handed is looked at where it is made.
        self._handed = (
            set() if is_handler(function) else {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}
        )
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        if isinstance(target, ast.Name):
                            self._values.setdefault(target.id, []).append(value)
                case ast.AugAssign(target=ast.Name(id=name), value=value):
                    self._values.setdefault(name, []).append(value)
                case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                    for one in ast.walk(target):
                        if isinstance(one, ast.Name):
                            self._values.setdefault(one.id, []).append(value)
                case _:
                    pass

    def __call__(self, node: ast.expr, depth: int = 0) -> bool:
        if depth > 8:
            return False
        match node:
            case ast.Constant() | ast.Compare():
                return True
            case ast.Name(id=name):
                values = self._values.get(name)
                if values is None:
                    return name in self._constants or name in self._handed
                return all(self(value, depth + 1) for value in values)
            case ast.JoinedStr() if depth > 0 and is_html(node):
                return True  # it is looked at by itself
            case ast.JoinedStr(values=parts):
                return all(self(part, depth + 1) for part in parts)
            case ast.FormattedValue(value=value, format_spec=spec):
                number = spec is not None and re.search(r"[dfeg%]'?$", ast.unparse(spec).rstrip("'\"")) is not None
                return number or self(value, depth + 1)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self(left, depth + 1) and self(right, depth + 1)
            case ast.BinOp():
                return not isinstance(node.op, ast.Mod)
            case ast.BoolOp(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
                return all(self(part, depth + 1) for part in parts)
            case ast.IfExp(body=body, orelse=orelse):
                return self(body, depth + 1) and self(orelse, depth + 1)
            case ast.GeneratorExp(elt=elt) | ast.ListComp(elt=elt):
                return self(elt, depth + 1)
            case ast.Call(func=func, args=arguments):
                name = full_name(func, self._known)
                last = func.attr if isinstance(func, ast.Attribute) else name
                if name in _ESCAPING or last in _ESCAPING:
                    return True
                if last not in _KEEPING:
                    return False
                owner = [func.value] if isinstance(func, ast.Attribute) else []
                return all(self(one, depth + 1) for one in (*owner, *arguments, *(k.value for k in node.keywords)))
            case _:
                return False
