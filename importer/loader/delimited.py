"""Delimited text (CSV, TSV, TXT) as a table.

In:  a path whose content is text.
Out: a `Source` with one sheet; its table gives every cell as typed.

Rows are numbered as a spreadsheet numbers the records it opens: blank lines count, a `sep=;` line does not. Records are
parsed strictly (RFC 4180, with any delimiter): what a spreadsheet would have to guess is refused with its line.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TextIO

from importer.errors import FileError
from importer.findings import Finding
from importer.loader.encoding import EncodedText, read_encoding
from importer.loader.table import CHUNK_SIZE, Chunk, SheetInfo, Source, Table
from schemas.message import Message, count_message, message

DELIMITERS = (",", ";", "\t", "|")
_FIELD_LIMIT = 16 << 20
"""Characters in one field. Longer ones come from a quotation mark that is never closed."""
_SAMPLE_CHARACTERS = 1 << 18
_SAMPLE_RECORDS = 500


@dataclass(frozen=True, slots=True)
class Dialect:
    """How records are written in a file."""

    encoding: str
    delimiter: str
    separator_line: bool = False
    """The first line is `sep=;` and the like: it names the delimiter, and spreadsheets do not show it as a row."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the row a spreadsheet shows it in, the line it begins at, its fields."""

    row: int
    line: int
    fields: list[str]


