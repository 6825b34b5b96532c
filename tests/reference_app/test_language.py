"""Both languages are whole: every sentence of the code and the pages is in the French catalogue."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import reference_app
from reference_app.language import LOCALES, preferred

ROOT = Path(reference_app.__file__).parent
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
SAYING = {"say", "sentence", "translated"}
"""What the functions are called that say a sentence in the reader's language."""
OPTIONS = {"**/templates/**.html": {"newstyle_gettext": "true"}}


@pytest.fixture(scope="module")
def sentences() -> set[str]:
    found = extract_from_dir(str(ROOT), METHODS, OPTIONS, keywords={"_": None, "N_": None, "gettext": None})
    return {message for _, _, message, _, _ in found if isinstance(message, str)}


@pytest.fixture(scope="module")
def french() -> dict[str, str]:
    with (LOCALES / "fr" / "LC_MESSAGES" / "messages.po").open("rb") as source:
        return {message.id: message.string for message in read_po(source) if message.id}


def test_the_extraction_sees_both_code_and_pages(sentences):
    assert {"Fill in this field.", "How it goes"} <= sentences


def test_whatever_is_said_is_a_sentence_the_extraction_sees(sentences):
    """A literal handed straight to a translating function is in no catalogue: readers of French would get English."""
    said = set()
    for path in ROOT.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in SAYING:
                said |= {one.value for one in call.args if isinstance(one, ast.Constant)}
    assert said - sentences == set()


def test_every_sentence_has_its_french(sentences, french):
    assert sorted(s for s in sentences if not french.get(s)) == []


def test_no_french_sentence_is_left_over(sentences, french):
    assert sorted(set(french) - sentences) == []


def test_translations_name_the_same_values(french):
    for english, said in french.items():
        assert set(re.findall(r"%\(\w+\)s", english)) == set(re.findall(r"%\(\w+\)s", said)), english


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "fr"),
        ("en", "en"),
        ("fr;q=0.5, en;q=0.9", "en"),
        ("de, en;q=0.3", "en"),
        ("de", "fr"),
        ("en;q=0", "fr"),
        ("en;q=broken, fr;q=0.1", "fr"),
        ("*;;;,,=", "fr"),
        ("EN-us", "en"),
    ],
)
def test_the_browsers_preference_is_followed(header, language):
    assert preferred(header) == language
