"""Commands that prove: sign, verify."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from scorecard.cli.errors import CommandError
from scorecard.cli.language import t
from scorecard.cli.options import DEFAULT_LANG, JsonOption, LangOption, QuietOption
from scorecard.cli.program import RunArgument, app
from scorecard.cli.runs import Run
from scorecard.evidence import Text

PASSPHRASE = "PORTANCE_KEY_PASSPHRASE"  # noqa: S105 (the name of a variable)


@app.command(
    help=t(
        "Sign what a run holds and how it was judged, with an Ed25519 key.",
        "Signer ce que contient une évaluation et comment elle est jugée, avec une clé Ed25519.",
    )
)
def sign(
    key: Annotated[
        Path,
        typer.Option(
            "--key",
            help=t(
                f"Private key in PEM; its passphrase, if any, in {PASSPHRASE}.",
                f"Clé privée en PEM ; sa phrase secrète éventuelle dans {PASSPHRASE}.",
            ),
        ),
    ],
    folder: RunArgument = Path("runs/latest"),
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write proof/statement.dsse.json and proof/summary.dsse.json; a run that is not what it says is not signed."""
    from scorecard.cli.grade import grade_run
    from scorecard.cli.verification import sign as sign_run

    identifier = sign_run(Run(folder), key, os.environ.get(PASSPHRASE), grade_run)
    if as_json:
        typer.echo(json.dumps({"key": identifier}))
    elif not quiet:
        typer.echo(Text(en=f"signed by the key {identifier}", fr=f"signé par la clé {identifier}").in_(lang))


@app.command(
    help=t(
        "Say whether a run is what it says it is: nothing added, changed or missing, graded again to the byte.",
        "Dire si une évaluation est intacte : ni ajout, ni changement, ni manque, même note à l’octet près.",
    )
)
def verify(
    folder: RunArgument = Path("runs/latest"),
    key: Annotated[
        Path | None,
        typer.Option("--key", help=t("Public key in PEM that must have signed.", "Clé publique en PEM attendue.")),
    ] = None,
    signed: Annotated[
        bool, typer.Option("--signed", help=t("Refuse a run that is not signed.", "Refuser une évaluation non signée."))
    ] = False,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """0 it is what it says, 1 it is not, 2 it cannot be told. No network is used."""
    from scorecard.cli.grade import grade_run
    from scorecard.cli.verification import verify as verify_run

    if signed and key is None:
        raise CommandError(
            Text(
                en="--signed: by whom? Give the public key you trust with --key",
                fr="--signed : par qui ? Donner avec --key la clé publique à laquelle se fier",
            )
        )
    found = verify_run(Run(folder), key, grade_run)
    if as_json:
        document = {
            "exit_code": found.exit_code,
            "files": found.files,
            "evidence_digest": found.digest,
            "signed_by": list(found.signed_by),
            "signature_checked": found.checked,
            "faults": [{"certain": fault.certain, "text": fault.text.in_(lang)} for fault in found.faults],
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
    elif not quiet:
        lines = [fault.text for fault in found.faults] or [_good(found.files, found.signed_by, found.checked)]
        if found.digest is not None:
            lines.append(_on_the_first_sheet(found.digest))
        typer.echo("\n".join(line.in_(lang) for line in lines))
    raise typer.Exit(found.exit_code)


def _on_the_first_sheet(digest: str) -> Text:
    """What a printed sheet is matched to the run by."""
    return Text(
        en=f"digest of the evidence, as a sheet made from it shows: {digest}",
        fr=f"empreinte des preuves, telle que l’affiche une fiche qui en est tirée : {digest}",
    )


def _good(files: int, signed_by: tuple[str, ...], checked: bool) -> Text:
    said = Text(
        en=f"verified: {files} files are those of the run, and its scorecard comes out of its evidence again",
        fr=f"vérifié : {files} fichiers sont ceux de l’évaluation, et sa fiche ressort bien de ses preuves",
    )
    if checked:
        who = Text(en=f"signed by the key {signed_by[0]}", fr=f"signée par la clé {signed_by[0]}")
    elif signed_by:
        names = ", ".join(signed_by)
        who = Text(
            en=f"it says it is signed by {names}, which was not checked (--key)",
            fr=f"elle se dit signée par {names}, ce qui n’a pas été contrôlé (--key)",
        )
    else:
        who = Text(
            en="it is not signed: whoever changed all of it together is not seen",
            fr="elle n’est pas signée : qui aurait tout changé ensemble ne se voit pas",
        )
    return Text(en=f"{said.en}; {who.en}", fr=f"{said.fr} ; {who.fr}")
