"""The OpenAPI document says what the API really answers."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest


@pytest.fixture(scope="module")
def document(stage) -> dict[str, Any]:
    found = stage.browser().get("/openapi.json").json()
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def operations(document) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, op) for path, methods in document["paths"].items() for method, op in methods.items()]


def test_the_api_and_only_the_api_is_described(operations):
    assert {path for path, _, _ in operations} == {
        "/api/v1/me",
        "/api/v1/my-data",
        "/api/v1/my-data/copy",
        "/api/v1/my-data/erasure",
        "/api/v1/dossiers/{dossier}/receipt",
        "/api/v1/procedures/emergency-aid/dossiers",
        "/api/v1/procedures/holiday-aid/dossiers",
        "/api/v1/procedures/emergency-aid/dossiers/{dossier}",
        "/api/v1/procedures/holiday-aid/dossiers/{dossier}",
        "/api/v1/dossiers",
        "/api/v1/dossiers/{dossier}",
        "/api/v1/dossiers/{dossier}/file",
        "/api/v1/dossiers/{dossier}/sources/{source}",
        "/api/v1/dossiers/{dossier}/corrections",
        "/api/v1/dossiers/{dossier}/corrected",
        "/api/v1/dossiers/{dossier}/withdraw",
        "/api/v1/dossiers/{dossier}/messages",
        "/api/v1/dossiers/{dossier}/pieces",
        "/api/v1/dossiers/{dossier}/pieces/{name}",
        "/api/v1/dossiers/{dossier}/pieces/{name}/{piece}",
        "/api/v1/agent/dossiers/{dossier}/pieces",
        "/api/v1/agent/dossiers/{dossier}/pieces/{name}/{piece}",
        "/api/v1/agent/dossiers/{dossier}/correction",
        "/api/v1/agent/dossiers/{dossier}/corrections",
        "/api/v1/agent/dossiers/{dossier}/reopen",
        "/api/v1/agent/dossiers/{dossier}/messages",
        "/api/v1/dossiers/claim",
        "/api/v1/dossiers/{dossier}/code",
        "/api/v1/agent/mandats",
        "/api/v1/agent/mandats/continue",
        "/api/v1/agent/mandats/{mandat}/end",
        "/api/v1/agent/mandats/{mandat}/data/copy",
        "/api/v1/agent/mandats/{mandat}/data/erasure",
        "/api/v1/agent/mandats/{mandat}/dossiers",
        "/api/v1/agent/mandats/{mandat}/dossiers/{dossier}/file",
        "/api/v1/agent/mandats/{mandat}/dossiers/{dossier}/code",
        "/api/v1/agent/mandats/{mandat}/emergency-aid/dossiers",
        "/api/v1/agent/mandats/{mandat}/holiday-aid/dossiers",
        "/api/v1/agent/mandats/{mandat}/emergency-aid/dossiers/{dossier}",
        "/api/v1/agent/mandats/{mandat}/holiday-aid/dossiers/{dossier}",
        "/api/v1/agent/dossiers",
        "/api/v1/agent/dossiers/claim-next",
        "/api/v1/agent/dossiers/{dossier}",
        "/api/v1/agent/dossiers/{dossier}/decision",
        "/api/v1/agent/dossiers/{dossier}/release",
        "/api/v1/agent/dossiers/{dossier}/group",
        "/api/v1/agent/dossiers/{dossier}/avis",
        "/api/v1/agent/avis",
        "/api/v1/agent/avis/{avis}",
        "/api/v1/agent/search",
        "/api/v1/agent/lots",
        "/api/v1/agent/lots/{lot}",
        "/api/v1/agent/synthesis",
        "/api/v1/agent/exports",
        "/api/v1/agent/exports/{export}",
        "/api/v1/agent/exports/{export}/file",
        "/api/v1/procedures/{procedure}/lieux",
        "/api/v1/procedures/{procedure}/lieux/{lieu}/jours",
        "/api/v1/procedures/{procedure}/lieux/{lieu}/creneaux",
        "/api/v1/rendez-vous",
        "/api/v1/rendez-vous/{appointment}",
        "/api/v1/rendez-vous/{appointment}/creneau",
        "/api/v1/rendez-vous/{appointment}/cancel",
        "/api/v1/agent/rendez-vous",
        "/api/v1/agent/rendez-vous/{appointment}/mark",
        "/api/v1/agent/lieux",
        "/api/v1/agent/creneaux",
        "/api/v1/agent/campaigns",
        "/api/v1/agent/campaigns/{campaign}",
        "/api/v1/agent/campaigns/{campaign}/state",
        "/api/v1/agent/campaigns/{campaign}/remind",
        "/api/v1/agent/campaigns/{campaign}/answers",
        "/api/v1/agent/campaigns/{campaign}/answers.csv",
        "/api/v1/agent/campaigns/{campaign}/invitations.csv",
        "/api/v1/agent/campaigns/{campaign}/lists",
        "/api/v1/agent/campaigns/{campaign}/lists/{file}",
        "/api/v1/agent/campaigns/{campaign}/lists/{file}/bad-lines",
        "/api/v1/agent/campaigns/{campaign}/lists/{file}/bad-lines.csv",
        "/api/v1/agent/campaigns/{campaign}/lists/{file}/confirm",
        "/api/v1/agent/versements",
        "/api/v1/agent/versements/{delivery}",
        "/api/v1/agent/versements/{delivery}/again",
        "/api/v1/agent/versements/{delivery}/done-elsewhere",
        "/api/partner/v1/changes",
        "/api/partner/v1/dossiers",
        "/api/partner/v1/dossiers/{dossier}",
        "/api/partner/v1/rendez-vous",
    }


def test_every_operation_says_what_it_does_and_how_it_refuses(operations):
    for path, method, operation in operations:
        assert operation["summary"], path
        assert operation["description"], path
        for status in ("422", "503") if operation.get("security") == [] else ("401", "422", "503"):
            answer = operation["responses"][status]
            assert answer["content"] == {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            }, (path, method, status)


def test_what_reads_a_body_says_what_it_does_with_one_that_is_no_text(stage, operations):
    reading = [(path, operation) for path, _, operation in operations if "requestBody" in operation]
    assert len(reading) >= 6
    for path, operation in reading:
        assert "400" in operation["responses"], path
    client = stage.signed_in("business")
    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
    answer = client.post("/api/v1/procedures/emergency-aid/dossiers", content=b"\xb1\xff", headers=headers)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_reference_in_the_document_leads_somewhere(document):
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [r for value in node.values() for r in references(value)]
        return [r for value in node for r in references(value)] if isinstance(node, list) else []

    for reference in set(references(document)):
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"], reference


def test_the_idempotency_key_is_asked_for_where_it_counts(operations):
    asking = {
        (path, method)
        for path, method, operation in operations
        if any(p["name"] == "Idempotency-Key" and p["required"] for p in operation.get("parameters", []))
    }
    assert asking == {
        ("/api/v1/procedures/emergency-aid/dossiers", "post"),
        ("/api/v1/procedures/holiday-aid/dossiers", "post"),
        ("/api/v1/dossiers/{dossier}/file", "post"),
        ("/api/v1/dossiers/{dossier}/messages", "post"),
        ("/api/v1/agent/mandats/{mandat}/emergency-aid/dossiers", "post"),
        ("/api/v1/agent/mandats/{mandat}/holiday-aid/dossiers", "post"),
        ("/api/v1/agent/mandats/{mandat}/dossiers/{dossier}/file", "post"),
        ("/api/v1/agent/dossiers/{dossier}/messages", "post"),
        ("/api/v1/agent/dossiers/{dossier}/avis", "post"),
        ("/api/v1/agent/campaigns", "post"),
        ("/api/v1/agent/lots", "post"),
        ("/api/v1/agent/exports", "post"),
        ("/api/v1/rendez-vous", "post"),
    }


def test_what_needs_no_session_says_so_and_needs_none(stage, operations):
    anybody = {(path, method) for path, method, operation in operations if operation.get("security") == []}
    assert {path.split("/")[3] for path, _ in anybody} == {"procedures"}
    nobody = stage.browser()
    partners = {path for path, _, operation in operations if operation.get("security") == [{"partner": []}]}
    assert partners == {path for path, _, _ in operations if path.startswith("/api/partner/")}
    for path, method, _ in operations:
        at = path.format_map(
            dict.fromkeys(
                ("dossier", "appointment", "lieu", "mandat", "piece", "delivery", "avis", "lot", "export", "campaign"),
                str(uuid4()),
            )
            | {"file": str(uuid4())}
            | {"name": "proof_of_loss"}
            | {"procedure": "masks", "source": "business_register"}
        )
        refused = nobody.request(method, at).status_code == 401
        assert refused != ((path, method) in anybody), path
