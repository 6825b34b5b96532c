"""What the pages here share: a town's form, right in all that is looked at, to which each adds its own."""

from __future__ import annotations

import struct

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response

FORM = """<form method="post"><p><label for="need">Votre demande</label> <input id="need" name="need"></p>
<p><button>Envoyer</button></p></form>"""


def desk(content: str, head: str = "") -> FastAPI:
    """A service of one page that holds ``content``; its address ends with a slash, so that what it loads is its own."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/")
    async def page() -> HTMLResponse:
        return HTMLResponse(
            '<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Guichet</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">{head}</head>'
            f"<body><main><h1>Guichet de la mairie</h1>{content}</main></body></html>"
        )

    @app.get("/photo")
    async def photo(rows: int = 1, part: int = 0) -> Response:
        """A picture of ``rows`` lines of 3 000 bytes, as it comes from a camera."""
        size = 3000 * rows
        header = struct.pack("<2sIIIIiiHHIIiiII", b"BM", 54 + size, 0, 54, 40, 1000, rows, 1, 24, 0, 0, 0, 0, 0, 0)
        return Response(header + bytes([part % 256]) * size, media_type="image/bmp")

    return app
