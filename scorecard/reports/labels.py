"""Names of verdicts, domains and other closed lists, as the reports show them (English; locale/*.po translates)."""

from __future__ import annotations

from scorecard.criteria import Domain
from scorecard.evidence import Severity, Status
from scorecard.scorecard import Colour, Decision, Verdict


def mark(message: str) -> str:
    """The message itself; the name tells the catalogue's extraction that it is translated where it is shown."""
    return message


def counted(one: str, many: str) -> tuple[str, str]:
    """Both forms of a message with a count, for :meth:`scorecard.reports.words.Words.counted`."""
    return one, many


DECISIONS = {
    Decision.GO: mark("Go"),
    Decision.CONDITIONAL: mark("Conditional go"),
    Decision.NO_GO: mark("No go"),
    Decision.UNDETERMINED: mark("Undetermined"),
}
VERDICTS = {
    Verdict.FAIL: mark("not met"),
    Verdict.WARN: mark("nearly met"),
    Verdict.UNKNOWN: mark("unknown"),
    Verdict.WAIVED: mark("waived"),
    Verdict.PASS: mark("met"),
    Verdict.NOT_APPLICABLE: mark("does not apply"),
}
COUNTED_VERDICTS = {
    Verdict.FAIL: counted("%(number)s not met", "%(number)s not met"),
    Verdict.UNKNOWN: counted("%(number)s unknown", "%(number)s unknown"),
    Verdict.WARN: counted("%(number)s nearly met", "%(number)s nearly met"),
    Verdict.WAIVED: counted("%(number)s waived", "%(number)s waived"),
    Verdict.PASS: counted("%(number)s met", "%(number)s met"),
    Verdict.NOT_APPLICABLE: counted("%(number)s does not apply", "%(number)s do not apply"),
}
DOMAINS = {
    Domain.CAPACITY: mark("Capacity"),
    Domain.RESILIENCE: mark("Resilience"),
    Domain.SECURITY: mark("Security"),
    Domain.TRUST: mark("Trust"),
    Domain.INTEGRATION: mark("Integration"),
    Domain.OPERATIONS: mark("Operations"),
    Domain.EVOLVABILITY: mark("Evolvability"),
    Domain.USER_SERVICE: mark("User service"),
    Domain.REUSE: mark("Reuse"),
    Domain.CHANGE: mark("Change"),
}
QUESTIONS = {
    Domain.CAPACITY: mark("Does it hold the whole population on the busiest day?"),
    Domain.RESILIENCE: mark("Does it keep every filing when a part fails?"),
    Domain.SECURITY: mark("What would an attacker find first?"),
    Domain.TRUST: mark("Is personal data safe, well hosted, and free to move elsewhere?"),
    Domain.INTEGRATION: mark("Does it live with the slow systems around it?"),
    Domain.OPERATIONS: mark("Can a team see, alert, roll out, roll back, restore?"),
    Domain.EVOLVABILITY: mark("Can it change every week without harm?"),
    Domain.USER_SERVICE: mark("Does everyone get through the whole procedure?"),
    Domain.REUSE: mark("Is it made of proven parts?"),
    Domain.CHANGE: mark("Are the people who steer, work and help ready?"),
}
EFFORTS = {
    "hours": mark("a matter of hours"),
    "days": mark("a matter of days"),
    "weeks": mark("a matter of weeks"),
    "months": mark("a matter of months"),
}
KINDS = {
    "online-procedure": mark("Online procedure"),
    "appointment": mark("Appointment service"),
    "api": mark("API"),
    "internal-tool": mark("Internal tool"),
    "predictive-algorithm": mark("Predictive algorithm"),
}
TIERS = {
    "experiment": mark("experiment"),
    "local": mark("local service"),
    "national": mark("national service"),
}
STATUSES = {
    Status.COMPLETED: mark("complete"),
    Status.DEGRADED: mark("partial"),
    Status.SKIPPED: mark("skipped"),
    Status.ERROR: mark("failed"),
}
SEVERITIES = {
    Severity.CRITICAL: mark("critical"),
    Severity.HIGH: mark("high"),
    Severity.MEDIUM: mark("medium"),
    Severity.LOW: mark("low"),
    Severity.NONE: mark("note"),
}
CELLS = {
    "held": mark("held"),
    "failed": mark("missed"),
    "void": mark("does not count"),
    "peak": mark("peak demand"),
    "double": mark("doubling"),
    "bisect": mark("narrowing"),
    "doubt": mark("trying again"),
    "confirm": mark("confirming"),
    "before": mark("before"),
    "opening": mark("opening"),
    "overload": mark("overload"),
    "after": mark("after"),
    "soak": mark("endurance"),
    "citizen": mark("citizen"),
    "agent": mark("agent"),
    "desk": mark("computer"),
    "phone": mark("phone"),
    "program": mark("program"),
}
KINDS_OF_TIME = {
    "application": mark("in the application's own code"),
    "sql": mark("in the database"),
    "remote": mark("waiting for other services"),
}
COLUMNS = {
    "offered": mark("journeys offered"),
    "achieved": mark("requests answered"),
    "p50": mark("half wait at most"),
    "p95": mark("95 in 100 wait at most"),
    "p99": mark("99 in 100 wait at most"),
    "error_rate": mark("requests that failed"),
    "errors": mark("kinds of failure"),
    "outcome": mark("outcome"),
    "reason": mark("why"),
    "route": mark("route"),
    "requests": mark("requests"),
    "sql_per_request": mark("SQL statements in a request"),
    "share_of_time": mark("share of the time"),
    "journey_step": mark("step of the journey"),
    "answered": mark("requests answered well"),
    "traced": mark("of which the trace arrived"),
    "client_p95": mark("95 in 100 answered within"),
    "handled_p95": mark("of which in the service"),
    "outside_p95": mark("of which outside it"),
    "before_handler_p95": mark("of which before the service begins"),
    "replicas": mark("copies of the service"),
    "sustained": mark("rate held, measured"),
    "fit": mark("rate held, forecast"),
    "low": mark("at the least"),
    "high": mark("at the most"),
    "hour": mark("hour"),
    "journeys_per_s": mark("journeys begun"),
    "citizens": mark("by citizens"),
    "agents": mark("by agents"),
    "phase": mark("part of the test"),
    "service_p95": mark("95 in 100 take the service at most"),
    "lag_p99": mark("delay of the test itself, 99 in 100 at most"),
    "generator_cpu": mark("processor use of the test"),
    "service_cpu": mark("processor use of the service"),
    "busiest_process": mark("processor use of its busiest process"),
    "reason_fr": mark("why"),
    "started": mark("from (UTC)"),
    "ended": mark("to (UTC)"),
    "at": mark("time into the test"),
    "part": mark("part of the test"),
    "longest": mark("longest wait"),
    "deferred": mark("of which told when to come back"),
    "memory": mark("memory of the service"),
    "measured_low": mark("measured, at the least"),
    "measured_high": mark("measured, at the most"),
    "users": mark("users held"),
    "step": mark("step of the journey"),
    "statement": mark("SQL statement"),
    "times": mark("times seen"),
    "median_before": mark("half took at most, before"),
    "median_after": mark("half took at most, after"),
    "p95_before": mark("95 in 100 waited at most, before"),
    "p95_after": mark("95 in 100 waited at most, after"),
    "ratio": mark("after, of before"),
    "resource": mark("resource"),
    "at_low_load": mark("use at low load"),
    "at_the_knee": mark("use at the knee"),
    "unit": mark("of what"),
    "journey": mark("journey"),
    "persona": mark("whose journey"),
    "who": mark("who goes this way"),
    "device": mark("with what"),
    "share_of_sessions": mark("of the sessions at the peak"),
    "rounds": mark("rounds in a session"),
    "session": mark("length of a session"),
}
OUTCOMES_LONG = {
    "held": mark("held the objective"),
    "failed": mark("missed the objective"),
    "void": mark("does not count: the test itself was the limit"),
}
COLOURS = {
    Colour.GREEN: mark("green"),
    Colour.YELLOW: mark("yellow"),
    Colour.RED: mark("red"),
    Colour.GREY: mark("grey"),
}
TO_SERVE = counted("%(number)s user to serve", "%(number)s users to serve")
AGENTS = counted("%(number)s agent", "%(number)s agents")
DECLARED = counted(
    "%(number)s answer was declared, not measured. It counts until:",
    "%(number)s answers were declared, not measured. They count until:",
)
LAPSE_LATER = counted("%(number)s other lapses later.", "%(number)s others lapse later.")
MISSING_DECLARATIONS = counted(
    "%(number)s declaration is missing or has expired", "%(number)s declarations are missing or have expired"
)
ACCEPTED = counted("%(number)s failure accepted for a time", "%(number)s failures accepted for a time")
COUNTED_COLOURS = {
    Colour.GREEN: counted("%(number)s green", "%(number)s green"),
    Colour.YELLOW: counted("%(number)s yellow", "%(number)s yellow"),
    Colour.RED: counted("%(number)s red", "%(number)s red"),
    Colour.GREY: counted("%(number)s grey", "%(number)s grey"),
}
CORES = counted("%(number)s core", "%(number)s cores")
ACTIONS = {"mend": mark("Fix"), "measure": mark("Find out")}
GAIN = counted("worth %(number)s point of 100", "worth %(number)s points of 100")
MOST_GAIN = counted("worth up to %(number)s point of 100", "worth up to %(number)s points of 100")
OPEN_QUESTIONS = counted(
    "%(number)s question of %(all)s has no answer yet.", "%(number)s questions of %(all)s have no answer yet."
)

WHERE_TIME_GOES = {
    "before_handler": mark("before the service begins"),
    "pool_wait": mark("waiting for its turn (connection, lock)"),
    "sql": mark("in the database"),
    "outgoing": mark("waiting for other services"),
    "own_code": mark("in its own code"),
}
LOAD_LEVELS = {"low": mark("at low load"), "knee": mark("at high load")}
CALL_KINDS = {
    "sql": mark("SQL statement"),
    "remote": mark("call to another service"),
    "queued": mark("handed to a queue"),
    "taken": mark("taken from a queue"),
    "other": mark("in the process itself"),
}
