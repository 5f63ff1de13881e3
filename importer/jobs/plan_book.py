"""A plan in a workbook: the same lines as in a text file, and beside them what people read of them.

In:  the records of a plan, or the path of a workbook that holds them.
Out: the workbook, or the lines; and whether it is as it was written.

Each byte of a workbook that we wrote is sealed: its archive ends in a comment with the SHA-256 of all before it. A
program that saves the workbook anew leaves the comment out; then what people see in it is compared with the lines.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from importer.errors import FileError
from importer.labels import Labels, plain_text
from importer.loader import open_file
from importer.reports.text import plan_facts
from importer.template.cells import cut_text
from importer.template.plan_book import (
    NOTES_SHEET,
    TEXT_SHEET,
    TITLES,
    plan_sheet,
    write_noted_book,
    write_plan_book,
)
from schemas.message import Translations, message
from schemas.property import read_schema
from schemas.ticket_object import TICKET

_ZIP = b"PK"
_END, _END_SIZE = b"PK\x05\x06", 22
"""The last record of an archive, without the comment behind it (APPNOTE 4.3.16)."""
_SEAL = b"import-tickets "
_DIGEST_SIZE = 64
_CHUNK = 500
_FIXED = (1 << 256) - 1

Record = Mapping[str, Any]


def is_book(path: Path) -> bool:
    """Return whether a file begins as workbooks do. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        return file.read(len(_ZIP)) == _ZIP


def write_book(
    head: Record, records: Iterable[Record], lines: Iterable[bytes], target: BinaryIO, words: Translations
) -> None:
    """Write the lines of a plan into a workbook; `head` and `records` are what they were made from.

    words: the language of what people read beside them. A reader of another one may approve and apply it.
    """
    cells = ReadableCells(head)
    rows = (row for record in records for row in cells.rows(record))
    text = (line.decode() for line in lines)
    write_plan_book(
        rows, text, _facts(head, (), words), target, titles=_titles(words), comment=_SEAL + b"0" * _DIGEST_SIZE
    )
    _seal(target)


def write_noted(
    path: Path,
    head: Record,
    notes: Sequence[Record],
    lines: Iterable[bytes],
    target: BinaryIO,
    words: Translations,
) -> None:
    """Write the workbook `path` with these notes, of which `lines` are the lines.

    Raises NotUnderstood where it is no workbook of a plan.
    """
    with path.open("rb") as source:
        text = (line.decode() for line in lines)
        write_noted_book(source, text, _facts(head, notes, words), target, comment=_SEAL + b"0" * _DIGEST_SIZE)
    _seal(target)


def _seal(target: BinaryIO) -> None:
    """Put the digest of all before it where the archive's comment leaves room for it."""
    place = target.seek(-_DIGEST_SIZE, os.SEEK_END)
    target.seek(0)
    digest = _digest_of(target, place)
    target.seek(place)
    target.write(digest)


