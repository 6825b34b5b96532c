"""Reading OpenAPI and Swagger documents: what an operation requires, and a value for it."""

import json
from typing import Any

import pytest
import yaml
from fastapi import FastAPI, Header
from fastapi.security import HTTPBearer
from pydantic import BaseModel, Field

from loadtests.openapi import Api, Operation, read
from loadtests.openapi_document import Document
from loadtests.openapi_sample import sample

PETSTORE = """
swagger: "2.0"
info: {title: Petstore, version: 1.0.0}
host: petstore.example.org
basePath: /v2
produces: [application/json; charset=utf-8]
securityDefinitions:
  key: {type: apiKey, name: api_key, in: header}
parameters:
  petId: {name: petId, in: path, required: true, type: integer, minimum: 7}
definitions:
  Pet:
    type: object
    required: [name, born]
    properties:
      id: {type: integer}
      name: {type: string, example: Rex}
      born: {type: string, format: date, default: 2020-02-29}
paths:
  x-comment: {}
  /pet:
    post:
      tags: [pet]
      security: [{key: []}]
      parameters: [{in: body, name: body, schema: {$ref: "#/definitions/Pet"}}]
      responses: {201: {description: made}, default: {description: wrong}}
  /pet/{petId}:
    parameters: [{$ref: "#/parameters/petId"}]
    get: {tags: [pet], responses: {"200": {description: a pet, schema: {$ref: "#/definitions/Pet"}}}}
  /pet/findByStatus:
    get:
      tags: [pet]
      parameters:
        - {name: status, in: query, required: true, type: array, items: {type: string, enum: [available, sold]}}
        - {name: limit, in: query, type: integer}
      responses: {"200": {description: some}}
  /pet/{petId}/form:
    post:
      parameters:
        - {name: petId, in: path, required: true, type: integer}
        - {name: nick, in: formData, type: string, maxLength: 3}
        - {name: good, in: formData, type: boolean}
      responses: {"204": {description: done}}
"""


def test_swagger_2_in_yaml_is_read_with_its_base_path_references_and_body() -> None:
    api = read(PETSTORE.encode())
    assert api.title == "Petstore"
    assert [(o.method, o.path, o.success) for o in api.operations] == [
        ("POST", "/v2/pet", 201),
        ("GET", "/v2/pet/{petId}", 200),
        ("GET", "/v2/pet/findByStatus", 200),
        ("POST", "/v2/pet/{petId}/form", 204),
    ]
    post, by_id, by_status, form = api.operations
    assert post.needs_credentials
    assert post.body is not None
    assert post.body.value == {"name": "Rex", "born": "2020-02-29"}
    assert [(p.value, p.invented) for p in by_id.parameters] == [("7", True)]
    assert by_id.media == ("application/json",)
    assert [(p.name, p.value, p.invented) for p in by_status.parameters] == [("status", "available", False)]
    assert form.body is not None
    assert (form.body.kind, form.body.value) == ("form", {"nick": "exa", "good": "true"})


def test_the_document_that_fastapi_makes_is_read() -> None:
    class Aid(BaseModel):
        siret: str = Field(min_length=14, max_length=14)
        amount: int = Field(gt=100)
        note: str | None = None

    app = FastAPI(title="Aide")

    @app.get("/aids/{aid_id}", tags=["aids"], summary="One aid")
    def one(aid_id: int, year: int, x_region: str = Header(examples=["75"])) -> Aid:
        raise NotImplementedError

    @app.post("/aids", status_code=201, tags=["aids"], dependencies=[])
    def file(aid: Aid) -> Aid:
        raise NotImplementedError

    @app.get("/mine", dependencies=[_needs(HTTPBearer())], deprecated=True)
    def mine() -> None:
        raise NotImplementedError

    description = app.openapi()
    assert description["openapi"].startswith("3.1")
    get, post, mine_ = read(json.dumps(description).encode()).operations
    assert (get.summary, get.tags, get.media) == ("One aid", ("aids",), ("application/json",))
    assert [(p.place, p.name, p.value, p.invented) for p in get.parameters] == [
        ("path", "aid_id", "1", True),
        ("query", "year", "1", True),
        ("header", "x-region", "75", False),
    ]
    assert post.success == 201
    assert post.body is not None
    assert post.body.value == {"siret": "examplexxxxxxx", "amount": 101}
    assert mine_.needs_credentials
    assert mine_.deprecated


def test_a_parameter_of_the_operation_wins_over_one_of_the_path() -> None:
    operation = _only(
        {
            "parameters": [_in_path("id", {"type": "integer"}), _in_path("unused", {})],
            "get": {"parameters": [_in_path("id", {"enum": ["a", "b"]})]},
        }
    )
    assert [(p.name, p.value) for p in operation.parameters] == [("id", "a")]


def test_a_part_of_the_path_that_nobody_described_is_filled_in_and_called_invented() -> None:
    assert [(p.name, p.value, p.invented) for p in _only({"get": {}}).parameters] == [("id", "example", True)]


@pytest.mark.parametrize(
    ("servers", "path"),
    [
        ([], "/pets/{id}"),
        ([{"url": "https://elsewhere.example/api/v1/"}], "/api/v1/pets/{id}"),
        ([{"url": "/api"}, {"url": "/other"}], "/api/pets/{id}"),
        ([{"url": "https://{env}.example/{base}", "variables": {"base": {"default": "v2"}}}], "/v2/pets/{id}"),
        ([{"url": "https://elsewhere.example//evil.example"}], "/evil.example/pets/{id}"),
    ],
)
def test_only_the_path_of_a_server_is_used_never_its_host(servers: list[Any], path: str) -> None:
    assert _only({"get": {}}, servers=servers).path == path


