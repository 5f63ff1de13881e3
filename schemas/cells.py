"""What a cell of a sheet is, and what can be wrong with it: the words that the types of values share."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, Self

from schemas.message import Message

SHOWN_LENGTH = 80
"""Characters of a cell that a message repeats."""


class Kind(IntEnum):
    """What a cell held. Delimited files know BLANK and TEXT alone."""

    BLANK = 0
    TEXT = 1
    NUMBER = 2
    """Text is the plain decimal of the stored value at 15 digits, as Excel has it: `25012345678`, `0.3`."""
    BOOL = 3
    """Text is `TRUE` or `FALSE`."""
    DATE = 4
    """Text is `YYYY-MM-DD`: a date cell without a time of day."""
    DATETIME = 5
    """Text is `YYYY-MM-DD HH:MM:SS`, with `.mmm` after it where the cell holds parts of a second."""
    TIME = 6
    """A time of day or a duration, `HH:MM:SS`; the hours of a duration may pass 24."""
    ERROR = 7
    """`#N/A` and the like; a `formula_error` finding goes with it."""
    NOT_CALCULATED = 8
    """A formula without a stored result; a `formula_not_calculated` finding goes with it."""
    PRECISION_LOST = 9
    """A whole number over 15 digits in a number cell; a `precision_lost` finding goes with it."""


UNREADABLE = frozenset({Kind.ERROR, Kind.NOT_CALCULATED, Kind.PRECISION_LOST})
"""Cells that hold no value; the loader has a finding for each."""

CELLS: Mapping[Kind, type[str]] = {
    kind: type(f"{kind.name.title()}Cell", (str,), {"__slots__": ()})
    for kind in (Kind.TEXT, Kind.NUMBER, Kind.BOOL, Kind.DATE, Kind.DATETIME, Kind.TIME)
}
"""The class that the text of a cell has where its kind is not that of its column."""

KINDS: Mapping[type, Kind] = {str: Kind.TEXT, **{kind_class: kind for kind, kind_class in CELLS.items()}}
"""The kind of a cell by the class of its text; a plain text is of its column's kind."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a cell cannot be a value of its property: a code of `importer.findings`, and the words for it."""

    code: str
    text: Message


class Refused(str):
    """The text of a cell that cannot be a value; `problem` is why, None where its loader has said so."""

    __slots__ = ("problem",)
    problem: Problem | None

    def __new__(cls, text: str, problem: Problem | None) -> Self:
        """Return the text with what is wrong with it."""
        made = super().__new__(cls, text)
        made.problem = problem
        return made


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a column; `kind` is that of plain texts. Blank cells are the same whatever their kind."""

    texts: Sequence[str]
    kind: Kind = Kind.TEXT

    def kind_of(self, cell: str) -> Kind | None:
        """Return the kind of one of the cells; None for one that is refused."""
        return self.kind if type(cell) is str else KINDS.get(type(cell))


@dataclass(frozen=True, slots=True)
class Reading:
    """How text is to be read: what the options of the command line and the file itself say.

    locale: `pt-BR` and the like, for numbers, dates and words; None where it isn't known.
    date_format: `DD/MM/YYYY HH:mm`, or in strptime's letters.
    time_zone: IANA name; datetimes without a zone are read in it.
    blank: whether an empty cell clears its property, or leaves it alone.
    options: whether texts are labels or values, where a text is the label of one option and the value of another.
    clear_word: what a cell holds that clears its property, whatever an empty cell means.
    """

    locale: str | None = None
    date_format: str | None = None
    time_zone: str = "UTC"
    blank: Literal["clear", "keep"] = "clear"
    options: Literal["labels", "values"] | None = None
    clear_word: str = ""


Result = str | Problem
"""A value in HubSpot's own form, or why there is none."""

Ways = tuple[str, ...]
"""How a text can be read: no name where it proves nothing, one where it proves a way, several where it is ambiguous."""


class Converter:
    """Turns the cells of one column into values; `code` is the code of a cell that cannot be one.

    A column whose texts can be read in several ways (numbers, dates) names the ways; `way` is the settled one.
    """

    code = "invalid_text"
    codes: tuple[str, ...] = ()
    """All codes that a cell may be refused with: each is a check of the column."""
    way: str | None = None
    proving = frozenset({Kind.TEXT})
    """Kinds of cells that can be read in several ways, or prove one."""

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return the value of a cell that is not blank, or what is wrong with it."""
        raise NotImplementedError

    def convert_all(self, texts: Sequence[str], kind: Kind) -> list[str | None] | None:
        """Return the values of many cells ("" for blank ones) where that is quicker than to convert and remember each.

        None stands for a cell that is to be converted on its own, and instead of the list where all are. The values
        are in HubSpot's form beyond doubt: it isn't judged once more.
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

    def __init__(self, code: str, codes: tuple[str, ...], convert: Callable[[str, Kind], Result]) -> None:
        self.code = code
        self.codes = codes
        self._convert = convert

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return what the function says."""
        return self._convert(text, kind)


def places_of(wanted: object, values: Sequence[object]) -> list[int]:
    """Return the places of a value among others. Sought with `index`, since they are few among many."""
    places: list[int] = []
    with suppress(ValueError):
        while True:
            places.append(values.index(wanted, places[-1] + 1 if places else 0))
    return places


def fold(text: str) -> str:
    """Return a name or word as it is compared: without case, outer white space, kinds of blanks and of accents.

    An accented letter may be one character or a letter and its accent, as files from a Mac have it.
    """
    folded = " ".join(text.split()).casefold()
    return folded if folded.isascii() else unicodedata.normalize("NFC", folded)


UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2065\u2800\u3164\uffa0") | frozenset(
    map(chr, (*range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)))
)
"""Characters that show nothing though their category does not say so: fillers, variation selectors, blank braille.

Source: the Unicode Character Database, DerivedCoreProperties.txt, Default_Ignorable_Code_Point. Characters that
this Python does not know yet (Cn) are not among them: next year's emoji is seen.
"""


def shows_nothing(text: str) -> bool:
    """Return whether a text is empty, or of invisible characters alone."""
    return all(one.isspace() or one in UNSEEN or unicodedata.category(one) in {"Cf", "Cc", "Zs"} for one in text)


def visible(text: str) -> str:
    """Return `text` on one line, its unseen characters as their escapes: texts that look alike are then told apart."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def shown(text: str) -> str:
    """Return `text` as a message repeats it: on one line, cut where it is long, and `visible`."""
    line = visible(" ".join(text.split()))
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
