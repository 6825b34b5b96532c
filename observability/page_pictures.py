"""Pictures of a page: one to look at closely, and a small one for the report."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

from playwright.async_api import CDPSession, Page

from observability.views import SIZES, Picture, Window

_HEIGHT = 2400
_QUALITY = 55
_LARGE = {"desktop": 0.5, "phone": 1.0}
_SCALE = {"desktop": 0.25, "phone": 0.5}
_BLUR = "20px"

# Set through the object model, which no policy of the page forbids; a heading of 48 pixels cannot be read after it.
_OUT_OF_FOCUS = "(radius) => { document.documentElement.style.filter = radius === '' ? '' : `blur(${radius})`; }"


async def take(page: Page, session: CDPSession, path: str, file: Path, window: Window, *, blurred: bool) -> Picture:
    """Write the page as WebP down to 2 400 pixels, and give its first screen as a small picture.

    ``blurred`` takes both out of focus, so that they show how a page is laid out and nothing that stands in it: for
    pages of somebody who is signed in, where what the service holds of real people may stand.
    """
    width, height = SIZES[window]
    whole = await page.evaluate("() => document.documentElement.scrollHeight")
    if blurred:
        await page.evaluate(_OUT_OF_FOCUS, _BLUR)
    try:
        large = await _shot(session, width, max(1, min(whole, _HEIGHT)), _LARGE[window])
        small = await _shot(session, width, height, _SCALE[window])
    finally:
        if blurred:
            await page.evaluate(_OUT_OF_FOCUS, "")
    await asyncio.to_thread(file.write_bytes, base64.b64decode(large))
    return Picture(path, window, round(width * _SCALE[window]), round(height * _SCALE[window]), small)


async def _shot(session: CDPSession, width: int, height: int, scale: float) -> str:
    asked: dict[str, Any] = {
        "format": "webp",
        "quality": _QUALITY,
        "captureBeyondViewport": True,
        "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": scale},
    }
    shot: dict[str, str] = await session.send("Page.captureScreenshot", asked)
    return shot["data"]
