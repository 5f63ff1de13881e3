"""A chunk that is filled piece by piece.

In:  some hundred rows at a time, as columns of text.
Out: a `Chunk` of some thousand rows.

Pieces are small because what is read, cut and converted then stays in the processor's cache: pieces of ten thousand
rows take twice as long.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from importer.findings import Finding
from importer.loader.cells import ColumnTexts
from importer.loader.table import Chunk
from schemas.cells import Kind

PIECE = 500
"""Rows of a piece."""

_UNSET = 255


class Filling:
    """A chunk of at most `size` rows in the making."""

    def __init__(self, positions: Collection[int], size: int) -> None:
        self.positions = tuple(positions)
        self.findings: list[Finding] = []
        self.seen = 0
        """Rows so far, those without a place in the chunk among them."""
        self._size = size
        self._count = 0
        self._rows = np.empty(size, dtype=np.int64)
        self._lines: npt.NDArray[np.int64] | None = None
        self._texts = {position: np.empty(size, dtype=object) for position in self.positions}
        self._kinds: dict[int, npt.NDArray[np.uint8]] = {}
        self._shown: dict[int, dict[int, str]] = {}

    @property
    def room(self) -> int:
        """How many more rows the chunk takes."""
        return self._size - self.seen

    def add_texts(self, rows: Sequence[int], lines: Sequence[int], columns: Sequence[Sequence[str]]) -> None:
        """Add rows that hold text alone, with the lines they begin at; columns are in the order of `positions`."""
        place = self._place(rows)
        if self._lines is None:
            self._lines = np.empty(self._size, dtype=np.int64)
        self._lines[place] = lines
        for position, column in zip(self.positions, columns, strict=True):
            self._texts[position][place] = column

    def add_cells(self, rows: Sequence[int], columns: Sequence[ColumnTexts]) -> None:
        """Add rows with cells of all kinds; columns are in the order of `positions`."""
        place = self._place(rows)
        for position, column in zip(self.positions, columns, strict=True):
            self._texts[position][place] = column.texts
            if column.kinds is not None:
                if position not in self._kinds:
                    self._kinds[position] = np.full(self._size, _UNSET, dtype=np.uint8)
                self._kinds[position][place] = column.kinds
            if column.shown:
                shown = self._shown.setdefault(position, {})
                shown.update((rows[index], text) for index, text in column.shown.items())

    def _place(self, rows: Sequence[int]) -> slice:
        place = slice(self._count, self._count + len(rows))
        self._rows[place] = rows
        self._count += len(rows)
        self.seen += len(rows)
        return place

    def chunk(self) -> Chunk:
        """Return what was added."""
        filled = slice(0, self._count)
        texts = {position: cells[filled] for position, cells in self._texts.items()}
        return Chunk(
            pd.DataFrame(texts, index=pd.Index(self._rows[filled]), copy=False, dtype=object),
            kinds={position: self._settled(position, kinds[filled]) for position, kinds in self._kinds.items()},
            shown=self._shown,
            lines=None if self._lines is None else self._lines[filled],
            findings=self.findings,
        )

    def _settled(self, position: int, kinds: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Give rows their kind that came in pieces of text alone."""
        unset = np.flatnonzero(kinds == _UNSET)
        texts = self._texts[position]
        kinds[unset] = [Kind.TEXT if texts[index] else Kind.BLANK for index in unset]
        return kinds
