"""Each journey clicked through in a real Chromium: without JavaScript on a phone, with it at a desk; axe looks on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from chromium import NEEDED
from playwright.sync_api import Browser
from visitor import Looker, Visitor

from reference_app.appointments.days import day_of

pytestmark = NEEDED


PHONE = 360
LIMIT_MS = 30_000


@pytest.fixture(scope="module")
def seen() -> dict[str, set[Any]]:
    """The kinds of pages that axe has looked at, by language."""
    return {}


@pytest.fixture(
    params=[(PHONE, "dark", "fr-FR"), (1280, "light", "en-GB")], ids=["phone-dark-fr-no-script", "desk-light-en"]
)
def visit(request: Any, browser: Browser, stage: Any, seen: dict[str, set[Any]]) -> Iterator[Callable[[], Visitor]]:
    """Opens browsers; at the end, whatever axe or the browser complained about fails the test."""
    width, scheme, locale = request.param
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "locale": locale}
    visitors: list[Visitor] = []
    looking = browser.new_context(**options)
    looker = Looker(looking.new_page(), seen.setdefault(locale, set()))
    looker.window.set_default_timeout(LIMIT_MS)

    def open_() -> Visitor:
        context = browser.new_context(java_script_enabled=width > PHONE, **options)
        context.set_default_timeout(LIMIT_MS)
        visitors.append(Visitor(context.new_page(), stage.url, str, looker.look))
        return visitors[-1]

    open_.french, open_.looker = locale.startswith("fr"), looker
    yield open_
    for context in (looking, *(visitor.page.context for visitor in visitors)):
        context.close()
    assert looker.violations == []
    assert [said for visitor in visitors for said in visitor.complaints] == []


def sign_in(visitor: Visitor, who: str) -> None:
    visitor.page.goto(f"{visitor.url}/sign-in/{who}")
    visitor.identify(f"{who}-{uuid4().hex}")


def test_a_business_files_and_an_agent_decides(visit, stage):
    say = (lambda en, fr: fr) if visit.french else (lambda en, fr: en)
    business = visit()
    for path in ("/", "/sign-in", "/signed-out", "/nowhere"):
        business.go(path)
    sign_in(business, "business")
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
    sign_in(agent, "agent")
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
    sign_in(agent, "agent")
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
    sign_in(person, "business")
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
    sign_in(agent, "agent")
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
        sign_in(person, "business")
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
    visit.looker.look(visitor.page)
    found = " ".join(visit.looker.violations)
    visit.looker.violations.clear()
    assert all(kind in found for kind in ("html-has-lang", "image-alt", "label"))
    visitor.complaints.clear()
