"""How far the cells of a sheet reach, known before anything lays them out by rows and columns.

In:  the blocks of a worksheet's part.
Out: nothing, or FileError where a cell far out would make a table that no memory holds: calamine takes 32 bytes for
     each cell between the first and the last one, and ends the whole program where it does not get them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from importer.errors import FileError
from importer.findings import column_letter
from importer.loader.xlsx_facts import OddXml
from importer.ooxml.xml import contradicts
from schemas.message import message

MAX_CELLS = 64 << 20
"""Filled or not: 64 columns of all the rows that a sheet can have, two gigabytes."""

FREE_CELLS, FREE_SHARE = 4 << 20, 8
"""Cells laid out whatever is filled, and how many more for each filled one: a far cell makes a large empty table."""

_WIDE = re.compile(rb' r="(?:[A-Z]{3}|[C-Z][A-Z]|B[M-Z]|[a-z])')
"""An address beyond column BL, the 64th; in small letters, which programs do not write, any address."""
_ADDRESS = re.compile(rb' r="([A-Za-z]*)0*([0-9]*)"')
_OTHER_SPELLING = re.compile(rb"\xff\xfe|\xfe\xff|\sr(?:\s*=\s*'|\s+=|=\s)|[\t\r\n]r=")
_OVERLAP = 64
_PLACES = re.compile(rb'<row(?=\s)[^<>]*?\sr="([0-9]+)"|<c(?=\s)[^<>]*?\sr="([A-Z]+)([0-9]+)"')


def check_extent(stream: Callable[[], Iterable[bytes]]) -> None:
    """Judge a sheet. Raises FileError `unsafe_file`, OddXml where addresses are not spelt as programs spell them.

    stream: begins the sheet's part anew.
    """
    if not any(_WIDE.search(block) for block in _overlapping(stream())):
        return  # whatever the rows are
    rows = columns = 0
    for block in _overlapping(stream()):
        found = set(_ADDRESS.findall(block))
        rows = max([rows, *(int(number) for _, number in found if number)])
        columns = max([columns, *(_number(letters.upper()) for letters in {letters for letters, _ in found})])
    check_size(rows, columns)


def check_addresses(blocks: Iterable[bytes], part: str) -> None:
    """Raise FileError where a row or a cell stands in the sheet twice, or a cell outside its row.

    The search of plain rows finds that by itself; programs that repair such a workbook do not agree on how.
    """
    rows: set[bytes] = set()
    cells: set[bytes] = set()
    row = rest = b""
    for block in blocks:
        body = rest + block
        cut = body.rfind(b">") + 1
        rest = body[cut:]
        for number, letters, of_row in _PLACES.findall(body, 0, cut):
            if number:
                if number in rows:
                    raise contradicts(part, f"row {number.decode()}")
                rows.add(number)
                row = number
                cells.clear()
            elif (row and of_row != row) or letters in cells:
                raise contradicts(part, f"cell {letters.decode()}{of_row.decode()}")
            else:
                cells.add(letters)


def check_size(rows: int, columns: int, *, filled: int | None = None) -> None:
    """Judge how many rows and columns a sheet has, and how many cells are filled. Raises FileError `unsafe_file`."""
    bound = MAX_CELLS if filled is None else min(MAX_CELLS, FREE_CELLS + FREE_SHARE * filled)
    if rows * columns > bound:
        raise FileError(
            message(
                "The file is not read: its sheet reaches to column {column} and row {row}, and a table of that size "
                "would fill the memory. Delete what stands there by mistake, or save the data as CSV.",
                column=column_letter(columns - 1),
                row=rows,
            ),
            code="unsafe_file",
        )


def _overlapping(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield blocks with the end of the one before, so that no address is cut in two.

    A program spells all addresses alike, so the first block tells. Raises OddXml.
    """
    end = b""
    for number, block in enumerate(blocks):
        if number == 0 and _OTHER_SPELLING.search(block):
            raise OddXml
        yield end + block
        end = block[-_OVERLAP:]


def _number(letters: bytes) -> int:
    """Return a column's number, counted from 1."""
    number = 0
    for letter in letters[:8]:
        number = number * 26 + letter - ord("A") + 1
    return number
