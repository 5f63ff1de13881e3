"""XLS workbooks (Excel 97 and its like) as tables.

In:  a path whose content is a compound file.
Out: a `Source`. python-calamine reads the values, a walk through the records finds what it hides (`biff`).
"""

from __future__ import annotations

from pathlib import Path

from importer.errors import FileError
from importer.loader.biff import read_biff
from importer.loader.extent import check_size
from importer.loader.file_errors import file_errors
from importer.loader.ole import CompoundFile, broken
from importer.loader.overlay import CalamineFailed, overlaid, read_values
from importer.loader.sheet_table import Grid, GridSource
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
                "The file is no spreadsheet, but another document in Microsoft's older format. Save the data as XLSX "
                "or CSV."
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
                return overlaid(read_values(self.path, sheet), found.cells, found.facts)
        except CalamineFailed as problem:
            raise broken() from problem
