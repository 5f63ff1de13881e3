"""XLSX and XLSM workbooks as tables.

In:  a path whose content is an Office Open XML package.
Out: a `Source`; its tables give every cell of the asked columns as text, with its kind.

Rows written as nearly all programs write them are read by a search (`plain_rows`), after a scan of the sheet's bytes
for what a cell alone does not say (`scan`). Others are read by python-calamine, with what the scan finds that it hides
laid over, both at once in two threads. A sheet whose XML either of them might misunderstand is read by an XML parser
instead (`exact`). Files are open only while something is read from them, so that the file can be replaced afterwards.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from python_calamine import CalamineSheet

from importer.loader.cells import Value, column_texts
from importer.loader.column_formats import column_formats
from importer.loader.extent import check_addresses, check_extent, check_size
from importer.loader.file_errors import file_errors
from importer.loader.overlay import CalamineFailed, overlaid, read_values
from importer.loader.package import Package, SheetPart, refuse_document_types
from importer.loader.plain_strings import read_plain_strings
from importer.loader.sheet_table import Block, Grid, GridTable, Piece, SheetFacts, empty_sheet, stored_grid, texts_of
from importer.loader.table import CHUNK_SIZE, SheetInfo, Source, file_digest
from importer.loader.tables import totals_notices, totals_rows
from importer.loader.xlsx_facts import OddXml, Scan, scan_sheet
from importer.loader.xlsx_fast import BLOCK, is_plain, read_plain_rows
from importer.ooxml.sheet_parser import (
    Meaning,
    SharedStrings,
    fill_rows,
    first_filled_row,
    read_cells,
)
from schemas.message import Message, count_message

_TRIMMED_SIZE = 64 << 20
"""Bytes of a sheet without its empty rows, up to which a copy is worth its memory."""


class WorkbookSource(Source):
    """An XLSX or XLSM workbook."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.digest = file_digest(path)
        with Package(path) as package:
            refuse_document_types(package.archive)
            self.format = "xlsm" if package.has_macros else "xlsx"
            self.date_system = package.date_system
            self._sheet_parts = package.sheets
            self._infos = tuple(_sheet_info(package, sheet) for sheet in package.sheets)

    @property
    def sheets(self) -> Sequence[SheetInfo]:
        """All worksheets; chart sheets and old dialog sheets are none."""
        return self._infos

    def table(self, sheet: str | None) -> GridTable:
        """Return a sheet's table. Raises KeyError for an unknown name, FileError (`empty_file`) for an empty sheet."""
        info = next((one for one in self._infos if one.name == sheet), None)
        part = next((one for one in self._sheet_parts if one.name == sheet), None)
        if info is None or part is None:
            raise KeyError(sheet)
        if info.header_row is None:
            raise empty_sheet(part.name)
        with file_errors(self.path):
            grid = _read_grid(self.path, part, len(info.headers))
            return GridTable(
                self, info, replace(grid, formats=partial(column_formats, self.path, part, info.header_row))
            )


def _meaning(package: Package, part: str) -> Meaning:
    strings = SharedStrings(package.stream(package.strings_part), package.strings_part) if package.strings_part else ()
    return Meaning(strings, package.formats, package.date_system, part)


def _sheet_info(package: Package, sheet: SheetPart) -> SheetInfo:
    cells = read_cells(package.stream(sheet.part), sheet.part)
    filled = first_filled_row(cells, _meaning(package, sheet.part))
    if not filled:
        return SheetInfo(sheet.name, sheet.visible, None)
    headers = [""] * (max(cell.position for cell, _ in filled) + 1)
    for cell, value in filled:
        headers[cell.position] = column_texts([value]).texts[0]
    return SheetInfo(sheet.name, sheet.visible, filled[0][0].row, tuple(headers))


def _read_grid(path: Path, sheet: SheetPart, width: int) -> Grid:
    """Read a sheet with `width` headers by a search of its rows, where it is written as nearly all are."""
    return _read_plainly(path, sheet, width) or _read_values(path, sheet, width)


def _read_plainly(path: Path, sheet: SheetPart, width: int) -> Grid | None:
    """Scan a sheet now, and search its rows when they are asked for; None where it takes other readers."""
    with Package(path) as package:
        try:
            if not is_plain(package.stream(sheet.part, BLOCK), width):
                return None
            scan = scan_sheet(package.stream(sheet.part), package.formats, package.date_system, strings=False)
            reach = max(scan.width, width)
        except OddXml:
            return None
        if scan.facts.merged:
            return None
        last_row = max([scan.last_row, *scan.cells])
        check_size(last_row, reach)
        notices = _leave_out_totals(package, sheet, width, scan)
    meaning: list[Meaning] = []

    def texts(positions: Sequence[int]) -> Iterator[Piece]:
        return _plain_pieces(path, sheet, width, positions, scan, meaning)

    def blocks(size: int) -> Iterator[Block]:
        return _read_values(path, sheet, width).blocks(size)

    return Grid(blocks, 0, reach, scan.facts, last_row, notices, texts=texts)


