"""The bill of parts and the licences: what is listed, what is not known, and what binds the service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scorecard.evidence import Status
from security import components
from security.licences import imported, is_strong_copyleft

HASH = "0123456789abcdef" * 4


@pytest.fixture
def install(tmp_path: Path):
    """Install packages that do not exist, as (name, version, metadata lines, module), in the project's environment."""

    def put(*packages: tuple[str, str, str, str]) -> None:
        (tmp_path / ".venv").mkdir(exist_ok=True)
        (tmp_path / ".venv" / "pyvenv.cfg").write_text("")
        site_packages = tmp_path / ".venv" / "lib" / "python3.12" / "site-packages"
        lines = []
        for name, version, metadata, module in packages:
            folder = site_packages / f"{name}-{version}.dist-info"
            folder.mkdir(parents=True)
            (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{metadata}")
            (folder / "RECORD").write_text(f"{module}/__init__.py,,\n{name}-{version}.dist-info/METADATA,,\n")
            lines.append(f"{name}=={version} --hash=sha256:{HASH}\n")
        (tmp_path / "requirements.txt").write_text("".join(lines))

    return put


MIT = "License-Expression: MIT\n"
AGPL = "Classifier: License :: OSI Approved :: GNU Affero General Public License v3\n"


def test_every_part_is_listed_and_its_licence_known(make_site, install, fact):
    install(("alpha-part", "1.0", MIT, "alpha"), ("beta-part", "2.0", "License: BSD\n", "beta"))
    evidence = components.collect(make_site(requirements="requirements.txt"))
    assert evidence.status is Status.COMPLETED
    assert fact(evidence, "security.sbom").value is True
    assert fact(evidence, "security.components").value == 2
    assert fact(evidence, "security.licences_known_share").value == 1.0
    assert fact(evidence, "security.licences_strong_copyleft").value == 0
    assert evidence.findings == ()


def test_the_bill_is_kept_with_hashes_and_licences(make_site, install, tmp_path):
    install(("alpha-part", "1.0", MIT, "alpha"))
    evidence = components.collect(make_site(requirements="requirements.txt"))
    bill = json.loads((tmp_path / "runs" / "one" / "raw" / "components" / "sbom.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    (part,) = bill["components"]
    assert part["purl"] == "pkg:pypi/alpha-part@1.0"
    assert part["licenses"][0]["license"]["name"] == "MIT"
    assert HASH in json.dumps(part)
    assert "raw/components/sbom.cdx.json" in evidence.raw


def test_a_licence_that_binds_is_found_where_the_source_imports_it(make_site, install, tmp_path, fact):
    install(("alpha-part", "1.0", AGPL, "alpha"), ("beta-part", "2.0", AGPL, "beta"))
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("import alpha.inner\n")
    evidence = components.collect(make_site(requirements="requirements.txt", source="src"))
    assert fact(evidence, "security.licences_strong_copyleft").value == 1
    (found,) = evidence.findings
    assert found.location == "pkg:pypi/alpha-part@1.0"
    assert "Affero" in found.message
    assert found.remedy


def test_a_part_that_states_no_licence_is_named(make_site, install, fact, assert_unknown):
    install(("alpha-part", "1.0", "", "alpha"), ("beta-part", "2.0", MIT, "beta"))
    evidence = components.collect(make_site(requirements="requirements.txt"))
    share = fact(evidence, "security.licences_known_share")
    assert share.value == 0.5
    assert "alpha-part" in share.detail
    assert_unknown(evidence, "security.licences_strong_copyleft", "alpha-part")


def test_a_part_without_a_licence_that_nobody_imports_hides_nothing(make_site, install, tmp_path, fact):
    install(("alpha-part", "1.0", "", "alpha"))
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("import json\n")
    evidence = components.collect(make_site(requirements="requirements.txt", source="src"))
    assert fact(evidence, "security.licences_strong_copyleft").value == 0


def test_another_version_than_the_installed_one_says_nothing(make_site, install, tmp_path, assert_unknown):
    install(("alpha-part", "1.0", MIT, "alpha"))
    (tmp_path / "requirements.txt").write_text("alpha-part==1.1\n")
    evidence = components.collect(make_site(requirements="requirements.txt"))
    assert_unknown(evidence, "security.licences_strong_copyleft", "alpha-part")


def test_a_part_for_another_system_is_not_asked_for_here(make_site, install, tmp_path, fact):
    install(("alpha-part", "1.0", MIT, "alpha"))
    with (tmp_path / "requirements.txt").open("a") as file:
        file.write('beta-part==1.0 ; sys_platform == "nowhere"\n')
    evidence = components.collect(make_site(requirements="requirements.txt"))
    assert fact(evidence, "security.licences_known_share").value == 1.0
    assert fact(evidence, "security.components").value == 2


def test_where_nothing_is_for_this_machine_no_licence_is_cleared(make_site, install, tmp_path, assert_unknown):
    install(("alpha-part", "1.0", MIT, "alpha"))
    (tmp_path / "requirements.txt").write_text('beta-part==1.0 ; sys_platform == "nowhere"\n')
    evidence = components.collect(make_site(requirements="requirements.txt"))
    assert_unknown(evidence, "security.licences_strong_copyleft", "no package of the file is for this machine")


def test_what_has_no_version_makes_the_list_incomplete(make_site, install, tmp_path, fact):
    install(("alpha-part", "1.0", MIT, "alpha"))
    with (tmp_path / "requirements.txt").open("a") as file:
        file.write("beta-part>=1\n")
    sbom = fact(components.collect(make_site(requirements="requirements.txt")), "security.sbom")
    assert sbom.value is False
    assert "beta-part" in sbom.detail


@pytest.mark.parametrize(
    ("licence", "strong"),
    [
        ("GPL-3.0-only", True),
        ("AGPL-3.0-or-later", True),
        ("GNU General Public License v2 (GPLv2)", True),
        ("LGPL-3.0-only", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("MIT OR GPL-2.0-only", False),
        ("GPL-2.0-only AND MIT", True),
        ("MIT", False),
        ("EUPL-1.2", False),
    ],
)
def test_which_licences_bind(licence, strong):
    assert is_strong_copyleft(licence) is strong


def test_imports_are_those_of_other_packages(tmp_path):
    (tmp_path / "a.py").write_text("import os, yaml.nodes\nfrom jinja2.ext import x\nfrom . import own\n")
    (tmp_path / "b.py").write_text("def (")
    assert imported([tmp_path / "a.py", tmp_path / "b.py"]) == {"yaml", "jinja2"}
