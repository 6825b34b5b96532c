"""The files of a source folder, listed before any tool runs: what a tool then does not account for was not audited."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from scorecard.evidence import Text
from scorecard.site import Site
from security.redaction import redact
from security.tool import ToolError

# Made by tools or fetched from elsewhere: not the project's own source. A virtual environment is told by its
# pyvenv.cfg and a folder of our own runs by what it holds, whatever stands around them.
NOT_SOURCE = frozenset(
    {
        ".git", ".hg", ".svn", ".venv", "node_modules", "site-packages", "__pycache__", ".eggs", ".tox", ".nox",
        ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".import_linter_cache",
    }
)  # fmt: skip
FILE_LIMIT = 10 * 1024 * 1024
NAMED = 5


@dataclass(frozen=True)
class Gap:
    """Something in the tree that is not audited, and why."""

    path: str
    reason: Text


@dataclass
class Tree:
    """What a walk found; paths are relative to ``root``, with slashes.

    Attributes:
        excluded: folders left out on purpose.
        gaps: what should have been audited and cannot be.
    """

    root: Path
    files: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def walk(
    root: Path,
    take: Callable[[PurePosixPath], bool],
    *,
    enter: Callable[[PurePosixPath], bool] = lambda _folder: True,
    runs: Path | None = None,
) -> Tree:
    """The regular files below ``root`` that ``take`` accepts, in the folders that ``enter`` accepts.

    Links are not followed: one that stays in the tree leads to what is visited anyway, one that leaves it or leads
    nowhere is a gap. ``runs`` is the folder of this program's own results, left out.
    """
    tree = Tree(root.resolve())
    pending = [tree.root]
    while pending:
        folder = pending.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            tree.gaps.append(Gap(_relative(folder, tree.root), _cannot_be_read(error)))
            continue
        for entry in entries:
            name = _relative(Path(entry.path), tree.root)
            if not _speakable(name):
                tree.gaps.append(Gap(ascii(name), _NAME_IS_NOT_TEXT))
            elif entry.is_symlink():
                _look_at_link(Path(entry.path), name, take, tree)
            elif entry.is_dir(follow_symlinks=False):
                if _not_source(Path(entry.path), runs) or not enter(PurePosixPath(name)):
                    tree.excluded.append(name)
                else:
                    pending.append(Path(entry.path))
            elif take(PurePosixPath(name)):
                _take(Path(entry.path), name, tree)
    tree.files.sort()
    return tree


def tree_of(path: Path, take: Callable[[PurePosixPath], bool], key: str, *, runs: Path | None = None) -> Tree:
    """``path`` alone when it is a file, else the files below it that ``take`` accepts.

    Raises:
        ToolError: there is nothing at ``path``, which the key ``key`` of portance.toml names.
    """
    if path.is_dir():
        return walk(path, take, runs=runs)
    if not path.exists():
        raise ToolError(_nothing_at(key, path.name))
    tree = Tree(path.parent.resolve())
    _take(path, path.name, tree)
    return tree


def joined(trees: Sequence[Tree]) -> Tree:
    """The files of all ``trees`` as one tree, from the folder they have in common."""
    root = Path(os.path.commonpath([tree.root for tree in trees]))

    def renamed(tree: Tree, name: str) -> str:
        return (tree.root / name).relative_to(root).as_posix()

    return Tree(
        root,
        files=sorted({renamed(tree, name) for tree in trees for name in tree.files}),
        excluded=[renamed(tree, name) for tree in trees for name in tree.excluded],
        gaps=list({Gap(renamed(tree, gap.path), gap.reason): None for tree in trees for gap in tree.gaps}),
    )


def source_folder(site: Site, source: str) -> Path:
    """Absolute path of ``target.source``.

    Raises:
        ToolError: it is not a folder.
    """
    folder = site.path(source)
    if not folder.is_dir():
        raise ToolError(_no_folder(named(source)))
    return folder


def named(place: str) -> str:
    """What to call a path of the project file in evidence, which travels: of an absolute one only the last name."""
    return Path(place).name if Path(place).is_absolute() else place


def incomplete(gaps: list[Gap], total: int) -> Text | None:
    """One sentence about ``gaps`` among ``total`` files, None when there are none."""
    if not gaps:
        return None
    shown = gaps[:NAMED]
    more = len(gaps) - len(shown)
    en = "; ".join(f"{redact(gap.path)}: {gap.reason.en}" for gap in shown) + (f"; and {more} more" if more else "")
    fr = "\u202f; ".join(f"{redact(gap.path)} : {gap.reason.fr}" for gap in shown) + (
        f" ; et {more} de plus" if more else ""
    )
    return Text(
        en=f"not everything was audited (files read: {total}; not read: {len(gaps)}): {en}",
        fr=f"tout n’a pas été audité (fichiers lus : {total} ; non lus : {len(gaps)}) : {fr}",
    )


def shown_from(site: Site, root: Path) -> str:
    """Prefix that makes a path under ``root`` one from the project's folder; empty when ``root`` is outside it."""
    base = site.root.resolve()
    if root == base or not root.is_relative_to(base):
        return ""
    return root.relative_to(base).as_posix() + "/"


