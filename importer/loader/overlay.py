"""python-calamine's values, with what it hides laid over them.

In:  a sheet of calamine's, and the cells that it gives wrongly or as blanks, found by other means.
Out: a `Grid`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import python_calamine

from importer.errors import FileError
from importer.loader.cells import Value
from importer.loader.grid import Block, Grid, SheetFacts
from schemas.message import Message, message

Found = Mapping[int, Mapping[int, Value]]
"""Row -> position -> the cell as it should be read."""


_NOTHING: Mapping[int, Value] = {}


class CalamineFailed(Exception):
    """calamine cannot read the sheet, though another reader might."""


def read_values(file: Path | BinaryIO, name: str) -> python_calamine.CalamineSheet:
    """Let calamine read a sheet; the file is closed afterwards. Raises CalamineFailed, OSError."""
    with _calamine(), python_calamine.load_workbook(file) as book:
        return book.get_sheet_by_name(name)


@contextmanager
def _calamine() -> Iterator[None]:
    """Turn what calamine raises into CalamineFailed, the panics of its Rust code among it."""
    try:
        yield
    except (python_calamine.CalamineError, OverflowError, ValueError) as problem:
        raise CalamineFailed(str(problem)) from problem
    except BaseException as problem:
        if type(problem).__name__ == "PanicException":  # its class cannot be imported
            raise CalamineFailed(str(problem)) from problem
        raise


def overlaid(
    values: python_calamine.CalamineSheet, found: Found, facts: SheetFacts, notices: tuple[Message, ...] = ()
) -> Grid:
    """Lay cells that were found otherwise over calamine's values; they may lie outside the range it takes for used."""
    top, left = values.start or (0, 0)
    bottom, right = values.end or (-1, -1)
    positions = [position for cells in found.values() for position in cells]
    first = min([left, *positions])
    width = max([right, *positions]) + 1 - first
    last_row = max([bottom + 1, *found])
    before, after = [""] * (left - first), [""] * (first + width - 1 - right)

    def blocks(size: int) -> Iterator[Block]:
        stored = cast("Iterator[list[Value]]", values.iter_rows() if values.start else iter(()))
        number = 1
        while rows := _some(stored, size):
            numbers = range(number, number + len(rows))
            yield numbers, _patched(numbers, rows)
            number += len(rows)
        beyond = sorted(row for row in found if row >= number)
        for start in range(0, len(beyond), size):
            numbers_beyond = beyond[start : start + size]
            yield numbers_beyond, _patched(numbers_beyond, [[""] * (right + 1 - left) for _ in numbers_beyond])

    def _patched(numbers: Sequence[int], rows: Sequence[Sequence[Value]]) -> Sequence[Sequence[Value]]:
        if before or after:
            rows = [[*before, *row, *after] for row in rows]
        if found:
            for number, row in zip(numbers, rows, strict=True):
                for position, value in found.get(number, _NOTHING).items():
                    cast("list[Value]", row)[position - first] = value
        return rows

    return Grid(blocks, first, width, facts, row_count=last_row - top, notices=notices)


def _some(rows: Iterator[list[Value]], size: int) -> list[list[Value]]:
    try:
        with _calamine():
            return list(islice(rows, size))
    except CalamineFailed as problem:
        raise FileError(
            message(
                "The file holds a value that cannot be read ({reason}). Save it anew in a spreadsheet program, as XLSX "
                "or CSV.",
                reason=str(problem),
            )
        ) from problem
