"""What a plan, or a run, does to each property: how many cells, which changes most often, from what to what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import orjson

from importer.journal.connection import JournalFile
from importer.model import Status

CHUNK = 2_000
"""Rows that are read at a time."""
MOST_PAIRS = 20_000
"""Different changes of a property that are counted separately; later ones count among the others."""
_LONGEST_VALUE = 500
"""Longer texts are not counted separately either."""

Scale = Callable[[str], Any]
"""Makes of a value something that can be compared, `None` where it is nothing of the kind."""


class Flow(NamedTuple):
    """One change of a value into another, and how many cells make it. Values in HubSpot's form."""

    before: str
    after: str
    cells: int


class Span(NamedTuple):
    """The least and the greatest of some values, as their scale gives them."""

    first: Any
    last: Any


@dataclass(frozen=True, slots=True)
class ColumnTotals:
    """What a plan does to one property. Where values before are not known, they are empty."""

    property_name: str
    changed: int
    cleared: int
    flows: tuple[Flow, ...] = ()
    """The most frequent changes, most cells first."""
    kinds: int = 0
    """How many different changes there are."""
    before: Span | None = None
    """Of the values before, of a property that has a scale."""
    after: Span | None = None


class _Tally:
    """Counts the changes of one property."""

    def __init__(self, scale: Scale | None) -> None:
        self.cells = self.cleared = self._untold = 0
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._scale = scale
        self._spans: dict[int, Span] = {}

    def add(self, found: list[tuple[str, str]]) -> None:
        self.cells += len(found)
        self.cleared += sum(not after for _, after in found)
        if self._scale is not None:
            for side in (0, 1):
                self._widen(side, {pair[side] for pair in found}, self._scale)
        if len(self._pairs) < MOST_PAIRS and max(map(len, chain.from_iterable(found))) <= _LONGEST_VALUE:
            self._pairs.update(found)
            return
        for pair in found:
            if pair in self._pairs or (len(self._pairs) < MOST_PAIRS and len(pair[0]) + len(pair[1]) <= _LONGEST_VALUE):
                self._pairs[pair] += 1
            else:
                self._untold += 1

    def _widen(self, side: int, values: Iterable[str], scale: Scale) -> None:
        known = [one for one in map(scale, filter(None, values)) if one is not None]
        if known:
            ends = (*known, *self._spans.get(side, ()))
            self._spans[side] = Span(min(ends), max(ends))

    def total(self, name: str, most: int) -> ColumnTotals:
        return ColumnTotals(
            name,
            changed=self.cells - self.cleared,
            cleared=self.cleared,
            flows=tuple(Flow(*pair, count) for pair, count in self._pairs.most_common(most)),
            kinds=len(self._pairs) + self._untold,
            before=self._spans.get(0),
            after=self._spans.get(1),
        )


def count_columns(
    file: JournalFile, *, most: int, status: Status | None, scales: Mapping[str, Scale]
) -> list[ColumnTotals]:
    """Return what the plan (or what was done, with a status) does to each property, most cells first.

    most: how many of the most frequent changes; scales: of properties whose least and greatest value is asked for.
    SQLite would sort the cells to count them, which takes twice as long, and more the more rows there are.
    """
    tallies: dict[str, _Tally] = {}
    for rows in _read(file, status):
        names = dict.fromkeys(name for _, after in rows for name in after)
        for name in names:
            tally = tallies.get(name) or tallies.setdefault(name, _Tally(scales.get(name)))
            tally.add([(before.get(name) or "", after[name]) for before, after in rows if name in after])
    order = sorted(tallies, key=lambda name: (-tallies[name].cells, name))
    return [tallies[name].total(name, most) for name in order]


def _read(
    file: JournalFile, status: Status | None
) -> Iterator[list[tuple[Mapping[str, str | None], Mapping[str, str]]]]:
    """Yield the values before and after, of some thousand rows at a time."""
    found = file.db.execute(
        "SELECT coalesce(before, '{}'), changes FROM planned WHERE status IS ? ORDER BY row", (status and str(status),)
    )
    while part := found.fetchmany(CHUNK):
        before, after = (orjson.loads(f"[{','.join(texts)}]") for texts in zip(*part, strict=True))
        yield list(zip(before, after, strict=True))
