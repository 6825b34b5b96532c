"""The operations that an OpenAPI 3 or Swagger 2.0 document describes, each with a value for what it requires."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from loadtests.openapi_document import Document, ElsewhereError, Mapping, OpenApiError, parse
from loadtests.openapi_sample import given, plain, sample

__all__ = ["Api", "Body", "OpenApiError", "Operation", "Parameter", "read"]

METHODS = ("get", "post", "put", "patch", "delete")
Place = Literal["path", "query", "header", "cookie"]
_PLACES: tuple[Place, ...] = get_args(Place)


@dataclass(frozen=True)
class Parameter:
    """A required parameter; ``invented`` when its value comes from its type alone and may mean nothing."""

    name: str
    place: Place
    value: str
    invented: bool


@dataclass(frozen=True)
class Body:
    """What a request carries; ``other`` is a kind that a journey cannot send, such as a file."""

    kind: Literal["json", "form", "other"]
    value: Any


@dataclass(frozen=True)
class Operation:
    """One method on one path.

    Attributes:
        method: in capitals.
        path: template from the root of the host, with ``{names}``.
        parameters: the required ones only.
        success: lowest documented status of success; 200 when none is documented.
        media: documented media types of that answer, without their parameters.
        needs_credentials: the document asks for a key, a token, a session or a required cookie.
        unreadable: why the description of this operation could not be read whole; empty when it could.
    """

    method: str
    path: str
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    success: int = 200
    media: tuple[str, ...] = ()
    summary: str = ""
    tags: tuple[str, ...] = ()
    needs_credentials: bool = False
    deprecated: bool = False
    unreadable: str = ""


@dataclass(frozen=True)
class Api:
    """A description: its title (may be empty) and its operations, in the order of the document."""

    title: str
    operations: tuple[Operation, ...]


def read(content: bytes) -> Api:
    """The operations described by ``content``, an OpenAPI 3.0 to 3.2 or Swagger 2.0 document in JSON or YAML.

    Local ``$ref`` are followed, cycles are bounded, and nothing is fetched: an operation described in another file is
    given with ``unreadable`` set.

    Raises:
        OpenApiError: the document is broken; one line says what and where.
    """
    document = parse(content)
    paths = document.root.get("paths")
    if not isinstance(paths, dict) or not paths:
        raise OpenApiError("paths: missing or empty, the document describes nothing to call")
    prefix = _prefix(document)
    operations: list[Operation] = []
    for template, item in paths.items():
        if str(template).startswith("x-"):
            continue
        if not str(template).startswith("/"):
            raise OpenApiError(f"paths: {str(template)[:80]!r} does not begin with /")
        operations.extend(_of_path(document, prefix, str(template), item))
    if not operations:
        raise OpenApiError("paths: no path has an operation, the document describes nothing to call")
    info, _ = document.mapping(document.root.get("info"), "info")
    title = info.get("title")
    return Api(title if isinstance(title, str) else "", tuple(operations))


def _prefix(document: Document) -> str:
    """Path in front of every template; the host that a document names is not used, the caller's is."""
    if document.swagger:
        base = document.root.get("basePath")
        return _clean(base) if isinstance(base, str) else ""
    servers = document.root.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else None
    url = first.get("url") if isinstance(first, dict) else None
    if not isinstance(first, dict) or not isinstance(url, str):
        return ""
    variables = first.get("variables")
    for name, variable in variables.items() if isinstance(variables, dict) else ():
        if isinstance(variable, dict):
            url = url.replace("{" + str(name) + "}", str(variable.get("default", "")))
    try:
        return _clean(urlsplit(url).path)
    except ValueError as error:
        raise OpenApiError(f"servers[0].url: {url[:80]!r} is not a URL") from error


def _clean(path: str) -> str:
    """``path`` with one slash in front and none behind, so that none reads as ``//another-host``."""
    stripped = path.strip("/")
    return f"/{stripped}" if stripped else ""


def _of_path(document: Document, prefix: str, template: str, item: Any) -> list[Operation]:
    where = f"paths.{template[:80]}"
    full_path = prefix + "/" + template.lstrip("/")
    try:
        item, where = document.mapping(item, where)
    except ElsewhereError as error:
        return [Operation("GET", full_path, unreadable=str(error))]
    operations = []
    for method in METHODS:
        if method not in item:
            continue
        place = f"{where}.{method}"
        node, _ = document.mapping(item[method], place)
        try:
            operations.append(_operation(document, method.upper(), full_path, item, node, place))
        except ElsewhereError as error:
            operations.append(Operation(method.upper(), full_path, tags=_tags(node), unreadable=str(error)))
    return operations


