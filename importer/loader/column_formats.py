"""The number formats of each column's filled cells: what a workbook says of a column besides its values.

A style that nothing but empty cells, headers or other columns bear says nothing of a column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from importer.errors import FileError
from importer.ooxml.addresses import column_position
from importer.ooxml.number_format import Format, Shows
from importer.ooxml.package import Package, SheetPart

ColumnFormats = Mapping[int, frozenset[Format]]
"""Position -> the formats of dates, times and languages that filled cells of the column are shown with."""

_BLOCK = 1 << 20


def column_formats(path: Path, sheet: SheetPart, header_row: int) -> ColumnFormats:
    """Return the telling formats of a sheet's columns, below its header; columns without one are left out.

    Cells that bear no address tell nothing: then a column counts as one whose formats are not known.
    """
    found: dict[int, set[Format]] = {}
    with suppress(FileError), Package(path) as package:  # what cannot be read is told of where the cells are read
        formats = package.formats
        styles = [index for index, one in enumerate(formats) if one.shows is not Shows.NUMBER or one.language]
        if styles:
            for letters, style in _filled(package.stream(sheet.part, _BLOCK), styles, header_row):
                found.setdefault(column_position(letters.decode()), set()).add(formats[int(style)])
    return {position: frozenset(several) for position, several in found.items()}


def _filled(blocks: Iterable[bytes], styles: Sequence[int], header_row: int) -> set[tuple[bytes, bytes]]:
    names = "|".join(map(str, styles)).encode()
    cell = re.compile(
        rb'<(?:[a-z]+:)?c (?=[^<>]*\bs="(' + names + rb')")(?:[^<>]* )?r="([A-Z]{1,3})([0-9]{1,7})"[^<>]*(?<!/)>'
    )
    found: set[tuple[bytes, bytes]] = set()
    rest = b""
    for block in blocks:
        body = rest + block
        cut = body.rfind(b"<")
        body, rest = (body[:cut], body[cut:]) if cut >= 0 else (body, b"")
        found.update((letters, style) for style, letters, row in cell.findall(body) if int(row) > header_row)
    return found
