"""The published JSON Schemas are those of the models, and they accept and refuse what the program does."""

from __future__ import annotations

import json
import tomllib
from importlib import resources

import jsonschema
import pytest

from scorecard.schemas import refresh, schemas


def published(name: str) -> jsonschema.Draft202012Validator:
    schema = json.loads((resources.files("scorecard.schemas") / name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", schemas())
def test_a_published_schema_is_current(name):
    current = (resources.files("scorecard.schemas") / name).read_text(encoding="utf-8")
    assert current == schemas()[name], "run: python -m scorecard.schemas"


def test_refreshing_writes_only_what_changed(tmp_path):
    assert sorted(p.name for p in refresh(tmp_path)) == sorted(schemas())
    assert refresh(tmp_path) == []
    (tmp_path / "evidence.schema.json").write_text("{}", encoding="utf-8")
    assert [p.name for p in refresh(tmp_path)] == ["evidence.schema.json"]


def test_the_schema_of_the_project_file_helps_an_editor():
    validator = published("portance.schema.json")
    good = tomllib.loads(
        '[project]\nname = "Aid"\nusers = 300_000\n[target]\nurl = "http://127.0.0.1:8000"\n'
        '[[journeys]]\nname = "read"\nsteps = [ { get = "/", expect = 200, think = "2 s" } ]\n'
        '[objectives]\np95 = "400 ms"\nerror_rate = "0.1 %"\n'
    )
    validator.validate(good)
    for wrong in ({"objectives": {"p95": 0.4}}, {"objectivs": {}}, {"project": {"name": "Aid", "users": "many"}}):
        assert not validator.is_valid(good | wrong)


def test_the_schema_of_evidence_accepts_what_is_written(evidence, fact):
    validator = published("evidence.schema.json")
    written = json.loads(evidence([fact("load.p95", 0.1), fact("load.p99", None)]).model_dump_json(by_alias=True))
    validator.validate(written)
    assert not validator.is_valid(written | {"schema": "portance/evidence/0"})