def open_delimited(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> DelimitedSource:
    """Open a text file. Raises FileError where it cannot be read as delimited text, or is empty."""
    text = read_encoding(path, encoding=encoding)
    return DelimitedSource(path, text, _find_dialect(path, text.encoding, delimiter))


def read_records(path: Path, dialect: Dialect) -> Iterator[Record]:
    """Read all records in order, blank lines too (without fields). Raises FileError with the line of broken quoting."""
    csv.field_size_limit(_FIELD_LIMIT)
    with path.open(encoding=dialect.encoding, newline="") as file:
        skipped = _skip_separator_line(file, dialect)
        reader = csv.reader(file, delimiter=dialect.delimiter, strict=True)
        line = skipped + 1
        try:
            for row, fields in enumerate(reader, start=1):
                yield Record(row, line, fields)
                line = skipped + reader.line_num + 1
        except csv.Error as problem:
            raise _broken_quoting(line, problem) from problem


def _skip_separator_line(file: TextIO, dialect: Dialect) -> int:
    if not dialect.separator_line:
        return 0
    file.readline()
    return 1


def _broken_quoting(line: int, problem: csv.Error) -> FileError:
    if "field larger" in str(problem) or "unexpected end" in str(problem):
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


def _find_dialect(path: Path, encoding: str, delimiter: str | None) -> Dialect:
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(_SAMPLE_CHARACTERS)
        whole = len(sample) < _SAMPLE_CHARACTERS
    if not sample.strip():
        raise FileError(message("The file is empty."), code="empty_file")
    first = sample.splitlines()[0].strip()
    separator_line = len(first) in {4, 5} and first[:4].lower() == "sep="
    if separator_line:
        named = first[4:] or "\t"  # the tab that `strip` took
        sample = sample.split("\n", 1)[-1] if "\n" in sample else sample.split("\r", 1)[-1]
        return Dialect(encoding, delimiter or named, separator_line=True)
    return Dialect(encoding, delimiter or _likeliest_delimiter(sample, whole=whole))


def _likeliest_delimiter(sample: str, *, whole: bool) -> str:
    """Return the delimiter that cuts most records of the sample into as many fields as the first; else the comma."""
    scores = {delimiter: _score(sample, delimiter, whole=whole) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > (0, 0) else ","


def _score(sample: str, delimiter: str, *, whole: bool) -> tuple[float, int]:
    csv.field_size_limit(_FIELD_LIMIT)
    counts: list[int] = []
    reader = csv.reader(sample.splitlines(keepends=True), delimiter=delimiter, strict=True)
    try:
        counts.extend(len(fields) for fields in islice(reader, _SAMPLE_RECORDS) if any(map(str.strip, fields)))
    except csv.Error:
        if not counts or (whole and len(counts) < 2):  # noqa: PLR2004 - header and one row
            return (0, 0)
    if not whole and len(counts) > 1 and len(counts) < _SAMPLE_RECORDS:
        counts.pop()  # the sample may end inside this record
    if not counts or counts[0] < 2:  # noqa: PLR2004 - one field is no sign of a delimiter
        return (0, 0)
    return (Counter(counts)[counts[0]] / len(counts), counts[0])


class DelimitedSource(Source):
    """A text file; its one sheet has no name."""

    def __init__(self, path: Path, text: EncodedText, dialect: Dialect) -> None:
        self.path = path
        self.format = "tsv" if dialect.delimiter == "\t" else "csv"
        self.digest = text.digest
        self.dialect = dialect
        self.notices = text.notices

    @cached_property
    def sheets(self) -> Sequence[SheetInfo]:
        """The one sheet."""
        for record in read_records(self.path, self.dialect):
            if _holds_something(record.fields):
                return (SheetInfo(None, visible=True, header_row=record.row, headers=tuple(record.fields)),)
        return (SheetInfo(None, visible=True, header_row=None),)

    def table(self, sheet: str | None = None) -> DelimitedTable:
        """Return the table. Raises FileError (`empty_file`) where no record holds anything."""
        if sheet is not None:
            raise KeyError(sheet)
        info = self.sheets[0]
        if info.header_row is None:
            raise FileError(message("The file is empty."), code="empty_file")
        return DelimitedTable(self, info.header_row, info.headers)


class DelimitedTable(Table):
    """The records below the header."""

    def __init__(self, source: DelimitedSource, header_row: int, headers: tuple[str, ...]) -> None:
        self.source: DelimitedSource = source
        self.sheet = None
        self.header_row = header_row
        self.headers = headers

    @property
    def notices(self) -> tuple[Message, ...]:
        """None: text hides nothing."""
        return ()

    @cached_property
    def empty_headers_with_data(self) -> tuple[int, ...]:
        """Positions without a header but with data; reads the file where a header is empty."""
        empty = {position for position, header in enumerate(self.headers) if not header.strip()}
        found: set[int] = set()
        if empty:
            for record in self._records():
                if len(record.fields) == len(self.headers):
                    found |= {position for position in empty - found if record.fields[position].strip()}
                if found == empty:
                    break
        return tuple(sorted(found))

    def _records(self) -> Iterator[Record]:
        return islice(read_records(self.source.path, self.source.dialect), self.header_row, None)

    def chunks(self, positions: Collection[int], size: int = CHUNK_SIZE) -> Iterator[Chunk]:
        """Read the columns at `positions`; see `Table.chunks`."""
        records = self._records()
        while batch := list(islice(records, size)):
            yield self._chunk(batch, positions)

    def _chunk(self, batch: list[Record], positions: Collection[int]) -> Chunk:
        import numpy as np
        import pandas as pd

        width = len(self.headers)
        findings: list[Finding] = []
        if any(len(record.fields) != width for record in batch):
            filled = [record for record in batch if _holds_something(record.fields)]
            findings = [self._ragged(record) for record in filled if len(record.fields) != width]
            batch = [record for record in filled if len(record.fields) == width]
        index = pd.Index([record.row for record in batch], dtype="int64")
        texts = {
            position: pd.array(np.array([record.fields[position] for record in batch], dtype=object), dtype="str")
            for position in positions
        }
        lines = np.array([record.line for record in batch], dtype=np.int64)
        return Chunk(pd.DataFrame(texts, index=index, copy=False), lines=lines, findings=findings)

    def _ragged(self, record: Record) -> Finding:
        return Finding(
            "ragged_row",
            count_message(
                "Line {line}: the row has {count} field, but the header has {expected}. Nothing of it is read, since "
                "its cells cannot be told apart. Add or remove delimiters, or put quotation marks around cells that "
                "hold the delimiter.",
                "Line {line}: the row has {count} fields, but the header has {expected}. Nothing of it is read, since "
                "its cells cannot be told apart. Add or remove delimiters, or put quotation marks around cells that "
                "hold the delimiter.",
                len(record.fields),
                line=record.line,
                expected=len(self.headers),
            ),
            row=record.row,
        )


def _holds_something(fields: list[str]) -> bool:
    return any(field and not field.isspace() for field in fields)
