"""Delimited text (CSV, TSV, TXT) as a table.

In:  a path whose content is text.
Out: a `Source` with one sheet; its table gives every cell as typed.

Rows are numbered as a spreadsheet numbers the records it opens: blank lines count, a `sep=;` line does not. Records are
parsed strictly (RFC 4180, with any delimiter): what a spreadsheet would have to guess is refused with its line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import FileError
from importer.findings import Finding
from importer.loader.csv_records import Records, read_records
from importer.loader.dialect import Dialect, find_dialect
from importer.loader.encoding import EncodedText, read_encoding
from importer.loader.header_text import bare
from importer.loader.table import CHUNK_SIZE, Chunk, SheetInfo, Source, Table
from schemas.cells import shows_nothing
from schemas.message import Message, count_message, message

if TYPE_CHECKING:
    from importer.loader.filling import Filling


def open_delimited(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> DelimitedSource:
    """Open a text file. Raises FileError where it cannot be read as delimited text, or is empty."""
    text = read_encoding(path, encoding=encoding)
    return DelimitedSource(path, text, find_dialect(path, text.encoding, delimiter))


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
        for records in read_records(self.path, self.dialect):
            for row, fields in enumerate(records.fields(), start=records.row):
                if _holds_something(fields):
                    return (SheetInfo(None, visible=True, header_row=row, headers=tuple(fields)),)
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
        empty = {position for position, header in enumerate(self.headers) if not bare(header)}
        found: set[int] = set()
        if empty:
            for records in read_records(self.source.path, self.source.dialect):
                whole = [fields for fields in self._below_header(records) if len(fields) == len(self.headers)]
                found |= {position for position in empty - found if any(one[position].strip() for one in whole)}
        return tuple(sorted(found))

    def _below_header(self, records: Records) -> Sequence[Sequence[str]]:
        return list(records.fields())[max(self.header_row - records.row + 1, 0) :]

    def chunks(self, positions: Collection[int], size: int = CHUNK_SIZE) -> Iterator[Chunk]:
        """Read the columns at `positions`; see `Table.chunks`."""
        from importer.loader.filling import Filling  # here, so that a file is opened before pandas is there

        filling = Filling(positions, size)
        for records in read_records(self.source.path, self.source.dialect):
            start = max(self.header_row - records.row + 1, 0)
            while start < records.count:
                stop = min(start + filling.room, records.count)
                self._fill(filling, records, slice(start, stop))
                filling.text += records.characters * (stop - start) // records.count
                start = stop
                if not filling.room:
                    yield filling.chunk()
                    filling = Filling(positions, size)
        if filling.seen:
            yield filling.chunk()

    def _fill(self, filling: Filling, records: Records, part: slice) -> None:
        rows = range(records.row + part.start, records.row + part.stop)
        lines = records.lines()[part]
        width = len(self.headers)
        if records.columns is not None and len(records.columns) == width:
            filling.add_texts(rows, lines, [records.columns[position][part] for position in filling.positions])
            return
        fields = list(records.fields())[part]
        halves = {place - part.start for place in self._first_halves(records)}
        whole = [index for index, one in enumerate(fields) if len(one) == width and index not in halves]
        filling.findings += [
            _half(row, line) if index in halves else self._ragged(row, line, one)
            for index, (row, line, one) in enumerate(zip(rows, lines, fields, strict=True))
            if index in halves or (len(one) != width and _holds_something(one))
        ]
        columns = [[fields[index][position] for index in whole] for position in filling.positions]
        filling.add_texts([rows[index] for index in whole], [lines[index] for index in whole], columns)
        filling.seen += len(fields) - len(whole)

    def _first_halves(self, records: Records) -> Iterator[int]:
        """Yield the places of whole records whose line end is no other's, with a ragged one behind: the other half."""
        width = len(self.headers)
        for place in records.odd_ends:
            following = records.rows[place + 1] if place + 1 < records.count else [""] * width
            if len(records.rows[place]) == width != len(following) and _holds_something(following):
                yield place

    def _ragged(self, row: int, line: int, fields: Sequence[str]) -> Finding:
        return Finding(
            "ragged_row",
            count_message(
                "Line {line}: the row has {count} field, but the header has {expected}. None of it is read, "
                "because its cells cannot be matched to columns. Add or remove delimiters, or put quotation "
                "marks around cells that contain the delimiter.",
                "Line {line}: the row has {count} fields, but the header has {expected}. None of it is read, "
                "because its cells cannot be matched to columns. Add or remove delimiters, or put quotation "
                "marks around cells that contain the delimiter.",
                len(fields),
                line=line,
                expected=len(self.headers),
            ),
            row=row,
        )


def _half(row: int, line: int) -> Finding:
    return Finding(
        "ragged_row",
        message(
            "Line {line}: the row ends with a different line break from the rest of the file, and the line "
            "below has too few or too many fields: a text was cut in two there. None of it is read. Join the "
            "two lines, or put quotation marks around the text.",
            line=line,
        ),
        row=row,
    )


def _holds_something(fields: Sequence[str]) -> bool:
    """Whether a record is more than blanks, or the mark that DOS programs put at a file's end (Ctrl-Z)."""
    return not all(map(shows_nothing, fields))
