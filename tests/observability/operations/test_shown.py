"""Reading what services show, and what expressions name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observability.operations.expressions import metric_names, without_variables
from observability.operations.shown import read


def test_samples_know_their_labels_their_value_and_the_kind_of_their_metric(shown: str):
    samples = {(s.name, s.label("le")): s for s in read(shown)}
    bucket = samples[("http_server_request_duration_seconds_bucket", "0.4")]
    assert (bucket.kind, bucket.value, bucket.label("http_route")) == ("histogram", 11.0, "/")
    assert samples[("http_server_active_requests", None)].kind == "gauge"
    assert samples[("mails_failed_total", None)].kind == "counter"


def test_quotes_braces_and_exponents_in_a_line_are_read():
    (sample,) = read('a{x="say \\"}\\" \\\\ now",y="1"} 1.5e+3 1700000000000\nnot a metric\n# HELP a b\n')
    assert sample.label("x") == 'say "}" \\ now'
    assert sample.value == 1500


@given(st.text())
def test_any_text_is_read_without_a_crash(text: str):
    for sample in read(text):
        assert sample.name


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("up == 0", {"up"}),
        ('sum by (route, le) (rate(a_bucket{job="b",le=~"c|d"}[5m])) > bool 0.5', {"a_bucket"}),
        ("a / on (x) group_left (y) b and c unless d offset 5m", {"a", "b", "c", "d"}),
        ('{__name__="a", job="b"}', {"a"}),
        ("histogram_quantile(0.95, sum without (pod) (rate(x:y_z[1h:5m])))", {"x:y_z"}),
        ("absent(a) or vector(1) # comment b", {"a"}),
        ("count(a) by (b) > 1e3 + Inf", {"a"}),
        ('label_replace(a, "b", "$1", "c", "(.*)")', {"a"}),
        ("topk(5, sum(a)) - quantile(0.9, b) @ start()", {"a", "b"}),
        ("", set()),
    ],
)
def test_the_metrics_an_expression_names_are_known(expression: str, names: set[str]):
    assert metric_names(expression) == names


def test_a_query_of_a_dashboard_loses_its_variables():
    query = 'rate(a{job="$job",x=~"${y:regex}|[[z]]"}[$__rate_interval])'
    assert without_variables(query) == 'rate(a{job=".*",x=~".*|.*"}[5m])'
