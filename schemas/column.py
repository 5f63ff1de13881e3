"""Whole columns through a converter: each distinct text once, and remembered.

In:  cells: texts, of the class in `schemas.cells.CELLS` where a workbook's cell was no text.
Out: values in HubSpot's own form, "" for blank cells, and `Refused` for each that cannot be a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from schemas.cells import KINDS, Converter, Kind, Problem, Refused, unread_places
from schemas.types.option import StageConverter

REMEMBERED = 50_000
"""Distinct texts of a column whose value is remembered: more would cost memory, and repeat seldom."""

AMBIGUOUS = frozenset({"ambiguous_date", "ambiguous_number", "ambiguous_option"})
"""Codes of cells that can be read in two ways: other cells of their column may prove one."""


class ColumnReader:
    """Converts the cells of one column."""

    def __init__(self, converter: Converter) -> None:
        self.converter = converter
        self._known: dict[Kind, dict[str, str]] = {}

    def read(self, cells: Sequence[str]) -> list[str]:
        """Return the values of some cells."""
        kinds = set(map(type, cells))
        if kinds <= {str}:
            return self._read_kind(cells, Kind.TEXT)
        # Nearly all cells of a column are of one kind or blank; blank cells are the same whatever the kind.
        if (
            len(others := kinds - {str}) == 1
            and Refused not in kinds
            and not any(type(one) is str and one for one in cells)
        ):
            return self._read_kind(list(map(str, cells)), KINDS[others.pop()])
        values: list[str] = list(cells)
        for kind in kinds - {Refused}:
            places = [place for place, cell in enumerate(cells) if type(cell) is kind]
            for place, value in zip(
                places, self._read_kind([str(cells[place]) for place in places], KINDS[kind]), strict=True
            ):
                values[place] = value
        return values

    def _read_kind(self, texts: Sequence[str], kind: Kind) -> list[str]:
        quick = self.converter.convert_all(texts, kind)
        if quick is None:
            return self._remembered(texts, kind)
        if odd := unread_places(quick):
            for place, value in zip(odd, self._remembered([texts[place] for place in odd], kind), strict=True):
                quick[place] = value
        return quick  # type: ignore[return-value]  # no None is left in it

    def _remembered(self, texts: Sequence[str], kind: Kind) -> list[str]:
        if sum(map(len, self._known.values())) > REMEMBERED:
            self.forget()
        known = self._known.setdefault(kind, {})
        for text in set(texts).difference(known):
            known[text] = self._convert(text, kind)
        return list(map(known.__getitem__, texts))

    def _convert(self, text: str, kind: Kind) -> str:
        if not text.strip():
            return ""
        result = self.converter(text, kind)
        return refuse(text, result, self.converter) if isinstance(result, Problem) else result

    def forget(self) -> None:
        """Forget what was read, for the converter reads differently now, or memory is short."""
        self._known.clear()


def refuse(text: str, problem: Problem, converter: Converter) -> Refused:
    """Return a refused cell. A code that no check of the column would look for is a bug: RuntimeError."""
    if problem.code not in converter.codes:
        raise RuntimeError(f"{type(converter).__name__} has no code {problem.code}")
    return Refused(text, problem)


def collect_proofs(converter: Converter, cells: Iterable[str], proofs: dict[str, str]) -> None:
    """Add to `proofs` the ways in which a column can only be read, each with the first cell that proves it.

    A blank cell proves nothing, though an option may have a value that shows nothing.
    """
    for cell in dict.fromkeys(cells):
        if KINDS.get(type(cell)) in converter.proving and cell.strip():
            ways = converter.ways(cell)
            if len(ways) == 1:
                proofs.setdefault(ways[0], str(cell))


def is_doubtful(values: Sequence[object]) -> bool:
    """Return whether a value was refused for being ambiguous."""
    return Refused in set(map(type, values)) and any(
        isinstance(one, Refused) and one.problem is not None and one.problem.code in AMBIGUOUS for one in values
    )


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
        self._known: dict[Pair, str] = {}

    def read(self, cells: Sequence[str | Pair]) -> list[str]:
        """Return the stages of some cells."""
        if len(self._known) > REMEMBERED:
            self.forget()
        pairs: list[Pair] = [(None, cell) if isinstance(cell, str) else cell for cell in cells]
        for pair in set(pairs).difference(self._known):
            self._known[pair] = self._convert(*pair)
        values = list(map(self._known.__getitem__, pairs))
        for place, (_, cell) in enumerate(pairs):
            if type(cell) is Refused:
                values[place] = cell
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
