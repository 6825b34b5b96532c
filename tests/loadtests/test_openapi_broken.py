"""Broken documents: one clear line that says what and where, whatever was sent."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.openapi import OpenApiError, read
from loadtests.openapi_journeys import candidates, journeys, step

GET = {"get": {"responses": {"200": {"description": "ok"}}}}


def _openapi(**more: Any) -> bytes:
    return json.dumps({"openapi": "3.1.0", "paths": {"/a": GET}, **more}).encode()


def _path_item(item: Any, **more: Any) -> bytes:
    return _openapi(paths={"/a": item}, **more)


def _parameter(node: Any) -> bytes:
    return _path_item(
        {"get": {"parameters": [node]}}, components={"a": {"$ref": "#/components/b"}, "b": {"$ref": "#/components/a"}}
    )


def test_the_document_that_the_broken_ones_start_from_is_sound() -> None:
    assert len(read(_openapi()).operations) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected an object, found nothing"),
        (b"just words", "expected an object, found text"),
        (b"[1]", "expected an object, found a list"),
        (b"<html><body>404</body></html>", "found text"),
        (b'{"openapi": "3.0.0",\n "paths": {', "not valid JSON: line 2"),
        (b"openapi: 3.0.0\npaths: [\n", "neither JSON nor valid YAML: line"),
        (b"openapi: 3.0.0\n\tpaths: {}", "line 2, column 1"),
        (b'{"a": "\xff"}', r"not text \(byte 7\)"),
        (b"openapi: !!timestamp soon", "neither JSON nor valid YAML"),
        (b"openapi: !!python/object/apply:os.system [id]", "could not determine a constructor"),
        (b"[" * 200_000, "nested too deep"),
        (b"- " * 200_000, "nested too deep"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "a number too long"),
        (b" " * 20_000_001, "larger than 20 MB"),
        (b'{"paths": {}}', "neither 'openapi' nor 'swagger'"),
        (b'{"swagger": "1.2", "paths": {}}', "swagger: version '1.2' is not read, only 2.0"),
        (b'{"openapi": "4.0.0", "paths": {}}', "openapi: version '4.0.0' is not read, only 3.0 to 3.2"),
        (b'{"openapi": "3.10.0", "paths": {}}', "version '3.10.0'"),
        (_openapi(paths={}), "paths: missing or empty"),
        (_openapi(paths=None), "paths: missing or empty"),
        (_openapi(paths={"/a": {}}), "no path has an operation"),
        (_openapi(paths={"a": GET}), "paths: 'a' does not begin with /"),
        (_openapi(info=[]), "info: expected an object, found a list"),
        (_openapi(servers=[{"url": "http://[oops"}]), "servers"),
        (_path_item("words"), r"paths\./a: expected an object, found text"),
        (_path_item({"get": [1]}), r"paths\./a\.get: expected an object, found a list"),
        (_parameter({"in": "query"}), r"paths\./a\.get\.parameters\[0\]: a parameter has no name"),
        (
            _parameter({"$ref": "#/components/gone"}),
            r"paths\./a\.get\.parameters\[0\]: \$ref '#/components/gone' leads nowhere",
        ),
        (_parameter({"$ref": "#/components/a"}), r"\$ref '#/components/a' leads back to itself"),
        (
            _path_item({"get": {"responses": {"200": {"$ref": "#/nope"}}}}),
            r"paths\./a\.get\.responses\.200: \$ref '#/nope'",
        ),
    ],
)
def test_a_broken_document_is_refused_with_what_and_where(content: bytes, message: str) -> None:
    with pytest.raises(OpenApiError, match=message) as caught:
        read(content)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 400


def test_a_dangling_reference_deep_in_a_schema_is_found() -> None:
    schema = {"properties": {"inner": {"items": {"$ref": "#/components/schemas/Gone"}, "type": "array"}}}
    post = {"post": {"requestBody": {"content": {"application/json": {"schema": schema}}}}}
    with pytest.raises(OpenApiError, match=r"schema\.properties\.inner\.items: \$ref '#/components/schemas/Gone'"):
        read(_path_item(post))


def test_names_of_strangers_reach_the_terminal_on_one_line_and_harmless() -> None:
    with pytest.raises(OpenApiError) as caught:
        read(_openapi(paths={"/a\n\x1b[31m\ud800" + "x" * 5_000: {"$ref": "#/\u202egone"}}))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 700


def test_half_a_surrogate_pair_reaches_no_request() -> None:
    half = "\ud800"
    node = {
        "parameters": [{"in": place, "name": half, "required": True, "example": half} for place in ("query", "path")],
        "requestBody": {"content": {"application/x-www-form-urlencoded": {"example": {half: half}}}},
    }
    operations = read(_openapi(paths={"/{\ud800}/\ud800": {"get": node, "post": node}})).operations
    assert {step(o).path for o in operations} == {"/%3F/%3F?%3F=%3F"}
    assert step(operations[1]).form == {"?": "?"}


def test_yaml_that_multiplies_by_aliases_is_bounded() -> None:
    lines = ["openapi: 3.0.0", "x0: &x0 [lol, lol]"]
    lines += [f"x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 9)}]" for i in range(1, 12)]
    lines += ["paths: {/a: {get: {parameters: [{name: q, in: query, required: true, example: *x11}]}}}"]
    parameter = read("\n".join(lines).encode()).operations[0].parameters[0]
    assert len(parameter.value) < 1_000


WORDS = st.sampled_from(
    (
        *("get", "post", "parameters", "name", "in", "path", "query", "header", "required", "schema", "type", "string"),
        *(
            "integer",
            "object",
            "array",
            "items",
            "enum",
            "example",
            "default",
            "$ref",
            "#/paths",
            "#/paths/~1a",
            "allOf",
        ),
        *("oneOf", "properties", "minimum", "multipleOf", "requestBody", "content", "application/json", "responses"),
        *(
            "200",
            "2XX",
            "security",
            "tags",
            "format",
            "maxLength",
            "body",
            "formData",
            "deprecated",
            "examples",
            "value",
        ),
    )
)
LEAVES = st.one_of(WORDS, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just(True))
TREES = st.recursive(LEAVES, lambda t: st.lists(t, max_size=4) | st.dictionaries(WORDS, t, max_size=6), max_leaves=25)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    item=TREES,
    rest=st.dictionaries(st.sampled_from(["servers", "security", "info", "basePath", "produces"]), TREES),
    swagger=st.booleans(),
)
def test_no_document_however_odd_ends_otherwise_than_read_or_refused(
    item: Any, rest: dict[str, Any], swagger: bool
) -> None:
    version = {"swagger": "2.0"} if swagger else {"openapi": "3.0.0"}
    content = json.dumps({**rest, **version, "paths": {"/a": {"get": item, "post": item}, "/{b}": item}}).encode()
    with contextlib.suppress(OpenApiError):
        journeys(candidates(read(content).operations))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=80) | st.text(alphabet="{}[]:,!&*#-'\"| \n\tab1", max_size=60).map(str.encode))
def test_no_bytes_end_otherwise_than_refused(content: bytes) -> None:
    with pytest.raises(OpenApiError):
        read(content)
