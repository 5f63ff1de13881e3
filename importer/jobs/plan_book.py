"""A plan in a workbook: the same lines as in a text file, and beside them what people read of them.

In:  lines of a plan, or the path of a workbook that holds them.
Out: the workbook, or the lines; and whether what people see in it is what the lines say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from importer.errors import FileError
from importer.labels import Labels, plain_text
from importer.loader import open_file
from importer.template.cells import cut_text
from importer.template.plan_book import LINES_SHEET, PLAN_SHEET, TITLES, write_plan_book
from schemas.message import message
from schemas.property import read_schema

_ZIP = b"PK"
_CHUNK = 500
_FIXED = (1 << 256) - 1


def is_book(path: Path) -> bool:
    """Return whether a file begins as workbooks do. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        return file.read(len(_ZIP)) == _ZIP


def write_book(lines: Iterable[bytes], target: BinaryIO) -> None:
    """Write the lines of a plan, and of its notes, into a workbook."""
    facts: list[tuple[str, str]] = []

    def shown() -> Iterator[tuple[str, list[list[str]]]]:
        cells: ReadableCells | None = None
        for line in lines:
            record = orjson.loads(line)
            if cells is None:
                cells = ReadableCells(record)
                facts.extend(_facts(record))
            facts.extend(_notes(record))
            yield line.decode().removesuffix("\n"), cells.rows(record)

    write_plan_book(shown(), facts, target)


def _facts(head: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Planned by", _person(head["planned"])
    yield "Spreadsheet", head["file"]["name"]
    yield "Portal", head["run"]["portal"]["portal_id"]
    yield "What next", "import-tickets approve, import-tickets apply"
    yield "Please note", "Cells are to be read, not edited: a plan that was altered is refused. Make a new one instead."


def _notes(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, title in (("approved", "Approved by"), ("applied", "Applied by")):
        if name in record:
            yield title, _person(record[name])


def _person(who: dict[str, str]) -> str:
    return f"{who['account']} ({who['machine']}), {who['at']}"


class ReadableCells:
    """What people see of a plan: a row of cells for each cell of a ticket that is to change."""

    def __init__(self, head: dict[str, Any]) -> None:
        self._labels = Labels(read_schema(head["run"]["schema"]))
        self._headers = {name: header for _, header, name in head["run"]["columns"]}

    def rows(self, record: dict[str, Any]) -> list[list[str]]:
        """Return the rows of cells of one line; none for a line that changes nothing."""
        before, key = record.get("before", {}), str(record.get("key", ""))
        found = []
        for name, after in record.get("after", {}).items():
            old, new = self._labels.change(name, before.get(name, ""), after)
            header = self._headers.get(name) or self._labels.header(name)
            found.append([str(record["row"]), *(plain_text(one, keep_lines=True) for one in (key, header, old, new))])
        return found


def lines_of_book(path: Path) -> Iterator[bytes]:
    """Yield the lines that a workbook holds. Raises FileError where it holds none."""
    number, pieces = "", list[str]()
    for this, piece in _rows_of(path, LINES_SHEET, 2):
        if this != number and pieces:
            yield _whole(pieces)
            pieces = []
        number = this
        pieces.append(piece)
    if pieces:
        yield _whole(pieces)


def _whole(pieces: list[str]) -> bytes:
    return ("".join(pieces) + "\n").encode("utf-8", "surrogatepass")


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
        for row in cells.rows(record):
            held += _number_of(cut_text(text) for text in row)
    return held & _FIXED == sum(map(_number_of, _rows_of(path, PLAN_SHEET, len(TITLES)))) & _FIXED


def _number_of(row: Iterable[str]) -> int:
    """Return a number for a row of cells: the sum over all rows is the same in whatever order they stand."""
    plain = [text.replace("\r\n", "\n").replace("\r", "\n") for text in row]
    return int.from_bytes(hashlib.sha256(orjson.dumps(plain)).digest())
