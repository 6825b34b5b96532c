"""The text of a first ``portance.toml``: valid whatever strangers put into it, and its comments true."""

import re
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.openapi import Body, Operation, Parameter
from loadtests.openapi_journeys import journeys, left_out
from scorecard import project
from scorecard.cli import toml_text
from scorecard.cli.init_file import Draft, render
from scorecard.cli.init_probe import Tried
from scorecard.evidence import Text
from scorecard.project import Objectives, ProjectFile
from scorecard.project_demand import Demand

HOSTILE = [
    'x"\n[target]\nremote = true\n#',
    '"""\n[security]\nadvisories = "/etc"\n"""',
    "x'''\\",
    "\\u0022 \\",
    "line one\r\nline two\u2028three\u0085four",
    "right\u202eto left\u2066\u200b\x00\x1b[31m\x7f",
    "half \ud800 pair",
    "Démarches 日本 🎉",
    "{port} {siret}",
    "#" * 500,
    "",
]


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_names_stay_values_and_comments(words: str, lang: str) -> None:
    parameter = Parameter(words or "p", "path", words or "v", invented=True)
    read = Operation("GET", f"/{words}/{{{words or 'p'}}}", parameters=(parameter,), tags=(words,), summary=words)
    write = Operation("POST", f"/{words}", body=Body("json", {words: [words, {"a": words}]}), needs_credentials=True)
    draft = Draft(
        name=f"n{words}"[:200],
        url="http://127.0.0.1:8000",
        openapi=f"/{words}",
        health="/healthz",
        journeys=tuple(journeys([read])),
        left_out=(Tried(read, Text(en=words, fr=words), works=True),),
        writes=(write,),
    )
    content = render(draft, lang)
    found = project.parse(content.encode())
    assert found.target.remote is False
    assert found.security.advisories is None
    assert found.target.openapi == f"/{words}".replace("\ud800", "\ufffd")
    assert {len(j.steps) for j in found.journeys} == {1}
    assert set(tomllib.loads(content)) == {"project", "target", "journeys"}
    assert all(c.isprintable() or c == "\n" for c in content)


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("url", [None, "http://127.0.0.1:8000", "https://aides.example"])
def test_every_option_shown_as_a_comment_may_be_uncommented_and_shows_the_default(url: str | None, lang: str) -> None:
    post = Operation("POST", "/a", body=Body("json", {"a b": 1, "c": [True, 1.5]}), success=201)
    forms = Operation("PUT", "/b", body=Body("form", {"x": "y"}))
    content = render(Draft(name="n", url=url, writes=(post, forms)), lang)
    found = _parse(_uncommented(content))
    assert found.demand == Demand()
    assert found.objectives == Objectives()
    assert found.project.kind == "online-procedure"
    assert found.target.remote is False
    written = next(j for j in found.journeys if j.name == "write")
    assert [(s.method, s.json_, s.form, s.expected) for s in written.steps] == [
        ("POST", {"a b": 1, "c": [True, 1.5]}, None, (201,)),
        ("PUT", None, {"x": "y"}, (200,)),
    ]


def test_an_own_service_needs_no_more_than_fifteen_lines() -> None:
    content = render(Draft(name="n", journeys=tuple(journeys([Operation("GET", "/a")]))), "en")
    assert len([line for line in content.splitlines() if line and not line.startswith("#")]) <= 15


def test_only_an_address_elsewhere_gets_the_warning_about_load() -> None:
    assert "remote" not in render(Draft(name="n", url="http://127.0.0.1:8000"), "en")
    content = render(Draft(name="n", url="https://aides.example"), "en")
    assert "no load until remote = true" in content
    assert _parse(content).target.remote is False


def test_a_long_list_of_what_was_left_out_is_cut_with_its_count() -> None:
    many = tuple(Tried(o, left_out(o)) for o in (Operation("GET", f"/{i}", deprecated=True) for i in range(1_000)))
    assert "left out: 960 more" in render(Draft(name="n", url="http://127.0.0.1:1", left_out=many), "en")


KEYS = st.text(max_size=8).filter(lambda t: not any("\ud800" <= c <= "\udfff" for c in t))
VALUES = st.recursive(
    KEYS | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None, derandomize=True)
@given(VALUES)
def test_a_value_is_read_back_as_it_was(value: Any) -> None:
    assert tomllib.loads(f"x = {toml_text.value(value)}") == {"x": value}


@settings(deadline=None, derandomize=True)
@given(st.text())
def test_a_comment_never_ends_its_line(text: str) -> None:
    comment = toml_text.comment(text)
    assert tomllib.loads(f"# {comment}\nx = 1") == {"x": 1}
    assert len(comment) <= 200


def test_what_toml_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        toml_text.value({"a": None})


def _parse(content: str) -> ProjectFile:
    return project.parse(content.encode())


def _uncommented(content: str) -> str:
    """``content`` with every option and every commented journey made active."""
    option = re.compile(r"# (?=(\[+[a-z]+\]+|[a-z_0-9]+ = .*|  \{ .*|\])( |$))")
    return "\n".join(option.sub("", line, count=1) if option.match(line) else line for line in content.splitlines())
