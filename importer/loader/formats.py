"""Which format a file has, found from its content.

In:  a path.
Out: the opened `Source`; or a FileError that says what the file is instead, and what to do.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from importer.errors import FileError
from importer.loader.file_errors import file_errors
from importer.loader.table import Source
from schemas.message import Message, message

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_COMPOUND = bytes.fromhex("D0CF11E0A1B11AE1")
_OLD_BIFF = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00")
"""The first record of Excel 2, 3 and 4 files, which are no compound files."""
_HEAD = 4096


@dataclass(frozen=True, slots=True)
class FileFormat:
    """One format that is read."""

    name: Message
    endings: frozenset[str]
    is_delimited: bool = False
    is_annotated: bool = False
    """Whether results go into the file itself; otherwise beside it."""


_DELIMITED = FileFormat(
    message("delimited text"), frozenset({".csv", ".txt", ".tsv", ".tab", ""}), is_delimited=True, is_annotated=True
)
FORMATS = {
    "csv": _DELIMITED,
    "tsv": _DELIMITED,
    "xlsx": FileFormat(message("an Excel workbook (XLSX)"), frozenset({".xlsx", ".xltx"}), is_annotated=True),
    "xlsm": FileFormat(
        message("an Excel workbook with macros (XLSM)"), frozenset({".xlsm", ".xltm"}), is_annotated=True
    ),
    "xls": FileFormat(message("an older Excel workbook (XLS)"), frozenset({".xls", ".xlt"})),
    "ods": FileFormat(message("an OpenDocument spreadsheet (ODS)"), frozenset({".ods", ".ots"})),
}
"""By `Source.format`. A new format is a line here, its beginning in `_open`, and its reader in a file of its own."""
SPREADSHEETS = frozenset[str]().union(*(one.endings for one in FORMATS.values())) - {""}
WORKBOOKS = frozenset[str]().union(*(one.endings for one in FORMATS.values() if not one.is_delimited))
ONLY_READ = frozenset[str]().union(*(one.endings for one in FORMATS.values() if not one.is_annotated))

_OTHERS: tuple[tuple[bytes, Message], ...] = (
    (b"%PDF", message("a PDF document")),
    (b"\x89PNG", message("a picture")),
    (b"\xff\xd8\xff", message("a picture")),
    (b"GIF8", message("a picture")),
    (b"\x1f\x8b", message("a compressed archive (gzip)")),
    (b"Rar!", message("a compressed archive (RAR)")),
    (b"7z\xbc\xaf\x27\x1c", message("a compressed archive (7-Zip)")),
    (b"BZh", message("a compressed archive (bzip2)")),
    (b"\xfd7zXZ", message("a compressed archive (xz)")),
    (b"SQLite format 3", message("a database")),
    (b"PAR1", message("a Parquet table")),
    (b"{\\rtf", message("a text document (RTF)")),
)
_MARKUP: tuple[tuple[bytes, Message], ...] = (
    (b"<!doctype html", message("a web page (HTML)")),
    (b"<html", message("a web page (HTML)")),
    (b"<table", message("a web page (HTML)")),
    (b"<meta", message("a web page (HTML)")),
    (b"<?xml", message("an XML document")),
    (b"<workbook", message("an XML document")),
)
_ARCHIVES = {
    "xl/workbook.bin": message("a binary Excel workbook (XLSB)"),
    "word/document.xml": message("a Word document"),
    "ppt/presentation.xml": message("a PowerPoint presentation"),
    "Index/Document.iwa": message("a Numbers or Pages document"),
}


def open_file(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> Source:
    """Open a spreadsheet; its format is found by content, not by name.

    encoding, delimiter: what the user named, for delimited text.
    Raises FileError: `unreadable_file` (missing, damaged, protected, not a spreadsheet), `unsafe_file`, `empty_file`.
    """
    head = read_head(path)
    with file_errors(path):
        source = _open(path, head, encoding, delimiter)
    if path.suffix.lower() not in FORMATS[source.format].endings:
        source.notices = (*source.notices, _misnamed(path, source.format))
    return source


def read_head(path: Path) -> bytes:
    """Return how a file begins. Raises FileError where it is missing, no regular file, unreadable or empty."""
    with file_errors(path):
        if not path.is_dir() and not stat.S_ISREG(path.stat().st_mode):
            raise FileError(
                message(
                    "{path} isn't a regular file, and is not read: a pipe or a device cannot be read twice. Save its "
                    "output to a file, and name that.",
                    path=str(path),
                )
            )
        with path.open("rb") as file:
            head = file.read(_HEAD)
        if not head:
            raise FileError(message("The file is empty."), code="empty_file")
    return head


def _misnamed(path: Path, kind: str) -> Message:
    return message(
        "The name ends in {ending}, but the content is {kind}, and was read as such.",
        ending=path.suffix or '""',
        kind=FORMATS[kind].name,
    )


def _open(path: Path, head: bytes, encoding: str | None, delimiter: str | None) -> Source:
    if head.startswith(_ZIP):
        return _open_archive(path)
    if b"\0" in head and path.suffix.lower() in {".xlsx", ".xlsm", ".ods"} and _ZIP[0] in head:
        raise FileError(
            message(
                "{file} holds other bytes before the workbook begins ({count} of them), as a broken download leaves "
                "them. Download or save it again.",
                file=path.name,
                count=head.index(_ZIP[0]),
            )
        )
    if head.startswith(_COMPOUND):
        from importer.loader.xls import open_compound

        return open_compound(path)
    if head.startswith(_OLD_BIFF):
        raise _not_a_spreadsheet(message("a workbook of Excel 4 or older"))
    _refuse_others(head)
    from importer.loader.delimited import open_delimited

    return open_delimited(path, encoding=encoding, delimiter=delimiter)


def _open_archive(path: Path) -> Source:
    from importer.ooxml.package import open_zip, read_member

    with path.open("rb") as file:
        archive = open_zip(file)
        names = set(archive.namelist())
        mime_type = read_member(archive, "mimetype") if "mimetype" in names else b""
    for member, kind in _ARCHIVES.items():
        if member in names:
            raise _not_a_spreadsheet(kind)
    if mime_type.startswith(b"application/vnd.oasis.opendocument."):
        from importer.loader.ods import MIME_TYPE, OdsSource

        if not mime_type.strip().startswith(MIME_TYPE):
            raise _not_a_spreadsheet(message("an OpenDocument file, but no spreadsheet"))
        return OdsSource(path)
    from importer.loader.xlsx import WorkbookSource

    return WorkbookSource(path)


def _refuse_others(head: bytes) -> None:
    for beginning, kind in _OTHERS:
        if head.startswith(beginning):
            raise _not_a_spreadsheet(kind)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for beginning, kind in _MARKUP:
        if text.startswith(beginning):
            raise _not_a_spreadsheet(kind)


def _not_a_spreadsheet(kind: Message) -> FileError:
    return FileError(
        message(
            "The file is {kind}, whatever its name says. Open it in a spreadsheet program, save the data as XLSX or "
            "CSV, and run again.",
            kind=kind,
        )
    )
