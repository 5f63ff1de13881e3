"""Cells of a chunk as the schema takes them: texts, of the class of their kind where it isn't the column's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from importer.loader.table import Chunk
from schemas.cells import CELLS, Cells, Kind, Refused


def column_texts(chunk: Chunk, position: int, *, keeps_zeros: bool = False) -> Sequence[str]:
    """Return the texts of a column, not to be changed; with `keeps_zeros`, numbers as their format shows them."""
    texts = chunk.columns[position]
    shown = chunk.shown.get(position) if keeps_zeros else None
    if not shown:
        return texts
    return [shown.get(row, text) for row, text in zip(chunk.rows, texts, strict=True)]


def typed_cells(texts: Sequence[str], kinds: npt.NDArray[np.uint8] | None) -> Cells:
    """Return texts as cells. `kinds` is None where all are text or blank."""
    if kinds is None:
        return Cells(texts)
    counts = np.bincount(kinds, minlength=len(Kind))
    usual = max(CELLS, key=lambda kind: counts[kind])
    cells = list(texts)
    for place in np.flatnonzero((kinds != usual) & (kinds != Kind.BLANK)).tolist():
        kind = Kind(int(kinds[place]))
        cells[place] = CELLS[kind](texts[place]) if kind in CELLS else Refused(texts[place], None)
    return Cells(cells, usual)
