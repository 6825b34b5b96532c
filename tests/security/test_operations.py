"""What an OpenAPI document offers: sample values that fit, and no document that can break or hold up the reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security.operations import OPERATIONS, operations

UPLOAD = {
    "multipart/form-data": {"schema": {"properties": {"file": {"type": "string", "format": "binary"}, "title": {}}}}
}


def document(operation, path="/things/{thing}", **more):
    return {"paths": {path: {"post": operation}}, **more}


def only(operation, **more):
    (found,), left_out = operations(document(operation, **more))
    assert left_out == 0
    return found


def test_an_operation_is_read_with_its_parameters_and_body():
    found = only(
        {
            "parameters": [
                {"name": "thing", "in": "path", "schema": {"type": "string", "format": "uuid"}},
                {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 3}},
                {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string"}},
                {"name": "Accept-Language", "in": "header", "schema": {"type": "string"}},
            ],
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
        },
        components={
            "schemas": {
                "Thing": {
                    "properties": {
                        "day": {"type": "string", "format": "date"},
                        "state": {"enum": ["open", "closed"]},
                        "amount": {"anyOf": [{"type": "null"}, {"type": "integer", "example": 12}]},
                        "names": {"type": "array", "items": {"type": "string", "default": "Ada"}},
                    }
                }
            }
        },
    )
    assert (found.method, found.path, found.names) == ("POST", "/things/{thing}", ("thing",))
    assert found.query == {"page": 3}
    assert list(found.headers) == ["Idempotency-Key"]
    assert (found.media, found.files) == ("json", ())
    assert found.body == {"day": "2026-12-01", "state": "open", "amount": 12, "names": ["Ada"]}


def test_the_fields_that_take_a_file_are_known_in_both_versions_of_openapi():
    assert only({"requestBody": {"content": UPLOAD}}).files == ("file",)
    pieces = {"pieces": {"type": "array", "items": {"contentMediaType": "application/pdf"}}}
    new = {"multipart/form-data": {"schema": {"properties": pieces}}}
    assert only({"requestBody": {"content": new}}).files == ("pieces",)
    assert only({"requestBody": {"content": {"application/octet-stream": {}}}}).media == "binary"


def test_a_schema_that_holds_itself_ends():
    schemas = {"Node": {"properties": {"next": {"$ref": "#/components/schemas/Node"}, "name": {"type": "string"}}}}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}
    found = only({"requestBody": {"content": content}}, components={"schemas": schemas})
    assert found.body["next"]["next"]["name"] == "name"


@pytest.mark.parametrize(
    "schemas", [{"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}, {}]
)
def test_references_in_a_circle_and_to_nothing_are_no_error(schemas):
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}
    found, left_out = operations(document({"requestBody": {"content": content}}, components={"schemas": schemas}))
    assert len(found) + left_out == 1


def test_the_prefix_of_the_server_belongs_to_the_path():
    (found,), _ = operations(document({}, servers=[{"url": "https://x.example/v2/"}]))
    assert found.path == "/v2/things/{thing}"


def test_a_huge_document_is_read_in_part_and_the_rest_is_counted():
    paths = {f"/t{number}": {"get": {}} for number in range(OPERATIONS + 40)}
    found, left_out = operations({"paths": paths})
    assert (len(found), left_out) == (OPERATIONS, 40)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["$ref", "#/paths", "string", "object", ""]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["$ref", "get", "post", "parameters", "requestBody", "content", "application/json", "schema", "properties",
             "anyOf", "allOf", "type", "enum", "items", "name", "in", "a"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_whatever_a_document_holds_it_is_read(node):
    for document in (node, {"paths": node}, {"paths": {"/a": node}}, {"paths": {"/a": {"post": node}}}):
        found, left_out = operations(document)
        assert len(found) + left_out <= 10
