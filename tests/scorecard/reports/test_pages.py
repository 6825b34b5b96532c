"""The pages of the service on the page of the report: their figures, their pictures, and no more than was measured."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from scorecard.evidence import Column, Evidence, Fact, Provenance, Status, Table, Text, Unit
from scorecard.reports import html, pages
from scorecard.reports.words import Lang, Words
from scorecard.scorecard import Scorecard

# The smallest WebP there is: one white pixel.
WEBP = "UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAwA0JaQAA3AA/vuUAAA="


def evidence(name: str, facts: tuple[Fact, ...], tables: tuple[Table, ...]) -> Evidence:
    origin = Provenance.since(datetime(2026, 11, 22, tzinfo=UTC), tool="Chromium", version="1")
    return Evidence(
        name=name, collector="observability", project="x", status=Status.COMPLETED, provenance=origin, facts=facts,
        tables=tables,
    )  # fmt: skip


def table(id_: str, names: str, *rows: tuple[float | int | str | None, ...]) -> Table:
    units = {"load_time": Unit.SECOND, "at_peak": Unit.SECOND, "slow_network_load_time": Unit.SECOND}
    units |= {"weight": Unit.BYTES, "requests": Unit.COUNT}
    return Table(id=id_, columns=tuple(Column(name=one, unit=units.get(one)) for one in names.split()), rows=rows)


@pytest.fixture
def with_pages(cards: dict[str, Scorecard]) -> Callable[..., Scorecard]:
    """A card with the pages of a service; the peak counts or does not."""

    def make(peak: float | None = 0.31, webp: str = WEBP, path: str = "/dossiers (citizen)") -> Scorecard:
        views = table(
            "page.pages",
            "page window load_time weight requests ecoindex violations slow_network_load_time",
            ("/", "desktop", 0.12, 10_400.0, 3, "95/100 (A)", 0, None),
            ("/", "phone", 0.13, 10_400.0, 3, "95/100 (A)", 0, 1.2),
            (path, "desktop", 0.2, 12_000.0, 4, "90/100 (A)", 2, None),
        )
        pictures = table(
            "page.pictures", "page window width height focus webp",
            ("/", "desktop", 480, 270, "sharp", webp), (path, "phone", 180, 400, "out of focus", webp),
        )  # fmt: skip
        why = None if peak is not None else Text(en="the load failed", fr="la charge a échoué")
        fact = Fact(id="page.peak_load_time", value=peak, unit=Unit.SECOND, reason=why)
        at_peak = table("page.peak", "page at_peak", ("/", 0.31), (path, 0.29))
        found = (evidence("pages", (), (views, pictures)), evidence("pages-peak", (fact,), (at_peak,)))
        kept = tuple(one for one in cards["go"].evidence if one.name not in ("pages", "pages-peak"))
        return cards["go"].model_copy(update={"evidence": (*kept, *found)})

    return make


@pytest.mark.parametrize(
    ("lang", "page", "seconds", "alternative"),
    [
        ("en", "/dossiers, a citizen signed in", "1.2\u202fs", "on a phone (out of focus)"),
        ("fr", "/dossiers, usager connecté", "1,2\u202fs", "sur téléphone (flouté)"),
    ],
)
def test_each_page_has_its_figures_and_its_pictures_with_words_for_them(
    with_pages, lang: Lang, page, seconds, alternative
):
    words = Words(lang)
    first, second = pages.rows(with_pages(), words)
    assert (first.page, first.requests, first.violations, first.ecoindex) == ("/", "3", "0", "95/100 (A)")
    assert first.slow.replace("\u00a0", "\u202f") == seconds
    assert (second.page, second.slow) == (page, "–")
    (_, (shot,)) = pages.shots(with_pages(), words)[1]
    assert shot.source == f"data:image/webp;base64,{WEBP}"
    assert shot.alternative.startswith(("First screen of /dossiers", "Premier écran de /dossiers"))
    assert shot.alternative.endswith(alternative)
    document = html.render(with_pages(), lang)
    assert document.count('src="data:image/webp;base64,') == 2
    assert document.count("<img") == 2


def test_times_at_the_peak_are_shown_only_where_they_count(with_pages):
    words = Words("en")
    assert [row.at_peak.replace("\u00a0", " ").replace("\u202f", " ") for row in pages.rows(with_pages(), words)] == [
        "310 ms",
        "290 ms",
    ]
    assert [row.at_peak for row in pages.rows(with_pages(peak=None), words)] == ["–", "–"]


@pytest.mark.parametrize(
    "hostile",
    ['UklGR" onerror="alert(1)', "PHN2Zz48c2NyaXB0Pg==", f"{WEBP}\n", "", "javascript:alert(1)", "U" * 500_000],
)
def test_what_is_no_small_webp_is_not_shown(with_pages, hostile: str):
    assert pages.shots(with_pages(webp=hostile), Words("en")) == ()
    assert "<img" not in html.render(with_pages(webp=hostile), "en")


def test_hostile_paths_stay_words(with_pages):
    document = html.render(with_pages(path='"><script>alert(1)</script> (citizen)'), "en")
    assert "<script" not in document


def test_without_pages_the_page_says_so(cards: dict[str, Scorecard]):
    bare = cards["go"].model_copy(
        update={"evidence": tuple(one for one in cards["go"].evidence if one.name != "pages")}
    )
    assert "no page was opened in a browser" in html.render(bare, "en")
    assert "aucune page n’a été ouverte dans un navigateur" in html.render(bare, "fr")
