"""Own rules over code: each weakness is found on its line, and its sound twin gives nothing."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from security.own_rules import read

HEAD = """import html, os, ssl, hashlib, traceback
from pathlib import Path
from uuid import UUID
from typing import Annotated
import httpx, jwt, requests, aiohttp
from fastapi import Depends, FastAPI, Form, HTTPException, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from jinja2 import Environment
from flask import request as asked
FOLDER = Path("/srv/files")
KNOWN = {"a", "b"}
app = FastAPI()
"""
LINES = HEAD.count("\n")

CASES = tomllib.loads((Path(__file__).parent / "own_rules.toml").read_text(encoding="utf-8"))
WEAK, SOUND = CASES["weak"], CASES["sound"]


@pytest.mark.parametrize("case", list(WEAK))
def test_a_weakness_is_found_and_placed(tmp_path: Path, case: str):
    (tmp_path / "a.py").write_text(HEAD + WEAK[case] + "\n")
    found = {one.rule: one for one in read(tmp_path, ["a.py"]).results}
    assert set(found) == {case.split()[0]}
    (one,) = found.values()
    assert one.line > LINES
    assert one.what.remedy
    assert one.what.cwe.startswith("CWE-")
    assert one.what.asvs.startswith("v5.0.0-")


@pytest.mark.parametrize("case", list(SOUND))
def test_a_sound_twin_gives_nothing(tmp_path: Path, case: str):
    (tmp_path / "a.py").write_text(HEAD + SOUND[case] + "\n")
    assert read(tmp_path, ["a.py"]).results == ()


def test_a_file_that_is_no_python_is_passed_over_and_the_rest_goes_on(tmp_path: Path):
    (tmp_path / "broken.py").write_text("def (\n")
    (tmp_path / "deep.py").write_text("x = " + "(" * 5000 + ")" * 5000)
    (tmp_path / "latin.py").write_bytes("nom = 'é'".encode("latin-1"))
    (tmp_path / "a.py").write_text(HEAD + WEAK["P140"])
    assert len(read(tmp_path, ["a.py", "broken.py", "deep.py", "gone.py", "latin.py"]).results) == 1


def test_functions_that_call_each_other_in_a_circle_end(tmp_path: Path):
    (tmp_path / "a.py").write_text(
        HEAD
        + "\n".join(
            ["@app.get('/a')", "def a(q: str):", "    return b(q)", "def b(x):", "    return c(x)"]
            + ["def c(y):", "    a(y)", "    return b(y)"]
        )
    )
    assert read(tmp_path, ["a.py"]).results == ()


def test_a_mark_sets_a_finding_of_an_own_rule_aside(make_site, tmp_path: Path):
    from security import source_code

    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text(HEAD + WEAK["P140"] + "  # nosec P140: the list is checked before\n")
    evidence = source_code.collect(make_site(source="src"))
    (one,) = [finding for finding in evidence.findings if finding.rule == "P140"]
    assert one.suppression is not None
