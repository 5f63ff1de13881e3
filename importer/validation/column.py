"""Whole columns through a converter and the checks of their property: each distinct text once, and remembered.

What a converter turns out for many cells at once is not looked at text by text; only the portal's rules judge it then.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress, count
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from importer.loader.table import Chunk
from schemas.cells import UNREADABLE, Converter, Kind, Problem, unread_places

REMEMBERED = 50_000
"""Distinct texts of a column whose value is remembered: more would cost memory, and repeat seldom."""

Cells = list[str | None]
"""Values of a column: "" where blank, None where there is none."""

Refusals = Mapping[int, Sequence[Problem]]


class Judge(Protocol):
    """Says, by index, what is wrong with values. `is_proven`: their form need not be judged."""

    def __call__(self, values: Sequence[str | None], *, is_proven: bool) -> Refusals:
        """Return what is wrong, by index."""
        ...


def no_judge(values: Sequence[str | None], *, is_proven: bool) -> Refusals:
    """Find nothing wrong."""
    del values, is_proven
    return {}


@dataclass(slots=True)
class ReadColumn:
    """A column that was converted."""

    cells: Cells
    problems: dict[int, Problem] = field(default_factory=dict)
    """By place, why a value is None."""
    refused: dict[int, Sequence[Problem]] = field(default_factory=dict)
    """By place, why a value is not one that the property takes."""


_Key = TypeVar("_Key", bound=Hashable)


class Known(dict[_Key, str | None]):
    """Values by text; those of which nothing is known yet are converted, and then judged together."""

    def __init__(self, convert: Callable[[_Key], str | Problem | None], judge: Judge) -> None:
        super().__init__()
        self._convert = convert
        self._judge = judge
        self._new: list[_Key] = []
        self.problems: dict[_Key, Problem] = {}
        self.refused: dict[_Key, Sequence[Problem]] = {}

    def __missing__(self, text: _Key) -> str | None:
        """Convert a text that is asked for first."""
        result = self._convert(text)
        if isinstance(result, Problem):
            self.problems[text] = result
            result = None
        else:
            self._new.append(text)
        self[text] = result
        return result

    def forget(self) -> None:
        """Forget what was converted."""
        self.clear()
        self.problems.clear()
        self.refused.clear()

    def read(self, texts: Sequence[_Key]) -> ReadColumn:
        """Return the values of some cells."""
        column = ReadColumn(list(map(self.__getitem__, texts)))
        if self._new:
            for index, problems in self._judge([self[text] for text in self._new], is_proven=False).items():
                self.refused[self._new[index]] = problems
            self._new.clear()
        if self.problems:
            column.problems = {place: self.problems[texts[place]] for place in unread_places(column.cells)}
        if self.refused:
            refused = compress(count(), map(self.refused.__contains__, texts))
            column.refused = {place: self.refused[texts[place]] for place in refused}
        return column


class ColumnReader:
    """Converts and judges the cells of one column."""

    def __init__(self, converter: Converter, judge: Judge = no_judge) -> None:
        self.converter = converter
        self._judge = judge
        self._known: dict[Kind, Known[str]] = {}

    def read(self, texts: Sequence[str], kinds: npt.NDArray[np.uint8] | None) -> ReadColumn:
        """Return the values of some cells. `kinds` is None where all are text or blank."""
        if kinds is None:
            return self._read_kind(texts, Kind.TEXT)
        # Nearly all cells of a column are of one kind or blank; blank cells are the same whatever the kind.
        main = _main_kind(kinds)
        others = np.flatnonzero((kinds != main) & (kinds != Kind.BLANK)).tolist()
        if not others:
            return self._read_kind(texts, main)
        among, texts = texts, list(texts)
        for place in others:
            texts[place] = ""
        column = self._read_kind(texts, main)
        for number in np.unique(kinds[others]).tolist():
            places = [place for place in others if kinds[place] == number]
            if number in UNREADABLE:
                _put(column, places, ReadColumn([None] * len(places)))
            else:
                _put(column, places, self._read_kind([among[place] for place in places], Kind(number)))
        return column

    def _read_kind(self, texts: Sequence[str], kind: Kind) -> ReadColumn:
        quick = self.converter.convert_all(texts, kind)
        if quick is None:
            return self._remembered(texts, kind)
        column = ReadColumn(quick, refused=dict(self._judge(quick, is_proven=True)))
        if odd := unread_places(quick):
            _put(column, odd, self._remembered([texts[place] for place in odd], kind))
        return column

    def _remembered(self, texts: Sequence[str], kind: Kind) -> ReadColumn:
        if sum(map(len, self._known.values())) > REMEMBERED:
            self.forget()
        if kind not in self._known:
            self._known[kind] = Known(lambda text: self.converter(text, kind) if text.strip() else "", self._judge)
        return self._known[kind].read(texts)

    def forget(self) -> None:
        """Forget what was read, for the converter reads differently now, or memory is short."""
        self._known.clear()


def _main_kind(kinds: npt.NDArray[np.uint8]) -> Kind:
    counts = np.bincount(kinds, minlength=len(Kind))
    counts[[Kind.BLANK, *UNREADABLE]] = 0
    return Kind(int(counts.argmax())) if counts.any() else Kind.TEXT


def _put(column: ReadColumn, places: Sequence[int], part: ReadColumn) -> None:
    """Put cells that were read apart in their places; what was read in their stead is forgotten."""
    for place, value in zip(places, part.cells, strict=True):
        column.cells[place] = value
        column.problems.pop(place, None)
        column.refused.pop(place, None)
    column.problems |= {places[at]: problem for at, problem in part.problems.items()}
    column.refused |= {places[at]: problems for at, problems in part.refused.items()}


def column_texts(chunk: Chunk, position: int, *, keeps_zeros: bool = False) -> Sequence[str]:
    """Return the texts of a column, not to be changed; with `keeps_zeros`, numbers as their format shows them."""
    texts = chunk.columns[position]
    shown = chunk.shown.get(position) if keeps_zeros else None
    if not shown:
        return texts
    return [shown.get(row, text) for row, text in zip(chunk.rows, texts, strict=True)]
