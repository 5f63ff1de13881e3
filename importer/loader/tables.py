"""Totals rows of Excel tables: rows that sum up the others, and are no data.

In:  an open package, and the part of one of its worksheets.
Out: the cells of totals rows. Source: ECMA-376 part 1, 18.5.1.2 (`table`, `ref` and `totalsRowCount`).
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from importer.errors import FileError
from importer.loader.package import Package
from importer.ooxml.sheet_parser import split_range
from importer.ooxml.xml import read_elements
from schemas.message import Message, message


def totals_rows(package: Package, part: str, width: int) -> Mapping[int, AbstractSet[int]]:
    """Return {row: positions} of the totals rows that tables of a sheet have, positions up to `width` alone.

    A table that cannot be understood has none: its cells are read as those outside of tables are.
    """
    found: dict[int, set[int]] = {}
    for table in package.related(part, "table"):
        try:
            attributes = next(read_elements(package.read(table), table)).attributes
            _, left, bottom, right = split_range(attributes["ref"])
            count = int(attributes.get("totalsRowCount", "0"))
        except (FileError, StopIteration, KeyError, ValueError):
            continue
        if count == 1:
            found.setdefault(bottom, set()).update(range(left, min(right + 1, width)))  # tables stand side by side
    return found


def totals_notices(rows: Mapping[int, AbstractSet[int]]) -> tuple[Message, ...]:
    """Say which rows are not read."""
    return tuple(message("Row {row} is the totals row of a table, and is not read.", row=row) for row in sorted(rows))
