"""Cells of a workbook as text, and what kind of cell each was; on whole columns.

In:  the values of one column as python-calamine or our own readers give them, "" where blank.
Out: text of every cell, its `Kind`, and the text with the leading zeros that a number format shows.

Numbers are rounded to 15 significant digits, as Excel itself keeps and shows them (Excel specifications and limits,
"number precision: 15 digits"): 0.30000000000000004 is 0.3.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from importer.loader.table import Kind

WHOLE_LIMIT = 1e15
"""Whole numbers from here on have 16 digits: more than a number cell keeps."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A cell that says more than a bare value: an error, a formula without result, a number with zeros before it."""

    kind: Kind
    text: str
    shown: str | None = None


Value = str | float | bool | dt.date | dt.time | dt.timedelta | Marked


@dataclass(slots=True)
class ColumnTexts:
    """One column of some rows. `kinds` is None where all is text or blank."""

    texts: list[str]
    kinds: npt.NDArray[np.uint8] | None
    shown: dict[int, str]
    """Index in `texts` -> the number as its format shows it."""


def number_text(value: float) -> str:
    """Return a number as a plain decimal of at most 15 significant digits, without exponent or trailing zeros."""
    if value == (whole := int(value)) and -WHOLE_LIMIT < value < WHOLE_LIMIT:
        return str(whole)
    text = f"{value:.15g}"
    if "e" in text:
        text = f"{Decimal(text):f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
    return text


def is_too_precise(value: float) -> bool:
    """Whether a number is whole and has more than 15 digits: what a number cell cannot keep."""
    return abs(value) >= WHOLE_LIMIT


def moment_text(value: dt.datetime) -> str:
    """Return `YYYY-MM-DD HH:MM:SS`, with milliseconds where there are any.

    A serial number keeps a moment to some ten microseconds, so finer parts are noise.
    """
    if value.microsecond:
        value += dt.timedelta(microseconds=500)
        value = value.replace(microsecond=value.microsecond // 1000 * 1000)
        if value.microsecond:
            return value.isoformat(" ", "milliseconds")
    return value.isoformat(" ", "seconds")


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


def column_texts(values: Sequence[Value]) -> ColumnTexts:
    """Return the texts and kinds of one column."""
    types = set(map(type, values))
    if types == {str}:
        return ColumnTexts(values, None, {})  # type: ignore[arg-type]  # all of them are str, says the line above
    if types == {float}:
        return _numbers(values)  # type: ignore[arg-type]  # all of them are float
    texts: list[str] = []
    kinds = np.empty(len(values), dtype=np.uint8)
    shown: dict[int, str] = {}
    for index, value in enumerate(values):
        kind, text = _CONVERT[type(value)](value)
        kinds[index] = kind
        texts.append(text)
        if kind is Kind.NUMBER and type(value) is Marked and value.shown is not None:
            shown[index] = value.shown
    return ColumnTexts(texts, kinds, shown)


def _numbers(values: Sequence[float]) -> ColumnTexts:
    numbers = np.array(values, dtype=np.float64)
    huge = np.abs(numbers) >= WHOLE_LIMIT
    kinds = np.where(huge, np.uint8(Kind.PRECISION_LOST), np.uint8(Kind.NUMBER)).astype(np.uint8)
    if not huge.any() and (numbers == np.floor(numbers)).all():
        return ColumnTexts(list(map(str, numbers.astype(np.int64).tolist())), kinds, {})
    return ColumnTexts(list(map(number_text, values)), kinds, {})


def _from_text(value: str) -> tuple[Kind, str]:
    return (Kind.TEXT if value else Kind.BLANK), value


def _from_number(value: float) -> tuple[Kind, str]:
    return (Kind.PRECISION_LOST if is_too_precise(value) else Kind.NUMBER), number_text(value)


def _from_bool(value: bool) -> tuple[Kind, str]:  # noqa: FBT001 - it is the cell, not a switch
    return Kind.BOOL, "TRUE" if value else "FALSE"


def _from_moment(value: dt.datetime) -> tuple[Kind, str]:
    text = moment_text(value)
    if text.endswith(" 00:00:00"):
        return Kind.DATE, text[:-9]
    return Kind.DATETIME, text


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
