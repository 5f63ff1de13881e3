"""The records of a delimited file, in batches.

In:  a path and its `Dialect`.
Out: batches of records with the row and line each begins at, as rows of fields or, where all are of one width, columns.

Blocks of text end where a record ends, and are cut by the csv module, which reads RFC 4180 strictly here: what a
spreadsheet would have to guess is refused with its line.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Self

from importer.errors import FileError
from importer.loader.dialect import FIELD_LIMIT, Dialect
from importer.loader.file_errors import file_errors
from schemas.message import message

_BLOCK = 1 << 18
"""Bytes cut at a time: what a processor's cache holds together with the pieces; larger ones take twice as long."""
LONGEST_LINE = 16 << 20
"""Characters without a line end: more than the longest texts of all properties; what has more is no table."""
WIDEST = 1 << 14
"""Columns: as many as a sheet of a workbook has."""
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(slots=True)
class Records:
    """Some records in file order; `row` and `line` are those of the first. Blank lines are records without fields."""

    row: int
    line: int
    count: int
    columns: Sequence[Sequence[str]] | None
    """By position, where all records have the same number of fields; else None."""
    rows: list[list[str]]
    """The records' fields, where `columns` is None."""
    multi_line: bool = False
    odd_ends: frozenset[int] = frozenset()
    """Places of records that end in another line end than the others, where `columns` is None."""
    characters: int = 0
    """How long they are, delimiters and all."""

    def lines(self) -> Sequence[int]:
        """Return the line each record begins at, and at last the line after them."""
        if not self.multi_line:
            return range(self.line, self.line + self.count + 1)
        records = self.rows if self.columns is None else zip(*self.columns, strict=True)
        lines = [self.line]
        for fields in records:
            lines.append(lines[-1] + 1 + sum(map(_count_line_ends, fields)))
        return lines

    def fields(self) -> Iterator[Sequence[str]]:
        """Yield each record's fields."""
        return iter(self.rows) if self.columns is None else zip(*self.columns, strict=True)


def read_records(path: Path, dialect: Dialect) -> Iterator[Records]:
    """Read the file, some hundreds of records at a time. Raises FileError with the line where quoting is broken."""
    csv.field_size_limit(FIELD_LIMIT)
    row, line = 1, 1 + dialect.separator_line
    with file_errors(path), _Text(path, dialect) as text:
        while block := text.next_block():
            try:
                records = _cut(block, dialect.delimiter, row, line)
            except _BrokenQuoting as broken:
                if broken.at_end and text.extend(block):
                    continue  # the block ended inside a quoted field: read on, and try again
                raise _error(line + broken.lines, never_closed=broken.at_end or broken.too_long) from broken.__cause__
            records.characters = len(block)
            yield records
            row += records.count
            line = records.lines()[-1] if records.multi_line else line + records.count


class _Text:
    """The file's text in blocks that end with a line; a context manager."""

    def __init__(self, path: Path, dialect: Dialect) -> None:
        self._file = path.open("rb")
        self._decoder = codecs.getincrementaldecoder(dialect.encoding)()
        self._rest = ""
        self._block_size = _BLOCK
        self._at_end = False
        if dialect.separator_line:
            self._rest = "".join(_LINE_END.split(self._read_until_line(), maxsplit=1)[1:])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def next_block(self) -> str:
        """Return whole lines, "" at the end of the file."""
        text = self._read_until_line()
        self._block_size = _BLOCK
        cut = _last_line_end(text) if not self._at_end else len(text)
        self._rest = text[cut:]
        return text[:cut]

    def extend(self, block: str) -> bool:
        """Put a block back, to be returned again with more lines; False where there is nothing more."""
        if self._at_end and not self._rest:
            return False
        self._rest = block + self._rest
        self._block_size = max(len(block), _BLOCK)
        return True

    def _read_until_line(self) -> str:
        parts = [self._rest]
        read = False
        while not self._at_end and not (read and _last_line_end(parts[-1])):
            if sum(map(len, parts)) > LONGEST_LINE + self._block_size:
                raise _too_long()
            data = self._file.read(self._block_size)
            self._at_end = not data
            parts.append(self._decoded(data))
            read = True
        return "".join(parts)

    def _decoded(self, data: bytes) -> str:
        try:
            return self._decoder.decode(data, not data)
        except UnicodeDecodeError as problem:  # the file was whole when it was opened
            raise FileError(
                message(
                    "The file was changed while it was being read. Run again once no other program is writing to it."
                ),
                code="file_changed",
            ) from problem


