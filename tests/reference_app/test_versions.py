"""An old tab, or an old answer, overwrites nothing that was written since."""

from __future__ import annotations

import re

import pytest

EMERGENCY = "/api/v1/procedures/emergency-aid/dossiers"


@pytest.fixture(scope="module")
def business(stage):
    return stage.signed_in("business")


@pytest.fixture
def drafted(business, draft, key):
    return business.post(EMERGENCY, json=draft, headers=key()).raise_for_status().json()


def hidden(page):
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))


def test_a_version_names_what_is_replaced_and_changes_with_it(business, drafted, draft):
    path = f"{EMERGENCY}/{drafted['id']}"
    read = business.get(f"/api/v1/dossiers/{drafted['id']}")
    assert read.headers["etag"] == f'"{drafted["version"]}"'
    saved = business.put(path, json=draft | {"need": "First"}, headers={"If-Match": read.headers["etag"]})
    assert saved.headers["etag"] != read.headers["etag"]
    late = business.put(path, json=draft | {"need": "Second"}, headers={"If-Match": read.headers["etag"]})
    assert (late.status_code, late.json()["type"]) == (412, "/problems/changed")
    assert business.get(f"/api/v1/dossiers/{drafted['id']}").json()["answers"]["need"] == "First"
    assert business.put(path, json=draft, headers={"If-Match": saved.headers["etag"]}).status_code == 200
    assert business.put(path, json=draft).status_code == 200  # without one, whatever is there is replaced


def test_a_filed_dossier_is_kept_from_old_tabs_too(stage, business, draft):
    filed = stage.filed(business)
    path = f"{EMERGENCY}/{filed['id']}"
    match = {"If-Match": f'"{filed["version"]}"'}
    assert business.put(path, json=draft | {"need": "First"}, headers=match).status_code == 200
    assert business.put(path, json=draft | {"need": "Second"}, headers=match).status_code == 412


@pytest.mark.parametrize(
    "version", ['"x"', '"2026-99-99T00:00:00+00:00"', '"2026-11-22T08:00:00"', "*", '"' + "0" * 99 + '"']
)
def test_what_is_no_version_is_refused_beside_its_name(business, drafted, draft, version):
    answer = business.put(f"{EMERGENCY}/{drafted['id']}", json=draft, headers={"If-Match": version})
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_without_a_script_too_an_old_tab_is_told_and_sends_again_what_it_means(business, drafted, draft):
    path = f"/dossiers/{drafted['id']}/edit"
    typed = {name: str(value) for name, value in draft.items()}
    first, second = (hidden(business.get(path)) | typed for _ in range(2))
    assert business.post(path, data=first | {"need": "First tab"}).url.path == f"/dossiers/{drafted['id']}"
    refused = business.post(path, data=second | {"need": "Second <tab>"})
    assert refused.status_code == 412
    assert "changed in another tab" in refused.text
    assert "Second &lt;tab&gt;" in refused.text
    assert "<script" not in refused.text  # what the person has to choose is not chosen by a script
    assert "First tab" in business.get(f"/dossiers/{drafted['id']}").text
    chosen = business.post(path, data=hidden(refused) | typed | {"need": "Second <tab>"})
    assert "Second &lt;tab&gt;" in chosen.text
