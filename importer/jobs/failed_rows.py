"""`--failed-to`: the rows that ended badly, in a new file of the same kind, to fix and run again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from importer.errors import FileError, cannot_write
from importer.files import write_whole
from importer.jobs.confirm import has_digest
from importer.model import Status
from importer.writeback.plain_copy import Value, cell_value, write_values
from schemas.message import message

if TYPE_CHECKING:
    from importer.jobs.job import Job

_BAD = (Status.INVALID, Status.FAILED, Status.NOT_SENT)


def write_failed_rows(job: Job, path: Path) -> None:
    """Write the rows of FILE that ended `invalid`, `failed` or `not sent`, with its header, none of our columns.

    Nothing is written where nothing failed: rows that the user left out are `not sent`, and no failure by themselves.
    A place that cannot be written does not change the rows' results.
    """
    rows = job.journal.report.rows_with(*_BAD)
    if len(rows) == job.journal.rows.count_left_out():
        return
    source = job.options.file
    if not has_digest(source, job.journal.record.digest):
        job.ui.say(message("{file} has changed, so {path} was not written.", file=source.name, path=str(path)))
    elif not job.outputs.may_replace(path, overwrite=job.options.overwrite):
        job.ui.say(
            message("{path} was replaced by another file during the run, and was left as it is.", path=str(path))
        )
    else:
        write = _write_delimited if job.journal.record.dialect is not None else _write_workbook
        try:
            write_whole(path, lambda target: write(job, rows, target), like=source, check=job.outputs.noting(path))
        except FileError as problem:
            job.ui.say(problem.text)
        except OSError as error:
            job.ui.say(cannot_write(path, error))


def _write_delimited(job: Job, rows: frozenset[int], target: BinaryIO) -> None:
    from importer.loader.csv_records import read_records
    from importer.loader.dialect import Dialect

    record = job.journal.record
    dialect = Dialect(**record.dialect or {})
    own = {place for place in record.own if place is not None}
    with job.options.file.open(encoding=dialect.encoding, newline="") as start:
        end = "\r\n" if "\r\n" in start.read(1 << 16) else "\n"
    text = io.TextIOWrapper(target, encoding=dialect.encoding, newline="", write_through=True)
    if dialect.separator_line:
        text.write(f"sep={dialect.delimiter}{end}")
    writer = csv.writer(text, delimiter=dialect.delimiter, lineterminator=end)
    for records in read_records(job.options.file, dialect):
        for row, fields in enumerate(records.fields(), records.row):
            if row == record.header_row or row in rows:
                writer.writerow([field for place, field in enumerate(fields) if place not in own])
    text.detach()


def _write_workbook(job: Job, rows: frozenset[int], target: BinaryIO) -> None:
    write_values(_cells(job, rows), job.journal.record.sheet or "Sheet1", 1, target)


def _cells(job: Job, rows: frozenset[int]) -> Iterator[list[Value]]:
    """Yield the header and the rows of a workbook, each cell as the kind that it was."""
    from importer.loader import open_file

    record = job.journal.record
    table = open_file(job.options.file).table(record.sheet)
    places = [place for place in range(len(table.headers)) if place not in record.own]
    yield [table.headers[place] for place in places]
    for chunk in table.chunks(places):
        for index, row in enumerate(chunk.rows):
            if row in rows:
                yield [
                    chunk.shown.get(place, {}).get(row)
                    or cell_value(
                        chunk.columns[place][index], chunk.kinds[place][index] if place in chunk.kinds else None
                    )
                    for place in places
                ]
