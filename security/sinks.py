"""What must not be given a value as a visitor gave it, and what makes such a value harmless."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scorecard.evidence import Severity
from security.rules import Rule

_H, _M = Severity.HIGH, Severity.MEDIUM


def _no(_argument: ast.expr) -> bool:
    return False


@dataclass(frozen=True)
class Sink:
    """A rule about what a call is given; ``spares`` tells an argument that can do no harm there."""

    rule: str
    message: str
    what: Rule
    spares: Callable[[ast.expr], bool] = _no


def _keeps_its_host(argument: ast.expr) -> bool:
    """Whether an address begins with a host, or a path, that is written out."""
    first = argument
    while isinstance(first, ast.BinOp):
        first = first.left
    if isinstance(first, ast.JoinedStr):
        first = first.values[0] if first.values else first
    text = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
    return re.match(r"(?:https?:)?//[^/]+/|/[^/\\]", text) is not None


TRAVERSAL = Sink(
    "P110",
    "A path is made of what a visitor gives, and nothing keeps it in its folder",
    Rule(_H, "CWE-22", "v5.0.0-5.3.2", "Resolve the path and refuse it unless it is_relative_to the folder meant."),
)
COMMAND = Sink(
    "P120",
    "A command is made of what a visitor gives",
    Rule(
        _H, "CWE-78", "v5.0.0-1.2.5", "Pass the arguments as a list and without a shell, each checked against a list."
    ),
)
FORGERY = Sink(
    "P130",
    "The service asks whatever address a visitor gives",
    Rule(_H, "CWE-918", "v5.0.0-1.3.6", "Ask only hosts of a list, over TLS, and follow no redirects."),
    _keeps_its_host,
)
REDIRECT = Sink(
    "P140",
    "A visitor is led to whatever address the request names",
    Rule(_M, "CWE-601", "v5.0.0-3.7.2", "Lead only to paths of the service, compared whole."),
    _keeps_its_host,
)
SQL = Sink(
    "P150",
    "A query is put together from what a visitor gives",
    Rule(_H, "CWE-89", "v5.0.0-1.2.4", "Pass values as query parameters; compose identifiers with psycopg.sql."),
    lambda argument: not isinstance(argument, ast.JoinedStr | ast.BinOp) and not _formats(argument),
)
TEMPLATE = Sink(
    "P160",
    "What a visitor gives is run as a template",
    Rule(_H, "CWE-1336", "v5.0.0-1.3.2", "Write the template out, and hand the value to it as a variable."),
)
PAGE = Sink(
    "P101",
    "What a visitor gives is put into a page as it is",
    Rule(_H, "CWE-79", "v5.0.0-1.2.1", "Let the template engine escape it, or call html.escape on it."),
)

# By full name, then the position and the name of the argument in question.
_CALLS: dict[str, tuple[Sink, int, str]] = {
    **dict.fromkeys(
        ("open", "io.open", "os.open", "os.remove", "os.unlink", "os.listdir", "os.scandir"), (TRAVERSAL, 0, "file")
    ),
    **dict.fromkeys(("shutil.rmtree", "shutil.copy", "shutil.copyfile", "shutil.move"), (TRAVERSAL, 0, "src")),
    **dict.fromkeys(
        (
            "fastapi.responses.FileResponse", "starlette.responses.FileResponse", "flask.send_file",
            "django.http.FileResponse",
        ),
        (TRAVERSAL, 0, "path"),
    ),
    **dict.fromkeys(
        (
            "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput",
            "asyncio.create_subprocess_shell",
        ),
        (COMMAND, 0, "cmd"),
    ),
    **{
        f"{module}.{method}": (FORGERY, 0, "url")
        for module in ("requests", "httpx")
        for method in ("get", "post", "put", "patch", "delete", "head", "options", "stream")
    },
    "requests.request": (FORGERY, 1, "url"),
    "httpx.request": (FORGERY, 1, "url"),
    "urllib.request.urlopen": (FORGERY, 0, "url"),
    "urllib.request.urlretrieve": (FORGERY, 0, "url"),
    **dict.fromkeys(
        (
            "fastapi.responses.RedirectResponse", "starlette.responses.RedirectResponse", "flask.redirect",
            "django.shortcuts.redirect", "django.http.HttpResponseRedirect",
        ),
        (REDIRECT, 0, "url"),
    ),
    "sqlalchemy.text": (SQL, 0, "text"),
    "flask.render_template_string": (TEMPLATE, 0, "source"),
    "jinja2.Template": (TEMPLATE, 0, "source"),
    "mako.template.Template": (TEMPLATE, 0, "text"),
    **dict.fromkeys(
        ("fastapi.responses.HTMLResponse", "starlette.responses.HTMLResponse", "django.http.HttpResponse"),
        (PAGE, 0, "content"),
    ),
}  # fmt: skip
_METHODS: dict[str, tuple[Sink, int, str]] = {
    **dict.fromkeys(("execute", "executemany", "executescript"), (SQL, 0, "query")),
    "from_string": (TEMPLATE, 0, "source"),
}
_OF_PATH = frozenset(
    {"read_text", "read_bytes", "write_text", "write_bytes", "unlink", "open", "rmdir", "mkdir", "iterdir", "rename"}
)
_OF_CLIENT = {
    **dict.fromkeys(("get", "post", "put", "patch", "delete", "head", "options"), 0),
    "request": 1,
    "stream": 1,
}
CLIENTS = frozenset(
    {
        "httpx.Client",
        "httpx.AsyncClient",
        "requests.Session",
        "requests.session",
        "aiohttp.ClientSession",
        "urllib3.PoolManager",
    }
)
CLEANERS = frozenset(
    {
        "int", "float", "bool", "len", "hash", "isinstance", "uuid.UUID", "UUID", "html.escape", "escape",
        "markupsafe.escape",
        "urllib.parse.quote", "urllib.parse.quote_plus", "quote", "quote_plus", "shlex.quote", "os.path.basename",
        "basename",
        "werkzeug.utils.secure_filename", "secure_filename", "hexdigest", "isdigit", "isalnum", "index", "count",
        "fromisoformat", "date.fromisoformat", "sha256", "render", "TemplateResponse", "render_template",
    }
)  # fmt: skip
_PASS_ON = frozenset(
    {
        "str", "bytes", "repr", "format", "list", "tuple", "dict", "sorted", "reversed", "open", "pathlib.Path", "Path",
        "pathlib.PurePath", "os.path.join", "os.path.abspath", "os.path.normpath", "os.path.realpath", "join",
        "urllib.parse.urljoin", "urllib.parse.unquote", "urllib.parse.urlsplit", "urllib.parse.urlparse", "json.loads",
        "json.dumps", "joinpath", "base64.b64decode", "textwrap.dedent",
    }
)  # fmt: skip


def sinks_of(call: ast.Call, name: str, *, of_client: bool) -> Iterator[tuple[Sink, ast.expr]]:
    """What ``call``, of the full name ``name``, must not be given, and the argument that it is."""
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    known = _CALLS.get(name) or _METHODS.get(method)
    if known is None and of_client and method in _OF_CLIENT:
        known = (FORGERY, _OF_CLIENT[method], "url")
    if known is not None:
        sink, position, word = known
        argument = next((one.value for one in call.keywords if one.arg == word), None)
        if argument is None and len(call.args) > position:
            argument = call.args[position]
        if argument is not None:
            yield sink, argument
    elif method in _OF_PATH and isinstance(call.func, ast.Attribute):
        yield TRAVERSAL, call.func.value


def passed_on(name: str, last: str) -> bool:
    """Whether a call gives back what it is given, in another form."""
    return name in _PASS_ON or last in _PASS_ON


def _formats(argument: ast.expr) -> bool:
    return (
        isinstance(argument, ast.Call) and isinstance(argument.func, ast.Attribute) and argument.func.attr == "format"
    )
