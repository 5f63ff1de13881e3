"""How a column is written whose cells can be read in two ways: settled by those that can be read in one way only.

The cells of the whole file count. The file is read a second time for it, those columns alone, when a doubtful cell
turns up and the file has more than one chunk.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from importer.loader.table import Chunk
from importer.validation.cells import typed_cells
from schemas.cells import Converter
from schemas.column import collect_proofs


class Reader(Protocol):
    """What reads a column: the column of stages, or any other."""

    @property
    def converter(self) -> Converter:
        """Return what reads one cell."""
        ...

    def forget(self) -> None:
        """Forget what was read, for the converter reads differently now."""
        ...


@dataclass
class AmbiguousColumns:
    """Columns of one file whose cells can be read in two ways, and what settled them."""

    readers: Mapping[int, Reader]
    settled: dict[int, str] = field(default_factory=dict)
    """Column -> the first cell that proves how it is read."""
    _asked: set[int] = field(default_factory=set)

    def is_open(self, position: int) -> bool:
        """Whether this column was not looked through yet."""
        return position not in self._asked

    def settle(self, positions: Collection[int], chunks: Iterable[Chunk]) -> None:
        """Look through columns of the whole file, and have them read the way that their cells prove.

        Where cells prove different ways, none is settled.
        """
        proofs: dict[int, dict[str, str]] = {position: {} for position in positions}
        for chunk in chunks:
            for position in positions:
                self._collect(chunk, position, proofs[position])
        for position, found in proofs.items():
            self._asked.add(position)
            if len(found) == 1:
                reader = self.readers[position]
                reader.converter.way, self.settled[position] = next(iter(found.items()))
                reader.forget()

    def _collect(self, chunk: Chunk, position: int, proofs: dict[str, str]) -> None:
        cells = typed_cells(chunk.columns[position], chunk.kinds.get(position))
        collect_proofs(self.readers[position].converter, cells, proofs)