def _take(path: Path, name: str, tree: Tree) -> None:
    try:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode):
            tree.gaps.append(Gap(name, _NOT_A_FILE))
        elif about.st_size > FILE_LIMIT:
            tree.gaps.append(Gap(name, _TOO_LARGE))
        else:
            with path.open("rb"):
                tree.files.append(name)
    except OSError as error:
        tree.gaps.append(Gap(name, _cannot_be_read(error)))


def _look_at_link(link: Path, name: str, take: Callable[[PurePosixPath], bool], tree: Tree) -> None:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a loop, before Python 3.13
        # Behind a name without suffix there may have been a folder.
        if take(PurePosixPath(name)) or not link.suffix:
            tree.gaps.append(Gap(name, _LEADS_NOWHERE))
        return
    if not target.is_relative_to(tree.root) and (target.is_dir() or take(PurePosixPath(name))):
        tree.gaps.append(Gap(name, _LEAVES_THE_TREE))


def _not_source(folder: Path, runs: Path | None) -> bool:
    if folder.name in NOT_SOURCE or folder == runs or (folder / "pyvenv.cfg").exists():
        return True
    return folder.name == "runs" and any(folder.glob("*/portance.toml"))


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _speakable(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return name.isprintable()


def _cannot_be_read(error: OSError) -> Text:
    why = error.strerror or type(error).__name__
    return Text(en=f"cannot be read ({why})", fr=f"illisible ({why})")


_NAME_IS_NOT_TEXT = Text(en="its name is not plain text", fr="son nom n’est pas du texte simple")
_NOT_A_FILE = Text(en="not a regular file", fr="ce n’est pas un fichier ordinaire")
_TOO_LARGE = Text(
    en=f"larger than {FILE_LIMIT // 1024**2} MB, not read", fr=f"plus de {FILE_LIMIT // 1024**2} Mo, non lu"
)
_LEADS_NOWHERE = Text(
    en="a link that leads nowhere or in a circle", fr="un lien qui ne mène nulle part ou tourne en rond"
)
_LEAVES_THE_TREE = Text(
    en="a link out of the source folder, not followed", fr="un lien hors du dossier des sources, non suivi"
)


def _nothing_at(key: str, name: str) -> Text:
    return Text(
        en=f"{key} names {name!r}, and there is nothing there", fr=f"{key} indique {name!r}, et il n’y a rien là"
    )


def _no_folder(source: str) -> Text:
    return Text(
        en=f"target.source names {source!r}, which is not a folder",
        fr=f"target.source indique {source!r}, qui n’est pas un dossier",
    )
