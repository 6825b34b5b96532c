"""The register of businesses: API Entreprise v4, ``insee/sirene/etablissements`` (entreprise.api.gouv.fr)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from reference_app.sources.line import Line
from reference_app.sources.said import Facts
from reference_app.sources.wording import line


class _Corporate(BaseModel):
    raison_sociale: str | None = None


class _Individual(BaseModel):
    prenom_usuel: str | None = None
    nom_naissance: str | None = None
    nom_usage: str | None = None


class _LegalUnit(BaseModel):
    personne_morale_attributs: _Corporate = Field(default_factory=_Corporate)
    personne_physique_attributs: _Individual = Field(default_factory=_Individual)


class _Activity(BaseModel):
    code: str | None = None
    libelle: str | None = None


class _Postal(BaseModel):
    l4: str | None = None
    l6: str | None = None


class _Address(BaseModel):
    acheminement_postal: _Postal = Field(default_factory=_Postal)


class _Establishment(BaseModel):
    etat_administratif: Literal["A", "F"]
    enseigne: str | None = None
    activite_principale: _Activity = Field(default_factory=_Activity)
    unite_legale: _LegalUnit
    adresse: _Address = Field(default_factory=_Address)


class _Answer(BaseModel):
    data: _Establishment


async def ask(to: Line, siret: str, *, token: str, recipient: str, context: str, purpose: str) -> Facts | None:
    """Name, address, main activity and state of the establishment ``siret``; None when there is none.

    ``recipient`` is the SIRET of the administration that asks, ``context`` and ``purpose`` say for what: all three
    are required by the API, and kept by it.

    Raises:
        SourceAway: there is no answer.
        ValueError: the answer is none that its documentation describes.
    """
    asked = {"recipient": recipient, "context": context, "object": purpose}
    body = await to.get(f"/v4/insee/sirene/etablissements/{siret}", asked, token)
    return None if body is None else _facts(_Answer.model_validate_json(body).data)


def _facts(found: _Establishment) -> Facts:
    person = found.unite_legale.personne_physique_attributs
    family = person.nom_usage if person.nom_usage is not None else person.nom_naissance
    facts = {
        "name": line(found.unite_legale.personne_morale_attributs.raison_sociale) or line(person.prenom_usuel, family),
        "address": line(found.adresse.acheminement_postal.l4, found.adresse.acheminement_postal.l6, between=", "),
        "activity": line(found.activite_principale.code, found.activite_principale.libelle, between=" – "),
        "state": "open" if found.etat_administratif == "A" else "closed",
    }
    return {name: value for name, value in facts.items() if value}
