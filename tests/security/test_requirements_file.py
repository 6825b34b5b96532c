"""What a requirements file pins, and what it leaves open."""

from __future__ import annotations

from pathlib import Path

import pytest

from security.requirements_file import Pin, read
from security.tool import ToolError

HASH = "--hash=sha256:" + "0" * 64


def write(folder: Path, text: str, name: str = "requirements.txt") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_pinned_and_hashed_lines_are_locked(tmp_path):
    found = read(
        write(
            tmp_path,
            f"# comment\nFlask_Login==0.6.3 \\\n    {HASH} \\\n    {HASH}\n    # via app\nuvicorn[x]==1 {HASH}",
        )
    )
    assert found.pins == {Pin("flask-login", "0.6.3"), Pin("uvicorn", "1")}
    assert found.locked is True


def test_a_pin_without_hash_is_not_locked(tmp_path):
    found = read(write(tmp_path, f"a==1 {HASH}\nb==1  # no hash\n"))
    assert found.unhashed == ["b"]
    assert found.locked is False


@pytest.mark.parametrize("line", ["a", "a>=1", "a==1.*", "a==1,<2", "a @ https://x/a.whl", "a===not-a-version"])
def test_what_is_not_one_version_is_loose(tmp_path, line):
    assert read(write(tmp_path, line)).loose == ["a"]


@pytest.mark.parametrize("line", ["-e .", "--editable ./x", "git+https://u:p@h/x", "./x", "/x.whl"])
def test_a_place_is_loose_and_not_quoted(tmp_path, line):
    assert read(write(tmp_path, line)).loose == ["requirements.txt:1"]


def test_markers_of_other_machines_are_audited_too_and_two_versions_are_two_pins(tmp_path):
    found = read(write(tmp_path, "a==1 ; python_version < '3'\na==2 ; python_version >= '3'\na==2 ; os_name == 'nt'\n"))
    assert found.pins == {Pin("a", "1"), Pin("a", "2")}


def test_a_version_takes_the_form_that_sources_of_advisories_use(tmp_path):
    assert read(write(tmp_path, "a==2.0.0RC1")).pins == {Pin("a", "2.0.0rc1")}


def test_nested_files_are_read_once_even_in_a_circle(tmp_path):
    write(tmp_path, "b==2\n-r requirements.txt\n", "base.txt")
    found = read(write(tmp_path, "-r base.txt\n--requirement=base.txt\n--index-url https://x\n-c other.txt\na==1\n"))
    assert found.pins == {Pin("a", "1"), Pin("b", "2")}


def test_a_missing_nested_file_and_nonsense_are_told(tmp_path):
    found = read(write(tmp_path, f"-r nowhere.txt\n%%%\na==1 {HASH}\n"))
    assert found.unread == ["requirements.txt:1", "requirements.txt:2"]
    assert found.locked is None


@pytest.mark.parametrize("text", ["", "# nothing\n", "--index-url https://x\n"])
def test_a_file_that_asks_for_nothing_is_refused(tmp_path, text):
    with pytest.raises(ToolError, match="no package"):
        read(write(tmp_path, text))


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(ToolError, match="cannot be read"):
        read(tmp_path / "nowhere.txt")
    (tmp_path / "latin.txt").write_bytes(b"\xe9==1\n")
    with pytest.raises(ToolError, match="cannot be read"):
        read(tmp_path / "latin.txt")
