"""From too slow to the statement: on a page in a real browser, and in a terminal; hostile words stay words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from scorecard.evidence import Column, Evidence, Provenance, Status, Table, Unit
from scorecard.reports import html, why, why_page, why_terminal, why_words
from scorecard.reports.words import Words
from scorecard.scorecard import Scorecard

CHROMIUM = Path("/usr/bin/chromium")
FILE, LIST = "POST /dossiers/{id}/file", "GET /dossiers<script>alert(1)</script>"
STATEMENT = 'SELECT "id" FROM letter WHERE email = ? AND need < ? /* <img src=x onerror=alert(1)> */'


def table(id_: str, columns: dict[str, Unit | None], *rows: tuple[object, ...]) -> Table:
    return Table.model_validate(
        {"id": id_, "columns": [Column(name=name, unit=unit) for name, unit in columns.items()], "rows": rows}
    )


def traces() -> Evidence:
    seconds = dict.fromkeys(("p50", "p95", *why.KINDS), Unit.SECOND)
    gains = dict.fromkeys(("gain_of_all", "rate_times_low", "rate_times_high"), Unit.RATIO)
    users = dict.fromkeys(("users_more_low", "users_more_high"), Unit.USERS)
    words = dict.fromkeys(("said", "said_fr", "remedy", "remedy_fr"))
    level = {"route": None, "load_level": None, "rate": Unit.REQUESTS_PER_SECOND, "requests": Unit.COUNT, **seconds}
    calls = {"route": None, "kind": None, "call": None, "line": None, "per_request": Unit.COUNT}
    calls |= {"share_of_latency": Unit.RATIO, "each_low": Unit.SECOND, "each_knee": Unit.SECOND}
    mended = {"rule": None, "route": None, "place": None, "line": None, **gains, **users, **words}
    example = {"route": None, "trace": None, "kind": None, "call": None, "begins": Unit.SECOND, "lasts": Unit.SECOND}
    return Evidence(
        name="traces", collector="sample", project="Aide d’urgence aux entreprises", status=Status.COMPLETED,
        provenance=Provenance.since(datetime(2026, 11, 22, tzinfo=UTC), tool="sample", version="1"),
        tables=(
            table("trace.breakdown", level,
                (FILE, "low", 14.0, 120, 0.02, 0.03, 0.001, None, 0.015, 0.0, 0.004),
                (FILE, "knee", 90.0, 140, 0.6, 1.2, 0.2, 0.1, 0.25, 0.0, 0.05),
                (LIST, "knee", None, 30, 0.1, 0.2, None, None, 0.0, 0.09, 0.01)),
            table("trace.calls", calls,
                (FILE, "sql", STATEMENT, "app/letters.py:42", 3.0, 0.7, 0.004, 0.08),
                (FILE, "sql", "COMMIT", None, 1.0, 0.02, 0.001, 0.002),
                (LIST, "remote", "GET /registry", "app/registry.py:7", 1.0, 0.9, None, 0.09)),
            table("trace.example", example,
                (FILE, "ab" * 16, "serving", FILE, 0.0, 1.2),
                (FILE, "ab" * 16, "sql", STATEMENT, 0.3, 0.8),
                (FILE, "ab" * 16, "sql", "COMMIT", 1.1, 0.05),
                (FILE, "ab" * 16, "more", "12", 1.15, 0.05)),
            table("trace.diagnoses", mended,
                ("missing-index", FILE, STATEMENT, "app/letters.py:42", 0.5, 1.0, 2.0, 0.0, 120_000.0,
                 "one statement takes 4 ms", "une requête SQL prend 4 ms", "CREATE INDEX", "CREATE INDEX"),
                ("pool-wait", FILE, "connection", None, 0.1, 2.0, 4.0, None, None,
                 "waits for a connection", "attend une connexion", "Open more", "En ouvrir plus")),
        ),
    ).sealed()  # fmt: skip


@pytest.fixture(scope="module")
def traced(card: Callable[..., Scorecard]) -> Scorecard:
    """A card whose traces hold two routes."""
    whole = card()
    others = tuple(evidence for evidence in whole.evidence if evidence.name != "traces")
    return whole.model_copy(update={"evidence": (*others, traces())})


def test_the_page_leads_from_the_rate_to_the_statement(traced: Scorecard) -> None:
    page = why_page.render(traced, "en")
    assert "95 in 100 answers take 452" in page, "the lowest rate that was too much"
    route, call = page.index('<details class="route"'), page.index('<details class="call')
    assert route < call < page.index("app/letters.py:42", call) < page.index('<ol class="fall">')
    assert "from letter" in page.lower()
    assert why_page.render(traced, "en") == page


def test_each_language_has_its_words(traced: Scorecard) -> None:
    page = why_page.render(traced, "fr")
    assert "attend une connexion" in page
    assert "waits for" not in page
    assert "waits for a connection" in why_page.render(traced, "en")


def test_hostile_words_stay_words(traced: Scorecard) -> None:
    for page in (why_page.render(traced, "en"), html.render(traced, "fr")):
        assert "<script" not in page
        assert "<img" not in page


def test_what_mending_brings_has_two_ends_and_none_that_is_not_known(traced: Scorecard) -> None:
    words = Words("en")
    index, pool = why.mends(traced, words)
    assert (
        why_words.brings(index, words)
        == "Brings: 50% of all time, 1 to 2 times the rate, 0 to 120,000\u00a0users more."
    )
    assert why_words.brings(pool, words) == "Brings: 10% of all time, 2 to 4 times the rate, or more."


def test_a_diagnosis_stands_beside_the_call_it_is_about(traced: Scorecard) -> None:
    file, _ = why.routes(traced, Words("en"))
    assert [mend.rule for mend in file.calls[0].mends] == ["missing-index"]
    assert [mend.rule for mend in file.mends if mend not in file.placed] == ["pool-wait"]


def test_without_traces_both_say_so(card: Callable[..., Scorecard]) -> None:
    nothing = card(missing=("traces",))
    assert "Not measured" in why_page.render(nothing, "en")
    assert any("Not measured" in line.plain for line in why_terminal.overview(nothing, "en", 80))
    with pytest.raises(LookupError):
        list(why_terminal.route(nothing, "1", "en", 80))


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_terminal_leads_there_in_two_steps(traced: Scorecard, lang: str) -> None:
    first = [line.plain for line in why_terminal.overview(traced, lang, 100)]
    assert any(line.startswith("  1 POST /dossiers/{id}/file") for line in first)
    for wanted in ("1", FILE, "file"):
        second = [line.plain for line in why_terminal.route(traced, wanted, lang, 100)]
        assert any(STATEMENT in line for line in second)
        assert any("app/letters.py:42" in line for line in second)
        assert any("█" in line for line in second)
    with pytest.raises(LookupError):
        list(why_terminal.route(traced, "nowhere", lang, 100))


@pytest.mark.parametrize("width", [80, 160])
def test_bars_of_the_terminal_keep_to_its_width(traced: Scorecard, width: int) -> None:
    lines = [*why_terminal.overview(traced, "en", width), *why_terminal.route(traced, "1", "en", width)]
    bars = [line.plain for line in lines if "█" in line.plain or "→" in line.plain or "##" in line.plain[-12:]]
    assert bars
    assert max(len(line) for line in bars) <= width


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not there: no browser to look with")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-quic"])
        yield opened
        opened.close()


@pytest.fixture
def look(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_(source: str, width: int, scheme: str) -> Page:
        (tmp_path / "why.html").write_text(source, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.goto((tmp_path / "why.html").as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_opened_it_is_accessible_and_fits(
    traced: Scorecard, look: Callable[..., Page], width: int, scheme: str
) -> None:
    page = look(why_page.render(traced, "fr"), width, scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keyboard_alone_reaches_the_statement_in_two_steps(traced: Scorecard, look: Callable[..., Page]) -> None:
    page = look(why_page.render(traced, "en"), 1280, "light")
    statement = page.locator("#r1 .call pre").first
    assert not statement.is_visible()
    for opened in ("details.route", "details.call"):
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("name => document.activeElement.parentElement?.matches(name)", opened):
                break
        page.keyboard.press("Enter")
    assert statement.is_visible()
    assert statement.inner_text().startswith('SELECT "id" FROM letter')
