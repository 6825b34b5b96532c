"""The page as a document: what it says, and what it can never do."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from scorecard.evidence import Evidence, Fact, Finding, Severity, Status, Text, Unit
from scorecard.reports import html
from scorecard.scorecard import Scorecard

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}%(number)s{% raw %}</style></title>'
DECISIONS = ("go", "conditional", "no_go", "undetermined")
VOID = {"meta", "br", "img", "input", "link", "hr"}


class Page(HTMLParser):
    """Elements of a page with their attributes, in order, and the text within each kind of element."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.setdefault(tag, []).append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.texts[tag][-1] += data

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", self.texts["body"][0].replace("\u202f", " ").replace("\u00a0", " "))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def active_parts(page: Page) -> list[str]:
    """Whatever on a page could run or fetch something."""
    found = [name for name, _ in page.elements if name in ("script", "link", "img", "iframe", "object", "form", "base")]
    for name, attributes in page.elements:
        for attribute, value in attributes.items():
            local = attribute in ("href", "xlink:href") and (value or "").startswith("#")
            if attribute.startswith("on") or (attribute in ("href", "src", "srcset", "xlink:href") and not local):
                found.append(f"{name}[{attribute}={value}]")
    return found + re.findall(r"url\(|@import|expression\(", "".join(page.texts.get("style", [])))


def with_evidence(name: str, item: Evidence, card: Scorecard) -> tuple[Evidence, ...]:
    return tuple(item if e.name == name else e for e in card.evidence)


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("decision", DECISIONS)
def test_the_same_card_gives_the_same_bytes(cards: dict[str, Scorecard], decision: str, lang: str) -> None:
    first = html.render(cards[decision], lang)
    html.environment.cache_clear()
    assert html.render(Scorecard.model_validate_json(cards[decision].model_dump_json(by_alias=True)), lang) == first


@pytest.mark.parametrize(
    ("decision", "lang", "word"),
    [
        ("go", "en", "Go"),
        ("go", "fr", "Feu vert"),
        ("conditional", "en", "Conditional go"),
        ("conditional", "fr", "Feu vert sous conditions"),
        ("no_go", "en", "No go"),
        ("no_go", "fr", "Pas de feu vert"),
        ("undetermined", "en", "Undetermined"),
        ("undetermined", "fr", "Indéterminé"),
    ],
)
def test_the_decision_is_said_in_words(cards: dict[str, Scorecard], decision: str, lang: str, word: str) -> None:
    card = cards[decision]
    assert card.decision == decision
    page = Page(html.render(card, lang))
    assert page.texts["h2"][0].strip().startswith(word)
    assert page.texts["title"][0].startswith(card.project.name)
    whole = card.decision_reason.in_(lang).partition(":")[2].strip()
    assert whole[1:40].replace("\u202f", " ").replace("\u00a0", " ") in page.text


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("decision", DECISIONS)
def test_nothing_is_run_and_nothing_is_fetched(cards: dict[str, Scorecard], decision: str, lang: str) -> None:
    assert active_parts(Page(html.render(cards[decision], lang))) == []


def test_the_search_for_active_parts_finds_them() -> None:
    page = Page('<body onload="x"><a href="http://x">y</a><style>a{background:url(z)}</style><script>1</script></body>')
    assert len(active_parts(page)) == 4


def test_hostile_words_stay_words(card: Callable[..., Scorecard]) -> None:
    plain = card()
    code = next(e for e in plain.evidence if e.name == "code")
    finding = Finding(category=HOSTILE, rule=HOSTILE, severity=Severity.HIGH, location=HOSTILE, message=HOSTILE)
    fact = Fact(id="security.code_high", value=1, unit=Unit.COUNT, detail=HOSTILE, source=HOSTILE)
    reason = Text(en=HOSTILE, fr=HOSTILE)
    hostile = code.model_copy(
        update={
            "collector": HOSTILE, "findings": (finding,), "facts": (fact,), "status": Status.DEGRADED,
            "reason": reason, "raw": {HOSTILE: HOSTILE}, "project": HOSTILE,
        }
    )  # fmt: skip
    others = [e.model_copy(update={"project": HOSTILE}) for e in with_evidence("code", hostile, plain)]
    built = card(HOSTILE, evidence=others)
    built = built.model_copy(update={"problems": (reason,), "decision_reason": reason})
    source = html.render(built, "en")
    page = Page(source)
    assert active_parts(page) == []
    assert page.text.count("alert(1)") > 8
    assert "{{ 7 * 7 }}" in page.text
    assert len(page.all("title")) == len(page.all("style")) == 1


def test_what_was_not_measured_is_a_sentence_and_no_plot(cards: dict[str, Scorecard]) -> None:
    page = Page(html.render(cards["undetermined"], "en"))
    assert [a for a in page.all("svg") if "plot" in (a.get("class") or "")] == []
    assert page.text.count("Not measured") == 3
    assert "Not known." in page.text
    assert "16 questions of 16 have no answer yet." in page.text


