"""Settings in code that open a service, for which neither bandit nor ruff has a rule."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from scorecard.evidence import Severity
from security.names import full_name, imports
from security.pages_by_hand import unescaped
from security.routes import Function, is_handler, keyword, word
from security.rules import Rule
from security.sinks import Sink
from security.visitor_values import Flow

_H, _M, _L = Severity.HIGH, Severity.MEDIUM, Severity.LOW
BY_HAND = Sink(
    "P102",
    "A page is put together from text that nothing shows to be escaped",
    Rule(_M, "CWE-79", "v5.0.0-1.2.1", "Use templates that escape, or call html.escape on every value."),
)
UNVERIFIED = Sink(
    "P201",
    "A token is taken without its signature being checked",
    Rule(_H, "CWE-347", "v5.0.0-9.1.1", "Check the signature with the algorithms you chose, never with 'none'."),
)
EVERLASTING = Sink(
    "P202",
    "A token is made that never expires",
    Rule(_M, "CWE-613", "v5.0.0-9.2.1", "Give the token an end (exp), of an hour or less for a session."),
)
ANY_ORIGIN = Sink(
    "P203",
    "Pages of any other site may ask in the name of the person signed in",
    Rule(_H, "CWE-942", "v5.0.0-3.4.2", "List the origins that may call; never answer with the caller's own."),
)
TLS_OFF = Sink(
    "P204",
    "The certificate of the other side is not checked",
    Rule(_H, "CWE-295", "v5.0.0-12.3.2", "Let the client verify certificates; trust a private CA by its file."),
)
DEBUG = Sink(
    "P205",
    "The service is made with its debugging on",
    Rule(_M, "CWE-489", "v5.0.0-13.4.2", "Take it from the settings, and leave it off unless they say otherwise."),
)
COOKIE = Sink(
    "P206",
    "A cookie is set that scripts can read",
    Rule(_L, "CWE-1004", "v5.0.0-3.3.4", "Set httponly, with secure, samesite and the __Host- prefix."),
)
PASSWORD = Sink(
    "P207",
    "A password is kept as a quick digest",
    Rule(_H, "CWE-916", "v5.0.0-11.4.2", "Use Argon2id or scrypt, with a salt of its own for each."),
)
TOLD = Sink(
    "P208",
    "The caller is told the inside of an error",
    Rule(_M, "CWE-209", "v5.0.0-16.5.1", "Answer with a reference, and log the error under it."),
)
_JWT = re.compile(r"(?:^|\.)(?:jwt|jose)\.")


def patterns(module: ast.Module) -> Iterator[Flow]:
    """Every place of ``module`` with such a setting."""
    known = imports(module)
    raised = {
        id(one.test) for one in ast.walk(module) if isinstance(one, ast.If) and isinstance(one.body[-1], ast.Raise)
    }
    made = dict(_dicts(module))
    for node in ast.walk(module):
        match node:
            case ast.Call():
                yield from (Flow.at(sink, node) for sink in _of_call(node, full_name(node.func, known), made))
            case ast.Assign(targets=[ast.Attribute(attr="verify_mode")], value=value):
                if full_name(value, known).endswith("CERT_NONE"):
                    yield Flow.at(TLS_OFF, node)
            case ast.Assign(targets=[ast.Attribute(attr="check_hostname")], value=ast.Constant(value=False)):
                yield Flow.at(TLS_OFF, node)
            case ast.Assign(targets=[ast.Name(id="DEBUG")], value=ast.Constant(value=True)):
                yield Flow.at(DEBUG, node)
            case ast.Compare(ops=[ast.Eq()]) if _is_none_algorithm(node) and id(node) not in raised:
                yield Flow.at(UNVERIFIED, node)
            case ast.FunctionDef() | ast.AsyncFunctionDef() if is_handler(node):
                yield from (Flow.at(TOLD, one) for one in _told(node, known))
            case _:
                pass
    yield from (Flow.at(BY_HAND, node) for node in unescaped(module))


def _of_call(call: ast.Call, name: str, made: Mapping[str, ast.Dict]) -> Iterator[Sink]:
    last = name.rpartition(".")[2] or getattr(call.func, "attr", "")
    if _JWT.search(name) or name in ("jwt", "jose"):
        yield from _of_token(call, last, made)
    first = full_name(call.args[0], {}) if call.args else ""
    if first.endswith("CORSMiddleware") or last in ("CORSMiddleware", "CORS"):
        yield from [ANY_ORIGIN] if _any_origin(call) else []
    if _is(keyword(call, "cert_reqs"), "CERT_NONE") or (
        name.startswith("aiohttp.") and (_false(keyword(call, "ssl")) or _false(keyword(call, "verify_ssl")))
    ):
        yield TLS_OFF
    if last in ("FastAPI", "Starlette", "Litestar", "Sanic") and _true(keyword(call, "debug")):
        yield DEBUG
    if last == "set_cookie" and not _true_or_unknown(call, "httponly"):
        yield COOKIE
    if name.startswith("hashlib.") and last in ("sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b"):
        said = " ".join(ast.unparse(one).lower() for one in call.args)
        if re.search(r"passw(?:or)?d|mot_de_passe|passphrase", said):
            yield PASSWORD


def _of_token(call: ast.Call, last: str, made: Mapping[str, ast.Dict]) -> Iterator[Sink]:
    if last in ("get_unverified_claims", "get_unverified_payload"):
        yield UNVERIFIED
    if last == "decode":
        options = keyword(call, "options")
        off = isinstance(options, ast.Dict) and any(
            word(key) == "verify_signature" and _false(value)
            for key, value in zip(options.keys, options.values, strict=True)
        )
        algorithms = keyword(call, "algorithms")
        named = [(word(one) or "").lower() for one in getattr(algorithms, "elts", [])]
        if off or _false(keyword(call, "verify")) or "none" in named:
            yield UNVERIFIED
    if last == "encode":
        if (word(keyword(call, "algorithm")) or "").lower() == "none":
            yield UNVERIFIED
        claims = call.args[0] if call.args else keyword(call, "payload")
        if isinstance(claims, ast.Dict) and "alg" in map(word, claims.keys):  # authlib takes the header first
            claims = call.args[1] if len(call.args) > 1 else None
        claims = made.get(claims.id) if isinstance(claims, ast.Name) else claims
        if isinstance(claims, ast.Dict) and None not in claims.keys and "exp" not in map(word, claims.keys):
            yield EVERLASTING


def _dicts(module: ast.Module) -> Iterator[tuple[str, ast.Dict]]:
    """Names that are given a dict written out, but for those that are given an end afterwards."""
    ended = {
        node.value.id
        for node in ast.walk(module)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and word(node.slice) == "exp"
    }
    for node in ast.walk(module):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict() as value) if name not in ended:
                yield name, value
            case _:
                pass


def _any_origin(call: ast.Call) -> bool:
    with_credentials = _true(keyword(call, "allow_credentials")) or _true(keyword(call, "supports_credentials"))
    origins = keyword(call, "allow_origins") or keyword(call, "origins")
    listed = [word(one) for one in getattr(origins, "elts", [])] if origins is not None else []
    every = "*" in (*listed, word(origins)) or (origins is None and keyword(call, "supports_credentials") is not None)
    pattern = word(keyword(call, "allow_origin_regex"))
    return with_credentials and (every or pattern in (".*", ".+", "https?://.*", "https?://.+", "https://.*"))


def _is_none_algorithm(node: ast.Compare) -> bool:
    sides = (node.left, *node.comparators)
    said_none = any((word(side) or "").lower() == "none" for side in sides)
    return said_none and any(
        word(one) == "alg" for side in sides for one in ast.walk(side) if isinstance(one, ast.Constant)
    )


def _told(function: Function, known: Mapping[str, str]) -> Iterator[ast.expr | ast.stmt]:
    """Where a handler gives away the trace, or the text of whatever error there was."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and full_name(node.func, known) in (
            "traceback.format_exc",
            "traceback.format_exception",
        ):
            yield node
        if isinstance(node, ast.ExceptHandler) and node.name and _is_any(node.type):
            yield from _naming(node.name, node, known)


def _naming(name: str, handler: ast.ExceptHandler, known: Mapping[str, str]) -> Iterator[ast.expr | ast.stmt]:
    """The answers that a handler of errors makes of the error."""
    for one in ast.walk(handler):
        answers = isinstance(one, ast.Return) or (
            isinstance(one, ast.Call) and "HTTPException" in full_name(one.func, known)
        )
        if answers and any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(one)):
            assert isinstance(one, ast.Return | ast.Call)
            yield one


def _is_any(kind: ast.expr | None) -> bool:
    return kind is None or (isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException"))


def _true_or_unknown(call: ast.Call, name: str) -> bool:
    """Whether a flag is given and not written out as false; ``**options`` may give it."""
    given = keyword(call, name)
    return any(one.arg is None for one in call.keywords) or (given is not None and not _false(given))


def _true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _is(node: ast.expr | None, last: str) -> bool:
    return node is not None and (word(node) == last or full_name(node, {}).endswith(last))
