"""An OpenAPI or Swagger document as it was sent: JSON or YAML, its version, and where a ``$ref`` leads."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import yaml

from loadtests.errors import LoadTestError

MAX_BYTES = 20_000_000
"""Largest document read: as YAML it takes about a minute to parse, as JSON less than a second."""

_VERSION = re.compile(r"3\.[012](\.|$)")
_MAX_HOPS = 50
_MAX_MESSAGE = 300

Mapping = dict[str, Any]


class OpenApiError(LoadTestError):
    """An API description cannot be used; the message is one line that says what is wrong and where.

    Names in it come from a stranger and go to a terminal: what does not print is escaped, what is long is cut.
    """

    def __init__(self, message: str) -> None:
        shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in message[:_MAX_MESSAGE])
        super().__init__(shown if len(message) <= _MAX_MESSAGE else shown + "…")


class ElsewhereError(OpenApiError):
    """A ``$ref`` leads out of the document; it is not followed, since nothing is fetched on a document's word."""


@dataclass(frozen=True)
class Document:
    """A parsed description.

    Attributes:
        root: the whole document.
        swagger: True for Swagger 2.0, False for OpenAPI 3.x.
    """

    root: Mapping
    swagger: bool

    def resolve(self, node: Any, where: str) -> tuple[Any, str]:
        """What ``node`` stands for once its local ``$ref`` are followed, and where that is.

        Raises:
            ElsewhereError: it leads to another file or address.
            OpenApiError: it leads nowhere, or round in a circle.
        """
        seen: set[str] = set()
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            ref = node["$ref"]
            if ref != "#" and not ref.startswith("#/"):
                raise ElsewhereError(f"{where}: $ref {_shown(ref)} leads to another file, which is not read")
            if ref in seen or len(seen) >= _MAX_HOPS:
                raise OpenApiError(f"{where}: $ref {_shown(ref)} leads back to itself")
            seen.add(ref)
            node = self._at(ref, where)
            where = ref
        return node, where

    def mapping(self, node: Any, where: str) -> tuple[Mapping, str]:
        """Like :meth:`resolve`, for a place where only an object makes sense; a missing one (None) is empty."""
        node, where = self.resolve(node, where)
        if node is None:
            return {}, where
        if not isinstance(node, dict):
            raise OpenApiError(f"{where}: expected an object, found {_kind(node)}")
        return node, where

    def _at(self, ref: str, where: str) -> Any:
        node: Any = self.root
        for part in ref.split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict) and key in node:
                node = node[key]
            elif isinstance(node, list) and re.fullmatch(r"\d{1,6}", key) and int(key) < len(node):
                node = node[int(key)]
            else:
                raise OpenApiError(f"{where}: $ref {_shown(ref)} leads nowhere, there is no {_shown(key)}")
        return node


def parse(content: bytes) -> Document:
    """The document in ``content``, JSON or YAML.

    Raises:
        OpenApiError: it is too large, neither JSON nor YAML, or no version this program reads.
    """
    if len(content) > MAX_BYTES:
        raise OpenApiError(f"larger than {MAX_BYTES // 1_000_000} MB")
    root = _json_or_yaml(content)
    if not isinstance(root, dict):
        raise OpenApiError(f"not an OpenAPI document: expected an object, found {_kind(root)}")
    swagger, version = root.get("swagger"), root.get("openapi")
    if swagger is None and version is None:
        raise OpenApiError("not an OpenAPI document: neither 'openapi' nor 'swagger' at its top")
    if swagger is not None and str(swagger) != "2.0":
        raise OpenApiError(f"swagger: version {_shown(swagger)} is not read, only 2.0 is")
    if swagger is None and not _VERSION.match(str(version)):
        raise OpenApiError(f"openapi: version {_shown(version)} is not read, only 3.0 to 3.2 are")
    return Document(root, swagger=swagger is not None)


def _json_or_yaml(content: bytes) -> Any:
    looks_json = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        json_problem = f"line {error.lineno}, column {error.colno}: {error.msg}"
    except UnicodeDecodeError as error:
        raise OpenApiError(f"not text (byte {error.start})") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, thousands of brackets
        raise OpenApiError("not readable JSON: nested too deep or a number too long") from error
    try:
        # Not CSafeLoader: libyaml is four times as fast, and falls over (segmentation fault) on deep nesting.
        return yaml.safe_load(content)
    except yaml.MarkedYAMLError as error:
        if looks_json:
            raise OpenApiError(f"not valid JSON: {json_problem}") from error
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        raise OpenApiError(f"neither JSON nor valid YAML: {place}{error.problem}") from error
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, ArithmeticError) as error:
        # PyYAML lets these through where a tag does not fit its value, such as "!!timestamp soon".
        raise OpenApiError(f"neither JSON nor valid YAML: {_shown(str(error))}") from error
    except RecursionError as error:
        raise OpenApiError("not readable YAML: nested too deep") from error


def _kind(node: Any) -> str:
    match node:
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return "text"
        case None:
            return "nothing"
        case _:
            return f"{_shown(node)}"


def _shown(value: object) -> str:
    """``value`` quoted, cut short."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
