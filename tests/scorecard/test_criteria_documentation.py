"""docs/criteria is what the catalogue says, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scorecard.criteria import catalogue
from scorecard.linting import lint
from scorecard.linting.producers import producers
from scorecard.reports.criteria_page import page

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_documentation_of_the_criteria_is_current(shipped, lang):
    path = ROOT / "docs" / "criteria" / f"{lang}.md"
    assert path.read_text(encoding="utf-8") == page(shipped, lang), (
        f"the catalogue changed: portance criteria --format md --lang {lang} > {path.relative_to(ROOT)}"
    )


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_criterion_has_its_section_and_every_link_leads_to_one(shipped, lang):
    text = page(shipped, lang)
    anchors = re.findall(r'<a id="([^"]+)"></a>', text)
    assert sorted(anchors) == sorted(c.id for c in shipped)
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) == set(anchors)
    for criterion in shipped:
        assert criterion.remedy.in_(lang) in text


def test_a_bar_in_a_title_does_not_break_the_table(criterion):
    odd = criterion("capacity.x", title={"en": "This | that", "fr": "Ceci | cela"})
    index = page([odd], "fr").split("\n## ")[1]
    rows = [line for line in index.splitlines() if line.startswith("|")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [4, 4, 4]


def test_each_kind_of_service_has_its_line_with_what_blocks_in_each_tier(criterion):
    asked = [
        criterion("capacity.a", kinds=["api"], blocking=["national"]),
        criterion("capacity.b", blocking=True),
        criterion("capacity.c", basis="declared", evidence="declarations", fact="declared.c"),
    ]
    rows = {line.split("|")[2].strip(): line.split("|")[3:-1] for line in page(asked, "en").splitlines()[4:11]}
    assert [int(cell) for cell in rows["`api`"]] == [2, 1, 1, 1, 2]
    assert [int(cell) for cell in rows["`appointment`"]] == [1, 1, 1, 1, 1]


def test_the_example_of_own_criteria_is_one(shipped, tmp_path):
    readme = (ROOT / "docs" / "criteria" / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    (tmp_path / "own.toml").write_text(example, encoding="utf-8")
    found = catalogue(own=[tmp_path])
    before = {c.id: c for c in shipped}
    assert {c.id for c in found if before.get(c.id) != c} == {"trust.ministry-charter", "user-service.page-weight"}
    changed = [c for c in found if before.get(c.id) != c]
    needed = [before[name] for c in changed for name in c.requires]
    assert lint([*changed, *needed], producers()) == ()
