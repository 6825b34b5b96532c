"""Where a value that a visitor gives ends up, followed through a function and those of its module that it calls.

Own rules, for what neither bandit nor ruff looks at: they see a dangerous call, not whose value it is given.
The following is modest on purpose: by statement, in order, without loops run twice; a test of the value that ends the
function, or chooses what goes on, counts as its check. What it says is worth reading; its silence clears nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from security.names import full_name, imports
from security.pages_by_hand import is_html
from security.routes import Function, is_handler
from security.sinks import CLEANERS, CLIENTS, PAGE, Sink, passed_on, sinks_of

# Parameters of a handler that no visitor fills in, by their annotation, or that cannot do harm.
_HARMLESS = frozenset(
    {
        "int", "float", "bool", "Decimal", "UUID", "date", "datetime", "time", "timedelta", "Literal", "Enum",
        "Request", "Response", "WebSocket", "BackgroundTasks", "Session", "AsyncSession", "Connection",
        "HTTPConnection", "SecurityScopes", "Callable",
    }
)  # fmt: skip
_OF_REQUEST = frozenset(
    {
        "args", "form", "values", "json", "get_json", "data", "get_data", "files", "cookies", "headers", "query_params",
        "path_params", "body", "GET", "POST", "FILES", "COOKIES", "META", "query_string", "view_args", "match_info",
    }
)  # fmt: skip
_CHECKS = (
    "is_relative_to",
    "fullmatch",
    "match",
    "is_safe",
    "url_has_allowed_host_and_scheme",
    "valid",
    "allowed",
    "check",
)
_DEPTH = 3


@dataclass(frozen=True)
class Flow:
    """A visitor's value that reaches something: what, and on which lines."""

    sink: Sink
    first: int
    last: int

    @classmethod
    def at(cls, sink: Sink, node: ast.expr | ast.stmt | ast.excepthandler) -> Flow:
        """The flow into ``sink`` at ``node``."""
        return cls(sink, node.lineno, node.end_lineno or node.lineno)


@dataclass
class _Scope:
    """What is known at a place in a function: names that hold a visitor's value, and those that hold a client."""

    given: set[str]
    clients: set[str] = field(default_factory=set)
    checks: dict[str, set[str]] = field(default_factory=dict)


def flows(module: ast.Module) -> list[Flow]:
    """Every place of ``module`` where a value that a visitor gives reaches something that must not have it."""
    return list(_Reader(module).read())