def _operation(document: Document, method: str, path: str, item: Mapping, node: Mapping, where: str) -> Operation:
    described = {
        **_described(document, item.get("parameters"), f"{where}.parameters"),
        **_described(document, node.get("parameters"), f"{where}.parameters"),
    }
    for name in re.findall(r"\{([^{}]+)\}", path):
        described.setdefault((name, "path"), {"name": name, "in": "path"})  # left out by a careless document
    parameters = tuple(
        _parameter(document, d, f"{where}.parameters.{name[:40]}")
        for (name, place), d in described.items()
        if (place == "path" and "{" + name + "}" in path) or (place in _PLACES[1:] and d.get("required") is True)
    )
    success, media = _success(document, node, where)
    summary = node.get("summary")
    return Operation(
        method=method,
        path=path,
        parameters=parameters,
        body=_body(document, node, [d for (_, place), d in described.items() if place in ("body", "formData")], where),
        success=success,
        media=media,
        summary=summary if isinstance(summary, str) else "",
        tags=_tags(node),
        needs_credentials=_guarded(document, node) or any(_is_credential(p) for p in parameters),
        deprecated=node.get("deprecated") is True,
    )


def _tags(node: Mapping) -> tuple[str, ...]:
    tags = node.get("tags")
    return tuple(t for t in tags if isinstance(t, str)) if isinstance(tags, list) else ()


def _described(document: Document, parameters: Any, where: str) -> dict[tuple[str, str], Mapping]:
    found = {}
    for number, node in enumerate(parameters if isinstance(parameters, list) else ()):
        node, place = document.mapping(node, f"{where}[{number}]")
        name = node.get("name")
        if not isinstance(name, str):
            raise OpenApiError(f"{place}: a parameter has no name")
        found[name, str(node.get("in"))] = node
    return found


def _parameter(document: Document, node: Mapping, where: str) -> Parameter:
    place = next(p for p in _PLACES if p == node["in"])
    value, invented = given(node), False
    if value is None:
        content = node.get("content")
        medium = next(iter(content.values()), None) if isinstance(content, dict) else None
        holder = medium if isinstance(medium, dict) else node
        value = given(holder)
        if value is None:
            # OpenAPI 3 keeps the type in a schema, Swagger 2.0 in the parameter itself
            found = sample(document, holder.get("schema", node), f"{where}.schema")
            value, invented = found.value, found.invented
    text = _as_text(value)
    if not text and place == "path":  # an empty part would name another path
        text, invented = "example", True
    return Parameter(node["name"], place, text, invented)


def _as_text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case list():
            return _as_text(value[0]) if value else ""
        case None:
            return ""
        case _:
            return json.dumps(value, ensure_ascii=False)


def _body(document: Document, node: Mapping, swagger_parameters: list[Mapping], where: str) -> Body | None:
    if document.swagger:
        return _swagger_body(document, swagger_parameters, where)
    if "requestBody" not in node:
        return None
    body, place = document.mapping(node["requestBody"], f"{where}.requestBody")
    content, place = document.mapping(body.get("content"), f"{place}.content")
    for kind, matches in (("json", r"(application/(.+\+)?json|\*/\*)(;.*)?"), ("form", r".*/x-www-form-urlencoded")):
        for name, medium in content.items():
            if re.fullmatch(matches, str(name)):
                medium, at = document.mapping(medium, f"{place}.{name}")
                value = given(medium)
                value = sample(document, medium.get("schema", {}), f"{at}.schema").value if value is None else value
                return Body("json", value) if kind == "json" else _form(value)
    return Body("other", None)


def _swagger_body(document: Document, parameters: list[Mapping], where: str) -> Body | None:
    fields = {}
    for node in parameters:
        if node.get("in") == "body":
            return Body("json", sample(document, node.get("schema", {}), f"{where}.body.schema").value)
        if node.get("type") == "file":
            return Body("other", None)
        fields[node["name"]] = sample(document, node, f"{where}.formData").value
    return _form(fields) if fields else None


def _form(value: Any) -> Body:
    fields = plain(value)
    return Body("form", {k: _as_text(v) for k, v in fields.items()} if isinstance(fields, dict) else {})


def _success(document: Document, node: Mapping, where: str) -> tuple[int, tuple[str, ...]]:
    responses, place = document.mapping(node.get("responses"), f"{where}.responses")
    statuses = {
        200 if str(k).upper() == "2XX" else int(k): k for k in responses if re.fullmatch(r"2\d\d|2XX|2xx", str(k))
    }
    if not statuses:
        return 200, ()
    lowest = min(statuses)
    answer, place = document.mapping(responses[statuses[lowest]], f"{place}.{statuses[lowest]}")
    if document.swagger:
        media = node.get("produces", document.root.get("produces"))
    else:
        content, _ = document.mapping(answer.get("content"), f"{place}.content")
        media = list(content)
    names = media if isinstance(media, list) else []
    return lowest, tuple(str(m).split(";")[0].strip().lower() for m in names)


def _guarded(document: Document, node: Mapping) -> bool:
    """Whether a requirement applies; an empty alternative ``{}`` makes it optional, an empty list lifts it."""
    security = node.get("security", document.root.get("security"))
    return isinstance(security, list) and len(security) > 0 and not any(s == {} for s in security)


def _is_credential(parameter: Parameter) -> bool:
    named = re.search(r"authorization|api-?key|token", parameter.name, re.IGNORECASE)
    return parameter.place == "cookie" or (parameter.place == "header" and named is not None)
