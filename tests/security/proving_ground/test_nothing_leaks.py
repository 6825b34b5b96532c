"""A service that gives away everything is assessed by the whole program: nothing of it stands in what the run wrote."""

from __future__ import annotations

import json
import zlib

import pytest
from leaks import contents, held


def test_the_run_met_what_it_must_not_repeat(everything):
    assert set(everything.told.values()) == {"email", "name", "iban", "session", "planted secret"}
    rules = {
        finding["rule"]
        for file in (everything.run / "evidence").glob("*.json")
        for finding in json.loads(file.read_text(encoding="utf-8"))["findings"]
    }
    assert {"personal-data-in-log", "personal-data-in-url", "aws-access-key"} <= rules


def test_no_secret_and_no_personal_value_is_in_any_file_of_the_run(everything):
    found = {
        (path.relative_to(everything.run).as_posix(), kind)
        for path in everything.run.rglob("*")
        if path.is_file()
        for content in contents(path.read_bytes())
        for kind in held(content, everything.told)
    }
    assert found == set()


def test_no_secret_and_no_personal_value_is_printed(everything):
    assert held(everything.printed, everything.told) == set()


@pytest.mark.parametrize("manner", ["plain", "deflated", "escaped in JSON"])
def test_the_search_finds_what_is_there(manner):
    told = {"Élodie Étienne": "name"}
    content = {
        "plain": "filed by Élodie Étienne".encode(),
        "deflated": b"stream\n" + zlib.compress("by Élodie Étienne".encode()) + b"\nendstream",
        "escaped in JSON": json.dumps("Élodie Étienne").encode(),
    }[manner]
    assert {kind for one in contents(content) for kind in held(one, told)} == {"name"}
