"""Secrets given by name to the environment of a container."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security.environment_secrets import is_secret, named_secrets
from security.instructions import assignments, instructions

POD = "spec:\n  containers:\n    - name: web\n      env:\n        - name: {name}\n          value: {value}\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("FROM a\nENV DB_PASSWORD=zeppelin\n", [2]),
        ("FROM a\nENV A=b \\\n    API_TOKEN='zeppelin 92'\n", [2]),
        ("FROM a\nENV SECRET_KEY zeppelin orchard\n", [2]),
        ("FROM a\nARG MOT_DE_PASSE=zeppelin\n", [2]),
        ("FROM a\nARG DB_PASSWORD\n", []),
        ("FROM a\nENV DB_PASSWORD=$GIVEN TOKEN_FILE=/run/token PASSWORD_MIN_LENGTH=12\n", []),
        ("FROM a\n# ENV DB_PASSWORD=zeppelin\nRUN echo PASSWORD=zeppelin\n", []),
        ("FROM a\nRUN <<END\nENV DB_PASSWORD=zeppelin\nEND\nENV TOKEN=zeppelin\n", [5]),
    ],
)
def test_in_a_containerfile(text, lines):
    assert list(named_secrets("deploy/Containerfile", text)) == lines


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("DB_PASSWORD", "zeppelin", True),
        ("DB_PASSWORD", "", False),
        ("DB_PASSWORD", "$(FROM_SECRET)", False),
        ("DB_PASSWORD_FILE", "/run/secrets/db", False),
        ("LOG_LEVEL", "zeppelin", False),
    ],
)
def test_in_a_manifest(name, value, found):
    assert list(named_secrets("a.yaml", POD.format(name=name, value=value))) == ([6] if found else [])


def test_in_the_list_of_a_compose_file():
    text = "services:\n  web:\n    environment:\n      - A=b\n      - DB_PASSWORD=zeppelin\n"
    assert list(named_secrets("compose.yml", text)) == [5]


@pytest.mark.parametrize(
    "text", ["a: [", "a: &a [*a]\n", "&a a: *a\n", "{" * 5000, "\tx", "a: !!python/object:os.x {}"]
)
def test_yaml_that_is_broken_or_goes_in_circles_ends(text):
    assert list(named_secrets("a.yaml", text)) == []


def test_other_kinds_of_files_are_left_to_others():
    assert list(named_secrets("a.py", "ENV DB_PASSWORD=zeppelin")) == []


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_any_text_is_read_to_its_end(text):
    for instruction in instructions(text):
        assert 1 <= instruction.line <= text.count("\n") + len(text.splitlines()) + 1
        for name, value in assignments(instruction):
            is_secret(name, value)