@pytest.mark.parametrize(
    ("everywhere", "here", "needed"),
    [
        (None, None, False),
        ([{"key": []}], None, True),
        ([{"key": []}], [], False),
        (None, [{"key": []}], True),
        ([{"key": []}], [{"key": []}, {}], False),
    ],
)
def test_credentials_are_needed_unless_lifted_or_optional(everywhere: Any, here: Any, needed: bool) -> None:
    more = {} if everywhere is None else {"security": everywhere}
    assert _only({"get": {} if here is None else {"security": here}}, **more).needs_credentials is needed


@pytest.mark.parametrize("place", [{"in": "cookie", "name": "session"}, {"in": "header", "name": "X-API-Key"}])
def test_a_required_cookie_or_key_counts_as_a_credential(place: dict[str, str]) -> None:
    assert _only({"get": {"parameters": [{**place, "required": True}]}}).needs_credentials


@pytest.mark.parametrize(
    ("responses", "success"),
    [
        ({}, 200),
        ({"default": {}}, 200),
        ({"404": {}, "206": {}, "204": {}}, 204),
        ({"2XX": {}}, 200),
        ({200: {}}, 200),
        ({"302": {}}, 200),
    ],
)
def test_the_lowest_documented_success_is_expected(responses: Any, success: int) -> None:
    assert read(yaml.safe_dump(_document({"get": {"responses": responses}})).encode()).operations[0].success == success


@pytest.mark.parametrize(
    ("schema", "value", "invented"),
    [
        ({"example": "a", "default": "b"}, "a", False),
        ({"default": 0, "enum": [1]}, 0, False),
        ({"const": False}, False, False),
        ({"enum": [None, "x"]}, "x", False),
        ({"examples": ["first", "second"]}, "first", False),
        ({"type": "string", "format": "uuid"}, "00000000-0000-4000-8000-000000000000", True),
        ({"type": "string", "minLength": 10}, "examplexxx", True),
        ({"type": "string", "minLength": 10**12}, "example".ljust(200, "x"), True),
        ({"type": "integer", "minimum": 2.5}, 3, True),
        ({"type": "integer", "minimum": 5, "exclusiveMinimum": True}, 6, True),
        ({"type": "integer", "exclusiveMinimum": 5}, 6, True),
        ({"type": "integer", "maximum": -3}, -3, True),
        ({"type": "integer", "minimum": 3, "multipleOf": 5}, 5, True),
        ({"type": "integer", "multipleOf": 1e-300}, 1, True),
        ({"type": "int"}, 1, True),
        ({"type": ["null", "boolean"]}, True, True),
        ({"type": "array", "items": {"type": "number"}}, [1], True),
        ({"oneOf": [{"type": "null"}, {"type": "integer", "example": 4}]}, 4, False),
        ({"$ref": "other.yaml#/Thing"}, "example", True),
        (True, "example", True),
        (
            {
                "allOf": [
                    {"required": ["a"], "properties": {"a": {"type": "integer"}}},
                    {"allOf": [{"required": ["b"], "properties": {"b": {"default": "x"}}}]},
                ]
            },
            {"a": 1, "b": "x"},
            True,
        ),
    ],
)
def test_a_sample_is_what_the_document_gives_or_what_the_type_allows(schema: Any, value: Any, invented: bool) -> None:
    found = sample(Document({}, swagger=False), schema, "here")
    assert (found.value, found.invented) == (value, invented)
    assert type(found.value) is type(value)


def test_schemas_that_contain_themselves_end() -> None:
    node = {"type": "object", "properties": {n: {"$ref": "#/components/schemas/Node"} for n in ("left", "right")}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}
    operation = _only({"post": {"requestBody": body}}, components={"schemas": {"Node": node}})
    assert operation.body is not None
    assert len(json.dumps(operation.body.value)) < 5_000


def test_an_operation_described_in_another_file_is_kept_as_unreadable_and_nothing_is_fetched() -> None:
    document = _document({"get": {"parameters": [{"$ref": "https://elsewhere.example/p.json"}]}, "post": {}})
    document["paths"]["/away"] = {"$ref": "away.yaml"}
    get, post, away = read(json.dumps(document).encode()).operations
    assert "elsewhere.example" in get.unreadable
    assert not post.unreadable
    assert "away.yaml" in away.unreadable


def test_two_thousand_operations_whose_schemas_multiply_are_read_within_bounds() -> None:
    schemas = {
        f"S{i}": {"properties": {f"p{j}": {"$ref": f"#/components/schemas/S{j}"} for j in range(20)}} for i in range(20)
    }
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S1"}}}}
    document = _document({"get": {}, "post": {"requestBody": body}}, components={"schemas": schemas})
    document["paths"] = {f"/r{i}/{{id}}": document["paths"]["/pets/{id}"] for i in range(1_000)}
    operations = read(json.dumps(document).encode()).operations  # without the budget of a sample: hours
    assert len(operations) == 2_000
    assert max(len(json.dumps(o.body.value)) for o in operations if o.body is not None) < 5_000


def _needs(dependency: Any) -> Any:
    from fastapi import Depends

    return Depends(dependency)


def _in_path(name: str, schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _document(item: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {"/pets/{id}": item}, **more}


def _only(item: dict[str, Any], **more: Any) -> Operation:
    api: Api = read(json.dumps(_document(item, **more)).encode())
    assert len(api.operations) == 1
    return api.operations[0]
