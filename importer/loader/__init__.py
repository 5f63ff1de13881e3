"""A spreadsheet file -> its sheets, headers, and chunks of rows; every cell keeps its address.

`open_file` finds the format by content. Opening reads the beginning of a file and its digest, and needs no pandas:
that is imported when the first chunk is made, so that a program can import it in a thread meanwhile.
"""

from __future__ import annotations

from pathlib import Path

from importer.errors import FileError
from importer.loader.table import REPORT_COLUMNS, REPORT_SHEETS, Chunk, Kind, SheetInfo, Source, Table
from schemas.message import message

__all__ = ["REPORT_COLUMNS", "REPORT_SHEETS", "Chunk", "Kind", "SheetInfo", "Source", "Table", "open_file"]

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")


def open_file(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> Source:
    """Open a spreadsheet; its format is found by content, not by name.

    encoding, delimiter: what the user named, for delimited text.
    Raises FileError: `unreadable_file` (missing, damaged, protected, not a spreadsheet), `unsafe_file`, `empty_file`.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4096)
        if not head:
            raise FileError(message("The file is empty."), code="empty_file")
        return _open(path, head, encoding, delimiter)
    except FileNotFoundError as problem:
        raise FileError(message("There is no file {path}.", path=str(path))) from problem
    except IsADirectoryError as problem:
        raise FileError(message("{path} is a folder. Name the spreadsheet inside it.", path=str(path))) from problem
    except PermissionError as problem:
        raise FileError(
            message(
                "{path} may not be read: it is open in another program, or belongs to somebody else.", path=str(path)
            )
        ) from problem
    except OSError as problem:
        raise FileError(
            message("{path} cannot be read: {reason}.", path=str(path), reason=problem.strerror or str(problem))
        ) from problem


def _open(path: Path, head: bytes, encoding: str | None, delimiter: str | None) -> Source:
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        from importer.loader.workbook import WorkbookSource

        return WorkbookSource(path)
    from importer.loader.delimited import open_delimited

    return open_delimited(path, encoding=encoding, delimiter=delimiter)
