"""The number formats of each column's filled cells: what a workbook says of a column besides its values.

A style that nothing but empty cells, headers or other columns bear says nothing of a column.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from importer.errors import FileError
from importer.findings import column_letter
from importer.ooxml.addresses import column_position
from importer.ooxml.number_format import Format, Shows
from importer.ooxml.package import Package, SheetPart

ColumnFormats = Mapping[int, frozenset[Format]]
"""Position -> the formats of dates, times, languages and currencies that filled cells of the column have."""

_BLOCK = 1 << 20


def column_formats(path: Path, sheet: SheetPart, header_row: int) -> ColumnFormats:
    """Return the telling formats of a sheet's columns, below its header; columns without one are left out.

    Cells that bear no address tell nothing: then a column counts as one whose formats are not known.
    """
    found: dict[int, set[Format]] = {}
    with suppress(FileError), Package(path) as package:  # what cannot be read is told of where the cells are read
        formats = package.formats
        styles = [index for index, one in enumerate(formats) if one.shows is not Shows.NUMBER or is_telling(one)]
        if styles:
            cells = _filled(package.stream(sheet.part, _BLOCK), styles)
            for letters, style in {(letters, style) for letters, style, row in cells if int(row) > header_row}:
                found.setdefault(column_position(letters.decode()), set()).add(formats[int(style)])
    return {position: frozenset(several) for position, several in found.items()}


def currency_cells(path: Path, sheet: SheetPart, position: int) -> Mapping[int, str]:
    """Return {row: the currency of its format} for the filled cells of a column that show one."""
    letters = column_letter(position).encode()
    with Package(path) as package:
        formats = package.formats
        styles = [index for index, one in enumerate(formats) if one.currency]
        cells = _filled(package.stream(sheet.part, _BLOCK), styles) if styles else ()
        return {int(row): formats[int(style)].currency for column, style, row in cells if column == letters}


@dataclass(slots=True)
class NotedFormats:
    """The telling formats of filled cells, noted while all cells of a sheet are read."""

    _last: dict[tuple[int, Format], int] = field(default_factory=dict)
    """(position, format) -> the last row in which it was met."""
    _currencies: dict[int, dict[int, str]] = field(default_factory=dict)

    def note(self, row: int, position: int, form: Format, *, is_number: bool) -> None:
        """Note a filled cell."""
        if form.language:
            self._last[position, Format(language=form.language)] = row
        if form.currency and is_number:
            self._last[position, Format(currency=form.currency)] = row
            self._currencies.setdefault(position, {})[row] = form.currency

    def formats(self, header_row: int) -> ColumnFormats:
        """Return the formats below a header, by position."""
        found: dict[int, set[Format]] = {}
        for (position, form), row in self._last.items():
            if row > header_row:
                found.setdefault(position, set()).add(form)
        return {position: frozenset(several) for position, several in found.items()}

    def currency_cells(self, position: int) -> Mapping[int, str]:
        """Return {row: currency} of a column."""
        return self._currencies.get(position, {})


def is_telling(form: Format) -> bool:
    """Whether a format says more than how digits are shown."""
    return bool(form.language or form.currency)


def _filled(blocks: Iterable[bytes], styles: Collection[int]) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield (letters, style, row) of the filled cells that have one of some styles."""
    style = rb'(?=[^<>]*\bs="(' + "|".join(map(str, styles)).encode() + rb')")'
    address = rb'r="([A-Z]{1,3})([0-9]{1,7})"'
    plain = re.compile(b"<c " + style + address + rb"[^<>]*(?<!/)>")
    cell = re.compile(b"<(?:[a-z]+:)?c " + style + b"(?:[^<>]* )?" + address + rb"[^<>]*(?<!/)>")
    rest = b""
    for block in blocks:
        body = rest + block
        cut = body.rfind(b"<")
        body, rest = (body[:cut], body[cut:]) if cut >= 0 else (body, b"")
        is_plain = body.count(b'<c r="') == body.count(b"<c ") + body.count(b":c ")
        yield from ((letters, style, row) for style, letters, row in (plain if is_plain else cell).findall(body))
