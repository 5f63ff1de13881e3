"""Correct cells of FILE as the user asks: in the file itself or in a copy beside, and nothing but these cells.

In:  the record of the run that found them wrong, and what they are to hold.
Out: the file, judged anew by whoever runs it next; and, before that, what a cell of a property may be given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from io import BufferedReader
from itertools import count, zip_longest
from pathlib import Path
from typing import BinaryIO

from importer.errors import FileError, cannot_write
from importer.files import Busy, Moved, fitting_name, write_whole
from importer.findings import Finding
from importer.jobs.confirm import has_digest
from importer.jobs.state import StateFolder
from importer.journal import RunRecord
from importer.journal.run_record import Correction
from importer.loader.formats import FORMATS
from importer.template.cells import choices_of, shown_text
from schemas.cells import Kind, Reading, shown
from schemas.message import Message, message
from schemas.property import PortalSchema
from schemas.ticket_object import TICKET
from schemas.values import make_converter


def choices(schema: PortalSchema, name: str | None) -> Mapping[str, str]:
    """Return what a cell of a property may hold where that is one of a list: {text for the cell: what people read}."""
    definition = schema.properties.get(name or "")
    if definition is None:
        return {}
    if name in {TICKET.stage, TICKET.pipeline}:
        found = choices_of(definition, schema, Reading())
        return {text: text for text in found.offered} if found else {}
    if definition.is_owner:
        owners = [one for one in schema.owners if not one.archived]
        return {one.email or one.name or one.id: f"{one.name} ({one.email})".strip() for one in owners}
    read = make_converter(definition, schema, Reading())
    texts = {shown_text(read, one.value, one.label): one for one in definition.options if not one.hidden}
    return {text: one.label for text, one in texts.items() if read(text, Kind.TEXT) == one.value}


def suggestion(finding: Finding, schema: PortalSchema) -> str | None:
    """Return the one text that a finding suggests for its cell; None where it suggests none, or several."""
    near = finding.text.values.get("near")
    if not isinstance(near, str) or finding.property_name is None:
        return None
    found = [
        text
        for text, label in choices(schema, finding.property_name).items()
        if near in {f'"{shown(text)}"', f'"{shown(label)}"'}
    ]
    return found[0] if len(found) == 1 else None


def wrong_part(finding: Finding, schema: PortalSchema) -> str:
    """Return the text that is to be corrected: what a cell holds, or of several options the one that is wrong."""
    value = finding.value or ""
    definition = schema.properties.get(finding.property_name or "")
    parts = value.split(";") if definition is not None and definition.is_multiple else ()
    named = finding.text.values.get("value")
    return next((part for part in parts if part.strip() and shown(part.strip()) == named), value)


def correction_of(finding: Finding, text: str, schema: PortalSchema) -> Correction | None:
    """Return the correction of a finding's cell; None where it is of no cell.

    text: replaces what is wrong. The other options of a cell that holds several stay.
    """
    if finding.row is None or finding.position is None:
        return None
    value, part = finding.value or "", wrong_part(finding, schema)
    after = text if part == value else ";".join(text if one == part else one for one in value.split(";"))
    return Correction(finding.row, finding.position, finding.header or "", value, after)


def can_correct(record: RunRecord) -> bool:
    """Whether the file of a run is of a kind whose cells can be changed one by one."""
    from importer.loader import open_file

    return record.dialect is not None or FORMATS[open_file(Path(record.file)).format].is_annotated


def copy_name(file: Path) -> Path:
    """Return a name beside the file that nothing has: `edits.corrected.xlsx`."""
    for number in count(1):
        tail = f".corrected{file.suffix}" if number == 1 else f".corrected-{number}{file.suffix}"
        path = file.with_name(fitting_name(file.stem, tail, file.parent))
        if not path.exists():
            return path
    raise AssertionError


def write_corrections(
    corrections: Sequence[Correction], record: RunRecord, state: StateFolder, *, target: Path | None = None
) -> Path:
    """Write the corrections into the file of a run, or into a copy, `target`; return which.

    Raises FileError where the file is another one by now, is open elsewhere, holds a formula in such a cell, or is of
    a kind whose cells cannot be changed one by one; then nothing was written.
    """
    from importer.ooxml.errors import NotUnderstood
    from importer.writeback.replace import find_obstacle

    file = Path(record.file)
    with state.lock_file(file.resolve()):
        obstacle = find_obstacle(file) if target is None and file.exists() else None
        if obstacle is not None:
            raise FileError(message("{why} Nothing was corrected.", why=obstacle))
        try:
            with file.open("rb") as source:
                _check_same(source, record)
                write_whole(
                    target or file,
                    lambda out: _write(source, out, corrections, record),
                    like=file,
                    check=lambda new: _check(new, corrections, record),
                    unless=lambda: target is None and not any(has_digest(file, one) for one in _digests(record)),
                )
        except Moved as error:
            raise _changed(record) from error
        except NotUnderstood as error:
            raise FileError(
                message("{why} Nothing was corrected: do it in your spreadsheet program.", why=error.reason)
            ) from error
        except Busy as error:
            raise FileError(message("{path} is open in another program.", path=str(target or file))) from error
        except OSError as error:
            raise FileError(cannot_write(target or file, error)) from error
    return target or file


def _check_same(source: BufferedReader, record: RunRecord) -> None:
    """Raise FileError where the file is not the one that the run read, or left."""
    if hashlib.file_digest(source, "sha256").hexdigest() not in _digests(record):
        raise _changed(record)


def _digests(record: RunRecord) -> set[str]:
    """Return the digests of the file that the run read, and of the one it left."""
    return {record.digest} | ({record.coming} if record.coming else set())


def _changed(record: RunRecord) -> FileError:
    text = message("{file} changed since it was read. Check it again.", file=Path(record.file).name)
    return FileError(text, code="file_changed")


def _write(source: BinaryIO, out: BinaryIO, corrections: Sequence[Correction], record: RunRecord) -> None:
    from importer.loader import open_file
    from importer.loader.dialect import Dialect
    from importer.ooxml.errors import NotUnderstood
    from importer.writeback.corrections import correct_delimited, correct_workbook

    texts = {(one.row, one.position): one.after for one in corrections}
    source.seek(0)
    if record.dialect is not None:
        width = len(open_file(Path(record.file), **_reading(record)).table(None).headers)
        correct_delimited(source, out, Dialect(**record.dialect), width, texts)
    elif can_correct(record):
        correct_workbook(source, out, record.sheet or "", texts)
    else:
        raise NotUnderstood(_of_another_kind(Path(record.file)))


def _of_another_kind(file: Path) -> Message:
    return message("{file} is neither CSV nor an Excel workbook, whose cells could be changed.", file=file.name)


def _reading(record: RunRecord) -> dict[str, str]:
    facts = record.dialect or {}
    return {name: facts[name] for name in ("encoding", "delimiter") if name in facts}


def _check(new: Path, corrections: Sequence[Correction], record: RunRecord) -> None:
    """Raise FileError unless the new file reads as the old one but for the corrected cells."""
    wanted = {(one.row, one.position): one.after for one in corrections}
    nothing: tuple[int, tuple[str, ...]] = (0, ())
    for (row, texts), found in zip_longest(_rows(Path(record.file), record), _rows(new, record), fillvalue=nothing):
        if found != (row, tuple(wanted.get((row, position), text) for position, text in enumerate(texts))):
            raise FileError(
                message(
                    "The corrected file does not read as it should in row {row}. Nothing was written.",
                    row=row or found[0],
                )
            )


def _rows(path: Path, record: RunRecord) -> Iterator[tuple[int, tuple[str, ...]]]:
    from importer.loader import open_file

    table = open_file(path, **_reading(record)).table(record.sheet)
    places = range(len(table.headers))
    for chunk in table.chunks(places):
        yield from zip(chunk.rows, zip(*(chunk.columns[place] for place in places), strict=True), strict=True)
