"""Each journey clicked through in a real Chromium: without JavaScript on a phone, with it at a desk; axe looks on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import CHROMIUM, NEEDED, QUIET
from playwright.sync_api import Browser, Page, sync_playwright

from reference_app.appointments.days import day_of

pytestmark = NEEDED


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield opened
        opened.close()


class Visitor:
    """A person at a browser, with JavaScript or without; every page that opens is looked at by axe.

    Axe is a script, so it looks from a second window, which gets the same document and the same style.
    """

    def __init__(self, page: Page, looker: Page, url: str, seen: set[tuple[object, ...]]) -> None:
        self.page, self.looker, self.url = page, looker, url
        for window in (page, looker):
            window.set_default_timeout(10_000)
        self.seen = seen
        self.violations: list[str] = []
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))

    def look(self) -> None:
        heading = self.page.locator("h1").inner_text()
        main = self.page.locator("main")
        kind = (re.sub(r"\d", "", heading), *(main.locator(part).count() for part in ("form", ".notice", ".error")))
        if kind in self.seen:
            return
        self.seen.add(kind)
        document = self.page.content()
        self.looker.route(self.page.url, lambda route: route.fulfill(body=document, content_type="text/html"))
        self.looker.goto(self.page.url)
        self.looker.unroute_all()
        found = Axe().run(self.looker)
        self.violations += [f"{heading}: {v['id']}: {v['nodes'][0]['html']}" for v in found.response["violations"]]
        if self.looker.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.violations.append(f"{heading}: scrolls sideways")

    def go(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")
        self.look()

    def follow(self, name: str, nth: int = 0) -> None:
        self.page.get_by_role("link", name=name).nth(nth).click()
        self.look()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()
        self.look()

    def fill(self, **fields: str) -> None:
        for label, value in fields.items():
            self.page.locator(f"#{label}").fill(value)

    def sign_in(self, who: str) -> None:
        self.page.goto(f"{self.url}/sign-in/{who}")
        self.page.locator("#identity").fill(f"{who}-{uuid4().hex}")
        self.page.get_by_role("button", name="Continuer").click()
        self.look()


PHONE = 360


@pytest.fixture(
    params=[(PHONE, "dark", "fr-FR"), (1280, "light", "en-GB")], ids=["phone-dark-fr-no-script", "desk-light-en"]
)
def visit(request: Any, browser: Browser, stage: Any) -> Iterator[Callable[[], Visitor]]:
    """Opens browsers; at the end, whatever axe or the browser complained about fails the test."""
    width, scheme, locale = request.param
    visitors, contexts, seen = [], [], set()

    def open_() -> Visitor:
        for script in (width > PHONE, True):
            options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "locale": locale}
            contexts.append(browser.new_context(java_script_enabled=script, **options))
        visitors.append(Visitor(contexts[-2].new_page(), contexts[-1].new_page(), stage.url, seen))
        return visitors[-1]

    open_.french = locale.startswith("fr")
    yield open_
    for context in contexts:
        context.close()
    assert [v for visitor in visitors for v in visitor.violations] == []
    # Chromium notes each status of 400 and more; a refusal by the security policy would stand here too.
    assert [c for visitor in visitors for c in visitor.complaints if "status of 4" not in c] == []


def test_a_business_files_and_an_agent_decides(visit, stage):
    say = (lambda en, fr: fr) if visit.french else (lambda en, fr: en)
    business = visit()
    for path in ("/", "/sign-in", "/signed-out", "/nowhere"):
        business.go(path)
    business.sign_in("business")
    business.follow(say("Start a request", "Commencer une demande"))
    business.fill(siret="123", amount="beaucoup")
    business.press(say("Save and go on", "Enregistrer et continuer"))
    assert business.page.locator(".error").count() == 2
    business.fill(
        siret="732 829 320 00074", company_name="مخبز", contact_email="a@example.fr", need="Inondation", amount="5000"
    )
    business.page.locator("#activity-unchanged").check()
    business.press(say("Save and go on", "Enregistrer et continuer"))
    business.press(say("File my request", "Déposer ma demande"))
    assert business.page.locator("#activity-error").count() == 1
    business.page.locator("#activity-stopped").check()
    business.press(say("Save and go on", "Enregistrer et continuer"))
    business.follow(say("Change", "Modifier"))
    business.press(say("Save and go on", "Enregistrer et continuer"))
    business.press(say("File my request", "Déposer ma demande"))
    assert re.search(r"AUE-\d{4}-\d{8}", business.page.content())
    dossier = business.page.url.removeprefix(stage.url)
    business.go("/dossiers")

    agent = visit()
    agent.sign_in("agent")
    while True:  # the queue holds what other tests filed: the oldest comes first
        agent.go("/agent/dossiers")
        agent.press(say("Take the next dossier", "Prendre le dossier suivant"))
        if agent.page.url.endswith(dossier):
            break
        assert "/agent/dossiers/" in agent.page.url
    agent.press(say("Decide", "Décider"))
    assert agent.page.locator(".error").count() == 2
    agent.page.locator("#accepte").check()
    agent.fill(motivation="Perte établie.")
    agent.press(say("Decide", "Décider"))
    agent.go("/agent/dossiers?state=accepte")
    business.go(dossier)
    assert "Perte établie." in business.page.content()
    business.press(say("Sign out", "Se déconnecter"))


def test_the_counter_and_what_passes_between_both_sides(visit, stage):
    say = (lambda en, fr: fr) if visit.french else (lambda en, fr: en)
    agent = visit()
    agent.sign_in("agent")
    agent.go("/agent/mandats")
    agent.press(
        say("The person agrees: go on with this dossier", "La personne est d’accord\u202f: continuer ce dossier")
    )
    assert agent.page.locator(".error").count() == 2
    agent.fill(person="Jeanne Petit")
    agent.press(say("The person agrees: open the mandate", "La personne est d’accord\u202f: ouvrir le mandat"))
    agent.follow(say("Start a request", "Commencer une demande"))
    agent.fill(siret="73282932000074", company_name="Chez Jeanne", contact_email="j@example.fr", amount="900")
    agent.fill(need="Inondation")
    agent.page.locator("#activity-stopped").check()
    agent.press(say("Save and go on", "Enregistrer et continuer"))
    agent.press(say("File this request", "Déposer cette demande"))
    agent.press(say("Give a code to find it online", "Donner un code pour le retrouver en ligne"))
    code = agent.page.locator(".code").inner_text()

    person = visit()
    person.sign_in("business")
    person.go("/dossiers/claim")
    person.fill(code="nope")
    person.press(say("Find it", "Le retrouver"))
    assert person.page.locator("#code-error").count() == 1
    person.fill(code=code)
    person.press(say("Find it", "Le retrouver"))
    dossier = person.page.url.removeprefix(stage.url)
    person.press(say("Send this message", "Envoyer ce message"))
    assert person.page.locator("#text-error").count() == 1
    person.fill(text="Merci.")
    person.press(say("Send this message", "Envoyer ce message"))
    while not agent.page.url.endswith(dossier):  # the queue holds what other tests filed: the oldest comes first
        agent.go("/agent/dossiers")
        agent.press(say("Take the next dossier", "Prendre le dossier suivant"))
    agent.press(say("Ask for a correction", "Demander une correction"))
    assert agent.page.locator(".error").count() == 2
    agent.page.locator("#incomplete").check()
    agent.fill(said="Il manque le chiffre d’affaires.")
    agent.press(say("Ask for a correction", "Demander une correction"))
    person.go(dossier)
    person.follow(say("Change", "Modifier"))
    person.press(say("Save and go on", "Enregistrer et continuer"))
    person.press(say("I have mended it: send it back", "J’ai corrigé\u202f: renvoyer"))
    person.follow(say("Withdraw this request", "Retirer cette demande"))
    person.press(say("Withdraw this request", "Retirer cette demande"))
    agent.go(f"/agent{dossier}")


def test_a_resident_books_moves_and_cancels_and_an_agent_receives(visit, stage, database_url):
    say = (lambda en, fr: fr) if visit.french else (lambda en, fr: en)
    name, day = f"Salle {uuid4()}", (day_of(datetime.now(UTC)) + timedelta(days=1)).isoformat()
    agent = visit()
    agent.sign_in("agent")
    agent.go("/agent/creneaux")
    agent.fill(name=name, address="1, rue Haute")
    agent.press(say("Add this place", "Ajouter ce lieu"))
    agent.page.locator("#lieu").select_option(label=name)
    agent.fill(day=day, begin="09:00", end="12:00", minutes="quinze", capacity="1")
    agent.press(say("Open these times", "Ouvrir ces créneaux"))
    assert agent.page.locator("#minutes-error").count() == 1
    agent.fill(minutes="60")
    agent.press(say("Open these times", "Ouvrir ces créneaux"))
    assert agent.page.get_by_role("status").count() == 1

    slow, quick = visit(), visit()
    for person in (slow, quick):
        person.sign_in("business")
        person.go("/rendez-vous")
        person.go("/procedures/masks")
        person.follow(name)
        person.follow(say("09:00", "09h00"))
    for person in (quick, slow):
        person.fill(note="En fauteuil")
        person.press(say("Book this appointment", "Prendre ce rendez-vous"))
    assert "RV-" in quick.page.content()
    assert slow.page.get_by_role("alert").count() == 1
    assert slow.page.locator("#note").input_value() == "En fauteuil"
    slow.page.get_by_label(say("10:00", "10h00")).check()
    slow.press(say("Book this appointment", "Prendre ce rendez-vous"))
    number = re.search(r"RV-\d{8}", slow.page.content())[0]

    quick.follow(say("Move", "Déplacer"))
    quick.follow(name)
    quick.follow(say("11:00", "11h00"))
    quick.press(say("Move this appointment", "Déplacer ce rendez-vous"))
    assert say("11:00", "11h00") in quick.page.locator("main").inner_text()
    quick.follow(say("Cancel this appointment", "Annuler ce rendez-vous"))
    quick.press(say("Cancel this appointment", "Annuler ce rendez-vous"))
    quick.go("/rendez-vous")

    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE creneau SET starts_at = now() - interval '1 second' WHERE id IN"
            " (SELECT creneau_id FROM rendez_vous WHERE number = %s)",
            (int(number[3:]),),
        )
    agent.go("/agent/rendez-vous")
    agent.page.locator("#lieu").select_option(label=name)
    agent.press(say("Show", "Afficher"))
    agent.press(f"{number} {say('came', 'est venu')}")
    slow.go("/rendez-vous")
    assert say("Received", "Reçu") in slow.page.content()


def test_axe_would_find_a_violation(visit, stage):
    visitor = visit()
    visitor.go("/")
    visitor.page.set_content("<!doctype html><html><body><h1>x</h1><img src='a.png'><input></body></html>")
    visitor.look()
    found = " ".join(visitor.violations)
    visitor.violations.clear()
    assert all(kind in found for kind in ("html-has-lang", "image-alt", "label"))
    visitor.complaints.clear()
