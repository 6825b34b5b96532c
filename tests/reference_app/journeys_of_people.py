"""What people do on the pages, one journey each: what is clicked and typed, and what they see of it."""

from __future__ import annotations

import re
import time

from inhabited import PDF
from scene import Scene, tomorrow
from visitor import Visitor

from reference_app.stand_ins.business_register import establishment

LIMIT_S = 60
SIRET, OTHER = "73282932000074", "35600000000048"
NEW = "/dossiers/new?procedure=emergency-aid"
OPENS = """
    LOCK TABLE waiting_arrivals IN EXCLUSIVE MODE;
    DELETE FROM waiting_arrivals;
    UPDATE waiting_room SET id = uuidv7(), opens_at = now() - interval '1 minute'"""
"""A room like the one there is, open for a minute: the form knows of openings to come only."""


def what_the_register_knows_is_filled_in_and_corrected(at: Scene) -> None:
    firm = at.person("business")
    firm.go(NEW)
    firm.fill(siret=SIRET, need="Inondation")
    firm.press("Find my business")
    name = firm.page.locator("#company_name").input_value()
    assert name == name_of(SIRET)
    assert firm.says("Correct this: %(field)s", field=firm.say("Name of the business"))
    assert firm.page.locator("#need").input_value() == "Inondation"
    firm.page.locator("summary").click()
    firm.fill(company_name="Au bon pain", contact_email="a@example.fr", amount="900")
    firm.check("activity-stopped")
    firm.press("Save and go on")
    assert firm.says("typed by the person.")
    firm.press("File my request")
    assert re.search(r"AUE-\d{4}-\d{8}", firm.text)


def a_register_that_is_down_leaves_fields_to_type_in(at: Scene) -> None:
    firm = at.person("business")
    at.town.register.put("/knobs", json={"closed": True}).raise_for_status()
    firm.go(NEW)
    firm.fill(siret=OTHER, need="Inondation")
    firm.press("Find my business")
    at.town.register.put("/knobs", json={}).raise_for_status()
    assert firm.page.locator("main .notice[role=status]").count() == 1
    assert firm.page.locator("#company_name").input_value() == ""
    firm.fill(company_name="Chez nous", contact_email="a@example.fr", amount="900")
    firm.check("activity-stopped")
    firm.press("Save and go on")
    assert (firm.says("Inondation"), "Chez nous" in firm.text) == (True, True)


def pieces_are_sent_one_by_one_and_one_is_refused(at: Scene) -> None:
    firm = at.person("business")
    firm.go(f"/dossiers/{at.drafted(firm)}")
    firm.follow("Send or take away pieces")
    for name in ("devis.pdf", "constat.pdf"):
        firm.attach("proof_of_loss", name, PDF + name.encode())
        firm.press("Send this file")
        assert name in firm.text
    firm.attach("proof_of_loss", "photo.pdf", b"#!/bin/sh\necho no picture\n")
    firm.press("Send this file")
    assert firm.page.locator("#proof_of_loss-error").count() == 1
    assert pieces_of(firm) == 2
    firm.press("Take away %(file)s", file="constat.pdf")
    assert (pieces_of(firm), "devis.pdf" in firm.text) == (1, True)
    firm.follow("Back to the request")
    firm.press("File my request")
    assert firm.download("devis.pdf") == PDF + b"devis.pdf"
    assert firm.download("Download the receipt (PDF)").startswith(b"%PDF-")


def both_sides_write_and_news_goes_where_one_says(at: Scene) -> None:
    firm, agent = at.person("business"), at.person("agent")
    dossier = at.filed(firm)
    at.taken(agent, dossier)
    agent.fill(text="Une photo, s’il vous plaît.")
    agent.press("Send this message")
    firm.go(f"/dossiers/{dossier}")
    assert "Une photo, s’il vous plaît." in firm.text
    firm.fill(text="La voici.")
    firm.press("Send this message")
    firm.follow("Choose where news goes")
    firm.fill(email="pas une adresse")
    firm.press("Save")
    assert firm.page.locator("#email-error").count() == 1
    firm.fill(email="nouvelles@example.fr")
    firm.press("Save")
    assert firm.says("Your choice is saved.")
    agent.go(f"/agent/dossiers/{dossier}")
    assert "La voici." in agent.text


