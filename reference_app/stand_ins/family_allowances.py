"""``python -m reference_app.stand_ins.family_allowances``: API Particulier v3, the family quotient by FranceConnect.

The bearer is the access token of the person: the identity provider is asked whose it is and what they agreed to, as
the real one does. What the fund holds is made from that answer alone; a person whose subject begins with 0 is unknown.
"""

from __future__ import annotations

import hashlib
import sys

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference_app.stand_ins import data_serving
from reference_app.stand_ins.data_knobs import Knobs
from reference_app.stand_ins.data_service import DataService, bearer

TIMEOUT_S = 5.0
SERVICE = "the service"  # whose quota counts: tokens of people are not the service's
SCOPE = "cnaf_quotient_familial"


def create_app(knobs: Knobs, issuer: str) -> Starlette:
    """The fund over HTTP; ``issuer`` is the identity provider whose tokens it takes."""
    service = DataService("CNAF & MSA", "37", knobs)

    async def quotient(request: Request) -> Response:
        if not request.query_params.get("recipient"):
            return service.refusal(422, "00201", "Entité non traitable", "Le paramètre recipient manque.")
        token = bearer(request)
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
            whose = await client.post(f"{issuer}/checktoken", data={"token": token})
        told = whose.json() if whose.status_code == 200 else {}
        if not told.get("active"):
            return service.refusal(401, "00105", "Jeton FranceConnect invalide", "Le jeton est inconnu ou expiré.")
        if SCOPE not in str(told.get("scope", "")).split():
            return service.refusal(403, "00100", "Privilèges insuffisants", f"La portée {SCOPE} n’est pas accordée.")
        return await service.answered(request, SERVICE, told["sub"], lambda: _answer(service, told["sub"]))

    return Starlette(routes=[Route("/v3/dss/quotient_familial/france_connect", quotient), *service.routes()])


def _answer(service: DataService, subject: str) -> Response:
    if subject.startswith("0"):
        return service.refusal(404, "003", "Dossier allocataire absent", "Le dossier allocataire n’a pas été trouvé.")
    number = int.from_bytes(hashlib.sha256(subject.encode()).digest()[:4], "big")
    data = {
        "allocataires": [{"nom_naissance": "MARTIN", "prenoms": "CAMILLE", "sexe": "F"}],
        "enfants": [{"prenoms": "LÉA", "date_naissance": "2016-05-04"}] * (number % 4),
        "adresse": {"code_postal_ville": "56100 LORIENT", "pays": "FRANCE"},
        "quotient_familial": {"fournisseur": "CNAF", "valeur": number % 1800, "annee": 2026, "mois": 10},
    }
    headers = {"X-Response-Cached": "false", "X-Cache-Expires-in": "86400"}
    return JSONResponse({"data": data, "links": {}, "meta": {}}, headers=headers)


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code."""
    parser = data_serving.parser("family_allowances", 8003, __doc__)
    parser.add_argument("--issuer", required=True, help="citizens' issuer, ending in /api/v2")
    options = parser.parse_args(arguments)
    return data_serving.serve(options, lambda knobs: create_app(knobs, options.issuer))


if __name__ == "__main__":
    sys.exit(main())
