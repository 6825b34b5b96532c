"""``portance init`` on httpbin: the file it writes for a service that nobody here wrote."""

from pathlib import Path

import httpx
import pytest

from scorecard import project
from scorecard.cli.init import initialise
from scorecard.project import ProjectFile


@pytest.fixture(scope="module")
def written(httpbin: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that ``portance init --url`` writes."""
    with httpx.Client(trust_env=False) as client:
        return initialise(httpbin, tmp_path_factory.mktemp("init"), openapi=None, name=None, client=client, lang="en")


@pytest.fixture(scope="module")
def found(written: Path) -> ProjectFile:
    """That file, loaded."""
    return project.load(written)


def test_its_swagger_2_document_is_found_and_its_journeys_read_what_anyone_may(
    httpbin: str, found: ProjectFile
) -> None:
    assert (found.target.url, found.target.openapi, found.project.name) == (httpbin, "/spec.json", "httpbin.org")
    paths = {s.path for j in found.journeys for s in j.steps}
    assert paths >= {"/get", "/headers", "/json", "/html", "/uuid", "/image/png", "/anything/example"}
    names = {j.name for j in found.journeys}
    assert names >= {"http-methods", "request-inspection", "response-formats", "images"}


def test_what_is_slow_redirects_fails_or_asks_for_credentials_is_in_no_journey(found: ProjectFile) -> None:
    paths = {s.path for j in found.journeys for s in j.steps}
    for bad in ("/delay", "/drip", "/status", "/redirect", "/absolute-redirect", "/basic-auth", "/bearer", "/digest"):
        assert not [p for p in paths if p.startswith(bad)]
    assert {s.method for j in found.journeys for s in j.steps} == {"GET"}


def test_every_step_answers_as_the_file_says_when_asked_again(httpbin: str, found: ProjectFile) -> None:
    with httpx.Client(trust_env=False, timeout=30) as client:
        for step in (s for j in found.journeys for s in j.steps):
            assert client.get(httpbin + step.path).status_code in step.expected, step.path


def test_what_was_left_out_is_written_down_with_its_reason(written: Path) -> None:
    content = written.read_text(encoding="utf-8")
    assert "# left out: GET /bearer: answers 401: needs credentials" in content
    assert "# left out: GET /redirect/{n}: answers 302: a redirect" in content
    assert "# left out: GET /delay/{delay}: " in content
    assert '#   { post = "/anything" },' in content


def test_nothing_is_claimed_that_cannot_be_seen_from_outside(found: ProjectFile) -> None:
    target = found.target
    assert (target.source, target.requirements, target.manifests) == (None, None, None)
    assert found.declarations == ()
    assert found.waivers == ()