def _last_line_end(text: str) -> int:
    """Return the index after the last line end of the kind that most lines have; a CR at the very end may be half.

    So a record that ends otherwise is never parted from the next one, which may be the other half of it.
    """
    if "\r" not in text:
        return text.rfind("\n") + 1
    pairs, feeds = text.count("\r\n"), text.count("\n")
    if text.count("\r") - pairs > feeds or not feeds:
        end = text.rfind("\r", 0, len(text) - 1)
        while text[end + 1 : end + 2] == "\n" and end >= 0:
            end = text.rfind("\r", 0, end)
        return end + 1
    if pairs * 2 >= feeds:
        return text.rfind("\r\n") + 2
    end = text.rfind("\n")
    while text[end - 1 : end] == "\r":
        end = text.rfind("\n", 0, end - 1)
    return end + 1


class _BrokenQuoting(Exception):
    """Quoting that is broken in the record that begins `lines` after the block's first line."""

    def __init__(self, lines: int, problem: csv.Error) -> None:
        super().__init__(lines)
        self.lines = lines
        # The csv module tells its errors apart by their words alone.
        self.at_end = "unexpected end" in str(problem)
        self.too_long = "field larger" in str(problem)


def _cut(block: str, delimiter: str, row: int, line: int) -> Records:
    first = _LINE_END.search(block)
    end = first.start() if first else len(block)
    if end > WIDEST and block.count(delimiter, 0, end) >= WIDEST and '"' not in block[:end]:
        raise _too_wide(line)
    rows = _parse(block, delimiter)
    line_count = _count_line_ends(block) + (block[-1] not in "\r\n")
    widths = set(map(len, rows))
    multi_line = line_count != len(rows)
    if len(widths) == 1 and widths != {0}:
        return Records(row, line, len(rows), list(zip(*rows, strict=True)), [], multi_line)
    return Records(row, line, len(rows), None, rows, multi_line, _odd_ends(block, rows))


def _count_line_ends(text: str) -> int:
    pairs = text.count("\r\n") if "\r" in text else 0
    return text.count("\n") + text.count("\r") - pairs


def _odd_ends(block: str, rows: Sequence[Sequence[str]]) -> frozenset[int]:
    """Return the records that end in another line end than most; the last one may have none."""
    found = _LINE_END.findall(block)
    if len(set(found)) < 2:
        return frozenset()
    last_lines = accumulate(1 + sum(map(_count_line_ends, fields)) for fields in rows)
    ends = [found[line - 1] for line in last_lines if line <= len(found)]
    usual = Counter(ends).most_common(1)[0][0]
    return frozenset(place for place, end in enumerate(ends) if end != usual)


def _parse(block: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        rows.extend(csv.reader(io.StringIO(block, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as problem:
        before = sum(1 + sum(map(_count_line_ends, fields)) for fields in rows)
        raise _BrokenQuoting(before, problem) from problem
    return rows


def _too_long() -> FileError:
    return FileError(
        message(
            "The file was not read: one of its lines is longer than {count} characters. It isn't delimited "
            "text, or its line breaks were lost. Export it again, as CSV or XLSX.",
            count=LONGEST_LINE,
        ),
        code="unsafe_file",
    )


def _too_wide(line: int) -> FileError:
    return FileError(
        message(
            "The file is not read: line {line} has more than {count} fields, more than a sheet has columns. Export it "
            "again, as CSV or XLSX.",
            line=line,
            count=WIDEST,
        ),
        code="unsafe_file",
    )


def _error(line: int, *, never_closed: bool) -> FileError:
    if never_closed:
        return FileError(
            message(
                "A quotation mark opened in the record that begins in line {line} is never closed. Close it, or write "
                'a quotation mark inside a quoted cell twice ("").',
                line=line,
            )
        )
    return FileError(
        message(
            "The quoting of the record that begins in line {line} is broken: after a closing quotation mark something "
            'other than the delimiter follows. Write a quotation mark inside a quoted cell twice ("").',
            line=line,
        )
    )
