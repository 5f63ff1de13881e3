"""From the journal to the spreadsheet: what is written beside the rows, and on the report sheets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from importer.errors import JournalGone
from importer.i18n import translations
from importer.jobs.state import REPORTING, UNFINISHED
from importer.journal import Journal
from importer.model import Status
from importer.reports.text import Labels, plain_text, row_messages, ticket_url
from importer.writeback import (
    MESSAGE_HEADER,
    STATUS_HEADER,
    Annotation,
    ChangeLine,
    Dialect,
    ErrorLine,
    write_back,
)
from schemas.message import Message, message
from schemas.property import PortalSchema

if TYPE_CHECKING:
    from importer.jobs.job import Job
    from schemas.message import Translations

MAX_CHANGE_LINES = 100_000
"""Lines of the sheet "Import changes"."""

_SHOWN_CHANGES = (Status.UPDATED, Status.WOULD_UPDATE, Status.DIFFERS)


def annotate_file(job: Job) -> Path | None:
    """Write the results beside the rows; return the spreadsheet written, or None where none could be."""
    journal = job.journal
    _recognise(journal, Path(journal.meta("file")))
    meta = journal.all_meta()
    output = meta.get("output")
    written = write_back(
        Path(meta["file"]),
        make_annotation(journal, meta, job.schema, translations(job.options.lang)),
        output=Path(output) if output else None,
        digest=meta["digest"],
        coming=partial(_note_coming, journal),
        outputs=job.outputs,
        overwrite=job.options.overwrite,
    )
    for notice in written.notices:
        job.ui.say(notice)
    goes_on = journal.state in UNFINISHED and journal.state != REPORTING
    if goes_on and written.path is not None and not written.beside and output is None:
        _note_written_file(journal, written.path, meta)
    return written.path


def _note_coming(journal: Journal, digest: str) -> None:
    """Note what the file will be, before it is. Where even the journal is gone, the file is the place to tell it."""
    try:
        journal.note(coming=digest)
    except JournalGone as gone:
        journal.go_on_in_memory(gone)


def _recognise(journal: Journal, path: Path) -> None:
    """Note the file as it is where it is the one that this run wrote, and was killed before it could say so."""
    meta = journal.all_meta()
    coming = meta.get("coming")
    if not coming or coming == meta["digest"]:
        return
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return
    if found == coming:
        _note_written_file(journal, path, meta)


def _note_written_file(journal: Journal, path: Path, meta: dict[str, Any]) -> None:
    """Note what the file is now, so that a resumed run knows it again and finds its columns."""
    from importer.loader import open_file
    from importer.loader.own import own_columns

    dialect = meta["dialect"] or {}
    source = open_file(path, encoding=dialect.get("encoding"), delimiter=dialect.get("delimiter"))
    table = source.table(meta["sheet"])
    own = own_columns(table, claimed=[header for _, header, _ in meta["columns"]])
    facts = {"headers": list(table.headers), "own": own.pair, "own_names": own.names}
    journal.outlive(lambda: journal.note(digest=source.digest, **facts))


def _dialect(meta: dict[str, Any]) -> Dialect | None:
    from importer.loader.dialect import Dialect

    return Dialect(**meta["dialect"]) if meta["dialect"] else None


def make_annotation(journal: Journal, meta: dict[str, Any], schema: PortalSchema, words: Translations) -> Annotation:
    """Return everything that the spreadsheet is given, read from the journal as it is written."""
    positions = {name: (position, header) for position, header, name in meta["columns"]}
    labels = Labels(schema)

    def errors() -> Iterator[ErrorLine]:
        for one in journal.remarks():
            text = plain_text(one.text.render(words))
            value = one.value or ""
            if one.code == Status.DIFFERS:
                value = labels.value(one.property_name or "", value)
            yield ErrorLine(one.row, one.position, one.header or "", value, one.code, text)

    def changes() -> Iterator[ChangeLine]:
        portal = meta["portal"]
        for change in islice(journal.changes(*_SHOWN_CHANGES), MAX_CHANGE_LINES):
            url = ticket_url(portal["ui_domain"], portal["portal_id"], change.ticket or _record_id(change.key, meta))
            for name, after in change.after.items():
                position, header = positions.get(name, (None, labels.header(name)))
                old, new = labels.change(name, change.before.get(name, ""), after)
                yield ChangeLine(change.row, change.key, url, header, old, new, position)

    return Annotation(
        sheet=meta["sheet"],
        header_row=meta["header_row"],
        headers=meta["headers"],
        notes=lambda: row_messages(journal, words),
        faulty=journal.remarked_cells(),
        totals=[(status, count) for status, count in journal.count_by_status().items() if status],
        facts=[(label.render(words), value) for label, value in _facts(meta)],
        errors=errors,
        changes=lambda: islice(changes(), MAX_CHANGE_LINES),
        translations=words,
        dialect=_dialect(meta),
        key_position=_compared_key(meta, schema),
        **_own(meta),
    )


def _compared_key(meta: dict[str, Any], schema: PortalSchema) -> int | None:
    """Return the position of the key column where its cells hold the journal's keys as they stand; else None."""
    definition = schema.properties.get(meta["key"]["property"])
    as_typed = meta["key"]["property"] == "id" or (definition is not None and definition.type == "string")
    return meta["key"].get("position") if as_typed else None


def _own(meta: dict[str, Any]) -> dict[str, Any]:
    """Return where our columns stand and what they are called; in a journal of an earlier version, by their names."""
    if "own" in meta:
        return {"own": tuple(meta["own"]), "names": tuple(meta["own_names"])}
    places = {header.strip(): position for position, header in enumerate(meta["headers"])}
    return {"own": (places.get(STATUS_HEADER), places.get(MESSAGE_HEADER))}


def _record_id(key: str, meta: dict[str, Any]) -> str | None:
    return key if meta["key"]["property"] == "id" else None


def _facts(meta: dict[str, Any]) -> list[tuple[Message, str]]:
    portal = meta["portal"]
    facts = [
        (message("Run"), str(meta["id"])),
        (message("Started"), str(meta["started_at"])),
        (message("Portal"), " ".join(filter(None, (portal.get("portal_id"), portal.get("base_url"))))),
        (message("Key column"), f"{meta['key']['header']} ({meta['key']['property']})"),
        (message("Update requests"), str(meta["requests"].get("update", 0))),
    ]
    if meta["kind"] == "run" and not meta["dry_run"] and meta["diff"]:
        facts.append((message("To undo"), f"import-tickets undo {meta['id']}"))
    return facts
