"""Emergency aid for businesses, as it was shown to the director: two days of work, and everybody can see it work.

It is a sample to be assessed, with the shortcuts that a proof of concept takes. Do not build on it.
"""

import secrets
import sqlite3
from pathlib import Path
from threading import Lock

from fastapi import Cookie, FastAPI, Form, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

AGENT_PASSWORD = "chambre-de-commerce-2026"

Path("aid.db").unlink(missing_ok=True)
database = sqlite3.connect("aid.db", check_same_thread=False)
database.execute(
    "create table dossiers (id text, owner text, siret text, company text, iban text, amount int, state text)"
)
database.executemany(
    "insert into dossiers values (?, 'import', ?, ?, '', 0, 'filed')",
    [(secrets.token_hex(8), f"{n:014}", f"Entreprise {n}") for n in range(6_000)],  # the firms of the chamber
)
database.commit()
one_at_a_time = Lock()

app = FastAPI(title="Aide d'urgence", debug=True)


class Aid(BaseModel):
    """What a firm asks for."""

    siret: str
    company: str
    iban: str
    amount: int


@app.get("/", response_class=HTMLResponse)
def home():
    return """<html><body><h1>Aide d'urgence aux entreprises</h1>
    <form method=post action=/sign-in><input name=email placeholder="Votre adresse"><button>Entrer</button></form>
    </body></html>"""


@app.post("/sign-in")
def sign_in(email: str = Form()):
    answer = RedirectResponse("/form", status_code=303)
    answer.set_cookie("user", email)
    return answer


@app.get("/form", response_class=HTMLResponse)
def form(user: str = Cookie()):
    return f"""<html><body><h1>Ma demande</h1><p>{user}</p>
    <form><input name=siret placeholder=SIRET><input name=company placeholder=Raison><input name=iban placeholder=IBAN>
    <input name=amount placeholder=Montant><button>Envoyer</button></form></body></html>"""


@app.post("/dossiers", status_code=201)
def file(aid: Aid, user: str = Cookie()):
    print("new dossier", user, aid.siret, aid.iban)
    with one_at_a_time:
        for (siret,) in database.execute("select siret from dossiers"):
            if siret == aid.siret:
                raise HTTPException(409, "This firm has already filed")
        number = secrets.token_hex(8)
        database.execute(
            f"insert into dossiers values ('{number}', '{user}', '{aid.siret}', '{aid.company}', '{aid.iban}', {aid.amount}, 'filed')"
        )
        database.commit()
    return {"id": number, "state": "filed"}


@app.get("/dossiers/{number}")
def read(number: str):
    with one_at_a_time:
        row = database.execute(
            f"select id, siret, company, amount, state from dossiers where id = '{number}'"
        ).fetchone()
    if row is None:
        raise HTTPException(404)
    return dict(zip(("id", "siret", "company", "amount", "state"), row))


@app.get("/agent")
def queue(password: str):
    if password != AGENT_PASSWORD:
        raise HTTPException(403)
    with one_at_a_time:
        rows = database.execute(
            "select id, siret, company, amount, state from dossiers where state = 'filed'"
        ).fetchall()
    return [dict(zip(("id", "siret", "company", "amount", "state"), row)) for row in rows[-50:]]


@app.post("/agent/{number}")
def decide(number: str, password: str, decision: str):
    if password != AGENT_PASSWORD:
        raise HTTPException(403)
    with one_at_a_time:
        database.execute(f"update dossiers set state = '{decision}' where id = '{number}'")
        database.commit()
    return {"id": number, "state": decision}
