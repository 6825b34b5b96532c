"""The files of open data, made from the months that are published: CSV, JSON, and the description of both."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reference_app.open_data.secrecy import LEAST
from reference_app.procedure import Procedure

LICENCE = {
    "name": "etalab-2.0",
    "title": "Licence Ouverte / Open Licence 2.0",
    "path": "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
}
FIELDS = (
    ("month", "yearmonth", "Mois de dépôt. / Month of filing."),
    ("departement", "string", "Code du département de l’adresse au répertoire, vide si inconnue, * pour tous. / "
     "Département of the address in the register, empty if unknown, * for all."),
    ("state", "string", "accepte, refuse, sans_suite, en_cours (non décidé), * pour tous. / * for all."),
    ("dossiers", "integer", "Nombre de dossiers, vide s’il est couvert par le secret. / Dossiers, empty if withheld."),
    ("median_days", "integer", "Médiane des jours entre dépôt et décision. / Median of days from filing to decision."),
    ("ninth_decile_days", "integer", "Neuvième décile des mêmes. / Ninth decile of the same."),
)  # fmt: skip
"""Name, type and meaning of each column (Table Schema of Frictionless Data, which data.gouv.fr reads)."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is served."""

    name: str
    media_type: str
    body: bytes

    @property
    def digest(self) -> str:
        """What names its content."""
        return hashlib.sha256(self.body).hexdigest()


Months = Sequence[tuple[date, list[dict[str, Any]]]]
"""Months with their lines, in order."""


def made(procedure: Procedure, months: Months, address: str) -> tuple[File, ...]:
    """The files of ``procedure``; ``address`` is that of the service, where they are found."""
    rows = [{"month": f"{month:%Y-%m}", **line} for month, lines in months for line in lines]
    return (
        File("data.csv", "text/csv; charset=utf-8", _csv(rows)),
        File("data.json", "application/json", _json({**_about(procedure, address), "rows": rows})),
        File("datapackage.json", "application/json", _json(_package(procedure, address))),
    )


def _csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, [name for name, _, _ in FIELDS], lineterminator="\r\n")  # as RFC 4180 has it
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _about(procedure: Procedure, address: str) -> dict[str, Any]:
    return {
        "name": procedure.id,
        "title": f"{procedure.name.fr} / {procedure.name.en}",
        "homepage": f"{address}/open-data",
        "licenses": [LICENCE],
        "description": (
            "Dossiers déposés par mois, département et état. Un mois est publié une seule fois, quand le silence a"
            f" décidé de tous ses dossiers. Un nombre de 1 à {LEAST - 1} n’est pas publié, ni ceux qui permettraient de"
            " le retrouver. / Dossiers filed, by month, département and state. A month is published once, when silence"
            f" has decided all of its dossiers. A number from 1 to {LEAST - 1} is withheld, and so are those it could"
            " be worked out from."
        ),
    }


def _package(procedure: Procedure, address: str) -> dict[str, Any]:
    """The Data Package (Frictionless Data, version 1) that describes the CSV."""
    fields = [{"name": name, "type": kind, "description": said} for name, kind, said in FIELDS]
    schema = {"fields": fields, "missingValues": [""], "primaryKey": ["month", "departement", "state"]}
    resource = {
        "name": "data",
        "path": f"{address}/open-data/{procedure.id}.csv",
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }
    return {"profile": "tabular-data-package", **_about(procedure, address), "resources": [resource]}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()
