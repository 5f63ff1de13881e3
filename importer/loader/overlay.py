"""python-calamine's values, with what it hides laid over them.

In:  a sheet of calamine's, and the cells that it gives wrongly or as blanks, found by other means.
Out: a `Grid`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import python_calamine

from importer.errors import FileError
from importer.loader.cells import Value
from importer.loader.sheet_table import Block, Grid, SheetFacts
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
    values: python_calamine.CalamineSheet,
    found: Found,
    facts: SheetFacts,
    notices: tuple[Message, ...] = (),
    *,
    instead: Callable[[], Grid] | None = None,
) -> Grid:
    """Lay cells that were found otherwise over calamine's values; they may lie outside the range it takes for used.

    instead: reads the sheet by other means, where calamine fails over one of its rows.
    """
    overlay = _Overlay(values, found, instead)
    return Grid(overlay.blocks, overlay.first, overlay.width, facts, overlay.last_row, notices)


class _Overlay:
    def __init__(self, values: python_calamine.CalamineSheet, found: Found, instead: Callable[[], Grid] | None) -> None:
        self._values = values
        self._found = found
        self._instead = instead
        self._left = values.start[1] if values.start else 0
        bottom, self._right = values.end or (-1, -1)
        positions = [position for cells in found.values() for position in cells]
        self.first = min([self._left, *positions])
        self.width = max([self._right, *positions]) + 1 - self.first
        self.last_row = max([bottom + 1, *found])

    def blocks(self, size: int) -> Iterator[Block]:
        """Read the rows from the beginning, so many at a time."""
        stored = cast("Iterator[list[Value]]", self._values.iter_rows() if self._values.start else iter(()))
        number = 1
        try:
            while rows := _some(stored, size):
                numbers = range(number, number + len(rows))
                yield numbers, self._patched(numbers, rows)
                number += len(rows)
        except CalamineFailed as problem:
            if self._instead is None:
                raise _unreadable_value(problem) from problem
            yield from self._rest(self._instead(), number, size)
            return
        beyond = sorted(row for row in self._found if row >= number)
        for start in range(0, len(beyond), size):
            some = beyond[start : start + size]
            yield some, self._patched(some, [[""] * (self._right + 1 - self._left) for _ in some])

    def _patched(self, numbers: Sequence[int], rows: Sequence[list[Value]]) -> Sequence[list[Value]]:
        before = [""] * (self._left - self.first)
        after = [""] * (self.first + self.width - 1 - self._right)
        if before or after:
            rows = [[*before, *row, *after] for row in rows]
        if self._found:
            for number, row in zip(numbers, rows, strict=True):
                for position, value in self._found.get(number, _NOTHING).items():
                    row[position - self.first] = value
        return rows

    def _rest(self, grid: Grid, number: int, size: int) -> Iterator[Block]:
        """Read another grid of the same sheet from a row on, with the columns of this one."""
        end = self.first + self.width
        for numbers, rows in grid.blocks(size):
            above = bisect_left(numbers, number)
            if above < len(numbers):
                yield numbers[above:], [[*row, *[""] * end][self.first : end] for row in rows[above:]]


def _some(rows: Iterator[list[Value]], size: int) -> list[list[Value]]:
    with _calamine():
        return list(islice(rows, size))


def _unreadable_value(problem: CalamineFailed) -> FileError:
    return FileError(
        message(
            "The file holds a value that cannot be read ({reason}). Save it anew in a spreadsheet program, as XLSX or "
            "CSV.",
            reason=str(problem),
        )
    )
