"""The text of a first ``portance.toml``: what must be set is set, everything else stands there as a comment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from loadtests.openapi import Operation
from loadtests.openapi_journeys import step
from scorecard.cli import toml_text
from scorecard.cli.init_probe import DOCUMENT_PATHS, Tried
from scorecard.evidence import Text
from scorecard.project_journeys import Journey, Step
from scorecard.site import is_local

USERS_PLACEHOLDER = 300_000
"""Nobody can guess a population; it has to be there for the file to be valid, and the comment says to replace it."""

_MAX_LEFT_OUT = 40
_MAX_WRITES = 10

_Say = Callable[[str, str], str]
"""A comment, given in English and in French."""


@dataclass(frozen=True)
class Draft:
    """What is known of a service when its project file is first written.

    Attributes:
        url: its address, None for one that is started by a command.
        documented: whether an OpenAPI document was read.
        pages: paths whose headers are looked at; None leaves the default.
        left_out: operations that read, with the reason why they are in no journey.
        untried: how many more there are that were not tried.
        recorded: what to look at in a journey that was recorded in a browser, None for journeys of other origin.
        writes: operations that write, to be filled in by hand.
    """

    name: str
    url: str | None = None
    base_path: str = ""
    openapi: str | None = None
    documented: bool = False
    health: str | None = None
    pages: tuple[str, ...] | None = None
    source: str | None = None
    requirements: str | None = None
    manifests: str | None = None
    journeys: tuple[Journey, ...] = ()
    left_out: tuple[Tried, ...] = ()
    untried: int = 0
    recorded: tuple[Text, ...] | None = None
    writes: tuple[Operation, ...] = ()


def render(draft: Draft, lang: str) -> str:
    """The whole file, with comments in ``lang`` ("en" or "fr")."""
    return "\n".join(_lines(draft, lang)) + "\n"


def _lines(draft: Draft, lang: str) -> Iterator[str]:
    def say(en: str, fr: str) -> str:
        return "# " + toml_text.comment(Text(en=en, fr=fr).in_(lang))

    yield say(
        "What Portance assesses and what is asked of it. Written by 'portance init', yours from here on.",
        "Ce que Portance évalue et ce qu’on en attend. Écrit par « portance init » ; à vous désormais.",
    )
    yield say(
        "Next: portance run. A line such as '# key = value' is an option that is not set.",
        "Ensuite : portance run. Une ligne du genre « # clé = valeur » est une option non activée.",
    )
    yield ""
    yield "[project]"
    yield f"name = {toml_text.string(draft.name)}"
    yield f"users = {USERS_PLACEHOLDER:_}  " + say(
        "NOT KNOWN, an example: put how many people or firms the service must serve",
        "INCONNU, un exemple : mettez combien de personnes ou d’entreprises le service doit servir",
    )
    yield "# agents = 3_000  " + say("who work with it on a working day", "qui s’en servent un jour ouvré")
    yield '# kind = "online-procedure"  ' + say(
        'or "appointment", "api", "internal-tool", "predictive-algorithm": it selects the criteria',
        'ou "appointment", "api", "internal-tool", "predictive-algorithm" : il choisit les critères',
    )
    yield '# tier = "national"  ' + say(
        'or "local", "experiment": what blocks; by the users unless set, national from 200,000 on',
        'ou "local", "experiment" : ce qui bloque ; selon les usagers sinon, national à partir de 200 000',
    )
    yield ""
    yield from _target(draft, say)
    yield ""
    yield from _journeys(draft, say)
    yield from _left_out(draft, say, lang)
    yield from _writes(draft, say)
    yield ""
    yield "# [demand]"
    yield '# profile = "deadline"  ' + say('or "steady", "opening", "census"', 'ou "steady", "opening", "census"')
    yield ""
    yield "# [objectives]"
    yield '# p95 = "400 ms"  ' + say("95 answers of 100 within it", "95 réponses sur 100 dans ce délai")
    yield '# error_rate = "0.1 %"'


def _target(draft: Draft, say: _Say) -> Iterator[str]:
    yield "[target]"
    if draft.url is not None:
        yield f"url = {toml_text.string(draft.url)}"
        if not is_local(draft.url):
            yield "# remote = false"
            yield say(
                "This address is not on this machine: it gets no load until remote = true, "
                "which says that those who run it agreed.",
                "Cette adresse n’est pas sur cette machine : elle ne reçoit aucune charge avant remote = true, "
                "qui dit que ses exploitants sont d’accord.",
            )
    else:
        yield 'start = "uvicorn main:app --port {port} --workers {workers}"  ' + say(
            "the command that starts your service", "la commande qui lance votre service"
        )
    for key, example, en, fr in (
        ("openapi", "/openapi.json", "path of its OpenAPI document", "chemin de son document OpenAPI"),
        ("health", "/readyz", "answers 2xx once the service is ready", "répond 2xx quand le service est prêt"),
        ("source", "src", "folder of the code, to be scanned", "dossier du code, à analyser"),
        ("requirements", "requirements.txt", "its pinned dependencies", "ses dépendances figées"),
        ("manifests", "deploy", "its Kubernetes manifests", "ses manifestes Kubernetes"),
    ):
        known = getattr(draft, key)
        if known is None:
            yield f"# {key} = {toml_text.string(example)}  {say(en, fr)}"
        else:
            yield f"{key} = {toml_text.string(known)}"
    if draft.pages is not None:
        yield f"pages = {toml_text.value(draft.pages)}  " + say(
            "whose headers are looked at: / does not answer with a page",
            "dont on regarde les en-têtes : / ne répond pas",
        )
    if draft.url is not None and not draft.documented:
        yield say(
            f"No OpenAPI document at {', '.join(DOCUMENT_PATHS)}; --openapi gives another path.",
            f"Aucun document OpenAPI à {', '.join(DOCUMENT_PATHS)} ; --openapi en donne un autre.",
        )


def _journeys(draft: Draft, say: _Say) -> Iterator[str]:
    if not draft.journeys:
        yield say(
            "NO JOURNEY YET: nothing answered without credentials, so no capacity can be judged. Describe one:",
            "AUCUN PARCOURS : rien n’a répondu sans authentification, la capacité n’est pas jugeable. Décrivez-en un :",
        )
        yield "# [[journeys]]"
        yield '# name = "visit"'
        yield '# steps = [ { get = "/", expect = 200 } ]'
        return
    if draft.recorded is not None:
        yield say(
            "Recorded in a browser: what one person did. It is played as it is by many: read it once.",
            "Enregistré dans un navigateur : ce qu’une personne a fait, rejoué tel quel par beaucoup. À relire.",
        )
        for note in draft.recorded:
            yield say(f"LOOK: {note.en}", f"À VOIR : {note.fr}")
    elif draft.url is None:
        yield say("What one person does, step by step.", "Ce que fait une personne, étape par étape.")
    else:
        yield say(
            "Each step answered when tried once. It is reading only: replace it by what people really do here.",
            "Chaque étape a répondu à un essai. Ce ne sont que des lectures : décrivez plutôt ce que font les usagers.",
        )
    yield say(
        'expect = 200 where nothing else is said; contains = "some text" is stricter than a status alone.',
        'expect = 200 si rien n’est dit ; contains = "du texte" est plus strict qu’un simple statut.',
    )
    for number, journey in enumerate(draft.journeys):
        if number:
            yield ""
        yield "[[journeys]]"
        yield f"name = {toml_text.string(journey.name)}"
        yield "steps = ["
        for one in journey.steps:
            yield f"  {_step(one)},"
        yield "]"


def _left_out(draft: Draft, say: _Say, lang: str) -> Iterator[str]:
    if draft.left_out or draft.untried:
        yield ""
    for tried in draft.left_out[:_MAX_LEFT_OUT]:
        operation = tried.operation
        shown = toml_text.comment(f"{operation.method} {operation.path}", 70)
        why = tried.why_not.in_(lang) if tried.why_not is not None else ""
        yield say(f"left out: {shown}: {why}", f"laissée de côté : {shown} : {why}")
        if tried.works:
            yield f"#   {_step(step(operation, draft.base_path))},"
    rest = len(draft.left_out) - _MAX_LEFT_OUT
    if rest > 0:
        yield say(f"left out: {rest} more", f"laissées de côté : {rest} autres")
    if draft.untried:
        yield say(
            f"not tried: {draft.untried} more that read; add those that people use",
            f"non essayées : {draft.untried} autres lectures ; ajoutez celles dont les usagers se servent",
        )


def _writes(draft: Draft, say: _Say) -> Iterator[str]:
    if not draft.writes:
        return
    yield ""
    yield say(
        "These write; none was tried. Uncomment, fill in, and mind what they leave behind:",
        "Celles-ci écrivent ; aucune n’a été essayée. Décommentez, remplissez, et gare à ce qu’elles laissent :",
    )
    yield "# [[journeys]]"
    yield '# name = "write"'
    yield "# steps = ["
    for operation in draft.writes[:_MAX_WRITES]:
        yield f"#   {_step(step(operation, draft.base_path))},{_remark(operation, say)}"
    yield "# ]"
    rest = len(draft.writes) - _MAX_WRITES
    if rest > 0:
        yield say(f"and {rest} more that write", f"et {rest} autres qui écrivent")


def _remark(operation: Operation, say: _Say) -> str:
    if operation.body is not None and operation.body.kind == "other":
        return "  " + say("sends a file or another format", "envoie un fichier ou un autre format")
    if operation.needs_credentials:
        return "  " + say("needs credentials", "demande une authentification")
    return ""


def _step(one: Step) -> str:
    fields = one.model_dump(by_alias=True, exclude_defaults=True)
    if one.think:
        fields["think"] = f"{one.think:g} s"
    return toml_text.value(fields)
