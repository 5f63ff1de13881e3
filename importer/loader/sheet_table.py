"""Rows of values, from whatever workbook, as chunks of text.

In:  a `Grid`: numbered rows of values, as readers of workbooks give them.
Out: a `Table`, with findings for cells that cannot be read and for merged cells.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import FileError
from importer.findings import Finding, column_letter
from importer.loader.header_text import bare
from importer.loader.table import CHUNK_SIZE, Chunk, SheetInfo, Source, Table, file_digest
from importer.ooxml.addresses import Range
from importer.ooxml.sheet_parser import SheetFacts
from schemas.cells import Kind
from schemas.message import Message, count_message, message
from schemas.spoiled import is_picture

if TYPE_CHECKING:
    from importer.loader.cells import ColumnTexts
    from importer.loader.filling import Filling
    from importer.ooxml.number_format import Format
    from importer.ooxml.values import Value

_FEW_COLUMNS = 4
"""How many times the asked columns a sheet may have, for all of its columns to be turned at one go."""

_HEADER_ROWS = 100

MAX_CELLS = 64 << 20
"""Filled or not: 64 columns of all the rows that a sheet can have, two gigabytes."""

FREE_CELLS, FREE_SHARE = 4 << 20, 8
"""Cells laid out whatever is filled, and how many more for each filled one: a far cell makes a large empty table."""

FREE_TEXT, TEXT_SHARE = 256 << 20, 1_000
"""Characters that a sheet's cells may hold, and how many more for each byte of the file: cells can share a text."""

Piece = tuple[Sequence[int], Sequence["ColumnTexts"]]
"""Row numbers, and the texts of the asked columns of these rows."""

Block = tuple[Sequence[int], Sequence[Sequence["Value"]]]
"""Row numbers, and the values of each of these rows."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one sheet, by rows in ascending order; blank rows are there or not."""

    pieces: Callable[[Sequence[int], int], Iterator[Piece]]
    """Reads the columns at these positions from the beginning, about this many rows at a time."""
    width: int
    """Columns up to the last one that holds something."""
    facts: SheetFacts
    last_row: int
    """The last row that holds something."""
    notices: tuple[Message, ...] = ()
    formats: Callable[[int], Mapping[int, frozenset[Format]]] | None = None
    """Reads the telling number formats of the columns, below a header row."""
    currency_cells: Callable[[int], Mapping[int, str]] | None = None
    """Reads {row: currency} of the column at a position."""


def check_size(rows: int, columns: int, *, filled: int | None = None) -> None:
    """Judge how many rows and columns a sheet has, and how many cells are filled. Raises FileError `unsafe_file`."""
    bound = MAX_CELLS if filled is None else min(MAX_CELLS, FREE_CELLS + FREE_SHARE * filled)
    if rows * columns > bound:
        raise FileError(
            message(
                "The file is not read: its sheet reaches to column {column} and row {row}, and a table of that size "
                "would fill the memory. Delete what stands there by mistake, or save the data as CSV.",
                column=column_letter(columns - 1),
                row=rows,
            ),
            code="unsafe_file",
        )


def check_text(characters: int, file_size: int) -> None:
    """Judge how much text the cells of a sheet hold, shared by number or not. Raises FileError `unsafe_file`."""
    if characters > FREE_TEXT + TEXT_SHARE * file_size:
        raise FileError(
            message(
                "The file is not read: its cells share few texts so often that all of them would hold more than "
                "{count} characters, as files are built to fill memory. Save the data as CSV.",
                count=FREE_TEXT,
            ),
            code="unsafe_file",
        )


def pieces_of(
    blocks: Callable[[int], Iterator[Block]], first_position: int = 0
) -> Callable[[Sequence[int], int], Iterator[Piece]]:
    """Return what reads columns out of rows of values, all of one width, of which the first is at `first_position`."""

    def pieces(positions: Sequence[int], size: int) -> Iterator[Piece]:
        for numbers, rows in blocks(size):
            yield numbers, _texts_of(rows, [position - first_position for position in positions])

    return pieces


def _texts_of(rows: Sequence[Sequence[Value]], indexes: Sequence[int]) -> list[ColumnTexts]:
    """Return the columns at these indexes of some rows as text; beyond the rows' width, they are blank."""
    from importer.loader.cells import column_texts

    width = len(rows[0]) if rows else 0
    columns = list(zip(*rows, strict=True)) if width <= _FEW_COLUMNS * len(indexes) else None
    found = []
    for index in indexes:
        if not 0 <= index < width:
            found.append(column_texts([""] * len(rows)))
        else:
            found.append(column_texts(columns[index] if columns is not None else [values[index] for values in rows]))
    return found


def stored_grid(
    rows: Mapping[int, Sequence[Value]], width: int, facts: SheetFacts, notices: tuple[Message, ...] = ()
) -> Grid:
    """Return the grid of rows that are all in memory, {row number: `width` values from position 0}, in order."""
    numbers = list(rows)

    def blocks(size: int) -> Iterator[Block]:
        for start in range(0, len(numbers), size):
            some = numbers[start : start + size]
            yield some, [rows[number] for number in some]

    return Grid(pieces_of(blocks), width, facts, numbers[-1] if numbers else 0, notices)


