"""Write a plan as a workbook: sheets that people read, and very hidden ones with the text of the plan and its notes.

In:  the text of a plan, the rows of cells that people see of it, what is to be said about it.
Out: an XLSX file, written row by row. All text is text, never a formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, count
from typing import BinaryIO

from importer.ooxml.archive import Archive, ArchiveWriter
from importer.ooxml.deflate import best_codec
from importer.ooxml.edited_package import EditedPackage
from importer.ooxml.errors import NotUnderstood
from importer.ooxml.new_package import NewPackage
from importer.ooxml.new_sheet import column_widths, frozen_pane, text_cell
from importer.ooxml.xml import DECLARATION, TRANSITIONAL, text_content
from importer.writeback.styles import Look, Styles, minimal_styles
from schemas.message import message

PLAN_SHEET, TEXT_SHEET, NOTES_SHEET, FACTS_SHEET = "Plan", "Import plan", "Import plan notes", "About this plan"
TITLES = (message("Row"), message("Ticket"), message("Column"), message("Before"), message("After"))
TEXT_TITLE = "Text"
_WIDTHS, _FACT_WIDTHS = (8, 16, 28, 50, 50), (24, 80)
LAST_ROW = 1_048_576
"""Rows of a sheet (Excel specifications and limits)."""
_PIECE = 16_000
"""Characters of the text that one cell takes: a cell holds 32,767 UTF-16 units (Excel specifications and limits)."""
_BLOCK = 200
"""Rows that are handed on together."""
_SHORT = 40
_LETTERS = "ABCDE"

Facts = Iterable[tuple[str, str]]


def plan_sheet(number: int) -> str:
    """Return the name of the n-th sheet that people read: there are more where one cannot hold all rows."""
    return PLAN_SHEET if number == 1 else f"{PLAN_SHEET} {number}"


def write_plan_book(
    rows: Iterator[Sequence[str]],
    text: Iterable[str],
    facts: Facts,
    target: BinaryIO,
    *,
    titles: Sequence[str],
    comment: bytes = b"",
) -> None:
    """Write the workbook. rows: cells below `titles`; text: the plan's, in any pieces."""
    styles = Styles(minimal_styles())
    shown = _ShownRows(
        rows, titles, head=styles.cell(Look(ink="FFFFFF", fill="33475B", bold=True)), plain=styles.cell(Look())
    )
    package = NewPackage(target, styles.data())
    for number in count(1):
        package.write_sheet(plan_sheet(number), shown.pieces())
        package.note_filter(f"$A$1:$E${shown.last}")
        if shown.following is None:
            break
    package.write_sheet(FACTS_SHEET, _facts_sheet(facts))
    package.write_sheet(TEXT_SHEET, _text_sheet(text), state="veryHidden")
    package.write_sheet(NOTES_SHEET, _text_sheet(()), state="veryHidden")
    package.close(comment=comment)


def write_noted_book(source: BinaryIO, text: Iterable[str], facts: Facts, target: BinaryIO, *, comment: bytes) -> None:
    """Write a plan's workbook with other notes: all its other parts are copied as they are stored.

    Raises NotUnderstood where it has no sheet for the notes.
    """
    codec = best_codec()
    package = EditedPackage(Archive(source, codec))
    notes, about = package.sheet_part(NOTES_SHEET), package.sheet_part(FACTS_SHEET)
    if notes is None:
        raise NotUnderstood(message('There is no sheet "{sheet}".', sheet=NOTES_SHEET))
    new = {notes.lower(): _text_sheet(text)}
    if about is not None:
        new[about.lower()] = _facts_sheet(facts)
    out = ArchiveWriter(target, codec)
    for rank, member in enumerate(package.archive.members.values()):
        if member.name.lower() in new:
            out.write(member.name, new[member.name.lower()], rank, member)
        else:
            out.copy(package.archive, member, rank)
    out.close(comment)


class _ShownRows:
    """The rows that people read, a sheet after another. `following` is the first one that did not fit yet."""

    def __init__(self, rows: Iterator[Sequence[str]], titles: Sequence[str], *, head: int, plain: int) -> None:
        self._titles = titles
        self._rows = rows
        self._head = head
        self._plain = plain
        self.following = next(rows, None)
        self.last = 1

    def pieces(self) -> Iterator[bytes]:
        """Yield the next sheet."""
        self.last = 1
        yield _start(_WIDTHS, is_long=True) + _row(1, self._titles, self._head)
        while self.following is not None and self.last < LAST_ROW:
            yield self._block()
        yield f'</sheetData><autoFilter ref="A1:E{self.last}"/></worksheet>'.encode()

    def _block(self) -> bytes:
        end, found = min(self.last + _BLOCK, LAST_ROW), []
        while self.following is not None and self.last < end:
            self.last += 1
            found.append(_row(self.last, self.following, self._plain))
            self.following = next(self._rows, None)
        return b"".join(found)


def _facts_sheet(facts: Facts) -> Iterator[bytes]:
    yield _start(_FACT_WIDTHS)
    yield b"".join(_row(number, fact, 0) for number, fact in enumerate(facts, start=1))
    yield b"</sheetData></worksheet>"


def _text_sheet(text: Iterable[str]) -> Iterator[bytes]:
    """Yield a sheet of one column that holds a text in pieces, below a header."""
    yield _start(()) + _row(1, (TEXT_TITLE,), 0)
    rest, number = "", 1
    for one in chain(text, [None]):
        rest += one or ""
        while len(rest) >= _PIECE or (one is None and rest):
            number += 1
            yield _row(number, (rest[:_PIECE],), 0)
            rest = rest[_PIECE:]
    yield b"</sheetData></worksheet>"


def _start(widths: Sequence[int], *, is_long: bool = False) -> bytes:
    view = f'<sheetViews><sheetView workbookViewId="0">{frozen_pane(1)}</sheetView></sheetViews>' if is_long else ""
    head = f'<worksheet xmlns="{TRANSITIONAL}">{view}<sheetFormatPr defaultRowHeight="15"/>{column_widths(widths)}'
    return DECLARATION + f"{head}<sheetData>".encode()


def _row(number: int, texts: Sequence[str], style: int) -> bytes:
    cells = [
        text_cell(f"{letter}{number}", _content(text), style)
        for letter, text in zip(_LETTERS, texts, strict=False)
        if text
    ]
    return b'<row r="%d">%b</row>' % (number, b"".join(cells))


def _content(text: str) -> bytes:
    return _short_content(text) if len(text) < _SHORT else text_content(text, limit=False)


@lru_cache(4_096)
def _short_content(text: str) -> bytes:
    return text_content(text, limit=False)
