"""Where our columns stand in a sheet, and areas of cells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from importer.findings import column_letter
from importer.ooxml.addresses import column_position
from importer.writeback.annotation import Annotation

_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """The positions of our two columns. Those in `reused` hold what an earlier run wrote."""

    status: int
    message: int
    reused: frozenset[int] = frozenset()

    @property
    def new(self) -> frozenset[int]:
        """Return the positions where nothing of ours stands yet."""
        return frozenset({self.status, self.message}) - self.reused

    @property
    def last(self) -> int:
        """Return the rightmost of the two."""
        return max(self.status, self.message)


class Area(NamedTuple):
    """Cells of a sheet: columns by position, rows by number."""

    first: int
    top: int
    last: int
    bottom: int

    @classmethod
    def of(cls, reference: str) -> Area | None:
        """Return what a reference such as `A1:D9` or `$A$1:$D$9` says; None for anything else."""
        found = _REFERENCE.match(reference)
        if found is None:
            return None
        left, top, right, bottom = found.groups()
        return cls(column_position(left), int(top), column_position(right or left), int(bottom or top))

    def __str__(self) -> str:
        return f"{column_letter(self.first)}{self.top}:{column_letter(self.last)}{self.bottom}"

    def absolute(self) -> str:
        """Return the area as a reference that does not move when it is copied."""
        return re.sub(r"([A-Z]+)(\d+)", r"$\1$\2", str(self))

    def joined(self, place: Place, annotation: Annotation) -> Area | None:
        """Return the area with our columns in it; None where they cannot join it, or it isn't the data's own."""
        if annotation.key_position is not None and not self.first <= annotation.key_position <= self.last:
            return None
        if self.top != annotation.header_row or self.bottom <= self.top or place.message != place.status + 1:
            return None
        if self.first < place.status and place.message <= self.last:
            return self
        ends_there = place.status - 1 <= self.last < place.message and annotation.last_header() <= self.last
        return self._replace(last=place.message) if ends_there and self.first < place.status else None
