"""What became of a run cell by cell, or row by row: for a script, for a spreadsheet, and where no report could be left.

In:  the journal of a run.
Out: every changed cell; a CSV file of them, or of the rows with their statuses and messages.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from importer.errors import FileError, cannot_write
from importer.files import write_whole
from importer.findings import cell_name
from importer.i18n import ENGLISH, translations
from importer.jobs.state import StateFolder
from importer.jobs.stored_run import stored_columns
from importer.journal import Journal
from importer.labels import Labels
from importer.model import Status
from importer.reports.cell_texts import CellTexts
from importer.reports.text import row_messages
from schemas.message import Translations

CELL_TITLES = ("row", "cell", "ticket", "column", "property", "before", "after", "status")
ROW_TITLES = ("row", "key", "status", "message")
_FORMULA_START = re.compile(r"[\s']*[=+\-@]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


@dataclass(frozen=True, slots=True)
class ChangedCell:
    """One cell that a run changed (dry run: would change). Values as people read them; `before` None: not known."""

    row: int
    cell: str | None
    ticket: str
    column: str
    property: str
    before: str | None
    after: str
    status: str


def changed_cells(state: StateFolder, run_id: str, words: Translations | None = None) -> Iterator[ChangedCell]:
    """Yield the cells that a run changed, by row. Raises what `open_journal` raises.

    words: of the reader, for days, moments and numbers in the reader's form; None: for a script, in HubSpot's own.
    """
    with state.open_journal(run_id) as journal:
        yield from _changed_cells(journal, words)


def _changed_cells(journal: Journal, words: Translations | None = None) -> Iterator[ChangedCell]:
    schema, _ = stored_columns(journal.record)
    labels = Labels(schema) if words is None else CellTexts(schema, words)
    columns = {one.property_name: one for one in journal.record.columns}
    status = Status.WOULD_UPDATE if journal.record.dry_run else Status.UPDATED
    for change in journal.report.changes(status):
        for name, value in change.after.items():
            before = change.before.get(name)
            old, new = labels.change(name, before or "", value)
            column = columns.get(name)
            yield ChangedCell(
                row=change.row,
                cell=cell_name(change.row, column.position) if column else None,
                ticket=change.ticket or change.key,
                column=column.header if column else labels.header(name),
                property=name,
                before=None if before is None else old,
                after=new,
                status=str(status),
            )


def as_json(cell: ChangedCell) -> Mapping[str, object]:
    """Return what `--json` prints of a cell."""
    return asdict(cell)


def everything(state: StateFolder, run_id: str) -> dict[str, list[Mapping[str, object]]]:
    """Return what `--json=full` adds to the summary: every changed cell, and the result of every row, in English.

    Raises what `open_journal` raises.
    """
    with state.open_journal(run_id) as journal:
        tickets = {one.row: one.ticket for one in journal.report.outcomes()}
        return {
            "changes": [as_json(one) for one in _changed_cells(journal)],
            "outcomes": [
                {"row": row, "key": key, "ticket": tickets[row], "status": status, "message": text}
                for row, status, text, key in row_messages(journal, translations(ENGLISH))
            ],
        }


def write_cells(state: StateFolder, run_id: str, path: Path, *, overwrite: bool) -> None:
    """Write every changed cell into a CSV file. Raises FileError where it cannot be written, or is a user's file."""
    with state.open_journal(run_id) as journal:
        cells = ([str(value or "") for value in asdict(one).values()] for one in _changed_cells(journal))
        _write(state, path, CELL_TITLES, cells, like=Path(journal.record.file), overwrite=overwrite)


def write_rows(state: StateFolder, run_id: str, path: Path, words: Translations, *, overwrite: bool) -> None:
    """Write every row's status and message into a CSV file: the results, where no spreadsheet could take them."""
    with state.open_journal(run_id) as journal:
        rows = ([str(row), key, status, text] for row, status, text, key in row_messages(journal, words))
        _write(state, path, ROW_TITLES, rows, like=Path(journal.record.file), overwrite=overwrite)


def _write(
    state: StateFolder,
    path: Path,
    titles: Sequence[str],
    lines: Iterable[Sequence[str]],
    *,
    like: Path,
    overwrite: bool,
) -> None:
    """Write a CSV file whole, readable only for those who may read the spreadsheet."""

    def fill(stream: BinaryIO) -> None:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        writer = csv.writer(text)
        writer.writerow(titles)
        writer.writerows([_harmless(cell) for cell in line] for line in lines)
        text.flush()
        text.detach()

    state.outputs.check(path, overwrite=overwrite)
    try:
        write_whole(path, fill, like=like, check=state.outputs.noting(path))
    except OSError as error:
        raise FileError(cannot_write(path, error)) from error


def _harmless(cell: str) -> str:
    """Return a cell that no spreadsheet program takes for a formula."""
    return f"'{cell}" if _FORMULA_START.match(cell) and not _NUMBER.fullmatch(cell) else cell
