"""From the journal to the spreadsheet: what is written beside the rows, and on the report sheets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import JournalGone
from importer.i18n import translations
from importer.jobs.change_lines import EarlierUpdates, change_lines, run_to_undo, what_lines_are
from importer.journal import Journal, RunRecord
from importer.journal.run_record import REPORTING
from importer.labels import Labels, join_lines, join_texts, plain_text
from importer.model import Status
from importer.reports.column_plan import ValueForms
from importer.reports.text import answer_line, correction_lines, local_moment, plan_facts, row_messages
from importer.writeback import (
    Annotation,
    Dialect,
    ErrorLine,
    NoticeLine,
    write_back,
)
from schemas.message import Message, message
from schemas.property import PortalSchema
from schemas.values import type_of

if TYPE_CHECKING:
    from importer.jobs.job import Job
    from schemas.message import Translations

MOST_NOTICES = 1_000
"""Kinds of notices that the report lists; all of them stand beside their rows."""
MOST_ANSWERS = 20
"""Answers to batches that the report quotes, of those that say that the batch is not complete; JSON has all."""


def annotate_file(job: Job) -> Path | None:
    """Write the results beside the rows; return the spreadsheet written, or None where none could be."""
    journal = job.journal
    _recognise(journal, Path(journal.record.file))
    record = journal.record
    output = record.output
    written = write_back(
        Path(record.file),
        make_annotation(journal, record, job.schema, translations(job.context.lang)),
        output=Path(output) if output else None,
        digest=record.digest,
        coming=partial(_note_coming, journal),
        outputs=job.outputs,
        overwrite=job.options.overwrite,
    )
    for notice in written.notices:
        job.ui.say(notice)
    goes_on = journal.record.can_resume and journal.record.state != REPORTING
    if goes_on and written.path is not None and not written.beside and output is None:
        _note_written_file(journal, written.path, record)
    return written.path


def _note_coming(journal: Journal, digest: str) -> None:
    """Note what the file will be, before it is. Where even the journal is gone, only the file can say it."""
    try:
        journal.note(coming=digest)
    except JournalGone as gone:
        journal.go_on_in_memory(gone)


def _recognise(journal: Journal, path: Path) -> None:
    """Note the file as it is where it is the one that this run wrote, and was killed before it could say so."""
    record = journal.record
    coming = record.coming
    if not coming or coming == record.digest:
        return
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return
    if found == coming:
        _note_written_file(journal, path, record)


def _note_written_file(journal: Journal, path: Path, record: RunRecord) -> None:
    """Note what the file is now, so that a resumed run knows it again and finds its columns."""
    from importer.loader import open_file
    from importer.loader.own import own_columns

    dialect = record.dialect or {}
    source = open_file(path, encoding=dialect.get("encoding"), delimiter=dialect.get("delimiter"))
    table = source.table(record.sheet)
    own = own_columns(table, claimed=[one.header for one in record.columns])
    journal.outlive(
        lambda: journal.note(digest=source.digest, headers=tuple(table.headers), own=own.pair, own_names=own.names)
    )


def _dialect(record: RunRecord) -> Dialect | None:
    from importer.loader.dialect import Dialect

    return Dialect(**record.dialect) if record.dialect else None


def make_annotation(journal: Journal, record: RunRecord, schema: PortalSchema, words: Translations) -> Annotation:
    """Return everything that the spreadsheet is given, read from the journals as it is written."""
    earlier = EarlierUpdates(journal, words)
    join = join_texts if record.dialect else join_lines  # what is a line of text stays one
    return Annotation(
        sheet=record.sheet,
        header_row=record.header_row,
        headers=record.headers,
        notes=lambda: earlier.noted(row_messages(journal, words, join), join),
        faulty=journal.report.remarked_cells(),
        totals=[(status, count) for status, count in journal.rows.count_by_status().items() if status],
        facts=[(label.render(words), value) for label, value in _facts(journal, words)],
        errors=lambda: _error_lines(journal, Labels(schema), words),
        notices=_notice_lines(journal, words),
        changes=lambda: change_lines(journal, schema, words),
        changes_note=_changes_note(record, schema, words),
        translations=words,
        dialect=_dialect(record),
        key_position=_compared_key(record, schema),
        own=record.own,
        names=record.own_names,
    )


def _changes_note(record: RunRecord, schema: PortalSchema, words: Translations) -> str:
    """Return what is said above the changes: what they are, and in which zone moments are."""
    forms = ValueForms(schema, schema.time_zone)
    notes = [what_lines_are(record)]
    if any(forms.is_moment(one.property_name) for one in record.columns):
        notes.append(message("Times before and after are in {zone}.", zone=schema.time_zone))
    return join_texts([note.render(words) for note in notes if note])


def _error_lines(journal: Journal, labels: Labels, words: Translations) -> Iterator[ErrorLine]:
    for group in journal.report.remark_groups():
        one = group.first
        value = one.value or ""
        if one.code == Status.DIFFERS:
            value = labels.value(one.property_name or "", value)
        text = plain_text(one.text.render(words))
        others = group.rows[1:]
        yield ErrorLine(one.row, one.position, one.header or "", value, one.code, text, group.count, others)


def _notice_lines(journal: Journal, words: Translations) -> list[NoticeLine]:
    lines: dict[str, NoticeLine] = {}
    for notices, row, count in journal.report.notice_groups(limit=MOST_NOTICES):
        for text in dict.fromkeys(plain_text(one.render(words)) for one in notices):
            known = lines.get(text, NoticeLine(row, text, 0))
            lines[text] = known._replace(rows=known.rows + count)
    return list(lines.values())


def _compared_key(record: RunRecord, schema: PortalSchema) -> int | None:
    """Return the position of the key column where its cells hold the journal's keys as they stand; else None."""
    definition = schema.properties.get(record.key.property)
    as_typed = record.key.property == "id" or (definition is not None and type_of(definition).is_text)
    return record.key.position if as_typed else None


def _facts(journal: Journal, words: Translations) -> list[tuple[Message, str]]:
    record = journal.record
    portal = record.portal
    facts = [
        (message("Run"), record.id),
        (message("Started"), local_moment(record.started_at).render(words)),
        (message("Portal"), " ".join(filter(None, (portal.portal_id, portal.base_url)))),
        (message("Key column"), f"{record.key.header} ({record.key.property})"),
        (message("Update requests"), str(record.requests.get("update", 0))),
    ]
    facts += [(title, plain_text(by.render(words))) for title, by in plan_facts(record.plan or {})]
    facts += [(message("Corrected"), line) for line in correction_lines(record.corrections)]
    unsettled = islice(journal.batches.answers(unsettled=True), MOST_ANSWERS)
    facts += [(message("Portal's answer"), answer_line(one).render(words)) for one in unsettled]
    if run := run_to_undo(journal):
        facts.append((message("To undo"), run.command("undo")))
    return facts
