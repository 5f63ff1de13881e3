"""Whole columns through a converter: each distinct text once, and remembered.

In:  cells: texts, of the class in `schemas.cells.CELLS` where one is of another kind than the column's.
Out: values in HubSpot's own form, "" for blank cells, and `Refused` for each that cannot be a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from schemas.cells import KINDS, Cells, Converter, Kind, Problem, Refused, places_of
from schemas.types.option import StageConverter

REMEMBERED = 50_000
"""Distinct texts of a column whose value is remembered: more would cost memory, and repeat seldom."""

AMBIGUOUS = frozenset({"ambiguous_date", "ambiguous_number", "ambiguous_option"})
"""Codes of cells that can be read in two ways: other cells of their column may prove one."""


class ColumnReader:
    """Converts the cells of one column."""

    def __init__(self, converter: Converter) -> None:
        self.converter = converter
        self.refused: Mapping[int, str] = {}
        """Places of the cells that were refused when cells were last read, with their codes."""
        self._known: dict[Kind, _Known] = {}

    def read(self, cells: Cells) -> list[str]:
        """Return the values of some cells."""
        values = self._read(cells)
        self.refused = _refused(values)
        return values

    def _read(self, cells: Cells) -> list[str]:
        others = set(map(type, cells.texts)) - {str}
        if not others:
            return self._read_kind(cells.texts, cells.kind)
        classes = list(map(type, cells.texts))
        # Nearly all cells of a column are of one kind or blank.
        values = self._read_kind([cell if type(cell) is str else "" for cell in cells.texts], cells.kind)
        for one in others:
            places = places_of(one, classes)
            found: Sequence[str] = [cells.texts[place] for place in places]
            if one in KINDS:
                found = self._read_kind(list(map(str, found)), KINDS[one])
            for place, value in zip(places, found, strict=True):
                values[place] = value
        return values

    def _read_kind(self, texts: Sequence[str], kind: Kind) -> list[str]:
        quick = self.converter.convert_all(texts, kind)
        if quick is None:
            return self._remembered(texts, kind)
        if odd := places_of(None, quick):
            for place, value in zip(odd, self._remembered([texts[place] for place in odd], kind), strict=True):
                quick[place] = value
        return quick  # type: ignore[return-value]  # no None is left in it

    def _remembered(self, texts: Sequence[str], kind: Kind) -> list[str]:
        if sum(map(len, self._known.values())) > REMEMBERED:
            self.forget()
        if kind not in self._known:
            self._known[kind] = _Known(self.converter, kind)
        return list(map(self._known[kind].__getitem__, texts))

    def forget(self) -> None:
        """Forget what was read, for the converter reads differently now, or memory is short."""
        self._known.clear()


class _Known(dict[str, str]):
    """The values of texts of one kind. A text is converted when it is first asked for."""

    def __init__(self, converter: Converter, kind: Kind) -> None:
        super().__init__()
        self._converter = converter
        self._kind = kind

    def __missing__(self, text: str) -> str:
        value = ""
        if text.strip():
            result = self._converter(text, self._kind)
            value = refuse(text, result, self._converter) if isinstance(result, Problem) else result
        self[text] = value
        return value


def refuse(text: str, problem: Problem, converter: Converter) -> Refused:
    """Return a refused cell. A code that no check of the column would look for is a bug: RuntimeError."""
    if problem.code not in converter.codes:
        raise RuntimeError(f"{type(converter).__name__} has no code {problem.code}")
    return Refused(text, problem)


def collect_proofs(converter: Converter, cells: Cells, proofs: dict[str, str]) -> None:
    """Add to `proofs` the ways in which a column can only be read, each with the first cell that proves it.

    A blank cell proves nothing, though an option may have a value that shows nothing.
    """
    for kind, cell in dict.fromkeys(zip(map(cells.kind_of, cells.texts), cells.texts, strict=True)):
        if kind in converter.proving and cell.strip():
            ways = converter.ways(cell)
            if len(ways) == 1:
                proofs.setdefault(ways[0], str(cell))


def refused_places(values: Sequence[str]) -> list[int]:
    """Return the places of refused cells among values."""
    return places_of(Refused, list(map(type, values)))


def _refused(values: Sequence[str]) -> dict[int, str]:
    """Return the code of each refused cell by place; "" where its loader has said what is wrong."""
    found = {}
    for place in refused_places(values):
        one = values[place]
        found[place] = one.problem.code if isinstance(one, Refused) and one.problem else ""
    return found


def is_doubtful(reader: ColumnReader | StageReader) -> bool:
    """Return whether a cell was refused for being ambiguous when cells were last read."""
    return not AMBIGUOUS.isdisjoint(reader.refused.values())


class StageChoices(str):
    """A stage whose pipeline the row does not name.

    `by_pipeline` has the stage that is meant in each; "" where several may be.
    """

    __slots__ = ("by_pipeline",)
    by_pipeline: Mapping[str, str]

    def __new__(cls, by_pipeline: Mapping[str, str]) -> Self:
        """Return the first of the stages, with all of them."""
        made = super().__new__(cls, next(iter(by_pipeline.values())))
        made.by_pipeline = by_pipeline
        return made


Pair = tuple[str | None, str]
"""The pipeline of a row, None where the sheet has none or it was refused, and the text of its stage cell."""


class StageReader:
    """Reads the stage column, whose values depend on the row's pipeline."""

    def __init__(self, converter: StageConverter) -> None:
        self.converter = converter
        self.refused: Mapping[int, str] = {}
        """Places of the cells that were refused when cells were last read, with their codes."""
        self._known: dict[str | Pair, str] = {}

    def read(self, cells: Cells) -> list[str]:
        """Return the stages of some cells, whatever their kind; in place of a text, there may be a pair."""
        found: Sequence[Any] = cells.texts
        if len(self._known) > REMEMBERED:
            self.forget()
        for cell in set(found).difference(self._known):
            self._known[cell] = self._convert(None, cell) if isinstance(cell, str) else self._convert(*cell)
        values = list(map(self._known.__getitem__, found))
        if tuple in set(map(type, found)):
            found = [cell if isinstance(cell, str) else cell[1] for cell in found]
        for place in refused_places(found):
            values[place] = found[place]
        self.refused = _refused(values)
        return values

    def _convert(self, pipeline: str | None, cell: str) -> str:
        text = str(cell)
        if not text.strip():
            return ""
        if self.converter.is_blind:
            return text.strip()
        found = self.converter.in_pipeline(text, pipeline) if pipeline else self.converter.in_any(text)
        if isinstance(found, Problem):
            return refuse(text, found, self.converter)
        return found if isinstance(found, str) else StageChoices(found)

    def forget(self) -> None:
        """Forget what was read, for the converter reads differently now, or memory is short."""
        self._known.clear()