def is_sealed(path: Path) -> bool | None:
    """Return whether a workbook is, byte for byte, as we wrote it; None where another program wrote it.

    Raises OSError where it cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        comment = len(_SEAL) + _DIGEST_SIZE
        file.seek(max(size - _END_SIZE - comment, 0))
        tail = file.read()
        if tail[-_END_SIZE:].startswith(_END):
            return None
        file.seek(0)
        digest = _digest_of(file, size - _DIGEST_SIZE)
    return tail.startswith(_END) and tail[_END_SIZE:] == _SEAL + digest


def _digest_of(file: BinaryIO, size: int) -> bytes:
    hasher = hashlib.sha256()
    while size > 0 and (block := file.read(min(size, 1 << 20))):
        hasher.update(block)
        size -= len(block)
    return hasher.hexdigest().encode()


def _titles(words: Translations) -> list[str]:
    return [title.render(words) for title in TITLES]


def _facts(head: Record, notes: Iterable[Record], words: Translations) -> Iterator[tuple[str, str]]:
    """Yield what people should know of a plan. The moments in it are read on other machines, so they name a zone."""
    acts = {name: [note[name] for note in notes if name in note] for name in ("approved", "applied")}
    people = plan_facts({"planned": head["planned"], **acts}, zoned=True)
    first, *others = [(title.render(words), by.render(words)) for title, by in people]
    warning = message("Cells are to be read, not edited: a plan that was altered is refused. Make a new one instead.")
    yield first
    yield message("Spreadsheet").render(words), head["file"]["name"]
    yield message("Portal").render(words), head["run"]["portal"]["portal_id"]
    yield message("What next").render(words), "import-tickets approve, import-tickets apply"
    yield message("Please note").render(words), warning.render(words)
    yield from others


class ReadableCells:
    """What people see of a plan: a row of cells for each cell of a ticket that is to change."""

    def __init__(self, head: Record) -> None:
        schema = read_schema(head["run"]["schema"])
        self._labels = Labels(schema)
        self._labelled = {TICKET.stage, TICKET.pipeline} | {
            one.name for one in schema.properties.values() if one.is_owner or one.options
        }
        self._headers = {name: plain_text(header) for _, header, name, _ in head["run"]["columns"]}

    def rows(self, record: Record) -> Iterator[tuple[str, ...]]:
        """Yield the rows of cells of one line; none for a line that changes nothing."""
        changes = record.get("after")
        if not changes:
            return
        before, row, key = record.get("before", {}), str(record["row"]), _shown(str(record.get("key", "")))
        for name, after in changes.items():
            old, new = before.get(name, ""), after
            if name in self._labelled:  # of all other values, what is kept for the labels would grow with the plan
                old, new = self._labels.change(name, old, new)
            header = self._headers.get(name) or self._labels.header(name)
            yield row, key, header, _shown(old), _shown(new)


def _shown(text: str) -> str:
    return cut_text(plain_text(text, keep_lines=True))


def lines_of_book(path: Path) -> Iterator[bytes]:
    """Yield the lines that a workbook holds. Raises FileError where it holds none."""
    return _lines(chain(_rows_of(path, TEXT_SHEET, 1), _rows_of(path, NOTES_SHEET, 1)))


def holds_notes(path: Path, lines: Sequence[bytes]) -> bool:
    """Return whether a workbook is as we wrote it, with these lines of notes. The plan itself is not read again."""
    return is_sealed(path) is True and [*_lines(_rows_of(path, NOTES_SHEET, 1))] == [*lines]


def _lines(pieces: Iterable[tuple[str, ...]]) -> Iterator[bytes]:
    rest = ""
    for (piece,) in pieces:
        *lines, rest = (rest + piece).split("\n")
        for line in lines:
            yield line.encode("utf-8", "surrogatepass") + b"\n"
    if rest:
        yield rest.encode("utf-8", "surrogatepass")


def _rows_of(path: Path, sheet: str, width: int) -> Iterator[tuple[str, ...]]:
    try:
        table = open_file(path).table(sheet)
    except KeyError as error:
        raise FileError(message('There is no sheet "{sheet}".', sheet=sheet)) from error
    for chunk in table.chunks(range(width), _CHUNK):
        yield from zip(*(chunk.columns[position] for position in range(width)), strict=True)


def shows_what_it_holds(path: Path, lines: Iterable[bytes]) -> bool:
    """Return whether the visible cells are those of the lines; people may have sorted them."""
    cells: ReadableCells | None = None
    held = 0
    for line in lines:
        record = orjson.loads(line)
        cells = cells or ReadableCells(record)
        held += sum(map(_number_of, cells.rows(record)))
    return held & _FIXED == sum(map(_number_of, _visible_rows(path))) & _FIXED


def _visible_rows(path: Path) -> Iterator[tuple[str, ...]]:
    sheets = {one.name for one in open_file(path).sheets}
    for number in count(1):
        if number > 1 and plan_sheet(number) not in sheets:
            return
        yield from _rows_of(path, plan_sheet(number), len(TITLES))


def _number_of(row: Iterable[str]) -> int:
    """Return a number for a row of cells: the sum over all rows is the same in whatever order they stand."""
    plain = [text.replace("\r\n", "\n").replace("\r", "\n") for text in row]
    return int.from_bytes(hashlib.sha256(orjson.dumps(plain)).digest())
