"""How cells of a template look, and how text gets into them without becoming anything else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from importer.template.cells import Cell, Choices
from schemas.property import Property
from schemas.ticket_object import TICKET
from schemas.values import type_of

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell as StyledCell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

_HEADER_FILL, _READ_ONLY_HEADER_FILL, _READ_ONLY_FILL = "FF33475B", "FF7C8793", "FFEDEFF1"
_TEXT_FORMAT = "@"
_WIDEST, _SEVERAL = 44, 34
_ESCAPED = re.compile("_x[0-9A-Fa-f]{4}_|[\x00-\x08\x0b-\x1f\ufffe\uffff]")


def header_cell(sheet: WriteOnlyWorksheet, text: str, *, note: str, read_only: bool) -> StyledCell:
    """Return a header with its note."""
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill

    cell = fill(_new_cell(sheet), text)
    cell.font = Font(name="Calibri", size=11, bold=True, color="FFFFFFFF")
    cell.fill = PatternFill("solid", fgColor=_READ_ONLY_HEADER_FILL if read_only else _HEADER_FILL)
    cell.alignment = Alignment(vertical="center")
    height = 60 + 18 * note.count("\n") + len(note) // 3
    cell.comment = Comment(escape(note), "import-tickets", height=height, width=320)
    return cell


def column_cell(sheet: WriteOnlyWorksheet, definition: Property | None) -> StyledCell:
    """Return a cell in the style of a column; it is filled and appended again for every row. None: record IDs."""
    from openpyxl.styles import Alignment, PatternFill, Protection

    cell = _new_cell(sheet)
    read_only = definition is None or definition.read_only
    cell.number_format = _format(definition)
    cell.alignment = Alignment(vertical="top")
    cell.protection = Protection(locked=read_only)
    if read_only:
        cell.fill = PatternFill("solid", fgColor=_READ_ONLY_FILL)
    return cell


def plain_cell(sheet: WriteOnlyWorksheet) -> StyledCell:
    """Return a cell for text that isn't shown."""
    cell = _new_cell(sheet)
    cell.number_format = _TEXT_FORMAT
    return cell


def _new_cell(sheet: WriteOnlyWorksheet) -> StyledCell:
    from openpyxl.cell.cell import WriteOnlyCell

    return WriteOnlyCell(sheet)


def _format(definition: Property | None) -> str:
    return _TEXT_FORMAT if definition is None else type_of(definition).cell_format(definition)


def width_of(header: str, definition: Property, choices: Choices | None) -> int:
    """Return how wide a column is to be, in characters."""
    widest = max(map(len, choices.offered), default=0) if choices else 0
    usual = 40 if definition.name in TICKET.long_texts else type_of(definition).width
    if definition.is_multiple:
        usual = _SEVERAL
    return max(usual, min(widest + 4, _WIDEST), min(len(header) + 4, _WIDEST))


def fill(cell: StyledCell, content: Cell) -> StyledCell:
    """Set what a cell holds, and return it. A text is a text, whatever it looks like."""
    if isinstance(content, str):
        cell.value = escape(content) or None
        cell.data_type = "s" if content else "n"
    else:
        cell.value = content
    return cell


def escape(text: str) -> str:
    """Return a text with what XML cannot hold, and what looks like an escape, as `_xHHHH_`.

    Source: ECMA-376 part 1, 22.9.2.19 (ST_Xstring).
    """
    return _ESCAPED.sub(_escape_one, text)


def _escape_one(found: re.Match[str]) -> str:
    return f"_x005F{found[0]}" if found[0].startswith("_x") else f"_x{ord(found[0]):04X}_"


def clip(text: str, length: int) -> str:
    """Return a text of at most `length` characters."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
