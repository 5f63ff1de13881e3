"""XLS workbooks (Excel 97 and its like) as tables.

In:  a path whose content is a compound file.
Out: a `Source`. python-calamine reads the values, a walk through the records finds what it hides (`biff`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import cast

import python_calamine

from importer.errors import FileError
from importer.loader.biff import read_biff
from importer.loader.file_errors import file_errors
from importer.loader.ole import CompoundFile, broken
from importer.loader.sheet_table import Block, Grid, GridSource, check_size, pieces_of
from importer.ooxml.sheet_parser import SheetFacts
from importer.ooxml.values import Value
from schemas.message import message

MAX_SIZE = 512 << 20
"""Bytes; a full XLS workbook (65,536 rows) is a tenth of it."""


def open_compound(path: Path) -> XlsSource:
    """Open a compound file. Raises FileError where it holds no workbook, or one that is protected by a password."""
    if path.stat().st_size > MAX_SIZE:
        raise FileError(
            message("The file is not read: it is larger than any XLS workbook. Save the data as XLSX or CSV."),
            code="unsafe_file",
        )
    compound = CompoundFile(path.read_bytes())
    if compound.names & {"EncryptedPackage", "EncryptionInfo"}:
        raise protected()
    stream = next((name for name in ("Workbook", "Book", "WORKBOOK", "BOOK") if name in compound.names), None)
    if stream is None:
        raise FileError(
            message(
                "The file isn't a spreadsheet, but another document in Microsoft's older format. Save the data "
                "as XLSX or CSV."
            )
        )
    return XlsSource(path, compound.read(stream))


def protected() -> FileError:
    """Return the error for a workbook that cannot be opened without a password."""
    return FileError(
        message(
            "The file is protected by a password, so it cannot be read. Open it in a spreadsheet program, save a copy "
            "without the password, and run again."
        )
    )


class XlsSource(GridSource):
    """An XLS workbook."""

    def __init__(self, path: Path, stream: bytes) -> None:
        self._book = read_biff(stream)
        if self._book.encrypted:
            raise protected()
        worksheets = [one for one in self._book.sheets if one.is_worksheet]
        super().__init__(path, "xls", [(one.name, one.visible) for one in worksheets])
        self.date_system = self._book.date_system
        self._by_name = {one.name: one for one in worksheets}

    def read_grid(self, sheet: str) -> Grid:
        """Return the cells of a sheet. Raises FileError where calamine cannot read it."""
        found = self._by_name[sheet]
        check_size(found.rows, found.columns, filled=found.filled)
        try:
            with file_errors(self.path):
                with _calamine(), python_calamine.load_workbook(self.path) as book:
                    values = book.get_sheet_by_name(sheet)
                grid = overlaid(values, found.cells, found.facts)
                noted = found.formats
                return replace(grid, formats=noted.formats, currency_cells=noted.currency_cells)
        except CalamineFailed as problem:
            raise broken() from problem


Found = Mapping[int, Mapping[int, Value]]
"""Row -> position -> the cell as it should be read."""


_NOTHING: Mapping[int, Value] = {}


class CalamineFailed(Exception):
    """calamine cannot read the sheet."""


@contextmanager
def _calamine() -> Iterator[None]:
    """Turn what calamine raises into CalamineFailed, the panics of its Rust code among it."""
    try:
        yield
    except (python_calamine.CalamineError, OverflowError, ValueError) as problem:
        raise CalamineFailed(str(problem)) from problem
    except BaseException as problem:
        if type(problem).__name__ == "PanicException":  # its class cannot be imported
            raise CalamineFailed(str(problem)) from problem
        raise


def overlaid(values: python_calamine.CalamineSheet, found: Found, facts: SheetFacts) -> Grid:
    """Lay cells that were found otherwise over calamine's values; they may lie outside the range it takes for used."""
    overlay = _Overlay(values, found)
    pieces = pieces_of(overlay.blocks, overlay.first)
    return Grid(pieces, overlay.first + overlay.width, facts, overlay.last_row)


class _Overlay:
    def __init__(self, values: python_calamine.CalamineSheet, found: Found) -> None:
        self._values = values
        self._found = found
        self._left = values.start[1] if values.start else 0
        bottom, self._right = values.end or (-1, -1)
        positions = [position for cells in found.values() for position in cells]
        self.first = min([self._left, *positions])
        self.width = max([self._right, *positions]) + 1 - self.first
        self.last_row = max([bottom + 1, *found])

    def blocks(self, size: int) -> Iterator[Block]:
        """Read the rows from the beginning, `size` at a time."""
        stored = cast("Iterator[list[Value]]", self._values.iter_rows() if self._values.start else iter(()))
        number = 1
        try:
            while rows := _some(stored, size):
                numbers = range(number, number + len(rows))
                yield numbers, self._patched(numbers, rows)
                number += len(rows)
        except CalamineFailed as problem:
            raise _unreadable_value(problem) from problem
        beyond = sorted(row for row in self._found if row >= number)
        for start in range(0, len(beyond), size):
            some = beyond[start : start + size]
            yield some, self._patched(some, [[""] * (self._right + 1 - self._left) for _ in some])

    def _patched(self, numbers: Sequence[int], rows: Sequence[list[Value]]) -> Sequence[list[Value]]:
        before = [""] * (self._left - self.first)
        after = [""] * (self.first + self.width - 1 - self._right)
        if before or after:
            rows = [[*before, *row, *after] for row in rows]
        if self._found:
            for number, row in zip(numbers, rows, strict=True):
                for position, value in self._found.get(number, _NOTHING).items():
                    row[position - self.first] = value
        return rows


def _some(rows: Iterator[list[Value]], size: int) -> list[list[Value]]:
    with _calamine():
        return list(islice(rows, size))


def _unreadable_value(problem: CalamineFailed) -> FileError:
    return FileError(
        message(
            "The file holds a value that cannot be read ({reason}). Save it anew in a spreadsheet program, as XLSX or "
            "CSV.",
            reason=str(problem),
        )
    )
