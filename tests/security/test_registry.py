"""The registry: every scanner gives the evidence it is registered for, whatever it is given."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from scorecard.cli import rendered_manifests
from scorecard.evidence import Status, read, write
from security import registry

PLANTED = {
    "password": "zeppelin-orchard-92",
    "token": "AKIAJ6QWERTYUIOPASDF",
    "nir": "284057512345678",
    "email": "camille.durand@example.fr",
}
NEED_JOURNEYS = {
    "authorisation", "sessions", "personal-data", "personal-traces", "retention", "abuse", "active", "api", "tls",
}  # fmt: skip
"""Their own tests search what they write for what was typed."""

STATIC = {
    "code", "dependencies", "secrets", "secrets-history", "components", "containerfile", "workflows",
}  # fmt: skip

EXTRAS = {"semgrep", "checkov", "wapiti"}
"""Not installed everywhere."""


def test_the_agreed_evidence_is_all_there():
    assert set(registry.SCANNERS) == {"http", *STATIC, *EXTRAS, *NEED_JOURNEYS}


@pytest.mark.parametrize("name", list(registry.SCANNERS))
def test_a_scanner_told_of_nothing_knows_nothing_and_says_why(make_site, name):
    evidence = registry.SCANNERS[name](make_site())
    assert evidence.name == name
    assert evidence.status in (Status.SKIPPED, Status.ERROR)
    assert evidence.facts
    assert all(fact.value is None and fact.reason.en and fact.reason.fr for fact in evidence.facts)


def test_a_registered_name_stands_once():
    tree = ast.parse(Path(registry.__file__).read_text())
    keys = [key.value for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys]
    assert len(keys) == len(set(keys))


def test_no_planted_secret_or_personal_value_is_in_any_byte_written(
    make_site, serve, advisories, answer, commit, tmp_path
):
    password, token, nir, email = PLANTED.values()
    source = tmp_path / "src"
    source.mkdir()
    (source / "weak.py").write_text(
        f'password = "{password}"\nKEY = "{token}"\n# {email} {nir}\nconnect(password="{password}", user="{email}")\n'  # noqa: S608
        f"cursor.execute(f\"SELECT * FROM t WHERE nir = '{nir}' AND mail = '{email}' AND x = {{x}}\")\n"
    )
    (source / f"{email}.py").write_text(f'token = "{token}"\ndef broken(\n')
    (source / f"{nir}.py").write_text(f"import hashlib\nhashlib.md5(b'{password}')\n")
    (source / "latin.txt").write_bytes(f"é {password}".encode("latin-1"))
    (tmp_path / "Containerfile").write_text(
        f"FROM a:1\nENV API_TOKEN={token}\nARG DB_PASSWORD='{password}'\nLABEL a={email}\n"
    )
    (tmp_path / "kubernetes.yaml").write_text(
        "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: a:1, "
        f"env: [{{name: DB_PASSWORD, value: {password}}}], {email}: {nir}}}]}}}}\n"
    )
    script = f"echo {password} {email} ${{{{ github.head_ref }}}}"
    (tmp_path / "workflow.yml").write_text(f"on: push\njobs:\n  a:\n    runs-on: a\n    steps: [{{run: '{script}'}}]\n")
    commit(tmp_path, {"src/old.py": f'KEY = "{token}"\npassword = "{password}"\n'})
    (source / "old.py").unlink()
    (tmp_path / "requirements.txt").write_text(f"a==1\nb @ git+https://{email}:{password}@host/b\n{nir} nonsense\n")
    url = serve(
        lambda method, path, _: answer(
            status=500 if "portance" in path else 200,
            headers=[
                ("Set-Cookie", f"session={token}; Path=/"),
                ("Server", f"portail/1.2 {email}"),
                ("X-User", nir),
                ("Location", f"/?mail={email}"),
            ],
            body=f"<html>Traceback (most recent call last): {email} {nir} {password} {token}",
        )
    )
    site = make_site(
        url=url,
        source="src",
        requirements="requirements.txt",
        manifests="kubernetes.yaml",
        workflows="workflow.yml",
        pages=["/", f"/?mail={email}"],
        security={"advisories": advisories()},
    )
    scanners = {**registry.SCANNERS, "manifest-schemas": rendered_manifests.collect}
    for name, collect in scanners.items():
        evidence = collect(site)
        assert evidence.findings or name in {"dependencies", "components", *EXTRAS, *NEED_JOURNEYS}
        path = write(evidence, site.run / "evidence")
        assert read(path).name == name
    written = [path for path in site.run.rglob("*") if path.is_file()]
    assert {path.stem for path in written if path.parent.name == "evidence"} == set(scanners)
    assert {"http", *STATIC} <= {path.parent.name for path in written}, "raw outputs"
    for path in written:
        content = path.read_bytes() + path.name.encode()
        for kind, value in PLANTED.items():
            assert value.encode() not in content, f"{kind} in {path.name}"
        assert str(tmp_path).encode() not in content, f"a folder of this machine in {path.name}"
