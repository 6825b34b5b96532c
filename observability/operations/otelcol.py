"""Configuration of the OpenTelemetry collector that a service sends to in production.

It keeps every trace that failed or was slow and a share of the others, takes out whatever is not on the list of what
may leave, and would rather refuse than run out of memory. Its parts: the receivers, processors and exporters named in
it come with the distribution "contrib".
"""

from __future__ import annotations

from string import Template

from observability.tracing import INSTRUMENTED, KEPT
from scorecard.project import ProjectFile

KEPT_SHARE = 5
"""Percent of the traces that neither failed nor were slow."""
DECISION_WAIT_S = 15
"""After its first span a trace is waited for: longer than the deadline of any request."""

_RESOURCE = ("service.name", "service.instance.id", "service.version", "deployment.environment.name", INSTRUMENTED)
_LOGS = ("event", "level", "trace_id", "span_id")


def collector(project: ProjectFile) -> str:
    """The configuration for ``project``, as YAML with its reasons; addresses come from the environment."""
    return _CONFIGURATION.substitute(
        slow_ms=f"{project.objectives.p95 * 1000:g}",
        wait_s=DECISION_WAIT_S,
        share=KEPT_SHARE,
        allowed="\n".join(f"      - {name}" for name in sorted({*KEPT, *_RESOURCE, *_LOGS})),
    )


_CONFIGURATION = Template(
    """\
# Collector of traces, metrics and logs in production. Where they go: the variables TRACES_ENDPOINT, METRICS_ENDPOINT
# and LOGS_ENDPOINT (OTLP over HTTP). Check a change with: otelcol validate --config=collector.yaml
extensions:
  health_check:
    endpoint: 0.0.0.0:13133

receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 0.0.0.0:4317
      http:
        endpoint: 0.0.0.0:4318

processors:
  # First, so that the sender is told to come back later before anything is kept.
  memory_limiter:
    check_interval: 1s
    limit_percentage: 75
    spike_limit_percentage: 20
  # Only what is listed goes on: neither addresses with their queries, nor messages of exceptions, nor names of people.
  redaction:
    allow_all_keys: false
    allowed_keys:
$allowed
    # Social security numbers, bank accounts and e-mail addresses, even under an allowed name.
    blocked_values:
      - '\\b[1-478]\\d{2}(0[1-9]|1[0-2]|[2-9]\\d)(\\d{2}|2[ABab])\\d{6}(\\d{2})?\\b'
      - '\\b[A-Z]{2}\\d{2}( ?[A-Z0-9]{4}){3,7}( ?[A-Z0-9]{1,3})?\\b'
      - '[\\w.+-]+@[\\w-]+\\.[\\w.-]+'
    summary: silent
  # All spans of a trace must come to one collector: with several, put the loadbalancing exporter in front of them.
  # What the service did not sample itself cannot be kept here: let it send everything where its load allows.
  tail_sampling:
    decision_wait: ${wait_s}s
    num_traces: 50000
    policies:
      - name: failed
        type: status_code
        status_code: {status_codes: [ERROR]}
      - name: answered-5xx
        type: numeric_attribute
        numeric_attribute: {key: http.response.status_code, min_value: 500, max_value: 599}
      - name: slow
        type: latency
        latency: {threshold_ms: $slow_ms}
      - name: some-of-the-others
        type: probabilistic
        probabilistic: {sampling_percentage: $share}
  batch:
    send_batch_size: 2048
    send_batch_max_size: 4096
    timeout: 2s

exporters:
  otlphttp/traces:
    endpoint: $${env:TRACES_ENDPOINT}
    sending_queue: {queue_size: 1000}
    retry_on_failure: {max_elapsed_time: 120s}
  otlphttp/metrics:
    endpoint: $${env:METRICS_ENDPOINT}
  otlphttp/logs:
    endpoint: $${env:LOGS_ENDPOINT}

service:
  extensions: [health_check]
  pipelines:
    traces:
      receivers: [otlp]
      processors: [memory_limiter, redaction, tail_sampling, batch]
      exporters: [otlphttp/traces]
    metrics:
      receivers: [otlp]
      processors: [memory_limiter, batch]
      exporters: [otlphttp/metrics]
    logs:
      receivers: [otlp]
      processors: [memory_limiter, redaction, batch]
      exporters: [otlphttp/logs]
"""
)
