"""A list of firms is read as people save it, and every line that cannot be used is named with its reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_app.campaigns import reading, tables
from reference_app.campaigns.reading import Mistake, Reason, read
from reference_app.dossiers.identifiers import is_siret
from reference_app.errors import Invalid

SIRET, OTHER = "73282932000074", "35600000000048"
ROW = f"{SIRET};Boulangerie « Élan »;contact@example.fr"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "header",
    ["siret;nom;courriel", "N° SIRET;Raison sociale;E-mail", "SIRET number;Name;Email", "Siret;Dénomination;Mail"],
)
def test_a_list_is_read_whatever_saved_it(encoding, ending, header):
    found = read(ending.join([header, ROW, ""]).encode(encoding))
    assert [(good.number, good.firm.siret, good.firm.name) for good in found.good] == [
        (2, SIRET, "Boulangerie « Élan »")
    ]
    assert (found.mistakes, found.lines) == ([], 1)


def test_columns_stand_in_any_order_with_others_between_them_parted_by_commas():
    found = read(b'email,phone,"Company name",SIRET\na@b.fr,01,"Au bon pain, fils","732 829 320 00074"\n')
    (good,) = found.good
    assert (good.firm.email, good.firm.name, good.firm.siret) == ("a@b.fr", "Au bon pain, fils", SIRET)


def test_every_bad_line_is_named_with_its_column_and_reason():
    lines = [
        "siret;nom;courriel",
        ROW,
        "73282932000075;Faux numéro;a@b.fr",
        "7,32829E+13;Abîmé par un tableur;a@b.fr",
        f"{OTHER};;pas une adresse",
        "",
        f"{OTHER};Trop de colonnes;a@b.fr;x",
        f"{SIRET};La même;autre@b.fr",
        f"{OTHER};{'x' * 201};a@b.fr",
    ]
    found = read("\n".join(lines).encode())
    assert list(found.mistakes) == [
        Mistake(3, "siret", Reason.SIRET),
        Mistake(4, "siret", Reason.SIRET),
        Mistake(5, "name", Reason.NAME),
        Mistake(5, "email", Reason.EMAIL),
        Mistake(7, "", Reason.COLUMNS),
        Mistake(8, "siret", Reason.REPEATED, 2),
        Mistake(9, "name", Reason.NAME),
    ]
    assert [good.number for good in found.good] == [2]
    assert found.lines == 7


def test_a_cell_with_a_line_break_does_not_shift_the_numbers_that_follow():
    found = read(f'siret;nom;courriel\n{SIRET};"Deux\nlignes";a@b.fr\nx;y;z@b.fr\n'.encode())
    assert [good.number for good in found.good] == [2]
    assert [mistake.number for mistake in found.mistakes] == [4]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", reading.EMPTY),
        (b"siret;nom;courriel\n", reading.EMPTY),
        (b"siret;nom\n1;2\n", reading.NO_COLUMN),
        (b"siret;siret;nom;courriel\n1;2;3;4\n", reading.TWICE),
        (b"siret;nom;courriel\n\0;\0;\0\n", reading.NO_TEXT),
        (b"\x81\x8d\x8f", reading.NO_TEXT),
        (b"PK\x03\x04\x00\x00", reading.NO_TEXT),
        (b"siret;nom;courriel\n" + b"1;2;3\n" * 20_001, reading.TOO_MANY),
    ],
)
def test_what_is_no_list_is_refused_whole_with_its_reason(content, sentence):
    with pytest.raises(Invalid) as refused:
        read(content)
    assert refused.value.fields["file"].message == sentence


@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: f"siret;nom;courriel\n{text}".encode()))
def test_nothing_that_is_sent_is_worse_than_refused(content):
    try:
        found = read(content)
    except Invalid:
        return
    assert all(is_siret(good.firm.siret) for good in found.good)
    named = {mistake.number for mistake in found.mistakes}
    assert len(found.good) + len(named) == found.lines


def test_a_file_of_lines_to_mend_is_read_as_the_list_it_was():
    for first in (["Line", "What is wrong"], ["Ligne", "Ce qui ne va pas"]):
        rows = [[*first, "siret", "nom", "courriel", "Langue"], [3, "…", SIRET, "-Le Port-", "a@b.fr", "Anglais"]]
        found = read((tables.MARK + "".join(map(tables.line, rows))).encode())
        (good,) = found.good
        assert found.titles == ["siret", "nom", "courriel", "Langue"]
        assert (good.firm.name, good.firm.language) == ("-Le Port-", "en"), "as before a spreadsheet was kept from it"


@pytest.mark.parametrize("cell", ["=1+1", "+33", "-2", "@SUM(A1)", "\tx", "\r=1"])
def test_no_cell_of_an_export_is_taken_for_a_formula(cell):
    assert tables.line([cell]).lstrip('"').startswith("'")
    assert tables.line(["Boulangerie = 1", None, 3]) == "Boulangerie = 1;;3\r\n"
