"""Whole columns through a converter: each distinct text is converted once, and remembered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from importer.loader.table import Chunk
from schemas.cells import UNREADABLE, Converter, Kind, Problem

REMEMBERED = 50_000
"""Distinct texts of a column whose value is remembered: more would cost memory, and repeat seldom."""

Cells = list[str | None]
"""Values of a column: "" where blank, None where there is none."""


@dataclass(slots=True)
class ReadColumn:
    """A column that was converted; `problems` say, by place, why a value is None."""

    cells: Cells
    problems: dict[int, Problem] = field(default_factory=dict)


class _Known(dict[str, str | None]):
    """Values by text; one that is asked for first is converted."""

    def __init__(self, convert: Callable[[str], str | None]) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, text: str) -> str | None:
        value = self[text] = self._convert(text)
        return value


class ColumnReader:
    """Converts the cells of one column."""

    def __init__(self, converter: Converter) -> None:
        self.converter = converter
        self._known: dict[Kind, _Known] = {}
        self._problems: dict[tuple[Kind, str], Problem] = {}

    def read(self, texts: Sequence[str], kinds: npt.NDArray[np.uint8] | None) -> ReadColumn:
        """Return the values of some cells. `kinds` is None where all are text or blank."""
        if kinds is None:
            values = self._values(texts, Kind.TEXT)
            return ReadColumn(values, self._problems_among(texts, values, Kind.TEXT))
        column = ReadColumn([""] * len(texts))
        for number in np.unique(kinds).tolist():
            self._read_kind(column, texts, Kind(number), np.flatnonzero(kinds == number).tolist())
        return column

    def _read_kind(self, column: ReadColumn, texts: Sequence[str], kind: Kind, places: Sequence[int]) -> None:
        if kind is Kind.BLANK:
            return
        chosen = [texts[place] for place in places]
        values: Cells = [None] * len(chosen) if kind in UNREADABLE else self._values(chosen, kind)
        for place, value in zip(places, values, strict=True):
            column.cells[place] = value
        if kind not in UNREADABLE:
            for at, problem in self._problems_among(chosen, values, kind).items():
                column.problems[places[at]] = problem

    def _values(self, texts: Sequence[str], kind: Kind) -> Cells:
        quick = self.converter.convert_all(texts, kind)
        if quick is None:
            return self._remembered(texts, kind)
        if None in quick:
            places = [place for place, value in enumerate(quick) if value is None]
            found = self._remembered([texts[place] for place in places], kind)
            for place, value in zip(places, found, strict=True):
                quick[place] = value
        return quick

    def _remembered(self, texts: Sequence[str], kind: Kind) -> Cells:
        known = self._known.get(kind)
        if known is None or len(known) > REMEMBERED:
            if known is not None:
                self.forget()
            known = self._known[kind] = _Known(lambda text: self._convert(text, kind))
        return list(map(known.__getitem__, texts))

    def _convert(self, text: str, kind: Kind) -> str | None:
        result = self.converter(text, kind) if text.strip() else ""
        if isinstance(result, Problem):
            self._problems[kind, text] = result
            return None
        return result

    def _problems_among(self, texts: Sequence[str], values: Cells, kind: Kind) -> dict[int, Problem]:
        if not self._problems or None not in values:
            return {}
        return {place: self._problems[kind, texts[place]] for place, value in enumerate(values) if value is None}

    def forget(self) -> None:
        """Forget what was read, for the converter reads differently now, or memory is short."""
        self._known.clear()
        self._problems.clear()


def column_texts(chunk: Chunk, position: int, *, keeps_zeros: bool = False) -> list[str]:
    """Return the texts of a column; with `keeps_zeros`, numbers as their format shows them."""
    texts: list[str] = chunk.texts[position].to_numpy().tolist()
    shown = chunk.shown.get(position) if keeps_zeros else None
    if shown:
        places = chunk.texts.index.get_indexer(pd.Index(list(shown)))
        for place, text in zip(places.tolist(), shown.values(), strict=True):
            texts[place] = text
    return texts
