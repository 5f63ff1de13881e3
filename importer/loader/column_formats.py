"""The number formats of each column's filled cells: what a workbook says of a column besides its values.

A style that nothing but empty cells, headers or other columns bear says nothing of a column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


class StyledCells:
    """Finds the filled cells that have a telling format, by a search of a sheet's bytes; no cell may be cut in two.

    Cells without an address say nothing: then a column counts as one whose formats are not known.
    """

    def __init__(self, formats: Sequence[Format], *, is_plain: bool = False) -> None:
        """`is_plain`: cells are written as nearly all programs write them: address, style, and what else there is."""
        self._formats = formats
        styles = [index for index, one in enumerate(formats) if one.shows is not Shows.NUMBER or is_telling(one)]
        address, style = rb'r="([A-Z]{1,3})([0-9]{1,7})"', rb's="(' + "|".join(map(str, styles)).encode() + rb')"'
        tag = rb"<c " + address + b" " + style  # a pattern that does not look ahead is three times as quick
        if not is_plain:
            tag = rb"<(?:[a-z]+:)?c (?=(?:[^<>]* )?" + address + rb")(?=[^<>]*\b" + style + b")"
        self._tag = re.compile(tag + rb"[^<>]*(?<!/)>") if styles else None
        self._last: dict[tuple[bytes, bytes], bytes] = {}
        """(letters, style) -> the last row in which it was met."""

    def find(self, body: bytes) -> Sequence[tuple[bytes, bytes, bytes]]:
        """Return (letters, row, style) of cells."""
        return self._tag.findall(body) if self._tag else ()

    def note(self, body: bytes) -> None:
        """Look through some cells."""
        self._last.update({(letters, style): row for letters, row, style in self.find(body)})

    def by_column(self, header_row: int) -> ColumnFormats:
        """Return the telling formats of the cells below a header, by position; columns without one are left out."""
        found: dict[int, set[Format]] = {}
        for (letters, style), row in self._last.items():
            if int(row) > header_row:
                found.setdefault(column_position(letters.decode()), set()).add(self._formats[int(style)])
        return {position: frozenset(several) for position, several in found.items()}


def column_formats(path: Path, sheet: SheetPart, header_row: int) -> ColumnFormats:
    """Return the telling formats of a sheet's columns, below its header."""
    with suppress(FileError), Package(path) as package:  # what cannot be read is reported where the cells are read
        cells = StyledCells(package.formats)
        for body in _bodies(package.stream(sheet.part, _BLOCK)):
            cells.note(body)
        return cells.by_column(header_row)
    return {}


def currency_cells(path: Path, sheet: SheetPart, position: int) -> Mapping[int, str]:
    """Return {row: the currency of its format} for the filled cells of a column that show one."""
    asked = column_letter(position).encode()
    with Package(path) as package:
        formats = package.formats
        cells = StyledCells([one if one.currency else Format() for one in formats])
        found = (cell for body in _bodies(package.stream(sheet.part, _BLOCK)) for cell in cells.find(body))
        return {int(row): formats[int(style)].currency for letters, row, style in found if letters == asked}


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


def _bodies(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut blocks so that no tag is cut in two."""
    rest = b""
    for block in blocks:
        body = rest + block
        cut = body.rfind(b"<")
        body, rest = (body[:cut], body[cut:]) if cut >= 0 else (body, b"")
        yield body
