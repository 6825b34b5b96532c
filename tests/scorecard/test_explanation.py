"""``portance explain`` only prints what comes from here."""

from __future__ import annotations

from scorecard.grading import explain


def test_every_shipped_criterion_explains_itself_in_both_languages(shipped, project):
    for criterion in shipped:
        for lines in (explain(criterion), explain(criterion, project)):
            labels = [line.label.en for line in lines]
            assert len(labels) == len(set(labels))
            assert {"Question", "Why", "Source", "Fact", "Threshold", "Blocking", "Remedy"} <= set(labels)
            assert all(line.text.en and line.text.fr and line.label.fr for line in lines)


def test_a_threshold_is_named_without_a_project_and_a_number_with_one(shipped, project):
    population = next(c for c in shipped if c.id == "capacity.population")

    def threshold(of):
        return next(line.text.en for line in explain(population, of) if line.label.en == "Threshold")

    assert threshold(None) == "at least the users of the project"
    assert threshold(project) == "at least 300,000\u00a0users"


def test_a_criterion_on_the_measurement_says_that_it_fails_nobody(shipped):
    lag = next(c for c in shipped if c.id == "capacity.generator-lag")
    assert any("not the service" in line.text.en for line in explain(lag))
