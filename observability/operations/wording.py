"""What the alerts say to whoever is called, in both languages."""

from __future__ import annotations

from observability.operations.burn_rate import HOUR_S, Burn
from scorecard.evidence import Text

_WHAT = {
    "errors": Text(en="Too many requests fail", fr="Trop de requêtes échouent"),
    "slow": Text(en="Too many requests are slow", fr="Trop de requêtes sont lentes"),
}
_DID = {"errors": Text(en="failed", fr="ont échoué"), "slow": Text(en="were slow", fr="ont été lentes")}

SILENT = (
    Text(en="The service shows no metrics", fr="Le service ne montre aucune mesure"),
    Text(
        en="Nothing was read from it for five minutes: it is down, unreachable, or watched under another name. "
        "No other alert can fire meanwhile.",
        fr="Rien n’en a été lu depuis cinq minutes : il est arrêté, injoignable, ou suivi sous un autre nom. "
        "Aucune autre alerte ne peut se déclencher entre-temps.",
    ),
)


def burning(indicator: str, objective: Text, burn: Burn) -> tuple[Text, Text]:
    """Summary and description of an alert on the budget of ``indicator``, whose objective is told in ``objective``."""
    span = f"{burn.pair.long_s // HOUR_S} h"
    share, gone = f"{burn.failing * 100:.3g}", f"{burn.spent * 100:.3g}"
    did = _DID[indicator]
    return _WHAT[indicator], Text(
        en=f"More than {share}% of the requests {did.en} over {span}, and it goes on. The objective: "
        f"{objective.en} over 30 days. At this rate {gone}% of that margin goes in {span}.",
        fr=f"Plus de {_fr(share)} % des requêtes {did.fr} sur {span}, et cela continue. L’objectif : "
        f"{objective.fr} sur 30 jours. À ce rythme, {_fr(gone)} % de cette marge part en {span}.",
    )


def waiting(limit_s: float) -> tuple[Text, Text]:
    """Summary and description of the alert on waits for a connection longer than ``limit_s`` seconds on average."""
    limit = f"{limit_s * 1000:g}"
    return (
        Text(en="Requests wait for the database", fr="Les requêtes attendent la base de données"),
        Text(
            en=f"For ten minutes requests have waited more than {limit} ms on average for a connection: the pool is "
            "too small, or connections are held too long.",
            fr=f"Depuis dix minutes, les requêtes attendent en moyenne plus de {_fr(limit)} ms une connexion : la "
            "réserve est trop petite, ou les connexions sont gardées trop longtemps.",
        ),
    )


def _fr(number: str) -> str:
    return number.replace(".", ",")
