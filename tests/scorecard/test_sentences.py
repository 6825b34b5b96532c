"""Every sentence above the fold, in English and in French: the users held, the decision, the actions, the reasons."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scorecard.evidence import Status, Text, broken
from scorecard.grading import grade
from scorecard.grading.capacity import holds
from scorecard.grading.sentences import enumeration, followed, sentence
from scorecard.project import Waiver


def plain(words: str) -> str:
    return words.replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("english", "french", "as_written", "as_written_in_french"),
    [
        ("no data here", "pas de données d'ici", "No data here.", "Pas de données d’ici."),
        ("Already whole.", "Déjà entière.", "Already whole.", "Déjà entière."),
        ("security.advisories is old", "p95 mesuré", "security.advisories is old.", "p95 mesuré."),
        ("/dossiers failed!", "élan coupé…", "/dossiers failed!", "Élan coupé…"),
    ],
)
def test_a_clause_of_a_tool_becomes_a_sentence(english, french, as_written, as_written_in_french):
    assert sentence(Text(en=english, fr=french)) == Text(en=as_written, fr=as_written_in_french)


def test_sentences_and_rows_are_joined_as_one_writes():
    one, two, three = (Text(en=w, fr=f"{w}e") for w in ("a", "b", "c"))
    assert followed(one, two) == Text(en="A. B.", fr="Ae. Be.")
    assert [enumeration(row).en for row in ([one], [one, two], [one, two, three])] == ["a", "a and b", "a, b and c"]
    assert enumeration([one, two, three]).fr == "ae, be et ce"


@pytest.mark.parametrize(
    ("low", "high", "english", "french"),
    [
        (550_000, 600_000, "it holds 550,000 to 600,000 users, for 300,000 to serve",
         "il peut accueillir de 550 000 à 600 000 usagers, pour 300 000 attendus"),
        (182_437, 240_900, "it holds 182,000 to 240,000 of 300,000 users",
         "il peut accueillir de 182 000 à 240 000 des 300 000 usagers attendus"),
        (250_000, 350_000, "it holds 250,000 to 350,000 users, for 300,000 to serve",
         "il peut accueillir de 250 000 à 350 000 usagers, pour 300 000 attendus"),
        (200_000, 300_000, "it holds 200,000 to 300,000 of 300,000 users",
         "il peut accueillir de 200 000 à 300 000 des 300 000 usagers attendus"),
        (299_999, None, "it holds at least 299,000 users, for 300,000 to serve",
         "il peut accueillir au moins 299 000 usagers, pour 300 000 attendus"),
        (550_000, None, "it holds at least 550,000 users, for 300,000 to serve",
         "il peut accueillir au moins 550 000 usagers, pour 300 000 attendus"),
        (120_100, 120_900, "it holds 120,000 of 300,000 users", "il peut accueillir 120 000 des 300 000 usagers "
         "attendus"),
        (400_100, 400_900, "it holds 400,000 users, for 300,000 to serve",
         "il peut accueillir 400 000 usagers, pour 300 000 attendus"),
        (0, None, "it holds none of the 300,000 users to serve", "il ne peut accueillir aucun des 300 000 "
         "usagers attendus"),
        (0, 0, "it holds none of the 300,000 users to serve", "il ne peut accueillir aucun des 300 000 usagers "
         "attendus"),
        (0, 5_000, "it holds 5,000 users at most, for 300,000 to serve",
         "il peut accueillir au plus 5 000 usagers, pour 300 000 attendus"),
        (None, None, "how many users it holds is not known", "on ne sait pas combien d’usagers il peut accueillir"),
        (None, 400_000, "how many users it holds is not known", "on ne sait pas combien d’usagers il peut accueillir"),
    ],
)  # fmt: skip
def test_the_users_held_are_said_as_they_are(low, high, english, french):
    said = holds(low, high, 300_000)
    assert (plain(said.en), plain(said.fr)) == (english, french)


@pytest.fixture(scope="session")
def decided(project, criterion, evidence, fact, today):
    """The reason of the decision, in both languages, for users held and other blocking criteria by their values."""
    users = criterion(
        "users", fact="load.users_held", unit="users", better="higher", use="low", blocking=True,
        **{"pass": {"of": "project.users"}},
    )  # fmt: skip

    def run(held: tuple[int, int] | None, **others: float | None) -> tuple[str, str]:
        ends = (None, {}) if held is None else (held[0], {"low": held[0], "high": held[1]})
        facts = [fact("load.users_held", ends[0], "users", **ends[1])]
        facts += [fact(f"load.{name}", value) for name, value in others.items()]
        criteria = [users, *(criterion(name, blocking=True, warn=0.8) for name in others)]
        said = grade(project, criteria, [evidence(facts)], (), today).decision_reason
        return plain(said.en), plain(said.fr)

    return run


MUCH, LITTLE = (550_000, 600_000), (182_437, 240_900)


@pytest.mark.parametrize(
    ("held", "others", "english", "french"),
    [
        (MUCH, {}, "Go: it holds 550,000 to 600,000 users, for 300,000 to serve; every blocking question is answered "
         "well; grade A.",
         "Feu vert : il peut accueillir de 550 000 à 600 000 usagers, pour 300 000 attendus ; toutes les "
         "questions bloquantes "
         "ont une bonne réponse ; note A."),
        (MUCH, {"p": 0.5}, "Conditional go for at most 300,000 users, until 20 February 2027: it holds 550,000 to "
         "600,000 users, for 300,000 to serve; “p holds” is not fully met.",
         "Feu vert sous conditions, pour 300 000 usagers au plus, jusqu’au 20 février 2027 : il peut accueillir "
         "de 550 000 à "
         "600 000 usagers, pour 300 000 attendus ; « p tient » n’est pas pleinement satisfait."),
        (LITTLE, {}, "No go today: it holds 182,000 to 240,000 of 300,000 users.",
         "Pas de feu vert aujourd’hui : il peut accueillir de 182 000 à 240 000 des 300 000 usagers attendus."),
        (MUCH, {"p": 9}, "No go today: it holds 550,000 to 600,000 users, for 300,000 to serve; “p holds” is not met.",
         "Pas de feu vert aujourd’hui : il peut accueillir de 550 000 à 600 000 usagers, pour 300 000 attendus "
         "; « p tient » "
         "n’est pas satisfait."),
        (None, {"p": 9, "q": 9}, "No go today: how many users it holds is not known; “p holds” and “q holds” are not "
         "met.",
         "Pas de feu vert aujourd’hui : on ne sait pas combien d’usagers il peut accueillir ; « p tient » et « "
         "q tient » ne "
         "sont pas satisfaits."),
        (LITTLE, dict.fromkeys("pqrs", 9), "No go today: it holds 182,000 to 240,000 of 300,000 users; “p holds”, "
         "“q holds”, “r holds” and 1 other are not met.",
         "Pas de feu vert aujourd’hui : il peut accueillir de 182 000 à 240 000 des 300 000 usagers attendus ; "
         "« p tient », « q tient », "
         "« r tient » et 1 autre ne sont pas satisfaits."),
        (None, {}, "Undetermined: how many users it holds is not known.",
         "Indéterminé : on ne sait pas combien d’usagers il peut accueillir."),
        (MUCH, {"p": None}, "Undetermined: it holds 550,000 to 600,000 users, for 300,000 to serve; 1 blocking "
         "question has no answer, “p holds”.",
         "Indéterminé : il peut accueillir de 550 000 à 600 000 usagers, pour 300 000 attendus ; 1 question "
         "bloquante est sans "
         "réponse, « p tient »."),
        (None, {"p": None}, "Undetermined: how many users it holds is not known; 2 blocking questions have no answer, "
         "among them “p holds”.",
         "Indéterminé : on ne sait pas combien d’usagers il peut accueillir ; 2 questions bloquantes sont sans "
         "réponse, dont "
         "« p tient »."),
    ],
)  # fmt: skip
def test_the_decision_is_one_sentence(decided, held, others, english, french):
    assert decided(held, **others) == (english, french)


def test_nothing_asked_is_said_plainly(project, today):
    said = grade(project, [], [], (), today).decision_reason
    assert said.en == "Undetermined: how many users it holds is not known; nothing that could decide was observed."
    assert said.fr.endswith("rien de ce qui permettrait de décider n’a été observé.")


@pytest.fixture(scope="session")
def action(project, evidence, today):
    """What the only action of one criterion says, in both languages."""

    def run(criterion, items, waivers=()):
        (found,) = grade(project, [criterion], items, waivers, today).actions
        return plain(found.text.en), plain(found.text.fr)

    return run


def test_an_action_names_what_is_wrong_and_then_the_way(action, criterion, evidence, fact):
    one = criterion("p95", warn=0.8)
    assert action(one, [evidence([fact("load.p95", 9)])]) == (
        "“p95 holds” is not met. Mend p95.",
        "« p95 tient » n’est pas satisfait. Réparer p95.",
    )
    assert action(one, [evidence([fact("load.p95", 0.5)])]) == (
        "“p95 holds” is only nearly met. Mend p95.",
        "« p95 tient » n’est que presque satisfait. Réparer p95.",
    )


def test_what_was_accepted_is_no_action(project, criterion, evidence, fact, today):
    accepted = Waiver(criterion="p95", reason="mended in January", approver="CIO", expires=today)
    failed = [evidence([fact("load.p95", 9)])]
    assert grade(project, [criterion("p95")], failed, [accepted], today).actions == ()
    assert len(grade(project, [criterion("p95")], failed, [], today).actions) == 1


def test_an_action_on_what_is_not_known_says_why(action, criterion, evidence, fact):
    assert action(criterion("p95"), [evidence([fact("load.p95", None)])]) == (
        "“p95 holds” could not be established. The tool saw nothing.",
        "« p95 tient » n’a pas pu être établi. L’outil n’a rien vu.",
    )


def test_an_action_on_a_declaration_names_no_identifier(action, criterion, evidence, fact, today):
    said = criterion(
        "said", basis="declared", evidence="declarations", fact="declared.said", max_age_days=100, unit="bool",
        better="equal", **{"pass": True},
    )  # fmt: skip
    way = (
        "Nobody has answered for “said holds”. Have whoever is in charge of it answer under their name, with a date "
        "and a link to the proof.",
        "Personne n’a répondu pour « said tient ». Le ou la responsable l’atteste en son nom, avec une date et un lien "
        "vers la preuve.",
    )
    unreadable = broken("declarations", "Aid", Text(en="the file is cut short", fr="le fichier est tronqué"))
    for items in ([], [evidence(name="declarations")], [unreadable]):
        assert action(said, items) == way
    old = fact("declared.said", True, "bool", observed_on=today - timedelta(days=101), source="Ann, https://proof")
    assert action(said, [evidence([old], name="declarations")]) == (
        "“said holds” was declared, but this does not count any more or not yet. It dates from 13 August 2026, "
        "101 days ago; it counts for 100 days.",
        "« said tient » a été déclaré, mais cela ne vaut plus ou pas encore. Cela date du 13 août 2026, il y a "
        "101 jours ; cela vaut 100 jours.",
    )


def test_what_waits_for_one_answer_is_one_action_with_the_way_to_it(project, criterion, evidence, fact, today):
    criteria = [
        criterion("lag", judges="measurement"),
        criterion("p95", requires=["lag"], weight=3, blocking=True),
        criterion("peak", requires=["p95"], weight=6),
        criterion("beside", weight=10),
    ]
    facts = [fact(f"load.{name}", 0.1) for name in ("p95", "peak", "beside")] + [fact("load.lag", 9)]
    card = grade(project, criteria, [evidence(facts)], (), today)
    (only,) = card.actions
    assert (only.criterion, only.kind, only.gain) == ("lag", "measure", 50.0)
    assert only.text.en == "“lag holds” could not be established. Mend lag."
    unseen = [*facts[:-1], fact("load.lag", None)]
    (only,) = grade(project, criteria, [evidence(unseen)], (), today).actions
    assert only.text.en == "“lag holds” could not be established. The tool saw nothing."


def test_what_one_collection_did_not_see_is_one_action(project, criterion, evidence, fact, today):
    criteria = [
        criterion("heavy", weight=9),
        criterion("first", blocking=True),
        criterion("second"),
        criterion("elsewhere", evidence="code", fact="code.elsewhere", blocking=True),
    ]
    broke = [evidence(status=Status.ERROR), evidence([fact("code.elsewhere", None)], name="code")]
    found = grade(project, criteria, broke, (), today).actions
    assert [(a.criterion, a.gain) for a in found] == [("first", 91.67), ("elsewhere", 8.33)]
    assert found[0].text.en == "“first holds” and 2 others could not be established. The collector gave up."
    assert found[0].text.fr == "« first tient » et 2 autres n’ont pas pu être établis. Le collecteur a abandonné."
    assert found[1].text.en == "“elsewhere holds” could not be established. The tool saw nothing."
    each = [evidence([fact(f"load.{name}", None) for name in ("heavy", "first", "second")]), broke[1]]
    assert [a.criterion for a in grade(project, criteria, each, (), today).actions] == ["first", "elsewhere"]
    assert [a.criterion for a in grade(project, criteria, [], (), today).actions] == ["first", "elsewhere"]


def test_failures_that_decide_come_before_unknowns_that_decide(project, criterion, evidence, fact, today):
    criteria = [
        criterion("accepted", blocking=True, effort="hours"),
        criterion("nearly", blocking=True, effort="hours", warn=0.8),
        criterion("unseen", blocking=True),
        criterion("broken", blocking=True, effort="months"),
        criterion("beside-unseen"),
        criterion("beside-broken", effort="hours"),
    ]
    facts = [fact(f"load.{name}", 9) for name in ("accepted", "broken", "beside-broken")] + [fact("load.nearly", 0.5)]
    facts.append(fact("load.beside-unseen", None))
    waiver = Waiver(criterion="accepted", reason="mended in January", approver="CIO", expires=today)
    card = grade(project, criteria, [evidence(facts)], [waiver], today)
    assert [a.criterion for a in card.actions] == [
        "broken",
        "unseen",
        "nearly",
        "beside-broken",
        "beside-unseen",
    ]


@pytest.mark.parametrize(
    ("changes", "english", "french"),
    [
        ({"status": Status.ERROR}, "The collector gave up.", "Le collecteur a abandonné."),
        ({"status": Status.SKIPPED}, "The collector gave up.", "Le collecteur a abandonné."),
        ({"status": Status.DEGRADED}, "It was not observed. The collector gave up.",
         "Cela n’a pas été observé. Le collecteur a abandonné."),
        ({}, "It was not observed.", "Cela n’a pas été observé."),
    ],
)  # fmt: skip
def test_the_reason_of_an_unknown_is_the_collectors_own(project, criterion, evidence, today, changes, english, french):
    card = grade(project, [criterion("p95")], [evidence(**changes)], (), today)
    assert (card.judged[0].reason.en, card.judged[0].reason.fr) == (english, french)
    assert card.judged[0].evidence == (("load.json#/reason",) if changes else ())


def test_an_evidence_that_is_not_there_is_named(project, criterion, today):
    reason = grade(project, [criterion("p95")], [], (), today).judged[0].reason
    assert reason.en == "This run did not look at it: it holds no evidence “load”."
    assert reason.fr == "Cette évaluation ne l’a pas examiné : elle ne contient pas de preuve « load »."


def test_the_reason_of_a_void_measurement_is_two_sentences(project, criterion, evidence, fact, today):
    criteria = [criterion("lag", judges="measurement"), criterion("p95", requires=["lag"])]
    facts = [fact("load.lag", 9), fact("load.p95", 0.1)]
    judged = {j.criterion.id: j for j in grade(project, criteria, [evidence(facts)], (), today).judged}
    assert plain(judged["p95"].reason.en) == (
        "What was measured counts only if “lag holds” is met. The measurement falls short: 9 s, the line is 400 ms."
    )
    assert plain(judged["p95"].reason.fr) == (
        "Ce qui a été mesuré ne compte que si « lag tient » est satisfait. "
        "La mesure est insuffisante : 9 s, le seuil est de 400 ms."
    )


def test_the_capacity_says_the_same_as_the_decision(project, criterion, evidence, today):
    card = grade(project, [criterion("p95", blocking=True)], [evidence()], (), today)
    assert card.capacity.sentence.en == "How many users it holds is not known."
    assert card.capacity.sentence.en[1:-1] in card.decision_reason.en
    assert card.capacity.sentence.fr[1:-1] in card.decision_reason.fr