def a_draft_is_deleted_then_all_that_is_held(at: Scene) -> None:
    person = at.person("business")
    at.drafted(person, company_name="Quirinal")
    person.go(f"/dossiers/{at.drafted(person, company_name='Zibeline')}")
    person.follow("Delete this draft")
    person.press("Delete this draft")
    assert ("Zibeline" in person.text, "Quirinal" in person.text) == (False, True)
    person.follow("My data")
    assert person.download("Download everything held about me").startswith(b"PK")
    person.follow("Have my data deleted")
    person.press("Delete it for good")
    assert person.says("Drafts: %(number)s", number=1)
    person.follow("Home")
    assert person.link("Start a request").count() > 0
    person.go("/dossiers")
    assert "/sign-in" in person.page.url


def a_draft_goes_to_the_counter_and_is_filed_there(at: Scene) -> None:
    firm, agent = at.person("business"), at.person("agent")
    dossier = at.drafted(firm)
    firm.go(f"/dossiers/{dossier}")
    firm.press("Go on at the counter, with an agent")
    code = firm.page.locator(".code").inner_text()
    agent.go("/agent/mandats")
    agent.page.locator("#continue-person").fill("Jeanne Petit")
    agent.fill(code=code)
    agent.press("The person agrees: go on with this dossier")
    agent.follow("Boulangerie du Port")
    agent.follow("Send or take away pieces")
    agent.attach("proof_of_loss", "au-guichet.pdf", PDF)
    agent.press("Send this file")
    agent.follow("Back to the request")
    agent.press("File this request")
    agent.follow("Back to the mandate")
    agent.press("End this mandate")
    firm.go(f"/dossiers/{dossier}")
    assert "au-guichet.pdf" in firm.text
    assert firm.says("Receipt")


def an_opening_is_waited_for_in_line(at: Scene) -> None:
    agent, person = at.person("agent"), at.person("nobody")
    at.place()
    agent.go("/agent/salle-attente")
    agent.fill(day=tomorrow(), at="09:00", per_minute="beaucoup")
    agent.press("Open a waiting room")
    assert agent.page.locator("#per_minute-error").count() == 1
    agent.fill(per_minute="600")
    agent.press("Open a waiting room")
    person.go("/procedures/masks")
    at.look(person, "/salle-attente/{procedure}")
    person.follow("Sign in and take a place")
    person.identify(person.name)
    assert person.says("Waiting room")
    at.look(person, "/salle-attente/{procedure}")
    person.follow("Look again only when I ask for it")
    at.town.execute(OPENS)
    agent.go("/agent/salle-attente")  # which reads the rooms anew
    person.follow("Look again")
    at.look(person, "/salle-attente/{procedure}")
    ends = time.monotonic() + LIMIT_S
    while "/salle-attente/" in person.page.url:
        assert time.monotonic() < ends, "the turn never came"
        person.page.wait_for_timeout(300)
        person.follow("Look again")
    assert person.says("Choose a place")
    agent.press("Close this waiting room: everybody may come in")


def a_request_is_filed_by_keyboard(at: Scene) -> None:
    firm = at.person("business")
    firm.go("/")
    firm.enter("main a.button")
    firm.type_in(siret=SIRET, company_name="Au bon pain", contact_email="a@example.fr")
    firm.tab_to("#activity-stopped")
    firm.page.keyboard.press("Space")
    firm.type_in(need="Inondation", amount="900")
    firm.enter("main form p > button:not(.second)")
    firm.enter("main form p > button:not(.second)")
    assert re.search(r"AUE-\d{4}-\d{8}", firm.text)


def an_appointment_is_booked_by_keyboard(at: Scene) -> None:
    person, place = at.person("business"), at.place()
    person.go("/procedures/masks")
    person.enter(f"a[href$='{place}']")
    person.enter("a[href^='/creneaux/']")
    person.type_in(note="En fauteuil")
    person.enter("main form button")
    assert re.search(r"RV-\d{8}", person.text)
    assert "En fauteuil" in person.text


def name_of(siret: str) -> str:
    return str(establishment(siret)["unite_legale"]["personne_morale_attributs"]["raison_sociale"])


def pieces_of(firm: Visitor) -> int:
    return firm.page.locator(".pieces li").count()
