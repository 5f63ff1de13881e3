"""Write a plan as a workbook: a sheet that people read, and a very hidden one with the lines of the plan itself.

In:  lines of text, and for each the cells that people see of it.
Out: an XLSX file. All text is text, never a formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, BinaryIO

from importer.template.cells import cut_text
from importer.template.style import fill, header_cell, plain_cell

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell as StyledCell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

PLAN_SHEET, LINES_SHEET, FACTS_SHEET = "Plan", "Import plan", "About this plan"
TITLES = ("Row", "Ticket", "Column", "Before", "After")
LINE_TITLES = ("Line", "Text")
_WIDTHS = (8, 16, 28, 50, 50)
_PIECE = 16_000
"""Characters of a line that one cell takes: a cell holds 32,767 UTF-16 units (Excel specifications and limits)."""


def write_plan_book(
    lines: Iterable[tuple[str, Sequence[Sequence[str]]]], facts: Sequence[tuple[str, str]], target: BinaryIO
) -> None:
    """Write the workbook. lines: each with the rows of cells (as `TITLES`) that people see of it."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    shown, about, hidden = (book.create_sheet(name) for name in (PLAN_SHEET, FACTS_SHEET, LINES_SHEET))
    hidden.sheet_state = "veryHidden"
    shown.freeze_panes = "A2"
    for letter, width in zip("ABCDE", _WIDTHS, strict=True):
        shown.column_dimensions[letter].width = width
    about.column_dimensions["A"].width, about.column_dimensions["B"].width = 24, 80
    shown.append([header_cell(shown, title, note="", read_only=True) for title in TITLES])
    hidden.append(LINE_TITLES)
    # Filled and appended again for every row: making a cell takes openpyxl as long as writing it.
    shown_cells, about_cells, hidden_cells = (
        [plain_cell(sheet) for _ in range(width)] for sheet, width in ((shown, len(TITLES)), (about, 2), (hidden, 2))
    )
    last = 1
    for number, (line, rows) in enumerate(lines, start=1):
        for start in range(0, len(line), _PIECE):
            _append(hidden, hidden_cells, [str(number), line[start : start + _PIECE]])
        for row in rows:
            _append(shown, shown_cells, [cut_text(text) for text in row])
            last += 1
    for fact in facts:
        _append(about, about_cells, fact)
    shown.auto_filter.ref = f"A1:E{last}"
    book.save(target)


def _append(sheet: WriteOnlyWorksheet, cells: Sequence[StyledCell], texts: Sequence[str]) -> None:
    sheet.append([fill(cell, text) for cell, text in zip(cells, texts, strict=True)])
