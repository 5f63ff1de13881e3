"""Rows of values, from whatever workbook, as chunks of text.

In:  a `Grid`: numbered rows of values, as readers of workbooks give them.
Out: a `Table`, with findings for cells that cannot be read and for merged cells.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from importer.findings import Finding, column_letter
from importer.loader.table import CHUNK_SIZE, Chunk, Kind, SheetInfo, Source, Table
from schemas.message import Message, count_message, message

if TYPE_CHECKING:
    from importer.loader.cells import Value

Range = tuple[int, int, int, int]
"""First row, first position, last row, last position."""


@dataclass(slots=True)
class SheetFacts:
    """What a sheet says around its cells."""

    hidden_rows: list[int] = field(default_factory=list)
    """Rows that hold cells and are not shown, by hand or by a filter."""
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    """First and last position."""
    merged: list[Range] = field(default_factory=list)
    filtered: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one sheet. `rows` begins anew at each call; rows are in order, blank ones there or not."""

    rows: Callable[[], Iterator[tuple[int, Sequence[Value]]]]
    first_position: int
    """Position of the first value of each row."""
    width: int
    """Values in each row."""
    facts: SheetFacts
    row_count: int | None = None
    notices: tuple[Message, ...] = ()


class GridTable(Table):
    """The rows of a workbook's sheet below its header."""

    def __init__(self, source: Source, info: SheetInfo, grid: Grid) -> None:
        assert info.header_row is not None
        self.source = source
        self.sheet = info.name
        self.header_row = info.header_row
        self.headers = info.headers
        self.row_count = grid.row_count
        self._grid = grid

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
        first = self._grid.first_position
        candidates = {
            position
            for position in range(first, first + self._grid.width)
            if position >= len(self.headers) or not self.headers[position].strip()
        }
        found: set[int] = set()
        if candidates:
            for _, values in self._rows():
                found |= {position for position in candidates - found if not _is_blank(values[position - first])}
                if found == candidates:
                    break
        return tuple(sorted(found))

    def _rows(self) -> Iterator[tuple[int, Sequence[Value]]]:
        return (row for row in self._grid.rows() if row[0] > self.header_row)

    def chunks(self, positions: Collection[int], size: int = CHUNK_SIZE) -> Iterator[Chunk]:
        """Read the columns at `positions`; see `Table.chunks`."""
        rows = self._rows()
        while batch := list(islice(rows, size)):
            yield self._chunk(batch, positions)

    def _chunk(self, batch: Sequence[tuple[int, Sequence[Value]]], positions: Collection[int]) -> Chunk:
        import numpy as np
        import pandas as pd

        from importer.loader.cells import column_texts

        numbers = [number for number, _ in batch]
        chunk = Chunk(pd.DataFrame())
        kinds, shown, texts = {}, {}, {}
        for position in positions:
            column = column_texts(self._values(batch, position))
            texts[position] = pd.array(np.array(column.texts, dtype=object), dtype="str")
            if column.kinds is not None:
                kinds[position] = column.kinds
                for index in np.flatnonzero(column.kinds >= Kind.ERROR).tolist():
                    kind = Kind(column.kinds[index])
                    chunk.findings.append(self._unreadable(numbers[index], position, kind, column.texts[index]))
            if column.shown:
                shown[position] = {numbers[index]: text for index, text in column.shown.items()}
        chunk.texts = pd.DataFrame(texts, index=pd.Index(numbers, dtype="int64"), copy=False)
        chunk.kinds, chunk.shown = kinds, shown
        chunk.findings.extend(self._merged(batch, positions))
        return chunk

    def _values(self, batch: Sequence[tuple[int, Sequence[Value]]], position: int) -> list[Value]:
        index = position - self._grid.first_position
        if 0 <= index < self._grid.width:
            return [values[index] for _, values in batch]
        return [""] * len(batch)

    def _unreadable(self, row: int, position: int, kind: Kind, text: str) -> Finding:
        return Finding(
            _CODES[kind],
            _texts(kind, text),
            row=row,
            position=position,
            header=self.headers[position] if position < len(self.headers) else None,
            value=text,
        )

    def _merged(self, batch: Sequence[tuple[int, Sequence[Value]]], positions: Collection[int]) -> Iterator[Finding]:
        """Yield a finding for each row that a merged range touches in a column that is read."""
        first, last = batch[0][0], batch[-1][0]
        rows = dict(batch)
        for top, left, bottom, right in self._grid.facts.merged:
            if bottom < first or top > last or not (touched := [one for one in positions if left <= one <= right]):
                continue
            for row in range(max(top, first), min(bottom, last) + 1):
                if row in rows and any(not _is_blank(value) for value in rows[row]):
                    yield Finding(
                        "merged_cells",
                        message(
                            "The cells {range} are merged, so it cannot be told which of them hold the value. Unmerge "
                            "them and fill each cell.",
                            range=f"{column_letter(left)}{top}:{column_letter(right)}{bottom}",
                        ),
                        row=row,
                        position=min(touched),
                        header=self.headers[min(touched)] if min(touched) < len(self.headers) else None,
                    )


def _is_blank(value: Value) -> bool:
    return isinstance(value, str) and (not value or value.isspace())


_CODES = {
    Kind.ERROR: "formula_error",
    Kind.NOT_CALCULATED: "formula_not_calculated",
    Kind.PRECISION_LOST: "precision_lost",
}


def _texts(kind: Kind, text: str) -> Message:
    if kind is Kind.ERROR:
        return message(
            "The cell shows the error {error}. Mend its formula, or type the value that is meant.", error=text
        )
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
