"""A chunk that is filled piece by piece.

In:  some hundred rows at a time, as columns of text.
Out: a `Chunk` of some thousand rows, fewer where their texts are long.

Pieces are small because what is read, cut and converted then stays in the processor's cache: pieces of ten thousand
rows take twice as long.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from importer.findings import Finding
from importer.loader.cells import ColumnTexts
from importer.loader.table import Chunk
from schemas.cells import Kind

PIECE = 500
"""Rows of a piece."""

MOST_TEXT = 16 << 20
"""Characters of a chunk: with more, it takes no further piece. A text that cells share by number is as long in each."""

_UNSET = 255


class Filling:
    """A chunk of at most `size` rows in the making."""

    def __init__(self, positions: Collection[int], size: int) -> None:
        self.positions = tuple(positions)
        self.findings: list[Finding] = []
        self.seen = 0
        """Rows so far, those without a place in the chunk among them."""
        self.text = 0
        """Characters so far, as far as they are counted."""
        self._size = size
        self._rows: list[int] = []
        self._lines: list[int] = []
        self._texts: dict[int, list[str]] = {position: [] for position in self.positions}
        self._kinds: dict[int, npt.NDArray[np.uint8]] = {}
        self._shown: dict[int, dict[int, str]] = {}

    @property
    def room(self) -> int:
        """How many more rows the chunk takes."""
        return self._size - self.seen if self.text < MOST_TEXT else 0

    def add_texts(self, rows: Sequence[int], lines: Sequence[int], columns: Sequence[Sequence[str]]) -> None:
        """Add rows that hold text alone, with the lines they begin at; columns are in the order of `positions`."""
        self._add_rows(rows)
        self._lines += lines
        for position, column in zip(self.positions, columns, strict=True):
            self._texts[position] += column

    def add_cells(self, rows: Sequence[int], columns: Sequence[ColumnTexts]) -> None:
        """Add rows with cells of all kinds; columns are in the order of `positions`."""
        place = self._add_rows(rows)
        for position, column in zip(self.positions, columns, strict=True):
            self._texts[position] += column.texts
            if column.kinds is not None:
                if position not in self._kinds:
                    self._kinds[position] = np.full(self._size, _UNSET, dtype=np.uint8)
                self._kinds[position][place] = column.kinds
            if column.shown:
                shown = self._shown.setdefault(position, {})
                shown.update((rows[index], text) for index, text in column.shown.items())

    def _add_rows(self, rows: Sequence[int]) -> slice:
        place = slice(len(self._rows), len(self._rows) + len(rows))
        self._rows += rows
        self.seen += len(rows)
        return place

    def chunk(self) -> Chunk:
        count = len(self._rows)
        return Chunk(
            self._rows,
            self._texts,
            kinds={position: self._settled(position, kinds[:count]) for position, kinds in self._kinds.items()},
            shown=self._shown,
            lines=self._lines or None,
            findings=self.findings,
        )

    def _settled(self, position: int, kinds: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Give rows their kind that came in pieces of text alone."""
        unset = np.flatnonzero(kinds == _UNSET)
        texts = self._texts[position]
        kinds[unset] = [Kind.TEXT if texts[index] else Kind.BLANK for index in unset]
        return kinds
