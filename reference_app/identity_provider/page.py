"""The one page of the stand-in: choose a test identity. Plain HTML, no script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape

_STYLE = """
:root { color-scheme: light dark; font: 1.125rem/1.5 system-ui, sans-serif; }
body { max-width: 36rem; margin: 2rem auto; padding: 0 1rem; }
input, button { font: inherit; padding: .5rem .75rem; }
input { width: 100%; box-sizing: border-box; }
button { margin: 0 .5rem .5rem 0; cursor: pointer; }
.error { border-inline-start: .25rem solid; padding-inline-start: .75rem; font-weight: bold; }
"""
STYLE_HASH = f"'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
"""Source expression that allows the style above and no other inline style."""


def render(name: str, *, action: str, suggested: Sequence[str], wrong: str | None) -> str:
    """The page of the provider ``name``; ``wrong`` is an identifier that was refused."""
    buttons = "\n".join(f'<button name="identity" value="{escape(s)}">{escape(s)}</button>' for s in suggested)
    error, described = "", ""
    if wrong is not None:
        described = ' aria-invalid="true" aria-describedby="error"'
        error = (
            '<p class="error" id="error">Un identifiant a de 1 à 64 lettres minuscules, chiffres, points, tirets. '
            '<span lang="en">An identifier has 1 to 64 lower-case letters, digits, dots, hyphens.</span></p>'
        )
    value = escape(wrong if wrong is not None else "")
    return f"""<!doctype html>
<html lang="fr">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(name)}</title><style>{_STYLE}</style></head>
<body><main>
<h1>{escape(name)}</h1>
<p>Fournisseur d’identité de démonstration : aucune personne réelle.
<span lang="en">Demonstration identity provider: no real person.</span></p>
<form method="post" action="{escape(action)}">
<p>{buttons}</p>
</form>
<form method="post" action="{escape(action)}">
<p><label for="identity">Autre identifiant <span lang="en">/ Other identifier</span></label></p>
{error}
<p><input id="identity" name="identity" value="{value}" required autocomplete="off"{described}></p>
<p><button>Continuer <span lang="en">/ Continue</span></button></p>
</form>
</main></body>
</html>"""