def test_what_was_measured_is_plotted_with_words_and_its_table(cards: dict[str, Scorecard]) -> None:
    page = Page(html.render(cards["no_go"], "en"))
    plots = [a for a in page.all("svg") if "plot" in (a.get("class") or "")]
    assert len(plots) == 4
    assert all(a["role"] == "img" and "per second" in (a["aria-label"] or "") for a in plots)
    captions = page.texts["caption"]
    assert {"Steps of the load test", "Demand over the busiest day", "Time by route"} <= set(captions)


def test_unknown_domains_are_called_unknown_and_not_by_a_letter(cards: dict[str, Scorecard]) -> None:
    source = html.render(cards["undetermined"], "en")
    assert 'class="cell sure' not in source
    assert source.count("scale unknown") == 10


def test_ten_findings_are_shown_and_the_rest_counted(cards: dict[str, Scorecard]) -> None:
    page = Page(html.render(cards["no_go"], "en"))
    assert page.text.count("Possible SQL injection") == 10
    assert "27 findings" in page.text
    assert "17 more findings of lower or equal severity are in the evidence." in page.text
    assert "note Possible SQL" not in page.text


def test_declarations_show_until_when_they_count(cards: dict[str, Scorecard]) -> None:
    page = Page(html.render(cards["go"], "fr"))
    assert "3 juin 2027" in page.text
    assert "Camille Martin" in page.text


def test_a_waiver_is_always_listed(cards: dict[str, Scorecard]) -> None:
    page = Page(html.render(cards["conditional"], "en"))
    assert "Accepted until 15 January 2027 by Security officer: Behind the internal network until" in page.text
    french = Page(html.render(cards["conditional"], "fr"))
    assert "Accepté jusqu’au 15 janvier 2027 par Security officer" in french.text


def test_conditions_show_the_cap_the_end_and_the_cause(cards: dict[str, Scorecard]) -> None:
    page = Page(html.render(cards["conditional"], "fr"))
    assert "Au plus300 000 usagers" in page.text.replace("\n", "")
    assert "Jusqu’au15 janvier 2027" in page.text
    assert "Parce que Le code n’a pas de faiblesse grave" in page.text


def test_a_rate_without_an_upper_end_is_said_to_be_at_least(card: Callable[..., Scorecard]) -> None:
    built = card()
    capacity = built.capacity.model_copy(update={"users_high": None})
    page = Page(html.render(built.model_copy(update={"capacity": capacity}), "en"))
    assert "holds at least 435,000 users" in page.text


@pytest.mark.parametrize(("count", "above", "more"), [(2, 2, ""), (3, 2, "1 more"), (9, 2, "7 more")])
def test_few_problems_stand_above_the_fold_and_all_of_them_at_the_end(
    card: Callable[..., Scorecard], count: int, above: int, more: str
) -> None:
    problems = tuple(Text(en=f"Problem {n}.", fr=f"Souci {n}.") for n in range(count))
    page = Page(html.render(card().model_copy(update={"problems": problems}), "en"))
    before, after = page.text.split("Decision taken")
    assert before.count("Problem") == above
    assert after.count("Problem") == (count if more else 0)
    assert ("listed at the end" in before) == bool(more)
    assert more in before


@pytest.mark.parametrize("decision", DECISIONS)
def test_identifiers_are_unique_and_every_link_leads_somewhere(cards: dict[str, Scorecard], decision: str) -> None:
    page = Page(html.render(cards[decision], "en"))
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert {(a["href"] or "")[1:] for a in page.all("a")} <= set(ids)
    labels = {a["aria-labelledby"] for _, a in page.elements if "aria-labelledby" in a}
    assert labels <= set(ids)


def test_evidence_that_stands_twice_keeps_identifiers_unique(card: Callable[..., Scorecard]) -> None:
    once = card()
    page = Page(html.render(card(evidence=[*once.evidence, *once.evidence]), "en"))
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("decision", DECISIONS)
def test_headings_step_down_one_at_a_time(cards: dict[str, Scorecard], decision: str) -> None:
    page = Page(html.render(cards[decision], "fr"))
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_table_has_a_caption_and_every_header_a_scope(cards: dict[str, Scorecard]) -> None:
    page = Page(html.render(cards["no_go"], "fr"))
    assert len(page.all("table")) == len(page.all("caption")) == 6
    assert all(a.get("scope") in ("col", "row") for a in page.all("th"))
    assert page.all("html")[0]["lang"] == "fr"


def test_numbers_and_punctuation_follow_french_typography(cards: dict[str, Scorecard]) -> None:
    source = html.render(cards["no_go"], "fr")
    assert "300\u202f000\u00a0usagers" in source
    text = Page(source).texts["body"][0]
    assert re.findall(r"[^\s] [;!?»]", text) == []
    assert re.findall(r"\w :", text) == []


def test_a_long_french_name_is_kept_whole(card: Callable[..., Scorecard]) -> None:
    name = "Déclaration préalable à l’attribution de l’aide exceptionnelle aux très petites entreprises " * 2
    assert f"<h1>{name.strip()}</h1>" in html.render(card(name.strip()), "fr")
