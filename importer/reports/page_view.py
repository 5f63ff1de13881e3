"""What the HTML page says, as a value: its sentence, its bar, its tables. No markup here.

Statuses stand as the spreadsheet has them, each with what it means in the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

from importer.i18n import language_of
from importer.journal import Journal, RunRecord
from importer.journal.run_record import REPORTING
from importer.labels import clip, header_text, plain_text
from importer.model import Status
from importer.reports.column_plan import ColumnPlan, ValueForms, column_plans
from importer.reports.page_rows import PageRows, TableView, change_table, note_table, problem_table
from importer.reports.text import Renderer, correction_lines, duration, plan_facts, status_count
from schemas.message import Message, Translations, count_message, message
from schemas.property import PortalSchema

_BAR = 1000.0
_PROPERTY_BAR = 300.0
_SHORT = 40
_FLOWS = 4
"""Changes of a column that are named."""
_FEWEST_ANSWERS = 5
_MOST_POINTS = 200
_THINNEST = 4.0
"""So that one failed row among thousands is still seen."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """One segment of the bar, and its line of the legend."""

    status: str
    css: str
    count: str
    meaning: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class PropertyLine:
    """One property of the table of changes by property."""

    label: str
    changed: str
    cleared: str
    changed_width: float
    cleared_width: float
    flows: tuple[tuple[str, str, str], ...] = ()
    """What was changed into what, and how often."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The line of the sending over time: tickets sent until then."""

    points: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything the page shows."""

    language: str
    title: str
    kind: str
    headline: str
    stop: str
    notes: tuple[str, ...]
    facts: tuple[tuple[str, str, str], ...]
    next_words: str
    next_command: str
    outcomes: tuple[Outcomes, ...]
    properties: tuple[PropertyLine, ...]
    pace: Pace | None
    tables: tuple[TableView, ...]
    footer: str
    words: Mapping[str, str]
    data: Mapping[str, Any]


def view_page(journal: Journal, translations: Translations, *, schema: PortalSchema | None) -> Page:
    """Return what the page of this journal says."""
    record = journal.record
    say = Renderer(translations)
    counts = journal.rows.count_by_status()
    counts[Status.NOT_SENT] = counts.get(Status.NOT_SENT, 0) + counts.pop("", 0)
    file = Path(record.file).name
    kind = _kind(record)
    rows = PageRows(journal, record, schema, say)
    (problems, notes), changes = rows.problems(), rows.changes()
    tables = [problem_table(problems, rows, say), change_table(changes, rows, record, say)]
    command = _next_command(record, counts)
    words = _words(say, reconciled=record.kind == "reconcile")
    return Page(
        language=language_of(translations),
        title=plain_text(f"{file} · {say(kind)}"),
        kind=say(kind),
        headline=plain_text(_headline(record, counts, file, say)),
        stop=plain_text(say(record.stop)) if record.stop else "",
        notes=tuple(_notes(record, say)),
        facts=tuple(_facts(record, say)),
        next_words=say(_next_words(command)),
        next_command=command,
        outcomes=tuple(_outcomes(counts, say)),
        properties=tuple(_properties(journal, record, schema, counts, say)),
        pace=_pace(journal, say),
        tables=(*sorted(tables, key=lambda table: not table.shown), *([note_table(notes, rows, say)] if notes else ())),
        footer=say(message("This page holds data of tickets; keep it as you would keep the spreadsheet.")),
        words=words,
        data={
            "words": words,
            "link": rows.link,
            "headers": rows.headers,
            "names": rows.names(problems, changes, [one for one in notes if one[2]]),
            "file": plain_text(f"{Path(record.file).stem}-{record.id}"),
            "problems": problems,
            "notes": notes,
            "changes": changes,
        },
    )


# --- the top of the page ----------------------------------------------------------------------------------------------


def _kind(record: RunRecord) -> Message:
    if record.kind == "undo":
        return message("undo")
    if record.kind == "reconcile":
        return message("reconciliation")
    return message("dry run") if record.dry_run else message("run")


def _headline(record: RunRecord, counts: Mapping[str, int], file: str, say: Renderer) -> str:
    """Return what happened, in one sentence: the outcome that matters, then the others."""
    first = Status.UPDATED
    if record.kind == "reconcile":
        first = Status.MATCHES
    elif record.dry_run:
        first = Status.WOULD_UPDATE
    told = _main_outcome(first, record.parent, counts.get(first, 0), file, say)
    others = ", ".join(say(status_count(one, counts[one])) for one in Status if one is not first and counts.get(one))
    return f"{say(told)}; {others}." if others else f"{say(told)}."


def _main_outcome(status: Status, undone_run: str | None, count: int, file: str, say: Renderer) -> Message:
    number = say.number(count)
    if status is Status.MATCHES:
        return count_message(
            "{number} row of {file} matches the portal",
            "{number} rows of {file} match the portal",
            count,
            number=number,
            file=file,
        )
    if undone_run and status is Status.WOULD_UPDATE:
        return count_message(
            "{number} ticket would be put back as it was before run {run}",
            "{number} tickets would be put back as they were before run {run}",
            count,
            number=number,
            run=undone_run,
        )
    if undone_run:
        return count_message(
            "{number} ticket was put back as it was before run {run}",
            "{number} tickets were put back as they were before run {run}",
            count,
            number=number,
            run=undone_run,
        )
    if status is Status.WOULD_UPDATE:
        return count_message(
            "{number} ticket would be updated from {file}",
            "{number} tickets would be updated from {file}",
            count,
            number=number,
            file=file,
        )
    return count_message(
        "{number} ticket was updated from {file}",
        "{number} tickets were updated from {file}",
        count,
        number=number,
        file=file,
    )


def _notes(record: RunRecord, say: Renderer) -> Iterator[str]:
    if record.kind == "undo":
        yield say(message("Workflows, mails and other effects that the first change set off are not undone."))
    if not record.diff:
        yield say(message("The values before were not read, so this run cannot be undone."))


def _facts(record: RunRecord, say: Renderer) -> Iterator[tuple[str, str, str]]:
    """Yield (name, value, the moment as ISO 8601 or "")."""
    portal, requests = record.portal, record.requests
    yield say(message("File")), plain_text(Path(record.file).name), ""
    if record.sheet:
        yield say(message("Sheet")), plain_text(record.sheet), ""
    if portal.portal_id:
        yield say(message("Portal")), plain_text(portal.portal_id), ""
    yield say(message("Run")), record.id, ""
    if record.started_at:
        yield say(message("Started")), record.started_at, record.started_at
    if record.started_at and record.finished_at:
        passed = datetime.fromisoformat(record.finished_at) - datetime.fromisoformat(record.started_at)
        yield say(message("Took")), duration(passed.total_seconds()), ""
    if requests.get("read") or requests.get("update"):
        told = message(
            "{read} to read, {update} to update",
            read=say.number(requests["read"]),
            update=say.number(requests["update"]),
        )
        yield say(message("Requests")), say(told), ""
    for title, person in plan_facts(record.plan or {}):
        yield say(title), plain_text(say(person)), ""
    for line in correction_lines(record.corrections):
        yield say(message("Corrected")), line, ""


def _next_command(record: RunRecord, counts: Mapping[str, int]) -> str:
    if record.can_resume and record.state != REPORTING:
        return record.command("resume")
    if record.can_undo and counts.get(Status.UPDATED):
        return record.command("undo")
    return ""


def _next_words(command: str) -> Message:
    return message("To continue:") if " resume " in command else message("To take it back:")


# --- bars -------------------------------------------------------------------------------------------------------------


def _outcomes(counts: Mapping[str, int], say: Renderer) -> Iterator[Outcomes]:
    meanings = {
        Status.UPDATED: message("the portal confirmed it"),
        Status.UNCHANGED: message("the portal already had these values"),
        Status.INVALID: message("left out: something in the row must be fixed"),
        Status.FAILED: message("sent, and refused or not confirmed"),
        Status.NOT_SENT: message("valid, but the run stopped before it"),
        Status.WOULD_UPDATE: message("this is what a run would send"),
        Status.MATCHES: message("the portal holds what the sheet says"),
        Status.DIFFERS: message("the portal holds something else"),
    }
    there = [status for status in Status if counts.get(status)]
    shares = [max(_THINNEST, _BAR * counts[one] / sum(counts.values())) for one in there]
    start = 0.0
    for status, share in zip(there, shares, strict=True):
        width = share * _BAR / sum(shares)
        css = status.replace(" ", "-")
        yield Outcomes(status, css, say.number(counts[status]), say(meanings[status]), round(start, 2), round(width, 2))
        start += width


def _properties(
    journal: Journal, record: RunRecord, schema: PortalSchema | None, counts: Mapping[str, int], say: Renderer
) -> Iterator[PropertyLine]:
    """Yield what was done (dry run: would be done) to each property, most cells first."""
    done = Status.WOULD_UPDATE if record.dry_run else Status.UPDATED
    if record.kind == "reconcile":
        done = Status.DIFFERS
    if not counts.get(done):
        return
    forms = ValueForms(schema, schema.time_zone if schema else "UTC")
    headers = {one.property_name: one.header for one in record.columns}
    plans = column_plans(journal, forms, headers, most=_FLOWS, status=done)
    most = max((one.changed + one.cleared for one in plans), default=0) or 1
    for one in plans:
        changed, cleared = (round(_PROPERTY_BAR * cells / most, 2) for cells in (one.changed, one.cleared))
        cells = (say.number(one.changed), say.number(one.cleared))
        yield PropertyLine(header_text(one.header), *cells, changed, cleared, tuple(_flows(one, say)))


def _flows(column: ColumnPlan, say: Renderer) -> Iterator[tuple[str, str, str]]:
    """Yield what was changed into what more than once; of many numbers or dates, the ranges."""
    if column.after is not None:
        start = say.range(column.before) if column.before else say(message("(empty)"))
        yield start, say.range(column.after), ""
    for before, after, count in column.flows:
        if count > 1 and before is not None:
            yield clip(say.value(before), _SHORT), clip(say.value(after), _SHORT), say.number(count)


def _pace(journal: Journal, say: Renderer) -> Pace | None:
    """Return the line of the sending; None where it is too short to be one."""
    answers = [(datetime.fromisoformat(one.at).timestamp(), one.inputs) for one in journal.batches.answers()]
    if len(answers) < _FEWEST_ANSWERS or not (passed := max(at for at, _ in answers) - min(at for at, _ in answers)):
        return None
    answers.sort()
    start, total = answers[0][0], sum(inputs for _, inputs in answers)
    sent = accumulate(inputs for _, inputs in answers)
    places = [
        ((at - start) * _BAR / passed, 100 - done * 100 / total) for (at, _), done in zip(answers, sent, strict=True)
    ]
    step = max(1, len(places) // _MOST_POINTS)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in [(0.0, 100.0), *places[::step], places[-1]])
    text = message(
        "{count} rows in {time}, {pace} a second",
        count=say.number(total),
        time=duration(passed),
        pace=say.number(round(total / passed)),
    )
    return Pace(points, say(text))


def _words(say: Renderer, *, reconciled: bool) -> dict[str, str]:
    """Return the words that the template and the script use, by name."""
    return {
        "outcomes": say(message("Results")),
        "by_property": say(message("By column")),
        "property": say(message("Column")),
        "changed": say(message("Different") if reconciled else message("Changed")),
        "cleared": say(message("Empty in the sheet") if reconciled else message("Cleared")),
        "details": say(message("Row by row")),
        "no_script": say(message("The tables below need JavaScript; it is switched off here.")),
        "search": say(message("Search")),
        "all": say(message("all")),
        "found": say(message("{found} of {total}", found="{found}", total="{total}")),
        "save": say(message("Save these lines as CSV")),
        "flows": say(message("Most often")),
        "pace": say(message("Sent over time")),
        "more": say(message("{count} more lines are on the screen and not on paper.", count="{count}")),
        "empty": say(message("(empty)")),
        "not_read": say(message("(not read)")),
    }
