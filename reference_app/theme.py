"""A theme: a folder with style sheets of whoever runs the service, on top of its own (docs/reference/restyle.md)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from reference_app.errors import ReferenceAppError

THEMES = Path(__file__).parent / "themes"
SHEET = "theme.css"


class ThemeError(ReferenceAppError):
    """The theme cannot be used; the message names the setting and the file."""


@dataclass(frozen=True)
class Theme:
    """A folder whose files are served below ``path``, which names their content: browsers may keep them for ever."""

    folder: Path
    path: str

    @property
    def sheet(self) -> str:
        """Address of the style sheet."""
        return f"{self.path}/{SHEET}"


def chosen(name: str) -> Theme | None:
    """The theme ``name``: one of those shipped, or a folder; none when it is empty.

    Raises:
        ThemeError: there is no such theme, or no theme.css in the folder.
    """
    if not name:
        return None
    shipped = {folder.name: folder for folder in THEMES.iterdir() if folder.is_dir()}
    folder = shipped[name] if name in shipped else Path(name)
    if not (folder / SHEET).is_file():
        raise ThemeError(f"PORTANCE_REFERENCE_THEME: no {SHEET} in {folder}, which is none of {', '.join(shipped)}")
    content = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return Theme(folder=folder.resolve(), path=f"/static/theme-{content.hexdigest()[:12]}")
