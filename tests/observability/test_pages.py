"""Pages with one planted defect each, seen by a real Chromium: each is caught, and the clean page is clean."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from observability import pages as collector
from observability.page_facts import facts, unseen
from observability.page_findings import findings
from observability.page_known import FACTS
from observability.page_table import pages_table
from observability.pages import collect
from observability.views import Stop, Tour
from scorecard.evidence import Evidence, Fact, Severity, Status
from scorecard.site import Site

pytest.importorskip("playwright", reason="Playwright is not installed: pip install with the extra 'pages'")

from observability import browser
from observability.tour import Plan, Typing, tour

CHROMIUM = browser.find_chromium()
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the system's package chromium")

CLEAN = """<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Déposer une demande</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head><body><main><h1>Déposer une demande</h1>
<p>Une demande se dépose en cinq minutes.</p><form action="/file"><label for="siret">SIRET</label>
<input id="siret" name="siret"><button>Envoyer</button></form>{more}</main></body></html>"""

DEFECTS = {
    "/clean": "",
    "/many": "".join(f'<img alt="" src="/own-{number}.png">' for number in range(300)),
    "/wide": '<div style="width: 900px">Une ligne trop longue</div>',
    "/busy": "<script>Object.defineProperty(window, 'axe', { set() { for (;;); } })</script>",
    "/stuck": '<img alt="" src="/hangs">',
}


@pytest.fixture(scope="session")
def seen(pages, other, answer, tmp_path_factory) -> Tour:
    """One tour of all the pages that end by themselves."""
    assert CHROMIUM is not None
    answers = {path: answer(CLEAN.format(more=more)) for path, more in DEFECTS.items()}
    answers["/script"] = answer(
        "<!doctype html><html lang='fr'><head><title>Demande</title></head><body><div id='app'></div><noscript>Activez "
        "JavaScript</noscript><script>document.querySelector('#app').innerHTML = '<main><h1>Déposer une demande</h1>"
        '<form><label>Nom <input name="name"></label></form></main>\'</script></body></html>'
    )
    asks = f'<img alt="" src="{other.url}/pixel"><script src="https://fonts.example/x.js"></script>'
    asks += '<link rel="preconnect" href="https://static.example">'
    asks += f"<script>new WebSocket('ws://127.0.0.1:{other.server.server_port}/live')</script>"
    answers["/others"] = answer(CLEAN.format(more=asks))
    refused = '<img src="/own.png"><img alt="" src="https://fonts.example/x.png">'
    answers["/image"] = answer(CLEAN.format(more=refused), Content_Security_Policy="default-src 'self'")
    answers["/broken"] = answer(CLEAN.format(more=""), status=500)
    answers["/away"] = answer(status=302, Location="https://elsewhere.example/")
    late = "<script>addEventListener('load', () => setTimeout(() => location = 'https://late.example/', 170))</script>"
    answers["/late"] = answer(CLEAN.format(more=late))
    answers["/data"] = answer("{}", kind="application/json")
    pages.answers.update(answers)
    paths = tuple(path for path in answers if path not in ("/busy", "/stuck"))
    return _tour(pages.url, paths, Plan(pages=20, loads=1, total_s=120), tmp_path_factory.mktemp("pictures"))


NOTHING_TYPED = Typing({"text": "Essai 5f1c"}, {})


def _tour(url: str, paths: tuple[str, ...], plan: Plan, folder: Path) -> Tour:
    assert CHROMIUM is not None
    stops = [Stop(path, path) for path in paths]
    return asyncio.run(tour(url, stops, plan, CHROMIUM, folder, NOTHING_TYPED, lambda share: None))


def of(seen: Tour, path: str) -> dict[str, Fact]:
    """Facts as if ``path`` were the only page."""
    return {fact.id: fact for fact in facts(only(seen, path), None)}


def only(seen: Tour, path: str) -> Tour:
    return replace(
        seen,
        stops=tuple(stop for stop in seen.stops if stop.path == path),
        slow={one: seconds for one, seconds in seen.slow.items() if one == path},
        views=[view for view in seen.views if view.path == path],
        gaps=[gap for gap in seen.gaps if gap.path == path],
        not_pages={one: kind for one, kind in seen.not_pages.items() if one == path},
    )


@needs_chromium
class TestDefects:
    def test_a_clean_page_is_clean(self, seen: Tour):
        found = of(seen, "/clean")
        assert set(found) == set(FACTS)
        assert unseen(only(seen, "/clean")) is None
        assert findings(only(seen, "/clean")) == ()
        assert {name: found[f"page.{name}"].value for name in ("axe_serious", "axe_violations", "third_parties")} == {
            "axe_serious": 0, "axe_violations": 0, "third_parties": 0,
        }  # fmt: skip
        assert found["page.without_javascript"].value is True
        assert found["page.fits_phone"].value is True
        assert found["page.requests"].value == 1
        assert found["page.dom_nodes"].value == 13
        assert found["page.load_time"].value > 0
        assert found["page.lcp"].value > 0
        assert len(CLEAN) < found["page.weight"].value < 3 * len(CLEAN)
        assert found["page.ecoindex"].value.endswith("(A)")
        assert [row[-2:] for row in pages_table(only(seen, "/clean")).rows] == [("fr", "Déposer une demande")] * 2

    def test_an_image_without_alternative_is_named_with_its_place_and_its_rgaa_test(self, seen: Tour):
        assert of(seen, "/image")["page.axe_serious"].value == 1
        (finding,) = findings(only(seen, "/image"))
        assert (finding.rule, finding.severity, finding.tool_severity) == ("image-alt", Severity.CRITICAL, "critical")
        assert finding.location.startswith("GET /image img")
        assert "RGAA 1.1.1" in finding.message

    def test_the_share_of_rgaa_that_was_looked_at_is_far_from_all(self, seen: Tour):
        share = of(seen, "/clean")["page.rgaa_share"]
        assert 0.2 < share.value < 0.35
        assert "/ 106" in share.detail

    def test_a_page_of_300_requests_is_counted(self, seen: Tour):
        found = of(seen, "/many")
        assert found["page.requests"].value == 301
        assert not found["page.ecoindex"].value.endswith("(A)")

    def test_a_page_that_only_a_script_fills_is_not_there_without_it(self, seen: Tour):
        found = of(seen, "/script")["page.without_javascript"]
        assert found.value is False
        assert "needs-javascript" in {f.rule for f in findings(only(seen, "/script"))}

    def test_other_origins_are_counted_and_nothing_goes_there(self, seen: Tour, other):
        found = of(seen, "/others")["page.third_parties"]
        own = f"127.0.0.1:{other.server.server_port}"
        assert found.value == 3
        assert set(found.detail.split(", ")) == {own, "fonts.example", "static.example"}
        assert other.asked == []

    def test_what_the_pages_own_policy_refuses_is_not_held_against_it(self, seen: Tour):
        assert of(seen, "/image")["page.third_parties"].value == 0

    def test_a_page_wider_than_a_phone_is_seen(self, seen: Tour):
        found = of(seen, "/wide")["page.fits_phone"]
        assert found.value is False
        assert [f.rule for f in findings(only(seen, "/wide"))] == ["scrolls-sideways"]

    def test_a_page_that_is_not_made_for_phones_does_not_fit_one(self, seen: Tour):
        assert of(seen, "/script")["page.fits_phone"].value is False

    @pytest.mark.parametrize(("path", "why"), [("/broken", "HTTP 500"), ("/away", "it leads to elsewhere.example")])
    def test_an_error_or_another_site_is_not_a_fast_page(self, seen: Tour, path: str, why: str):
        for name, fact in of(seen, path).items():
            if name != "page.count":
                assert fact.value is None, name
                assert why in fact.reason.en
        assert f"{path}: {why}" in unseen(only(seen, path)).en
        assert "it leads" not in unseen(only(seen, path)).fr

    def test_a_page_that_leaves_once_it_has_loaded_is_not_taken_for_what_comes_after(self, seen: Tour):
        found = of(seen, "/late")
        assert found["page.axe_serious"].value is None
        assert found["page.fits_phone"].value is None
        assert unseen(only(seen, "/late")) is not None

    def test_one_page_unseen_makes_the_worst_page_unknown_but_not_what_was_found(self, seen: Tour):
        found = {fact.id: fact for fact in facts(seen, None)}
        assert found["page.load_time"].value is None
        assert found["page.weight"].value is None
        assert found["page.axe_serious"].value == 1
        assert found["page.axe_serious"].low == 1
        assert found["page.fits_phone"].value is False

    def test_an_answer_that_is_no_page_is_left_out_and_said(self, seen: Tour):
        assert seen.not_pages == {"/data": "application/json"}
        assert unseen(only(seen, "/data")) is None
        assert "/data: application/json" in {f.id: f for f in facts(seen, None)}["page.count"].detail

    def test_a_page_that_hangs_or_never_rests_is_cut_and_said_and_the_others_are_seen(
        self, seen: Tour, pages, tmp_path: Path
    ):
        plan = Plan(pages=3, loads=2, total_s=60, page_s=3)
        cut = _tour(pages.url, ("/stuck", "/busy", "/clean", "/image"), plan, tmp_path)
        found = of(cut, "/stuck")["page.load_time"]
        assert (found.value, found.low, found.high) == (3, 3, None)
        assert "cut" in found.reason.en
        assert "too busy" in of(cut, "/busy")["page.axe_serious"].reason.en
        assert unseen(only(cut, "/clean")) is None
        assert [len(view.loads) for view in only(cut, "/clean").views] == [2, 2]
        assert "no more pages" in unseen(only(cut, "/image")).en


@pytest.fixture
def project_of(site: Site):
    """The project with other pages, another address, another profile."""

    def make(url: str | None, *paths: str, remote: bool = False) -> Site:
        target = site.project.target.model_copy(update={"pages": paths, "remote": remote})
        return replace(site, project=site.project.model_copy(update={"target": target}), url=url, profile="smoke")

    return make


@needs_chromium
class TestEvidence:
    def test_evidence_is_whole_and_what_it_names_is_on_disk(self, seen: Tour, pages, project_of):
        site = project_of(pages.url, "/clean")
        evidence = collect(site)
        assert (evidence.name, evidence.status) == ("pages", Status.COMPLETED)
        assert Evidence.model_validate_json(evidence.model_dump_json(by_alias=True)) == evidence
        pictures = [name for name in evidence.raw if name.endswith(".webp")]
        assert pictures == ["raw/pages/01-desktop.webp", "raw/pages/01-phone.webp"]
        for name, digest in evidence.raw.items():
            assert hashlib.sha256((site.run / name).read_bytes()).hexdigest() == digest
        assert (site.run / pictures[0]).read_bytes()[8:12] == b"WEBP"
        account = json.loads((site.run / "raw/pages/views.json").read_text(encoding="utf-8"))
        assert len(account["views"]) == 2
        assert _browsers() == []

    def test_a_broken_page_degrades_the_evidence(self, seen: Tour, pages, project_of):
        evidence = collect(project_of(pages.url, "/clean", "/broken"))
        assert evidence.status is Status.DEGRADED
        assert evidence.reason.fr == "/broken : HTTP 500"

    def test_a_service_without_any_page_is_skipped_and_a_dead_one_is_an_error(self, seen: Tour, pages, project_of):
        evidence = collect(project_of(pages.url, "/data"))
        assert (evidence.status, "HTML" in evidence.reason.en) == (Status.SKIPPED, True)
        evidence = collect(project_of("http://127.0.0.1:9", "/clean"))
        assert evidence.status is Status.ERROR
        assert all(fact.value is None for fact in evidence.facts)

    @pytest.mark.parametrize("with_signal", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
    def test_no_browser_outlives_a_program_that_is_killed(self, seen: Tour, pages, tmp_path: Path, with_signal: int):
        program = (
            "import asyncio, pathlib\nfrom observability.tour import Plan, Typing, tour\n"
            "from observability.views import Stop\n"
            "pages = [Stop('/clean', '/clean'), Stop('/stuck', '/stuck')]\n"
            f"asyncio.run(tour({pages.url!r}, pages, Plan(2, 1, 60, 60, 1), {CHROMIUM!r}, "
            f"pathlib.Path({str(tmp_path)!r}), Typing({{}}, {{}}), lambda share: print('begun', flush=True)))"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begun\n"
            family = psutil.Process(process.pid).children(recursive=True)
            assert len(family) > 2
            os.kill(process.pid, with_signal)
            process.wait(20)
        _, alive = psutil.wait_procs(family, timeout=10)
        assert alive == []


def _browsers() -> list[str]:
    return [p.name() for p in psutil.Process().children(recursive=True) if "chrom" in p.name() or "node" in p.name()]


def test_without_chromium_it_is_skipped_and_says_what_to_install(project_of, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(browser, "find_chromium", lambda: None)
    evidence = collect(project_of("http://127.0.0.1:9", "/"))
    assert evidence.status is Status.SKIPPED
    assert "install the package chromium" in evidence.reason.en
    assert {fact.id for fact in evidence.facts} == set(FACTS)
    assert all(fact.value is None and fact.reason for fact in evidence.facts)


def test_a_chromium_that_does_not_start_is_an_error_that_says_so(
    project_of, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(browser, "find_chromium", lambda: str(program))
    evidence = collect(project_of("http://127.0.0.1:9", "/"))
    assert evidence.status is Status.ERROR
    assert evidence.reason.en.startswith("Chromium does not start")


def test_without_playwright_it_is_skipped_and_names_the_extra(project_of, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "playwright.async_api", None)
    evidence = collect(project_of("http://127.0.0.1:9", "/"))
    assert (evidence.status, "extra 'pages'" in evidence.reason.en) == (Status.SKIPPED, True)


def test_a_service_elsewhere_is_opened_only_with_leave(project_of, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(browser, "find_chromium", lambda: None)
    assert "remote = true" in collect(project_of("https://service.example", "/")).reason.en
    assert "chromium" in collect(project_of("https://service.example", "/", remote=True)).reason.en
    assert collect(project_of(None, "/")).status is Status.ERROR


def test_the_room_is_usable_without_playwright():
    code = "import sys; sys.modules['playwright'] = None; import observability.pages, observability.page_facts"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert collector.NAME == "pages"
