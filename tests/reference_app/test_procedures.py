"""Procedures are data: a third is one file, and a mistake in one is said with its file and key."""

from __future__ import annotations

import pytest

from reference_app.procedure import FOLDER, PROCEDURES, ProcedureError, read, read_all, sentences

THIRD = """
name = { en = "Renewing a library card", fr = "Renouveler une carte de bibliothèque" }
contact = "cartes@mairie.example"
summary = { en = "Come with your old card.", fr = "Venez avec votre ancienne carte." }
service = { en = "Library", fr = "Bibliothèque" }
[appointments]
days_ahead = 14
bring = [{ en = "your old card", fr = "votre ancienne carte" }]
"""


def test_the_two_procedures_are_read():
    assert set(PROCEDURES) == {"emergency-aid", "masks"}
    assert PROCEDURES["emergency-aid"].filing.silence == "rejects"
    assert PROCEDURES["masks"].appointments.days_ahead == 28


def test_a_third_procedure_is_one_file(tmp_path):
    (tmp_path / "library-card.toml").write_text(THIRD)
    found = read_all(tmp_path)["library-card"]
    assert found.id == "library-card"
    assert [s.fr for s in sentences(found)] == [
        "Renouveler une carte de bibliothèque",
        "Venez avec votre ancienne carte.",
        "Bibliothèque",
        "votre ancienne carte",
    ]


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("days_ahead = 14", 'days_ahead = "14"', "appointments.days_ahead"),
        ("days_ahead = 14", "days_ahead = 400", "appointments.days_ahead"),
        ("days_ahead", "day_ahead", "appointments.days_ahead"),
        (', fr = "Bibliothèque"', "", "service.fr"),
        ('contact = "', 'contact = "@', "contact"),
        ("[appointments]", "surprise = 1\n[appointments]", "surprise"),
        ("bring = [{", "bring = [] # [{", "appointments.bring"),
        ("[appointments]", "[appointments", ""),
    ],
)
def test_a_mistake_is_said_in_one_line_with_its_file_and_key(tmp_path, before, after, key):
    assert before in THIRD
    (tmp_path / "third.toml").write_text(THIRD.replace(before, after))
    with pytest.raises(ProcedureError, match=rf"^third\.toml: {key}") as caught:
        read(tmp_path / "third.toml")
    assert "\n" not in str(caught.value)


def test_a_sentence_is_not_translated_in_two_ways():
    known: dict[str, str] = {}
    for path in FOLDER.glob("*.toml"):
        for sentence in sentences(read(path)):
            assert known.setdefault(sentence.en, sentence.fr) == sentence.fr
