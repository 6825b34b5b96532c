"""``python -m reference_app.stand_ins.business_register``: API Entreprise v4, ``insee/sirene/etablissements``.

Every number that passes its check is an establishment, made from the number alone; those of a SIREN beginning with 9
are unknown, with 8 closed, with 6 of one person.
"""

from __future__ import annotations

import hashlib
import os
import sys
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference_app.dossiers.identifiers import is_siret
from reference_app.stand_ins import data_serving
from reference_app.stand_ins.data_knobs import Knobs
from reference_app.stand_ins.data_service import DataService, bearer

TOKEN_VARIABLE = "PORTANCE_REGISTER_TOKEN"  # noqa: S105 (the name of a variable, not its value)
REQUIRED = ("context", "object", "recipient")
T = TypeVar("T")
_TRADES = (
    ("10.71C", "Boulangerie et boulangerie-pâtisserie", "BOULANGERIE"),
    ("56.10A", "Restauration traditionnelle", "RESTAURANT"),
    ("47.76Z", "Commerce de détail de fleurs", "FLEURS"),
    ("96.02A", "Coiffure", "COIFFURE"),
)
_PLACES = ("DU PORT", "DES HALLES", "DE LA GARE", "SAINT-MARTIN", "DU MOULIN")
_TOWNS = (("56100", "LORIENT"), ("59000", "LILLE"), ("13002", "MARSEILLE 2"), ("63000", "CLERMONT-FERRAND"))
_GIVEN, _FAMILY = ("CAMILLE", "DOMINIQUE", "AMINATA", "YANN"), ("MARTIN", "LE GOFF", "DIALLO", "NGUYEN")


def create_app(knobs: Knobs, token: str) -> Starlette:
    """The register over HTTP; ``token`` is the one that is let in."""
    service = DataService("INSEE - Sirene", "01", knobs)

    async def etablissement(request: Request) -> Response:
        given = bearer(request)
        if given != token:
            return service.refusal(401, "00101", "Jeton invalide", "Votre jeton n’est pas valide.")
        return await service.answered(request, given, str(request.url), lambda: _answer(service, request))

    return Starlette(routes=[Route("/v4/insee/sirene/etablissements/{siret}", etablissement), *service.routes()])


def _answer(service: DataService, request: Request) -> Response:
    if missing := [name for name in REQUIRED if not request.query_params.get(name)]:
        codes = {"recipient": "00201", "context": "00202", "object": "00203"}
        return service.refusal(422, codes[missing[0]], "Entité non traitable", f"Le paramètre {missing[0]} manque.")
    siret = request.path_params["siret"]
    if not is_siret(siret):
        return service.refusal(422, "00302", "Entité non traitable", "Le numéro de SIRET n’est pas valide.")
    if siret.startswith("9"):
        return service.refusal(404, "003", "Entité non trouvée", "L’établissement indiqué n’existe pas.")
    body = {"data": establishment(siret), "links": {}, "meta": {"date_derniere_mise_a_jour": 1_795_000_000}}
    return JSONResponse(body, headers={"X-Response-Cached": "false", "X-Cache-Expires-in": "86400"})


def establishment(siret: str) -> dict[str, object]:
    """What the register holds of ``siret``."""
    number = int.from_bytes(hashlib.sha256(siret[:9].encode()).digest()[:6], "big")

    def one_of(choices: tuple[T, ...], step: int) -> T:
        return choices[number // step % len(choices)]

    code, trade, sign = one_of(_TRADES, 1)
    postcode, town = one_of(_TOWNS, 7)
    corporate = f"{sign} {one_of(_PLACES, 31)}"
    person = siret.startswith("6")
    street = f"{number % 98 + 1} RUE {one_of(_PLACES, 131)}"
    return {
        "siret": siret,
        "siege_social": True,
        "etat_administratif": "F" if siret.startswith("8") else "A",
        "date_fermeture": 1_790_000_000 if siret.startswith("8") else None,
        "enseigne": corporate if person else None,
        "activite_principale": {"code": code, "nomenclature": "NAFRev2", "libelle": trade},
        "unite_legale": {
            "siren": siret[:9],
            "type": "personne_physique" if person else "personne_morale",
            "personne_morale_attributs": {"raison_sociale": None if person else corporate, "sigle": None},
            "personne_physique_attributs": {
                "prenom_usuel": one_of(_GIVEN, 3) if person else None,
                "nom_naissance": one_of(_FAMILY, 11) if person else None,
                "nom_usage": None,
            },
            "etat_administratif": "A",
        },
        "adresse": {
            "code_postal": postcode,
            "libelle_commune": town,
            "acheminement_postal": {"l1": corporate, "l4": street, "l6": f"{postcode} {town}", "l7": "FRANCE"},
        },
    }


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code."""
    options = data_serving.parser("business_register", 8002, __doc__).parse_args(arguments)
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        sys.stderr.write(f"business register: {TOKEN_VARIABLE} is not set\n")
        return 2
    return data_serving.serve(options, lambda knobs: create_app(knobs, token))


if __name__ == "__main__":
    sys.exit(main())
