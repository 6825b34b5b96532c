"""What agents do on the pages, one journey each, and those they ask or invite."""

from __future__ import annotations

import re
from uuid import uuid4

from inhabited import PDF
from scene import Scene
from visitor import Visitor

LIST = """siret;raison sociale;courriel
73282932000074;Chez nous;{one}
35600000000048;Chez eux;{other}
1;Nulle part;c@example.fr
40483304800022;Sans adresse;personne"""


def a_dossier_is_found_and_somebody_outside_gives_advice(at: Scene) -> None:
    firm, agent, expert = at.person("business"), at.person("agent"), at.person("nobody")
    name = f"Garage {uuid4().hex[:8]}"
    dossier = at.filed(firm, company_name=name)
    agent.go("/agent/dossiers")
    agent.page.locator("#order").select_option("silence")
    agent.press("Show")
    assert name in agent.text
    agent.follow("Search")
    agent.press("Search")
    assert agent.page.locator("#sought-error").count() == 1
    agent.fill(sought=name)
    agent.press("Search")
    agent.follow(name)
    at.taken(agent, dossier)
    agent.follow("Ask for advice")
    agent.press("Ask for advice")
    assert agent.page.locator(".error").count() >= 2
    address = f"{uuid4().hex}@ailleurs.example"
    agent.fill(expert=address, question="La perte est-elle plausible ?")
    agent.check("shown-need")
    agent.press("Ask for advice")
    at.town.do_what_is_due()
    path, code = in_mail(at, address, r"(/avis/\S+)", r"([A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4})")
    expert.go(path)
    expert.fill(code="AAAA-AAAA-AAAA")
    expert.press("Go on")
    assert expert.page.locator("#code-error").count() == 1
    expert.fill(code=code)
    expert.press("Go on")
    assert ("Inondation" in expert.text, name in expert.text) == (True, False)
    expert.press("Send my advice")
    assert expert.page.locator(".error").count() >= 2
    expert.check("opinion-reserved")
    expert.fill(said="Plausible, à vérifier.")
    expert.press("Send my advice")
    assert expert.says("Your advice was sent")
    agent.go(f"/agent/dossiers/{dossier}")
    assert "Plausible, à vérifier." in agent.text
    agent.check("refuse")
    agent.fill(motivation="Hors du champ.")
    agent.press("Decide")
    agent.page.locator("summary").first.click()
    agent.fill(motivation="Une pièce nouvelle.")
    agent.press("Take it under review again")
    agent.press("Give it back to the queue")
    agent.go(f"/agent/dossiers/{dossier}")
    assert agent.says("Nobody has taken this dossier yet; the queue gives the oldest first.")


def several_are_decided_together_and_one_is_paid_elsewhere(at: Scene) -> None:
    firm, agent = at.person("business"), at.person("agent")
    for dossier in [at.filed(firm) for _ in range(2)]:
        at.taken(agent, dossier)
    agent.follow("Back to the queue")
    agent.page.locator("#state").select_option("en_instruction")
    agent.check("mine")
    agent.press("Show")
    for box in agent.page.locator("input[name=dossier]").all()[-2:]:
        box.check()
    agent.press("Decide on the chosen ones together")
    agent.press("Decide on all of them")
    assert agent.page.locator(".error").count() == 2
    agent.check("accepte")
    agent.fill(motivation="Perte établie.")
    agent.press("Decide on all of them")
    at.town.do_what_is_due()
    agent.page.reload()
    assert agent.says("Decided: %(done)s of %(all)s.", done=2, all=2)
    number = agent.page.locator("tbody th").first.inner_text()
    agent.follow("Deliveries")
    agent.follow(number)
    agent.press("It was done elsewhere")
    assert agent.page.locator("#said-error").count() == 1
    agent.fill(said="Payé par virement manuel.")
    agent.press("It was done elsewhere")
    assert "Payé par virement manuel." in agent.text


def an_export_and_the_synthesis_are_read(at: Scene) -> None:
    firm, agent = at.person("business"), at.person("agent")
    name = f"Garage {uuid4().hex[:8]}"
    at.filed(firm, company_name=name)
    agent.go("/agent/dossiers")
    agent.follow("Synthesis")
    assert agent.says("Synthesis")
    agent.follow("Back to the queue")
    agent.follow("Export")
    agent.page.locator("#format").select_option("csv")
    agent.press("Ask for this export")
    assert agent.says("Waiting. Open this page again in a while.")
    at.town.do_what_is_due()
    agent.page.reload()
    assert name in agent.download("Download").decode()