class _Reader:
    """Follows values through one module; it keeps what it knows of the module's own functions."""

    def __init__(self, module: ast.Module) -> None:
        self._names = imports(module)
        self._functions = {node.name: node for node in ast.walk(module) if isinstance(node, Function)}
        self._seen: set[tuple[str, frozenset[str]]] = set()
        self._found: dict[tuple[int, str], Flow] = {}

    def read(self) -> Iterator[Flow]:
        for function in self._functions.values():
            self._function(function, _parameters(function) if is_handler(function) else set(), 0)
        yield from self._found.values()

    def _function(self, function: Function, given: set[str], depth: int) -> None:
        key = (function.name, frozenset(given))
        if key not in self._seen and depth <= _DEPTH:
            self._seen.add(key)
            self._block(function.body, _Scope(set(given)), depth)

    def _block(self, statements: Sequence[ast.stmt], scope: _Scope, depth: int) -> None:
        for statement in statements:
            self._statement(statement, scope, depth)

    def _statement(self, statement: ast.stmt, scope: _Scope, depth: int) -> None:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return
            case ast.If(test=test, body=body, orelse=orelse):
                self._expression(test, scope, depth)
                checked = self._checked(test, scope)
                positive = isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.In | ast.Eq)
                inside = _Scope(scope.given - checked if positive else set(scope.given), scope.clients, scope.checks)
                self._block(body, inside, depth)
                self._block(orelse, scope, depth)
                if body and isinstance(body[-1], ast.Raise | ast.Return | ast.Continue):
                    scope.given -= checked
                else:
                    scope.given |= inside.given - checked
                return
            case ast.Assign(targets=targets, value=value):
                self._expression(value, scope, depth)
                for target in targets:
                    self._assign(target, value, scope)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._expression(value, scope, depth)
                self._assign(target, value, scope)
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                self._expression(value, scope, depth)
                if self.gives(value, scope):
                    scope.given.add(name)
            case ast.For(target=target, iter=value, body=body) | ast.AsyncFor(target=target, iter=value, body=body):
                self._expression(value, scope, depth)
                self._assign(target, value, scope)
                self._block(body, scope, depth)
                self._block(statement.orelse, scope, depth)
                return
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                for item in items:
                    self._expression(item.context_expr, scope, depth)
                    if item.optional_vars is not None:
                        self._assign(item.optional_vars, item.context_expr, scope)
                self._block(body, scope, depth)
                return
            case _:
                for child in ast.iter_child_nodes(statement):
                    if isinstance(child, ast.expr):
                        self._expression(child, scope, depth)
                for block in ("body", "orelse", "finalbody"):
                    self._block(getattr(statement, block, []), scope, depth)
                for handler in getattr(statement, "handlers", []):
                    self._block(handler.body, scope, depth)

    def _assign(self, target: ast.expr, value: ast.expr, scope: _Scope) -> None:
        names = {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}
        call = value.value if isinstance(value, ast.Await) else value
        if isinstance(call, ast.Call) and full_name(call.func, self._names) in CLIENTS:
            scope.clients |= names
        scope.given = scope.given | names if self.gives(value, scope) else scope.given - names
        tested = self._checked(value, scope)
        for name in names:
            scope.checks[name] = tested

    def _expression(self, expression: ast.expr, scope: _Scope, depth: int) -> None:
        """Look for sinks in ``expression``, and follow what it hands to functions of the module."""
        for node in ast.walk(expression):
            if isinstance(node, ast.JoinedStr) and is_html(node) and self.gives(node, scope):
                self._found.setdefault((node.lineno, PAGE.rule), Flow.at(PAGE, node))
            if not isinstance(node, ast.Call):
                continue
            name = full_name(node.func, self._names)
            client = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") in scope.clients
            for sink, argument in sinks_of(node, name, of_client=client):
                if self.gives(argument, scope) and not sink.spares(argument):
                    self._found.setdefault((node.lineno, sink.rule), Flow.at(sink, node))
            called = self._functions.get(name)
            if called is not None:
                parameters = [one.arg for one in (*called.args.posonlyargs, *called.args.args)]
                given = {p for p, one in zip(parameters, node.args, strict=False) if self.gives(one, scope)}
                given |= {one.arg for one in node.keywords if one.arg and self.gives(one.value, scope)}
                if given:
                    self._function(called, given, depth + 1)

    def gives(self, node: ast.expr | None, scope: _Scope) -> bool:
        """Whether ``node`` holds a value of a visitor that nothing has made harmless."""
        match node:
            case None | ast.Constant() | ast.Lambda() | ast.Compare():
                return False
            case ast.Name(id=name):
                return name in scope.given
            case ast.Attribute(value=value, attr=attr):
                if attr in _OF_REQUEST and self._is_request(value):
                    return True
                return self.gives(value, scope)
            case ast.Subscript(value=value):
                return self.gives(value, scope)
            case ast.Call():
                return self._call_gives(node, scope)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                checked = self._checked(test, scope)
                without = _Scope(scope.given - checked, scope.clients, scope.checks)
                return self.gives(body, without) or self.gives(orelse, without)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                inner = _Scope(set(scope.given), scope.clients, scope.checks)
                for generator in node.generators:
                    if self.gives(generator.iter, inner):
                        inner.given |= {n.id for n in ast.walk(generator.target) if isinstance(n, ast.Name)}
                return self.gives(node.elt, inner)
            case _:
                return any(self.gives(one, scope) for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr))

    def _call_gives(self, call: ast.Call, scope: _Scope) -> bool:
        name = full_name(call.func, self._names)
        last = call.func.attr if isinstance(call.func, ast.Attribute) else name
        if name in CLEANERS or last in CLEANERS:
            return False
        if isinstance(call.func, ast.Attribute) and self.gives(call.func, scope):
            return True  # a method of the value, or a part of the request
        arguments = [*call.args, *(one.value for one in call.keywords)]
        known = passed_on(name, last) or name in self._functions
        return known and any(self.gives(one, scope) for one in arguments)

    def _is_request(self, node: ast.expr) -> bool:
        return full_name(node, self._names).rpartition(".")[2] in ("request", "req")

    def _checked(self, test: ast.expr, scope: _Scope) -> set[str]:
        """Names of ``scope`` that a true or false ``test`` tells to be what they may be."""
        checked: set[str] = set()
        for node in ast.walk(test):
            tested: list[ast.expr] = []
            match node:
                case ast.Compare(left=left, ops=ops, comparators=others) if all(
                    isinstance(one, ast.In | ast.NotIn | ast.Eq | ast.NotEq) for one in ops
                ):
                    tested = [one for one in (left, *others) if not _is_of_scheme(one)]
                case ast.Call(func=func, args=arguments):
                    last = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
                    if any(last == one or (one in last and len(one) > 4) for one in _CHECKS):
                        tested = [func, *arguments]
                    elif last == "startswith" and any(
                        isinstance(one, ast.UnaryOp) and isinstance(one.op, ast.Not) for one in ast.walk(test)
                    ):
                        tested = [func]  # "/" and not "//"
                case ast.Name(id=name):
                    checked |= scope.checks.get(name, set()) & scope.given
                case _:
                    pass
            checked |= {n.id for one in tested for n in ast.walk(one) if isinstance(n, ast.Name)} & scope.given
        return checked


def _parameters(function: Function) -> set[str]:
    """The parameters of a handler that a visitor fills in with words."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: dict[str, ast.expr | None] = dict(
        zip((one.arg for one in positional[::-1]), arguments.defaults[::-1], strict=False)
    )
    defaults |= {one.arg: value for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)}
    return {
        one.arg
        for one in (*positional, *arguments.kwonlyargs)
        if one.arg not in ("self", "cls", "request", "req")
        and not _names_in(one.annotation) & _HARMLESS
        and not {"Depends", "Security"} & (_names_in(one.annotation) | _names_in(defaults.get(one.arg)))
    }


def _names_in(node: ast.expr | None) -> set[str]:
    if node is None:
        return set()
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} | {
        one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)
    }


def _is_of_scheme(node: ast.expr) -> bool:
    """Whether only the scheme of an address is looked at, which leaves the host open."""
    return any(isinstance(one, ast.Attribute) and one.attr == "scheme" for one in ast.walk(node))