class GridTable(Table):
    """The rows of a workbook's sheet below its header."""

    def __init__(self, source: Source, info: SheetInfo, grid: Grid) -> None:
        assert info.header_row is not None
        self.source = source
        self.sheet = info.name
        self.header_row = info.header_row
        self.headers = info.headers
        self._grid = grid
        self._file_size = source.path.stat().st_size

    @cached_property
    def formats(self) -> Mapping[int, frozenset[Format]]:
        """The telling number formats of the columns."""
        return self._grid.formats(self.header_row) if self._grid.formats else {}

    def currency_cells(self, position: int) -> Mapping[int, str]:
        """Return {row: currency} for number cells of a column; see `Table.currency_cells`."""
        return self._grid.currency_cells(position) if self._grid.currency_cells else {}

    @cached_property
    def notices(self) -> tuple[Message, ...]:
        """Hidden rows and columns, which are read all the same."""
        found: list[Message] = []
        if hidden := sum(row > self.header_row for row in self._grid.facts.hidden_rows):
            found.append(
                count_message(
                    "{count} hidden or filtered-out row is read too.",
                    "{count} hidden or filtered-out rows are read too.",
                    hidden,
                )
            )
        if letters := self._hidden_columns():
            found.append(message("Hidden columns are read too: {columns}.", columns=", ".join(letters)))
        return (*found, *self._grid.notices)

    def _hidden_columns(self) -> list[str]:
        return [
            column_letter(position)
            for first, last in self._grid.facts.hidden_columns
            for position in range(first, min(last + 1, len(self.headers)))
            if self.headers[position].strip()
        ]

    @cached_property
    def empty_headers_with_data(self) -> tuple[int, ...]:
        """Positions without a header but with data; reads the rows where a header is empty."""
        asked = [
            position
            for position in range(self._grid.width)
            if position >= len(self.headers) or not bare(self.headers[position])
        ]
        found: set[int] = set()
        for _, columns in self._pieces(asked, CHUNK_SIZE) if asked else ():
            found |= {position for position, one in zip(asked, columns, strict=True) if any(_filled(one))}
        return tuple(sorted(found))

    def _pieces(self, positions: Sequence[int], size: int) -> Iterator[Piece]:
        """Read the rows below the header."""
        for numbers, columns in self._grid.pieces(positions, size):
            above = bisect_right(numbers, self.header_row)
            if above < len(numbers):
                yield numbers[above:], [one.part(above, len(numbers)) for one in columns] if above else columns

    def chunks(self, positions: Collection[int], size: int = CHUNK_SIZE) -> Iterator[Chunk]:
        """Read the columns at `positions`; see `Table.chunks`."""
        from importer.loader.filling import PIECE, Filling  # here, so that a file is opened before pandas is there

        filling = Filling(positions, size)
        text = 0
        for numbers, columns in self._pieces(filling.positions, min(size, PIECE)):
            start = 0
            while start < len(numbers):
                stop = start + min(filling.room, len(numbers) - start)
                self._fill(filling, numbers[start:stop], [one.part(start, stop) for one in columns])
                start = stop
                if not filling.room:
                    text += filling.text
                    check_text(text, self._file_size)
                    yield filling.chunk()
                    filling = Filling(positions, size)
        if filling.seen:
            yield filling.chunk()

    def _fill(self, filling: Filling, numbers: Sequence[int], columns: list[ColumnTexts]) -> None:
        for column in columns:
            whole = "\n".join(column.texts)
            filling.text += len(whole) - len(column.texts)
            if "DISPIMG(" in whole or "IMAGE(" in whole:
                for place in [place for place, text in enumerate(column.texts) if is_picture(text)]:
                    column.put(place, Kind.ERROR, column.texts[place], None)
        filling.add_cells(numbers, columns)
        for position, column in zip(filling.positions, columns, strict=True):
            if column.kinds is not None and column.kinds.max() >= Kind.ERROR:
                for number, kind, text in zip(numbers, column.kinds.tolist(), column.texts, strict=True):
                    if kind >= Kind.ERROR:
                        filling.findings.append(self._unreadable(number, position, Kind(kind), text))
        filling.findings.extend(self._merged(numbers, columns, filling.positions))

    def _unreadable(self, row: int, position: int, kind: Kind, text: str) -> Finding:
        return Finding(
            _CODES[kind],
            _texts(kind, text),
            row=row,
            position=position,
            header=self._header(position),
            value=text,
        )

    def _merged(
        self, numbers: Sequence[int], columns: Sequence[ColumnTexts], positions: Sequence[int]
    ) -> Iterator[Finding]:
        """Yield a finding for each row that a merged range touches in a column that is read."""
        filled: set[int] | None = None
        for top, left, bottom, right in self._grid.facts.merged:
            touched = [position for position in positions if left <= position <= right]
            if not touched or bottom < numbers[0] or top > numbers[-1]:
                continue
            if filled is None:
                filled = {number for number, *some in zip(numbers, *map(_filled, columns), strict=True) if any(some)}
            for row in range(max(top, numbers[0]), min(bottom, numbers[-1]) + 1):
                if row in filled:
                    yield self._merged_row(row, min(touched), (top, left, bottom, right))

    def _merged_row(self, row: int, position: int, merged: Range) -> Finding:
        top, left, bottom, right = merged
        return Finding(
            "merged_cells",
            message(
                "The cells {range} are merged, so it isn't clear which of them hold the value. Unmerge them and "
                "fill in each cell.",
                range=f"{column_letter(left)}{top}:{column_letter(right)}{bottom}",
            ),
            row=row,
            position=position,
            header=self._header(position),
        )

    def _header(self, position: int) -> str | None:
        return self.headers[position] if position < len(self.headers) else None


