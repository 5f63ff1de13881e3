"""What a cell's stored text means: numbers, moments, errors.

In:  the text of a cell and its number format.
Out: a `Value`.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from decimal import Decimal

from importer.ooxml.number_format import Format, Shows, with_zeros
from schemas.cells import Kind

WHOLE_LIMIT = 1e15
"""Whole numbers from here on have 16 digits: more than a number cell keeps."""

_NUMBER = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*", re.ASCII)
_DAY_MS = 86_400_000
_EPOCH_1900 = dt.datetime(1899, 12, 31)  # noqa: DTZ001 - a cell's moment has no zone
_EPOCH_1904 = dt.datetime(1904, 1, 1)  # noqa: DTZ001
_FALSE_LEAP_DAY = 60
_YEAR_10000 = 2_958_466
"""The serial number of the day after the last one, in the 1900 system."""
_LONGEST_DAYS = 999_999_999
"""What a `timedelta` holds."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A cell that says more than a bare value: an error, a formula without result, a number with zeros before it."""

    kind: Kind
    text: str
    shown: str | None = None


Value = str | float | bool | dt.date | dt.time | dt.timedelta | Marked


PICTURE = Marked(Kind.ERROR, "=IMAGE(...)")
"""A cell whose formula shows a picture, which spreadsheet programs store as an empty text."""


def shows_picture(formula: str) -> bool:
    """Whether a formula shows a picture, by Excel's function or by Google's in an exported file."""
    return "IMAGE(" in formula


def number_text(value: float) -> str:
    """Return a number as a plain decimal of at most 15 significant digits, without exponent or trailing zeros.

    One that has more digits before its decimal point cannot be read, so it is given as it is stored.
    """
    if is_too_precise(value):
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    if value == (whole := int(value)):
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


def number_value(text: str, form: Format, date_system: int) -> Value:
    """Return what a stored number means under its format; an error where it is no number."""
    if not _NUMBER.fullmatch(text):
        return Marked(Kind.ERROR, text)
    number = float(text)
    if not math.isfinite(number):
        return number
    if form.shows is Shows.ELAPSED and abs(number) < _LONGEST_DAYS:
        return dt.timedelta(milliseconds=round(number * _DAY_MS))
    if form.shows is Shows.MOMENT and (moment := serial_value(number, date_system)) is not None:
        return moment
    if is_too_precise(number):
        return Marked(Kind.PRECISION_LOST, text if text.lstrip("-").isdigit() else number_text(number))
    if form.digits > 1 and (shown := with_zeros(number_text(number), form.digits)) is not None:
        return Marked(Kind.NUMBER, number_text(number), shown)
    return number


def serial_value(number: float, date_system: int) -> dt.date | dt.datetime | dt.time | None:
    """Return the moment of a serial number; None where it isn't one (negative, or past the year 9999).

    Day 1 is 1900-01-01, or day 0 1904-01-01. The 1900 system counts a 29 February 1900 that never was (serial 60);
    it is read as the day before, as other programs do. Parts of a day alone are a time. ECMA-376 part 1, 18.17.4.
    """
    if not 0 <= number < _YEAR_10000:
        return None
    since = dt.timedelta(milliseconds=round(number * _DAY_MS))
    if number < 1:
        return (_EPOCH_1904 + since).time()
    if date_system == 1904:
        epoch = _EPOCH_1904
    else:
        epoch = _EPOCH_1900 if since.days < _FALSE_LEAP_DAY else _EPOCH_1900 - dt.timedelta(days=1)
    try:
        moment = epoch + since
    except OverflowError:
        return None
    return moment.date() if moment.time() == dt.time() else moment


def iso_value(text: str) -> dt.date | dt.datetime | dt.time | str:
    """Return the value of a cell of type `d` (ISO 8601, as strict files may have it); text where it names a zone."""
    if text.endswith("Z"):
        return text
    try:
        if "T" in text:
            moment = dt.datetime.fromisoformat(text)
            return moment.date() if moment.time() == dt.time() else moment
        return dt.time.fromisoformat(text) if ":" in text else dt.date.fromisoformat(text)
    except ValueError:
        return text
