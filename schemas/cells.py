"""What a cell of a sheet is, and what can be wrong with it: the words that the types of values share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from schemas.message import Message

SHOWN_LENGTH = 80
"""Characters of a cell that a message repeats."""


class Kind(IntEnum):
    """What a spreadsheet stores in a cell; delimited text knows BLANK and TEXT alone.

    The text of a NUMBER is a plain decimal of at most 15 digits, of a BOOL `TRUE` or `FALSE`, of a DATE `YYYY-MM-DD`,
    of a DATETIME `YYYY-MM-DD HH:MM:SS`.
    """

    BLANK = 0
    TEXT = 1
    NUMBER = 2
    BOOL = 3
    DATE = 4
    DATETIME = 5
    TIME = 6
    ERROR = 7
    NOT_CALCULATED = 8
    PRECISION_LOST = 9


UNREADABLE = frozenset({Kind.ERROR, Kind.NOT_CALCULATED, Kind.PRECISION_LOST})
"""Cells that hold no value; the loader has a finding for each."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a cell cannot be a value of its property: a code of `importer.findings`, and the words for it."""

    code: str
    text: Message


@dataclass(frozen=True, slots=True)
class Reading:
    """How text is to be read: what the options of the command line and the file itself tell.

    locale: `pt-BR` and the like, for numbers, dates and words; None where nobody knows.
    date_format: `DD/MM/YYYY HH:mm`, or in strptime's letters.
    time_zone: IANA name; datetimes without a zone are read in it.
    blank: whether an empty cell clears its property, or leaves it alone.
    """

    locale: str | None = None
    date_format: str | None = None
    time_zone: str = "UTC"
    blank: Literal["clear", "keep"] = "clear"


Result = str | Problem
"""A value in HubSpot's own form, or why there is none."""

Ways = tuple[str, ...]
"""How a text can be read: no name where it tells nothing, one where it proves a way, several where it is ambiguous."""


class Converter:
    """Turns the cells of one column into values; `code` is the code of a cell that cannot be one.

    A column whose texts can be read in several ways (numbers, dates) names the ways; `way` is the settled one.
    """

    code = "invalid_text"
    way: str | None = None

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return the value of a cell that is not blank, or what is wrong with it."""
        raise NotImplementedError

    def convert_all(self, texts: Sequence[str], kind: Kind) -> list[str | None] | None:
        """Return the values of many cells ("" for blank ones) where that is quicker than to convert and remember each.

        None stands for a cell that is to be converted on its own, and in place of the list where all are.
        """
        del texts, kind
        return None

    def ways(self, text: str) -> Ways:
        """Return the ways in which `text` can be read with different results."""
        del text
        return ()

    def way_notice(self, place: str, proof: str) -> Message | None:
        """Return the words for "the cells of this column were read so, because of this one"."""
        del place, proof
        return None


class FunctionConverter(Converter):
    """A converter made of one function."""

    def __init__(self, code: str, convert: Callable[[str, Kind], Result]) -> None:
        self.code = code
        self._convert = convert

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return what the function says."""
        return self._convert(text, kind)


def shown(text: str) -> str:
    """Return `text` as a message repeats it: on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_LENGTH else line[: SHOWN_LENGTH - 1] + "…"


class Nearest:
    """Finds the valid values that a wrong one may have meant. Looks up a bounded number of texts: it is slow."""

    BUDGET = 2_000
    CUTOFF = 70

    def __init__(self, candidates: Sequence[str]) -> None:
        self._candidates = list(dict.fromkeys(candidates))
        self._budget = self.BUDGET

    def __call__(self, text: str, *, limit: int = 3) -> list[str]:
        """Return at most `limit` candidates that look like `text`, nearest first."""
        if self._budget <= 0 or not self._candidates:
            return []
        self._budget -= 1
        from rapidfuzz import fuzz, process

        found = process.extract(
            text, self._candidates, scorer=fuzz.ratio, processor=str.casefold, limit=limit, score_cutoff=self.CUTOFF
        )
        return [candidate for candidate, _, _ in found]


def quoted(values: Sequence[str], *, limit: int = 8) -> str:
    """Return `"A", "B"`, with `…` where there are more than `limit`."""
    listed = ", ".join(f'"{shown(value)}"' for value in values[:limit])
    return f"{listed}, …" if len(values) > limit else listed