def _filled(column: ColumnTexts) -> Iterator[bool]:
    """Say of each cell of a column whether it holds something: an error without a text counts, white space does not."""
    kinds = column.kinds.tolist() if column.kinds is not None else repeat(Kind.TEXT)
    return (kind > Kind.TEXT or bool(text and not text.isspace()) for kind, text in zip(kinds, column.texts))  # noqa: B905


_CODES = {
    Kind.ERROR: "formula_error",
    Kind.NOT_CALCULATED: "formula_not_calculated",
    Kind.PRECISION_LOST: "precision_lost",
}


def _texts(kind: Kind, text: str) -> Message:
    if kind is Kind.ERROR:
        return _error_text(text)
    if kind is Kind.NOT_CALCULATED:
        return message(
            "The cell's formula has no stored result. Open the workbook in a spreadsheet program and save it there, so "
            "that formulas are calculated, or type the value that is meant."
        )
    return message(
        "{value} has more than 15 digits, more than a number cell keeps, so its last digits may be lost. Format the "
        "column as text and enter the value anew.",
        value=text,
    )


_LINKED = frozenset(
    {"#BUSY!", "#BLOCKED!", "#CONNECT!", "#EXTERNAL!", "#FIELD!", "#GETTING_DATA", "#TIMEOUT!", "#UNKNOWN!"}
)
"""Errors of data that comes from elsewhere."""


def _error_text(text: str) -> Message:
    if is_picture(text):
        return message("The cell holds a picture, which a ticket cannot hold. Type the value that is meant.")
    if text in _LINKED:
        return message(
            "The cell shows {error}: its data comes from elsewhere, and did not arrive. Load it, or type the "
            "value that is meant.",
            error=text,
        )
    if text == "#VALUE!":
        return message(
            "The cell shows the error #VALUE!, or a picture or card that is stored as one. Fix its formula, or type "
            "the value that is meant."
        )
    if not text.startswith("#") and not text.startswith("Err:"):
        return message(
            'The cell is a number cell, but holds "{error}", which is not a number. Type the value that is meant.',
            error=text,
        )
    return message("The cell shows the error {error}. Fix its formula, or type the value that is meant.", error=text)


class GridSource(Source):
    """A workbook whose sheets are all read to find their headers: XLS and ODS, which are small or rare."""

    def __init__(self, path: Path, kind: str, sheets: Sequence[tuple[str, bool]]) -> None:
        """Keep what each sheet is called and whether it is visible; `read_grid` gives its cells."""
        self.path = path
        self.format = kind
        self.digest = file_digest(path)
        self._sheets = sheets
        self._grids: dict[str, Grid] = {}

    @abstractmethod
    def read_grid(self, sheet: str) -> Grid:
        """Return the cells of a sheet."""

    @cached_property
    def sheets(self) -> Sequence[SheetInfo]:
        """All worksheets with their headers."""
        return tuple(_sheet_info(name, self._grid(name), visible=visible) for name, visible in self._sheets)

    def _grid(self, sheet: str) -> Grid:
        if sheet not in self._grids:
            self._grids[sheet] = self.read_grid(sheet)
        return self._grids[sheet]

    def table(self, sheet: str | None) -> GridTable:
        """Return a sheet's table. Raises KeyError for an unknown name, FileError (`empty_file`) for an empty sheet."""
        info = next((one for one in self.sheets if one.name == sheet), None)
        if info is None or sheet is None:
            raise KeyError(sheet)
        if info.header_row is None:
            raise empty_sheet(sheet)
        return GridTable(self, info, self._grid(sheet))


def empty_sheet(name: str) -> FileError:
    """Return the error for a sheet that holds nothing."""
    return FileError(message('The sheet "{sheet}" is empty.', sheet=name), code="empty_file")


def _sheet_info(name: str, grid: Grid, *, visible: bool) -> SheetInfo:
    for numbers, columns in grid.pieces(range(grid.width), _HEADER_ROWS):
        for index, (number, *filled) in enumerate(zip(numbers, *map(_filled, columns), strict=True)):
            if any(filled):
                texts = [one.texts[index] for one in columns]
                while texts and not texts[-1]:
                    texts.pop()
                return SheetInfo(name, visible, number, tuple(texts))
    return SheetInfo(name, visible, None)