def a_supervisor_puts_a_colleague_in_a_group_and_takes_them_out(at: Scene) -> None:
    agent, colleague = at.person("agent"), at.person("agent")
    supervisor = agent.client.get("/api/v1/me").json()["account"]
    at.town.execute("INSERT INTO groupe_membre VALUES (%s, 'emergency-aid', true, now())", supervisor)
    agent.go("/agent/dossiers")
    agent.follow("Groups")
    agent.follow("Emergency aid for businesses", nth=-1)
    at.look(agent, "/agent/groups/{group}/members")
    agent.fill(email="personne@example.org")
    agent.press("Put in this group")
    assert agent.page.locator("#email-error").count() == 1
    agent.fill(email=f"{colleague.name}@example.org")
    agent.press("Put in this group")
    assert f"{colleague.name}@example.org" in agent.text
    agent.leave_by(agent.page.locator("tr", has_text=colleague.name).get_by_role("button"))
    assert "/agent/groups" in agent.page.url
    agent.follow("Emergency aid for businesses", nth=-1)
    assert colleague.name not in agent.text


def firms_are_invited_and_answer_or_decline(at: Scene) -> None:
    agent, firm, tired = at.person("agent"), at.person("nobody"), at.person("nobody")
    one, other = (f"{uuid4().hex}@example.fr" for _ in range(2))
    agent.go("/agent/dossiers")
    agent.follow("Campaigns")
    agent.press("Begin")
    assert agent.page.locator("#title-error").count() == 1
    agent.fill(title="Aide après la crue")
    agent.press("Begin")
    campaign = agent.page.url
    agent.attach("file", "entreprises.csv", PDF)
    agent.press("Read this list")
    assert agent.page.locator("#file-error").count() == 1
    agent.attach("file", "entreprises.csv", LIST.format(one=one, other=other).encode())
    agent.press("Read this list")
    assert (fact(agent, "Lines that cannot be used"), "personne" in agent.text) == ("2", True)
    assert "Sans adresse" in agent.download("Download the lines to mend, CSV").decode()
    agent.press("Add these firms: %(count)s", count=2)
    agent.follow("Back to the campaign")
    agent.press("Start sending")
    at.town.do_what_is_due()

    (link,) = in_mail(at, one, r"(/invitations\?code=\S+)")
    firm.go(link)
    at.look(firm, "/invitations")
    firm.follow("Sign in and open the form")
    firm.follow("Sign in as a business or resident")
    firm.identify(firm.name)
    at.look(firm, "/invitations/form")
    filled_in = {name: firm.page.locator(f"#{name}").input_value() for name in ("company_name", "contact_email")}
    assert filled_in == {"company_name": "Chez nous", "contact_email": one}
    firm.check("activity-reduced")
    firm.fill(need="Inondation", amount="900")
    firm.press("Save and go on")
    firm.press("File my request")
    assert re.search(r"AUE-\d{4}-\d{8}", firm.text)

    (link,) = in_mail(at, other, r"(/invitations\?code=\S+)")
    tired.go(link)
    tired.follow("I want no more mail of this kind")
    at.look(tired, "/invitations/declined")
    tired.press("Send me no more")
    assert tired.page.get_by_role("status").count() == 1
    at.look(tired, "/invitations/declined")

    agent.page.goto(campaign)
    for counted in ("Filed a request", "Want no more mail"):
        assert fact(agent, counted) == "1"
    agent.follow("What firms need, and day by day")
    assert agent.says("It is much reduced")
    agent.page.goto(campaign)
    agent.press("Stop for good")
    assert agent.page.get_by_role("button", name=agent.say("Stop for good")).count() == 0


def in_mail(at: Scene, address: str, *patterns: str) -> tuple[str, ...]:
    """What stands in the only mail to ``address``."""
    (mail,) = at.town.mailbox.to(address)
    text = str(mail.get_body(("plain",)).get_content())
    return tuple(re.search(pattern, text)[1] for pattern in patterns)


def fact(visitor: Visitor, name: str) -> str:
    """What stands beside a name in a list of facts."""
    return str(
        visitor.page.locator("dt", has_text=visitor.say(name))
        .locator("xpath=following-sibling::dd[1]")
        .first.inner_text()
    )
