"""What every kind of file becomes: sheets with headers, tables that are read in chunks, cells with their kind.

In:  nothing; these are the records and promises that `delimited` and `workbook` keep.
Out: text for every cell, what kind of cell it was, and findings that carry the address the spreadsheet shows.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from importer.findings import REPORT_COLUMNS, Finding
from schemas.message import Message

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from importer.ooxml.number_format import Format

CHUNK_SIZE = 10_000
"""Rows read at a time: large enough for column-wise work, small enough that memory does not grow with the file."""

FINGERPRINT_SHEET, LISTS_SHEET = "Import fingerprint", "Import lists"
"""Sheets that a template has besides its tickets; never read as data."""


@dataclass(slots=True)
class Chunk:
    """Some rows of the asked columns, in order.

    Rows that cannot be lined up with the header (`ragged_row`) are missing, and have a finding.
    """

    rows: list[int]
    """Their numbers in the spreadsheet."""
    columns: Mapping[int, list[str]]
    """Position -> the text of each cell, "" where blank. Not to be changed."""
    kinds: Mapping[int, npt.NDArray[np.uint8]] = field(default_factory=dict)
    """Position -> one `Kind` a row. A position that is missing holds text alone: TEXT, or BLANK where empty."""
    shown: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    """Position -> {row: the number with the leading zeros its format shows}."""
    lines: list[int] | None = None
    """Delimited files: the line each row begins at. None for workbooks."""
    findings: list[Finding] = field(default_factory=list)
    _looks: dict[int, tuple[str, int]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def joined(self, position: int) -> str:
        """Return the texts of a column as one, to be searched for what hardly any of them holds."""
        return self._look(position)[0]

    def longest(self, position: int) -> int:
        """Return how long the longest text of a column is."""
        return self._look(position)[1]

    def _look(self, position: int) -> tuple[str, int]:
        if position not in self._looks:
            texts = self.columns[position]
            self._looks[position] = "".join(texts), max(map(len, texts), default=0)  # at one go, while it is at hand
        return self._looks[position]


@dataclass(frozen=True, slots=True)
class SheetInfo:
    """One sheet, and its header: the first row that holds anything."""

    name: str | None
    """None for delimited files."""
    visible: bool
    header_row: int | None
    """As the spreadsheet numbers it; None where the sheet is empty."""
    headers: tuple[str, ...] = ()
    """By position, "" where the header cell is empty."""


@dataclass(frozen=True, slots=True)
class OwnColumns:
    """The columns of ours that a sheet has, and the headers that ours get when they are written anew."""

    statuses: tuple[int, ...] = ()
    """Positions of the status columns: one, as a rule."""
    messages: tuple[int, ...] = ()
    """Positions of the message columns; each stands right of one of `statuses`, unless somebody moved it."""
    names: tuple[str, str] = REPORT_COLUMNS
    """Headers for the status and the message column: with a number where a column of the user's bears the name."""

    @property
    def positions(self) -> tuple[int, ...]:
        """All columns that are ours, in order."""
        return tuple(sorted((*self.statuses, *self.messages)))

    @property
    def pair(self) -> tuple[int | None, int | None]:
        """The status column written last time and its message column; None where the sheet has none."""
        if not self.statuses:
            return None, None
        status = self.statuses[0]
        moved = (place for place in self.messages if place - 1 not in self.statuses)
        return status, status + 1 if status + 1 in self.messages else next(moved, None)


class Table(ABC):
    """The rows under one header."""

    source: Source
    sheet: str | None
    header_row: int
    headers: tuple[str, ...]
    own: OwnColumns = OwnColumns()
    """Columns of an earlier report, once `own_columns` has found them."""

    @property
    @abstractmethod
    def notices(self) -> tuple[Message, ...]:
        """What people should know of this sheet: hidden rows that are read, for example."""

    @property
    @abstractmethod
    def empty_headers_with_data(self) -> tuple[int, ...]:
        """Positions whose header is empty though cells below are not; reads the table where a header is empty."""

    @property
    def formats(self) -> Mapping[int, frozenset[Format]]:
        """By position, the formats of dates, languages and currencies that filled cells have; empty if unknown."""
        return {}

    def currency_cells(self, position: int) -> Mapping[int, str]:
        """Return {row: currency} for number cells of a column that are formatted with a sign or code of one."""
        del position
        return {}

    @abstractmethod
    def chunks(self, positions: Collection[int], size: int = CHUNK_SIZE) -> Iterator[Chunk]:
        """Read the columns at `positions`, at most `size` rows at a time; may be called again.

        Rows come in order. Blank rows are there or not, as it suits the format: their cells are all "".
        Raises FileError where the file turns out to be damaged further down.
        """


class Source(ABC):
    """A spreadsheet that has been opened: what it is, and its sheets."""

    path: Path
    format: str
    """`csv`, `tsv`, `xlsx`, `xlsm`, `xls` or `ods`, by content."""
    digest: str
    """SHA-256 of the file's bytes as read, in hex."""
    date_system: int = 1900
    """1900 or 1904: the year from which a workbook counts days."""
    notices: tuple[Message, ...] = ()

    @property
    @abstractmethod
    def sheets(self) -> Sequence[SheetInfo]:
        """All sheets in the file's order; a delimited file has one, without a name."""

    @abstractmethod
    def table(self, sheet: str | None) -> Table:
        """Return the table of the sheet of this name (None for delimited files). Raises KeyError for another name."""


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
