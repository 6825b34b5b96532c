"""The PDF: the words of the page, tagged for those who do not see it, the same bytes each time."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pikepdf
import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from scorecard.evidence import Column, Table, Text, Unit
from scorecard.reports import FORMATS, html, palette, pdf, sheet
from scorecard.reports.words import Words
from scorecard.scorecard import Scorecard

HOSTILE = '#panic("x") $x$ *bold* [link] @ref \\ #{1 + 1} `raw` <label> // comment /* */ = heading'


def opened(card: Scorecard, lang: str = "fr") -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(pdf.render(card, lang)))


def elements(document: pikepdf.Pdf) -> Iterator[tuple[str, Any]]:
    """The structure tree in reading order: kind of each element and the element."""

    def walk(node: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(node, pikepdf.Array):
            for child in node:
                yield from walk(child)
        elif isinstance(node, pikepdf.Dictionary) and node.get("/S") is not None:
            yield str(node.S)[1:], node
            yield from walk(node.get("/K", pikepdf.Array()))

    yield from walk(document.Root.StructTreeRoot.K)


def words_of(document: pikepdf.Pdf) -> str:
    """Every text of the pages in the order of their content, through the fonts' own maps to Unicode."""
    return " ".join("".join(_shown(page)) for page in document.pages)


def _shown(page: pikepdf.Page) -> Iterator[str]:
    maps = {name: _unicode(font) for name, font in page.Resources.Font.items()}
    current: dict[int, str] = {}
    for operands, operator in pikepdf.parse_content_stream(page):
        match str(operator):
            case "Tf":
                current = maps[str(operands[0])]
            case "Tj" | "TJ":
                parts = operands[0] if isinstance(operands[0], pikepdf.Array) else operands
                for part in parts:
                    if isinstance(part, pikepdf.String):
                        raw = bytes(part)
                        yield from (current.get(int.from_bytes(raw[i : i + 2]), "?") for i in range(0, len(raw), 2))
            case "ET":
                yield " "


