"""A service with people in it, each with things of their own in every state, and the routes that lead there.

What looks at every page or every operation starts here. A route with a parameter that nothing here makes fails these
tests and says so: whoever adds the route adds the thing, and cannot forget either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import uuid4

import httpx
from documents import token_of
from fastapi.routing import iter_route_contexts

from reference_app.appointments.days import day_of
from reference_app.groups import GROUPS
from reference_app.sources.described import SOURCES

AGENT = "/api/v1/agent"
MARK = "Quirinal"
"""Stands in all that the business and the person at the counter wrote, and nowhere else."""
CORRECTION = {"reason": "incomplete", "said": "Il manque le montant des pertes."}
REFUSAL = {"decision": "refuse", "motivation": "Demande hors du champ de l’aide."}
CONSENT = {"decision": "accepte", "motivation": "Perte établie."}
QUESTION = {"question": "La perte est-elle plausible ?", "shown": ["need"]}
PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"


@dataclass(frozen=True)
class Inhabited:
    """A running service and who lives in it.

    ``people`` are browsers by role: the one whose things these are, a stranger of the same kind, the agent,
    a colleague and nobody. ``things`` are values of path parameters by their name, with which some page answers;
    ``queries`` is what a route must be asked.
    """

    url: str
    app: Any
    people: dict[str, httpx.Client]
    things: dict[str, list[str]] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)

    def routes(self, method: str) -> list[str]:
        """Every route below the root that takes ``method``, by its template."""
        found = iter_route_contexts(self.app.routes)
        paths = {r.path for r in found if r.path is not None and method in (r.methods or ())}
        return sorted(re.sub(r"{(\w+):\w+}", r"{\1}", path) for path in paths)

    def addresses(self, route: str) -> Iterator[str]:
        """``route`` with every combination of things that exist."""
        names = re.findall(r"{(\w+)}", route)
        missing = [name for name in names if name not in self.things]
        assert not missing, f"{route}: say in inhabited.py how to come by {missing}"
        for values in product(*(self.things[name] for name in names)):
            address = route.format_map(dict(zip(names, values, strict=True)))
            yield f"{address}?{self.queries[route]}" if route in self.queries else address


def inhabit(stage: Any, draft: dict[str, Any]) -> Inhabited:
    """Sign people in to ``stage``, whose database is empty, and have them do what there is to do."""
    expert = f"expert-{uuid4().hex}"
    people = {
        "business": stage.signed_in("business"),
        "stranger": stage.signed_in("business"),
        "agent": stage.signed_in("agent"),
        "colleague": stage.signed_in("agent", expert),
        "nobody": stage.browser(),
    }
    business, agent = people["business"], people["agent"]
    draft = draft | {"company_name": f"Boulangerie {MARK}", "need": f"Inondation, {MARK}."}
    home = Inhabited(stage.url, stage.app, people)
    home.things["who"] = ["business", "agent"]
    home.things["procedure"] = ["masks", "emergency-aid"]
    begun, filed, review, *_, together = home.things["dossier"] = _dossiers(stage, people, draft)
    home.things["name"], home.things["piece"] = ["proof_of_loss"], [_piece(business, one) for one in (begun, filed)]
    home.things["source"] = list(SOURCES)
    asked = QUESTION | {"expert": f"{expert}@example.org"}
    home.things["avis"] = [_done(agent.post(f"{AGENT}/dossiers/{review}/avis", json=asked, headers=_key()))["id"]]
    home.things["delivery"] = [one["id"] for one in _done(agent.get(f"{AGENT}/versements"))["items"]]
    home.things["lot"] = [_lot(agent, together)]
    asked_for = agent.post(f"{AGENT}/exports", json={}, headers=_key())
    home.things["export"], home.things["extension"] = [_done(asked_for)["id"]], ["csv", "json"]
    home.things["group"] = sorted(GROUPS)
    home.things["member"] = [_done(people["colleague"].get("/api/v1/me"))["account"]]
    home.things["campaign"], home.things["file"] = _campaign(agent)
    home.things["lieu"], home.things["creneau"], home.things["appointment"] = _appointments(people)
    home.queries["/rendez-vous/{appointment}/move"] = f"creneau={home.things['creneau'][0]}"
    home.things["mandat"], at_counter = _mandate(agent, draft)
    home.things["dossier"].append(at_counter)
    home.things["piece"].append(_piece_at_counter(agent, home.things["mandat"][0], at_counter))
    return home


def _key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


def _done(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:500]}"
    return answer.json()


def _dossiers(stage: Any, people: dict[str, httpx.Client], draft: dict[str, Any]) -> list[str]:
    """A draft, one filed, under review, waiting for a correction, refused, accepted, withdrawn, for a lot."""
    business, agent = people["business"], people["agent"]
    begun = _done(business.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=_key()))["id"]
    made = []
    for _ in range(5):
        made.append(stage.filed(business, **draft)["id"])
        assert _done(agent.post(f"{AGENT}/dossiers/claim-next"))["id"] == made[-1]
    review, corrected, refused, accepted, together = made
    for path in (f"/api/v1/dossiers/{review}", f"{AGENT}/dossiers/{review}"):
        client = agent if path.startswith(AGENT) else business
        _done(client.post(f"{path}/messages", json={"text": f"Bonjour, {MARK}."}, headers=_key()))
    _done(agent.post(f"{AGENT}/dossiers/{corrected}/correction", json=CORRECTION))
    for decided, decision in ((refused, REFUSAL), (accepted, CONSENT)):
        _done(agent.post(f"{AGENT}/dossiers/{decided}/decision", json=decision))
    withdrawn = stage.filed(business, **draft)["id"]
    _done(business.post(f"/api/v1/dossiers/{withdrawn}/withdraw"))
    filed = stage.filed(business, **draft)["id"]
    return [begun, filed, review, corrected, refused, accepted, withdrawn, together]


def _piece(business: httpx.Client, dossier: str) -> str:
    path = f"/api/v1/dossiers/{dossier}/pieces/proof_of_loss"
    named = {"Content-Disposition": f'attachment; filename="{MARK}.pdf"'}
    return str(_done(business.post(path, content=PDF, headers=named))["id"])


def _piece_at_counter(agent: httpx.Client, mandate: str, dossier: str) -> str:
    """A piece sent for somebody, on the page, as it is done at the counter."""
    pieces = f"/agent/mandats/{mandate}/dossiers/{dossier}/pieces"
    files = {"token": (None, token_of(agent).encode()), "file": (f"{MARK}.pdf", PDF, "application/pdf")}
    page = agent.post(f"{pieces}/proof_of_loss", files=files).raise_for_status().text
    found = re.search(r"/pieces/proof_of_loss/([0-9a-f-]{36})", page)
    assert found is not None
    return found[1]


def _lot(agent: httpx.Client, dossier: str) -> str:
    """A lot of one dossier, decided."""
    lot = REFUSAL | {"dossiers": [dossier]}
    return str(_done(agent.post(f"{AGENT}/lots", json=lot, headers=_key()))["id"])


def _campaign(agent: httpx.Client) -> tuple[list[str], list[str]]:
    """A campaign and the list sent to it, with a firm and a mistake; not confirmed, so that nobody gets a mail."""
    token = token_of(agent)
    form = {"token": token, "key": str(uuid4()), "title": f"Campagne {MARK}", "procedure": "emergency-aid"}
    campaign = agent.post("/agent/campaigns", data=form).raise_for_status().url.path
    rows = "siret;raison sociale;courriel\r\n73282932000074;Chez nous;a@example.fr\r\n1;Chez eux;b@example.fr"
    files = {"token": (None, token.encode()), "file": ("firms.csv", rows.encode(), "text/csv")}
    read = agent.post(f"{campaign}/lists", files=files).raise_for_status().url.path
    return [campaign.rpartition("/")[2]], [read.rpartition("/")[2]]


def _appointments(people: dict[str, httpx.Client]) -> tuple[list[str], list[str], list[str]]:
    """A place, its slots (one is full), and an appointment of the business and of the stranger each."""
    agent, day = people["agent"], (day_of(datetime.now(UTC)) + timedelta(days=1)).isoformat()
    lieu = _done(agent.post(f"{AGENT}/lieux", json={"name": f"Salle {uuid4()}", "address": "1, rue Haute"}))["id"]
    hours = {"day": day, "begin": "09:00", "end": "11:00", "minutes": 60, "capacity": 1}
    _done(agent.post(f"{AGENT}/creneaux", json={"procedure": "masks", "lieu": lieu, **hours}))
    slots = _done(people["nobody"].get(f"/api/v1/procedures/masks/lieux/{lieu}/creneaux", params={"day": day}))
    taken, free = (slot["id"] for slot in slots)
    booked = {"creneau": taken, "name": f"Camille {MARK}", "note": f"En fauteuil, {MARK}."}
    appointment = _done(people["business"].post("/api/v1/rendez-vous", json=booked, headers=_key()))["id"]
    return [lieu], [free, taken], [appointment]


def _mandate(agent: httpx.Client, draft: dict[str, Any]) -> tuple[list[str], str]:
    """A mandate that holds, and the draft begun in it."""
    opening = {"person": f"Jeanne {MARK}", "procedure": "emergency-aid", "hours": 8}
    mandate = _done(agent.post(f"{AGENT}/mandats", json=opening))["id"]
    begun = _done(agent.post(f"{AGENT}/mandats/{mandate}/emergency-aid/dossiers", json=draft, headers=_key()))["id"]
    return [mandate], begun