def _plain_pieces(
    path: Path, sheet: SheetPart, width: int, positions: Sequence[int], scan: Scan, meaning: list[Meaning]
) -> Iterator[Piece]:
    """Search the rows for columns; where one is written in another way, other readers go on from there.

    meaning: empty, or what an earlier reading put there: the strings are read once.
    """
    last = 0
    try:
        with file_errors(path), Package(path) as package:
            if not meaning:
                meaning.append(_plain_meaning(package, sheet.part))
            stream = package.stream(sheet.part, BLOCK)
            for numbers, columns in read_plain_rows(stream, positions, meaning[0], scan.cells):
                last = numbers[-1]
                yield numbers, columns
            return
    except OddXml:
        grid = _read_values(path, sheet, width)
    for numbers, rows in grid.blocks(CHUNK_SIZE):
        above = bisect_right(numbers, last)
        if above < len(numbers):
            yield numbers[above:], texts_of(grid, rows[above:], positions)


def _plain_meaning(package: Package, part: str) -> Meaning:
    strings = read_plain_strings(package.stream(package.strings_part)) if package.strings_part else []
    return Meaning(strings, package.formats, package.date_system, part)


def _read_values(path: Path, sheet: SheetPart, width: int) -> Grid:
    """Read a sheet by calamine and a scan; exactly, where either cannot."""
    with Package(path) as package:
        check_addresses(package.stream(sheet.part), sheet.part)
        try:
            check_extent(lambda: package.stream(sheet.part))
            values, scan = _read_trimmed(package, sheet) if package.swells(sheet.part) else (None, None)
            if values is None or scan is None:
                values, scan = _read_side_by_side(path, package, sheet)
        except (OddXml, CalamineFailed):
            return _read_exactly(package, sheet, width)
        notices = _leave_out_totals(package, sheet, width, scan)

    def instead() -> Grid:
        with Package(path) as package:
            return _read_exactly(package, sheet, width)

    return overlaid(values, scan.cells, scan.facts, notices, instead=instead)


def _leave_out_totals(package: Package, sheet: SheetPart, width: int, scan: Scan) -> tuple[Message, ...]:
    """Have the totals rows of tables read as blank; return what people should know of the sheet."""
    totals = totals_rows(package, sheet.part, width)
    for row, positions in totals.items():
        scan.cells[row] = dict.fromkeys(positions, "") | _outside(scan.cells.get(row, {}), positions)
    return (*totals_notices(totals), *_stale_results(scan.zero_results if package.recalculates else 0))


def _read_side_by_side(path: Path, package: Package, sheet: SheetPart) -> tuple[CalamineSheet, Scan]:
    """Let calamine read the file in one thread, and scan the sheet in this one."""
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_values, path, sheet.name)
        scan = scan_sheet(package.stream(sheet.part), package.formats, package.date_system)
        return reading.result(), scan


def _read_trimmed(package: Package, sheet: SheetPart) -> tuple[CalamineSheet | None, Scan | None]:
    """Scan first, and let calamine read a copy in memory without the rows that hold nothing.

    People format whole columns, which makes a million rows of empty cells; calamine takes seconds over them. Returns
    None twice where what is left is no small part of the sheet after all.
    """
    kept: list[bytes] = []
    room = _TRIMMED_SIZE

    def keep(piece: bytes) -> None:
        nonlocal room
        room -= len(piece)
        if room >= 0:
            kept.append(piece)

    scan = scan_sheet(package.stream(sheet.part), package.formats, package.date_system, keep=keep)
    if room < 0:
        return None, None
    return read_values(package.copy_with(sheet.part, b"".join(kept)), sheet.name), scan


def _read_exactly(package: Package, sheet: SheetPart, header_width: int) -> Grid:
    facts = SheetFacts()
    zero_results = 0
    cells: list[tuple[int, int, Value]] = []
    meaning = _meaning(package, sheet.part)
    totals = totals_rows(package, sheet.part, header_width)
    for cell in read_cells(package.stream(sheet.part), sheet.part, facts):
        if cell.position not in totals.get(cell.row, ()):
            cells.append((cell.row, cell.position, meaning.value(cell)))
        zero_results += cell.is_formula and cell.value == "0"
    notices = (*totals_notices(totals), *_stale_results(zero_results if package.recalculates else 0))
    width = max((position for _, position, _ in cells), default=-1) + 1
    check_size(len({row for row, _, _ in cells}), width)
    return stored_grid(fill_rows(cells, width), width, facts, notices)


def _outside(cells: Mapping[int, Value], positions: AbstractSet[int]) -> dict[int, Value]:
    return {position: value for position, value in cells.items() if position not in positions}


def _stale_results(count: int) -> tuple[Message, ...]:
    """Say that results may be missing: libraries store 0 and ask for a calculation when the file is opened."""
    if not count:
        return ()
    return (
        count_message(
            "The workbook asks to be calculated when it is opened, and the stored result of {count} formula is 0, "
            "which may stand for a result that was never calculated. Open and save it in a spreadsheet program first.",
            "The workbook asks to be calculated when it is opened, and the stored results of {count} formulas are 0, "
            "which may stand for results that were never calculated. Open and save it in a spreadsheet program first.",
            count,
        ),
    )