def _unicode(font: Any) -> dict[int, str]:
    """The map from glyphs to letters that a font carries."""
    source = font.ToUnicode.read_bytes().decode()
    found: dict[int, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", source, re.S):
        for code, text in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", source, re.S):
        for first, last, text in re.findall(r"<([0-9A-F]+)>\s*<([0-9A-F]+)>\s*<([0-9A-F]+)>", block, re.I):
            start = int(text, 16)
            for n in range(int(first, 16), int(last, 16) + 1):
                found[n] = chr(start + n - int(first, 16))
    return found


def plain(text: str) -> str:
    """Letters and digits alone: line breaks and hyphens are the paper's, not the author's."""
    return re.sub(r"[^\w%:/]", "", text)


@pytest.fixture(scope="module")
def documents(cards: dict[str, Scorecard]) -> dict[str, pikepdf.Pdf]:
    return {decision: opened(card) for decision, card in cards.items()}


@pytest.mark.parametrize("decision", ["go", "conditional", "no_go", "undetermined"])
def test_it_is_tagged_titled_and_in_its_language(documents: dict[str, pikepdf.Pdf], decision: str) -> None:
    document = documents[decision]
    assert document.Root.MarkInfo.Marked
    assert str(document.Root.Lang) == "fr"
    assert document.Root.ViewerPreferences.DisplayDocTitle
    with document.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"] == "Aide d’urgence aux entreprises"
    kinds = {kind for kind, _ in elements(document)}
    assert {"Document", "H1", "H2", "P", "Table", "TH", "TD", "L", "LI"} <= kinds


def test_each_figure_has_words_and_each_table_its_headers(documents: dict[str, pikepdf.Pdf]) -> None:
    found = list(elements(documents["no_go"]))
    figures = [node for kind, node in found if kind == "Figure"]
    assert len(figures) == 2
    assert all("par seconde" in str(node.Alt) for node in figures)
    tables = [node for kind, node in found if kind == "Table"]
    assert len(tables) >= 16
    for table in tables:
        first = next(node for kind, node in _below(table) if kind == "TR")
        cells = [kind for kind, _ in _below(first) if kind in ("TH", "TD")]
        assert cells
        assert set(cells) == {"TH"}


def _below(node: Any) -> Iterator[tuple[str, Any]]:
    for child in node.get("/K", pikepdf.Array()):
        if isinstance(child, pikepdf.Dictionary) and child.get("/S") is not None:
            yield str(child.S)[1:], child
            yield from _below(child)


def test_the_checks_of_the_tags_find_a_document_without_them() -> None:
    bare = pikepdf.open(io.BytesIO(bytes(typst.compile(b"= Bare", format="pdf", pdf_tags=False))))
    assert bare.Root.get("/StructTreeRoot") is None
    assert bare.Root.get("/ViewerPreferences", {}).get("/DisplayDocTitle") is None
    with pytest.raises(typst.TypstError, match=r"PDF/UA-1 error"):
        typst.compile(b"= No title", format="pdf", pdf_standards=["ua-1"])


def test_headings_step_down_one_at_a_time_and_are_the_bookmarks(documents: dict[str, pikepdf.Pdf]) -> None:
    document = documents["no_go"]
    levels = [int(kind[1]) for kind, _ in elements(document) if re.fullmatch(r"H\d", kind)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    with document.open_outline() as outline:
        titles = [item.title for item in outline.root]
    assert titles[:3] == [
        "Pas de feu vert aujourd’hui",
        "Combien d’usagers le service peut accueillir",
        "Dix domaines sur une même échelle",
    ]
    assert titles[-1] == "D’où vient tout cela"


def test_every_font_is_embedded_and_comes_with_typst(documents: dict[str, pikepdf.Pdf]) -> None:
    names = set()
    for page in documents["no_go"].pages:
        for font in page.Resources.Font.values():
            (inner,) = font.DescendantFonts
            assert {"/FontFile2", "/FontFile3"} & set(inner.FontDescriptor.keys())
            names.add(str(font.BaseFont).partition("+")[2].partition("-")[0])
    assert names == {"LibertinusSerif", "DejaVuSansMono"}


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("decision", ["go", "conditional", "no_go", "undetermined"])
def test_it_says_what_the_page_says(cards: dict[str, Scorecard], decision: str, lang: str) -> None:
    card, words = cards[decision], Words("fr" if lang == "fr" else "en")
    said = plain(words_of(opened(card, lang)))
    head, sentence = sheet.headline(card, words)
    expected = [head, sentence, sheet.peak(card, words), words.grade(card.grade), words.date(card.graded_on)]
    expected += [words.say(action.text) for action in card.actions[:3]]
    expected += [words.say(j.reason) for j in card.judged]
    expected += [words.say(i.title) for i in card.indicators]
    for text in expected:
        assert plain(text) in said, text
    assert head in html.render(card, lang)


def test_the_first_sheet_ends_with_the_signature(
    documents: dict[str, pikepdf.Pdf], card: Callable[..., Scorecard]
) -> None:
    for document in documents.values():
        first = plain("".join(_shown(document.pages[0])))
        assert "Dateetsignature" in first
        assert "Cequiaétémesuré" not in first
    long = "Une très longue phrase de mise en garde qui ne dit pas grand-chose mais qui prend de la place. "
    crowded = card(secrets=3, code_high=2, p95=0.9).model_copy(
        update={"problems": (Text(en=long * 3, fr=long * 3),) * 9}
    )
    document = opened(crowded)
    assert "Dateetsignature" in plain("".join(_shown(document.pages[0])))


def test_the_same_card_gives_the_same_bytes(cards: dict[str, Scorecard]) -> None:
    card = cards["conditional"]
    again = Scorecard.model_validate_json(card.model_dump_json(by_alias=True))
    assert pdf.render(card, "en") == pdf.render(again, "en")
    later = card.model_copy(update={"graded_on": card.graded_on.replace(day=23)})
    assert pdf.render(later, "en") != pdf.render(card, "en")  # the control: the date of judgement is the only clock


def test_hostile_words_are_printed_as_they_are(card: Callable[..., Scorecard]) -> None:
    built = card(HOSTILE).model_copy(update={"decision_reason": Text(en=HOSTILE, fr=HOSTILE)})
    said = words_of(opened(built, "en"))
    assert said.count("#panic(") >= 2
    assert plain(said).count(plain(HOSTILE)) >= 2
    with pytest.raises(typst.TypstError, match="panicked"):  # the control: as markup it would run
        typst.compile(HOSTILE.encode(), format="pdf")


@pytest.mark.parametrize(
    "name", ["漢字 🙂", "a\x07b\x00", "e\u0301té", "\u202eabc", "\ud800".encode("utf-8", "replace").decode(), ""]
)
def test_letters_that_no_font_has_are_marked_and_stop_nothing(card: Callable[..., Scorecard], name: str) -> None:
    document = opened(card(name or "x").model_copy(update={"decision_reason": Text(en=name, fr=name)}))
    assert len(document.pages) > 2


def test_what_counts_as_printable_is_in_the_fonts_within_typst() -> None:
    every = "".join(chr(n) for n in range(0x20, 0x2300) if pdf.printable(chr(n)) == chr(n))
    assert len(every) > 500
    source = '#set document(title: "x")\n#set text(font: FONT)\n#json(bytes(sys.inputs.d))'
    for font in ("Libertinus Serif", "DejaVu Sans Mono"):
        typst.compile(
            source.replace("FONT", f'"{font}"').encode(), format="pdf", ignore_system_fonts=True,
            sys_inputs={"d": json.dumps(every, ensure_ascii=False)}, pdf_standards=["ua-1"],
        )  # fmt: skip


def test_no_colour_and_no_variable_of_a_screen_is_left_in_the_drawings() -> None:
    style = palette.plot_style()
    assert "var(" not in style
    assert "@media" not in style
    assert palette.paper()["paper"] == "#fff"
    assert len(palette.paper()) > 15


def test_a_run_with_several_copies_shows_what_they_bring(cards: dict[str, Scorecard]) -> None:
    names = (("replicas", Unit.COUNT), *((n, Unit.JOURNEYS_PER_SECOND) for n in ("sustained", "fit", "low", "high")))
    rows = ((1, 3.0, 3.1, 2.8, 3.4), (2, 5.5, 5.6, 5.0, 6.2), (4, 9.0, 9.2, 8.0, 10.4), (8, None, 14.0, 10.5, 18.0))
    table = Table(id="load.scaling", columns=tuple(Column(name=n, unit=u) for n, u in names), rows=rows)
    load = next(e for e in cards["no_go"].evidence if e.name == "load")
    grown = load.model_copy(update={"tables": (*load.tables, table)})
    evidence = tuple(grown if e is load else e for e in cards["no_go"].evidence)
    document = opened(cards["no_go"].model_copy(update={"evidence": evidence}))
    (figure,) = (node for kind, node in elements(document) if kind == "Figure" and "exemplaires" in str(node.Alt))
    assert "10,5 à 18" in str(figure.Alt)


@settings(deadline=None, max_examples=12)
@given(words=st.lists(st.text(min_size=1).filter(lambda text: bool(text.strip())), min_size=5, max_size=5))
def test_whatever_strangers_write_it_is_written_and_tagged(card: Callable[..., Scorecard], words: list[str]) -> None:
    name, reason, cell, command, title = (text.encode("utf-8", "replace").decode() for text in words)
    built = card(missing=("traces", "manifests"))
    load = next(e for e in built.evidence if e.name == "load")
    table = Table(
        id="trace.routes", columns=(Column(name="route"), Column(name="why")), rows=((cell, cell), (cell, cell))
    )
    changed = load.model_copy(update={"tables": (*load.tables, table), "reason": Text(en=reason, fr=reason)})
    actions = tuple(a.model_copy(update={"text": Text(en=title, fr=title), "command": command}) for a in built.actions)
    hostile = built.model_copy(
        update={
            "project": built.project.model_copy(update={"name": name}),
            "problems": (Text(en=reason, fr=reason),),
            "actions": actions,
            "evidence": tuple(changed if e is load else e for e in built.evidence),
        }
    )
    document = opened(hostile)
    with document.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
    assert len(document.pages) > 2


def test_it_is_one_of_the_formats(cards: dict[str, Scorecard]) -> None:
    assert FORMATS["pdf"].file_name == "scorecard.pdf"
    assert FORMATS["pdf"].render(cards["go"], "fr") == pdf.render(cards["go"], "fr")
