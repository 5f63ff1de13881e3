"""Cells of a workbook as text, and what kind of cell each was; on whole columns.

In:  the values of one column as python-calamine or our own readers give them, "" where blank.
Out: text of every cell, its `Kind`, and the text with the leading zeros that a number format shows.

Numbers are rounded to 15 significant digits, as Excel itself keeps and shows them (Excel specifications and limits,
"number precision: 15 digits"): 0.30000000000000004 is 0.3.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from importer.ooxml.values import WHOLE_LIMIT, Marked, Value, is_too_precise, number_text
from schemas.cells import Kind

_SMALLEST_PLAIN = 1e-4
"""Numbers below are formatted with an exponent."""


@dataclass(slots=True)
class ColumnTexts:
    """One column of some rows. `kinds` is None where all is text or blank."""

    texts: list[str]
    kinds: npt.NDArray[np.uint8] | None
    shown: dict[int, str]
    """Index in `texts` -> the number as its format shows it."""

    def put(self, index: int, kind: Kind, text: str, shown: str | None) -> None:
        """Put a cell in the place of another."""
        if self.kinds is None and kind <= Kind.TEXT:
            self.texts[index] = text
            return
        if self.kinds is None:
            self.kinds = np.array([Kind.TEXT if one else Kind.BLANK for one in self.texts], dtype=np.uint8)
        self.texts[index], self.kinds[index] = text, kind
        self.shown.pop(index, None)
        if shown is not None:
            self.shown[index] = shown

    def part(self, start: int, stop: int) -> ColumnTexts:
        """Return some rows of it."""
        shown = {index - start: text for index, text in self.shown.items() if start <= index < stop}
        return ColumnTexts(self.texts[start:stop], None if self.kinds is None else self.kinds[start:stop], shown)


def moment_text(value: dt.datetime) -> str:
    """Return `YYYY-MM-DD HH:MM:SS`, with milliseconds where there are any.

    A serial number keeps a moment to some ten microseconds, so finer parts are noise.
    """
    if value.microsecond:
        value += dt.timedelta(microseconds=500)
        value = value.replace(microsecond=value.microsecond // 1000 * 1000)
        if value.microsecond:
            return value.isoformat(" ", "milliseconds")
    return str(value)


def duration_text(value: dt.timedelta) -> str:
    """Return `HH:MM:SS`; hours may pass 24, and a minus stands before negative ones."""
    seconds = round(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def time_text(value: dt.time) -> str:
    """Return `HH:MM:SS`, to the nearest second."""
    return duration_text(
        dt.timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    )


def cell_text(value: Value) -> tuple[Kind, str, str | None]:
    """Return the kind and the text of one cell, and the number as its format shows it."""
    kind, text = _CONVERT[type(value)](value)
    return kind, text, value.shown if isinstance(value, Marked) else None


def column_texts(values: Sequence[Value]) -> ColumnTexts:
    """Return the texts and kinds of one column.

    A column mostly holds one type and blanks, so each type is converted at one go; what is rare goes cell by cell.
    """
    types = set(map(type, values))
    if types == {str}:
        return ColumnTexts(cast("list[str]", list(values)), None, {})
    if types <= _COMMON:
        return _by_type(values, types)
    return _cell_by_cell(values)


def _by_type(values: Sequence[Value], types: set[type]) -> ColumnTexts:
    cells = np.empty(len(values), dtype=object)
    cells[:] = values
    kinds = np.fromiter(map(_KIND_OF.__getitem__, map(type, values)), dtype=np.uint8, count=len(values))
    if str in types:
        filled = np.fromiter(map(bool, values), dtype=bool, count=len(values))
        kinds[(kinds == Kind.TEXT) & ~filled] = Kind.BLANK
    for one in types - {str}:
        mask = kinds == _KIND_OF[one]
        if one is float:
            numbers = np.where(mask, cells, 0.0).astype(np.float64)
            if not np.isfinite(numbers).all():
                return _cell_by_cell(values)
            kinds[np.abs(numbers) >= WHOLE_LIMIT] = Kind.PRECISION_LOST
        cells[mask] = _TEXTS_OF[one](cells[mask].tolist())
    return ColumnTexts(cells.tolist(), kinds, {})


def _number_texts(values: Sequence[float]) -> list[str]:
    numbers = np.array(values, dtype=np.float64)
    size = np.abs(numbers)
    if (size >= WHOLE_LIMIT).any() or (size < _SMALLEST_PLAIN).any():
        return list(map(number_text, values))
    if (numbers == np.floor(numbers)).all():
        return list(map(str, numbers.astype(np.int64).tolist()))
    return [f"{value:.15g}" for value in values]  # never an exponent between the two limits


def _moment_texts(values: Sequence[dt.datetime]) -> list[str]:
    texts = list(map(str, values))
    if max(map(len, texts)) > len("2026-03-04 12:30:00"):
        return list(map(moment_text, values))
    return texts


def _cell_by_cell(values: Sequence[Value]) -> ColumnTexts:
    texts = [""] * len(values)
    kinds = np.empty(len(values), dtype=np.uint8)
    shown: dict[int, str] = {}
    for index, value in enumerate(values):
        kinds[index], texts[index] = _CONVERT[type(value)](value)
        if type(value) is Marked and value.shown is not None:
            shown[index] = value.shown
    return ColumnTexts(texts, kinds, shown)


def _from_text(value: str) -> tuple[Kind, str]:
    return (Kind.TEXT if value else Kind.BLANK), value


def _from_number(value: float) -> tuple[Kind, str]:
    if not math.isfinite(value):
        return Kind.ERROR, "NaN" if math.isnan(value) else "INF" if value > 0 else "-INF"
    return (Kind.PRECISION_LOST if is_too_precise(value) else Kind.NUMBER), number_text(value)


def _from_bool(value: bool) -> tuple[Kind, str]:  # noqa: FBT001 - it is the cell, not a switch
    return Kind.BOOL, "TRUE" if value else "FALSE"


def _from_moment(value: dt.datetime) -> tuple[Kind, str]:
    text = moment_text(value)
    if text.endswith(" 00:00:00"):
        return Kind.DATE, text[:-9]
    return Kind.DATETIME, text


_TEXTS_OF: dict[type, Callable[..., list[str]]] = {
    float: _number_texts,
    bool: lambda values: ["TRUE" if value else "FALSE" for value in values],
    dt.datetime: _moment_texts,
    dt.date: lambda values: list(map(str, values)),
}
_KIND_OF: dict[type, Kind] = {
    str: Kind.TEXT,
    float: Kind.NUMBER,
    bool: Kind.BOOL,
    dt.datetime: Kind.DATETIME,
    dt.date: Kind.DATE,
}
_COMMON = set(_KIND_OF)
"""Types that fill columns. python-calamine gives midnights as dates, so a datetime has a time of day."""

_CONVERT: dict[type, Callable[..., tuple[Kind, str]]] = {
    str: _from_text,
    float: _from_number,
    int: _from_number,
    bool: _from_bool,
    dt.datetime: _from_moment,
    dt.date: lambda value: (Kind.DATE, value.isoformat()),
    dt.time: lambda value: (Kind.TIME, time_text(value)),
    dt.timedelta: lambda value: (Kind.TIME, duration_text(value)),
    Marked: lambda value: (value.kind, value.text),
}
