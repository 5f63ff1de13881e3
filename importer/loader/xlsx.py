"""XLSX and XLSM workbooks as tables.

In:  a path whose content is an Office Open XML package.
Out: a `Source`; its tables give every cell of the asked columns as text, with its kind.

Rows written as nearly all programs write them are read by a search (`xlsx_fast`), after a scan of the sheet's bytes for
what a cell alone does not say (`xlsx_facts`). A sheet that is written in any other way is read by an XML parser, from
the row on where that shows; both stream. Files are open only while something is read from them, so that the file can be
replaced afterwards.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

from importer.errors import FileError
from importer.loader.cells import column_texts
from importer.loader.column_formats import StyledCells, column_formats, currency_cells
from importer.loader.file_errors import file_errors
from importer.loader.sheet_table import Block, Grid, GridTable, Piece, check_size, empty_sheet, pieces_of
from importer.loader.table import CHUNK_SIZE, SheetInfo, Source, file_digest
from importer.loader.xlsx_facts import OddXml, Scan, scan_sheet
from importer.loader.xlsx_fast import BLOCK, is_plain, read_plain_rows, read_plain_strings
from importer.ooxml.addresses import split_range
from importer.ooxml.package import Package, SheetPart, refuse_document_types
from importer.ooxml.sheet_parser import Meaning, SharedStrings, SheetFacts, read_facts, read_rows
from importer.ooxml.values import Value
from importer.ooxml.xml import contradicts, read_elements
from schemas.message import Message, count_message, message


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
            return GridTable(self, info, replace(grid, currency_cells=partial(currency_cells, self.path, part)))


def _meaning(package: Package, part: str) -> Meaning:
    strings = SharedStrings(package.stream(package.strings_part), package.strings_part) if package.strings_part else ()
    return Meaning(strings, package.formats, package.date_system, part)


def _sheet_info(package: Package, sheet: SheetPart) -> SheetInfo:
    for number, values in read_rows(package.stream(sheet.part), _meaning(package, sheet.part)):
        if all(isinstance(value, str) and not value.strip() for value in values.values()):
            continue
        headers = [""] * (max(values) + 1)
        for position, value in values.items():
            headers[position] = column_texts([value]).texts[0]
        return SheetInfo(sheet.name, sheet.visible, number, tuple(headers))
    return SheetInfo(sheet.name, sheet.visible, None)


def _read_grid(path: Path, sheet: SheetPart, width: int) -> Grid:
    """Read a sheet with `width` headers by a search of its rows, where it is written as nearly all are."""
    return _search(path, sheet, width) or parse_sheet(path, sheet, width)


def _search(path: Path, sheet: SheetPart, width: int) -> Grid | None:
    """Scan a sheet now, and search its rows when they are asked for; None where it takes the parser."""
    with Package(path) as package:
        try:
            if not is_plain(package.stream(sheet.part, BLOCK), width):
                return None
            styled = StyledCells(package.formats, is_plain=True)
            scan = scan_sheet(package.stream(sheet.part), styled)
        except OddXml:
            return None
        facts = scan.facts
        reach = max(facts.width, width)
        check_size(facts.last_row, reach)
        totals = _totals_rows(package, sheet.part, width)
        for row, positions in totals.items():
            scan.cells[row] = dict.fromkeys(positions, "") | _outside(scan.cells.get(row, {}), positions)
        notices = _notices(totals, facts, package)
    meaning: list[Meaning] = []

    def pieces(positions: Sequence[int], _: int) -> Iterator[Piece]:
        return _plain_pieces(path, sheet, width, positions, scan, meaning)

    return Grid(pieces, reach, facts, facts.last_row, notices, styled.by_column)


def _plain_pieces(
    path: Path, sheet: SheetPart, width: int, positions: Sequence[int], scan: Scan, meaning: list[Meaning]
) -> Iterator[Piece]:
    """Search the rows for columns; where one is written in another way, the parser goes on from there.

    meaning: empty, or what an earlier reading put there: the strings are read once.
    """
    last = 0
    try:
        with file_errors(path), Package(path) as package:
            if not meaning:
                strings = read_plain_strings(package.stream(package.strings_part)) if package.strings_part else []
                meaning.append(Meaning(strings, package.formats, package.date_system, sheet.part))
            stream = package.stream(sheet.part, BLOCK)
            for numbers, columns in read_plain_rows(stream, positions, meaning[0], scan.cells):
                last = numbers[-1]
                yield numbers, columns
            return
    except OddXml:
        grid = parse_sheet(path, sheet, width)
    for numbers, columns in grid.pieces(positions, CHUNK_SIZE):
        above = bisect_right(numbers, last)
        if above < len(numbers):
            yield numbers[above:], [one.part(above, len(numbers)) for one in columns]


def parse_sheet(path: Path, sheet: SheetPart, width: int) -> Grid:
    """Read a sheet with `width` headers by the XML parser: once now for its facts, and once for its rows."""
    with Package(path) as package:
        facts = read_facts(package.stream(sheet.part), sheet.part)
        totals = _totals_rows(package, sheet.part, width)
        notices = _notices(totals, facts, package)
    check_size(facts.rows, facts.width)

    def blocks(size: int) -> Iterator[Block]:
        with file_errors(path), Package(path) as package:
            rows = read_rows(package.stream(sheet.part), _meaning(package, sheet.part))
            if not facts.in_order:
                rows = _sorted(rows, sheet.part)
            while some := list(islice(rows, size)):
                laid_out = [_laid_out(values, totals.get(row, ()), facts.width) for row, values in some]
                yield [row for row, _ in some], laid_out

    formats = partial(column_formats, path, sheet)
    return Grid(pieces_of(blocks), facts.width, facts, facts.last_row, notices, formats)


def _sorted(rows: Iterator[tuple[int, dict[int, Value]]], part: str) -> Iterator[tuple[int, dict[int, Value]]]:
    """Hold all rows, and yield them in the order of their numbers."""
    found: dict[int, dict[int, Value]] = {}
    for row, values in rows:
        earlier = found.setdefault(row, {})
        if earlier.keys() & values.keys():
            raise contradicts(part, f"row {row}")
        earlier |= values
    return iter(sorted(found.items()))


def _laid_out(values: Mapping[int, Value], totals: Container[int], width: int) -> list[Value]:
    row: list[Value] = [""] * width
    for position, value in values.items():
        if position not in totals:
            row[position] = value
    return row


def _outside(cells: Mapping[int, Value], positions: AbstractSet[int]) -> dict[int, Value]:
    return {position: value for position, value in cells.items() if position not in positions}


def _notices(totals: Mapping[int, AbstractSet[int]], facts: SheetFacts, package: Package) -> tuple[Message, ...]:
    """Return what people should know of a sheet."""
    return (*_totals_notices(totals), *_stale_results(facts.zero_results if package.recalculates else 0))


def _totals_rows(package: Package, part: str, width: int) -> Mapping[int, AbstractSet[int]]:
    """Return {row: positions} of the totals rows that Excel tables of a sheet have, positions up to `width` alone.

    They sum up the others, and are no data (ECMA-376 part 1, 18.5.1.2). A table that cannot be understood has none: its
    cells are read as those outside of tables are.
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


def _totals_notices(rows: Mapping[int, AbstractSet[int]]) -> tuple[Message, ...]:
    """Say which rows are not read."""
    return tuple(message("Row {row} is the totals row of a table, and is not read.", row=row) for row in sorted(rows))


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
