"""The words of the pages after the first sheet, as data for the PDF: measurements, every question, every source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from scorecard.evidence import Evidence, Table, Unit
from scorecard.findings.groups import Group
from scorecard.reports import columns, courses, describe, drawings, labels, ledger, measured, origin, plots, sheet
from scorecard.reports.words import Words
from scorecard.scorecard import DomainResult, Judged, Scorecard

Block = dict[str, Any]


def detail(card: Scorecard, words: Words) -> list[Block]:
    """Headings, paragraphs, plots and tables, in the order of the page."""
    blocks = [*_figures(card, words), *_indicators(card, words), *_ledger(card, words), *_questions(card, words)]
    return [*blocks, *_origin(card, words)]


def _figures(card: Scorecard, words: Words) -> Iterator[Block]:
    yield _heading(1, words.gettext("What was measured"))
    yield _heading(2, words.gettext("How long people wait as more arrive"))
    drawn = plots.latency(card, words)
    if drawn:
        yield _plot(drawings.plot(drawn[0], "desk", words), describe.latency(card, words))
        yield _note(describe.latency(card, words))
    else:
        absent = words.gettext("Not measured: the run holds no load steps.")
        yield _paragraph(" ".join([absent, sheet.why_absent(card, "load", words)]))
    yield from _table(measured.table(card, "load.steps"), words.gettext("Steps of the load test"), words)
    yield from _table(measured.table(card, "demand.day"), words.gettext("Demand over the busiest day"), words)
    yield from _table(measured.table(card, "demand.journeys"), words.gettext("Who comes at the peak"), words)
    more = plots.scaling(card, words)
    if more:
        yield _heading(2, words.gettext("What more copies of the service bring"))
        yield _plot(drawings.plot(more[0], "desk", words), describe.scaling(card, words))
        yield from _table(measured.table(card, "load.scaling"), words.gettext("Rate held by number of copies"), words)
    yield from _courses(card, words)
    yield _heading(2, words.gettext("Where the time goes"))
    kinds = measured.kinds_of_time(card)
    if kinds:
        named = (f"{words.quantity(s, Unit.RATIO)} {words.name(labels.KINDS_OF_TIME, k)}" for k, s in kinds)
        yield {"kind": "list", "items": list(named)}
    else:
        absent = words.gettext("Not measured: no traces of the service were seen.")
        yield _paragraph(" ".join([absent, sheet.why_absent(card, "traces", words)]))
    yield from _table(measured.table(card, "trace.routes"), words.gettext("Time by route"), words)
    between = words.gettext("Time between the user and the service")
    yield from _table(measured.table(card, "trace.joined"), between, words)


def _courses(card: Scorecard, words: Words) -> Iterator[Block]:
    for id_, title, said in courses.titled(words):
        drawn = courses.waits(card, id_, words)
        if drawn:
            yield _heading(2, title)
            yield _plot(drawings.plot(drawn[0], "desk", words), courses.described(card, id_, words))
            yield _note(f"{said} {courses.described(card, id_, words)}")
    yield from _table(measured.table(card, "growth.steps"), words.gettext("Waits by step of the journeys"), words)


def _indicators(card: Scorecard, words: Words) -> Iterator[Block]:
    if not card.indicators:
        return
    yield _heading(1, words.gettext("Official indicators, one by one"))
    heads = [
        words.gettext("Indicator"),
        words.gettext("Colour"),
        words.gettext("Value"),
        words.gettext("Why this colour"),
        words.gettext("Official scale"),
    ]
    rows = [
        [
            f"{words.say(i.title)} ({i.published_by})",
            words.name(labels.COLOURS, i.colour),
            words.say(i.shown) + (f" ({words.standing(i)})" if i.basis else ""),
            words.say(i.reason),
            words.say(i.scale),
        ]
        for i in card.indicators
    ]
    yield _rows("", heads, rows, [6, 2, 4, 7, 6])


def _ledger(card: Scorecard, words: Words) -> Iterator[Block]:
    yield _heading(1, words.gettext("On somebody's word"))
    given, missing, waivers = ledger.declared(card), ledger.undeclared(card), ledger.waived(card)
    if given:
        yield _paragraph(
            words.gettext(
                "These answers were declared, not measured. Each counts until its date, and then has to be given again."
            )
        )
        heads = [
            words.gettext("Question"),
            words.gettext("Answer"),
            words.gettext("Verdict"),
            words.gettext("Given by"),
            words.gettext("Counts until"),
        ]
        rows = [
            [
                words.say(d.judged.criterion.title),
                words.fact(d.judged.fact),
                words.name(labels.VERDICTS, d.judged.verdict),
                "" if d.judged.fact is None else d.judged.fact.source,
                words.gettext("no date given") if d.until is None else words.date(d.until),
            ]
            for d in given
        ]
        yield _rows("", heads, rows, [4, 2, 2, 4, 2])
    else:
        yield _paragraph(words.gettext("Nothing that counts was declared."))
    if missing:
        yield _heading(2, words.counted(labels.MISSING_DECLARATIONS, len(missing)))
        yield {"kind": "list", "items": [words.say(j.criterion.title) for j in missing]}
    yield _heading(2, words.gettext("Waivers"))
    if waivers:
        items = [f"{words.say(j.criterion.title)} – {words.say(j.waiver)}" for j in waivers]
        yield {"kind": "list", "items": items}
    else:
        yield _paragraph(words.gettext("None."))


def _questions(card: Scorecard, words: Words) -> Iterator[Block]:
    yield _heading(1, words.gettext("Every question, domain by domain"))
    heads = [words.gettext("Verdict"), words.gettext("Question"), words.gettext("Value"), words.gettext("Threshold")]
    for domain in card.domains:
        yield _heading(2, words.name(labels.DOMAINS, domain.id))
        yield _paragraph(words.name(labels.QUESTIONS, domain.id))
        yield _note(_tally(domain, words))
        if domain.judged:
            yield _rows("", heads, [_question(j, words) for j in domain.judged], [2, 8, 3, 3])


def _tally(domain: DomainResult, words: Words) -> str:
    counts = [words.counted(labels.COUNTED_VERDICTS[v], number) for v, number in sheet.verdict_counts(domain)]
    if domain.grade is None:
        return words.gettext("No question of this domain applies.")
    grade = words.gettext("unknown") if sheet.nothing_known(domain) else words.grade(domain.grade)
    return " · ".join([grade, *counts])


def _question(judged: Judged, words: Words) -> list[str]:
    title = f"{words.say(judged.criterion.title)} ({judged.criterion.id})"
    return [
        words.name(labels.VERDICTS, judged.verdict),
        f"{title} – {words.say(judged.reason)}",
        words.fact(judged.fact),
        words.say(judged.threshold),
    ]


def _origin(card: Scorecard, words: Words) -> Iterator[Block]:
    yield _heading(1, words.gettext("Where this comes from"))
    if card.problems:
        yield _heading(2, words.gettext("Everything to be wary of"))
        yield {"kind": "list", "items": [words.say(p) for p in card.problems]}
    if confirmed := sheet.confirmed(card)[: sheet.MOST_FINDINGS]:
        yield _heading(2, words.gettext("Shown by the code and proved by a request"))
        yield {"kind": "list", "items": [_confirmed(group, words) for group in confirmed]}
    if card.evidence:
        yield {"kind": "evidence", "items": [_evidence(e, words) for e in card.evidence]}
    else:
        yield _paragraph(words.gettext("The run holds no evidence."))
    yield _heading(2, words.gettext("Digest of the evidence"))
    yield {"kind": "code", "text": origin.digest(card)}
    yield _note(
        words.gettext(
            "It is the SHA-256 of one line for each piece above, its name, a space and its digest, sorted: whoever has "
            "the files of the run can compute it again."
        )
    )


def _confirmed(group: Group, words: Words) -> str:
    severity = words.name(labels.SEVERITIES, group.findings[0].severity)
    return f"{severity} – {group.place} ({group.weakness}) – {sheet.both_sides(group, words)}"


def _evidence(evidence: Evidence, words: Words) -> dict[str, str]:
    made = evidence.provenance
    by = [] if made is None else [f"{made.tool} {made.version}", words.moment(made.started)]
    return {
        "name": evidence.name,
        "made": " · ".join([words.name(labels.STATUSES, evidence.status), *by]),
        "told": words.say(evidence.reason),
        "digest": evidence.digest or evidence.computed_digest(),
    }


def _table(table: Table | None, caption: str, words: Words) -> Iterator[Block]:
    shown = None if table is None else sheet.shown(columns.printed(table), words.lang)
    if shown is not None:
        heads = [columns.title(c.name, words) for c in shown.columns]
        rows = [[columns.cell(v, c, words) for v, c in zip(row, shown.columns, strict=True)] for row in shown.rows]
        if shown.step > 1:
            message = words.gettext("(one row in %(step)s; the evidence holds them all)")
            caption = " ".join([caption, message % {"step": words.number(shown.step)}])
        longest = [max(len(row[place]) for row in rows) for place in range(len(heads))]
        yield _rows(caption, heads, rows, [min(max(length, 8), 40) for length in longest]) | {"notes": shown.notes}


def _rows(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> Block:
    """A table whose columns share the width of the page in proportion."""
    return {"kind": "table", "caption": caption, "columns": heads, "rows": rows, "widths": widths, "notes": []}


def _heading(level: int, text: str) -> Block:
    return {"kind": "heading", "level": level, "text": text}


def _paragraph(text: str) -> Block:
    return {"kind": "paragraph", "text": text.strip()}


def _note(text: str) -> Block:
    return {"kind": "note", "text": text}


def _plot(svg: str, alt: str) -> Block:
    return {"kind": "plot", "svg": svg, "alt": alt}
