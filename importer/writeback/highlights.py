"""Highlights of faulty cells, as conditional formats that fade when the cell holds something else.

In:  the markup of the faulty cells as they stand in the sheet, and the workbook's shared texts.
Out: conditional formats, each for the cells of a column that hold one value.

A rule is known as ours by the text in its formula. Cells move under a rule when people sort; the rule then no longer
fits, and shows nothing where nothing is wrong.
Source: ECMA-376 part 1, 18.3.1.18 (conditionalFormatting), 18.18.11 (ST_CellType), 18.17.2.2 (constants in formulas).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import unescape
from itertools import groupby

from importer.findings import column_letter
from importer.ooxml.xml import item_text

MARK = "import-tickets"
OURS = f'N("{MARK}")=0'
"""Always true, since N of a text is 0; no other program writes it."""
_AREAS_IN_ONE = 1_000
_MOST_AREAS = 20_000
"""Highlighted areas: more slow a spreadsheet down, and are too many to look at one by one."""
_LONGEST_TEXT = 255
"""Characters of a text in a formula (Excel specifications and limits)."""
_COMPARED = 1_000
"""Characters of a text that are compared: a formula has 8,192 at most."""

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[Ee][+-]?\d+)?")
_TYPE = re.compile(rb"""\st\s*=\s*["'](\w+)["']""")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]*)</")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_BREAKS = re.compile("([\n\r\t])")

Fault = tuple[int, int]
"""(row, position) of a faulty cell."""


def shared_index(cell: bytes) -> int | None:
    """Return which shared text a cell's markup names; None where it holds something else."""
    value = _VALUE.search(cell)
    return int(value[1]) if value and _kind(cell) == b"s" and value[1].isdigit() and len(value[1]) < 10 else None


def formats(
    faulty: Sequence[Fault], cells: Mapping[Fault, bytes], shared: Mapping[int, str], watched: int
) -> Iterator[tuple[str, str]]:
    """Yield (cells, formula) of each conditional format.

    cells: the markup of the first `watched` faulty cells; one that is missing is an empty cell.
    """
    groups: dict[tuple[int, str], list[Fault]] = {}
    for number, fault in enumerate(faulty[:_MOST_AREAS]):
        test = _test(cells.get(fault, b""), shared) if number < watched else ""
        groups.setdefault((fault[1] if test else -1, test), []).append(fault)
    for (_, test), members in groups.items():
        areas = cell_areas(members)
        for start in range(0, len(areas), _AREAS_IN_ONE):
            some = areas[start : start + _AREAS_IN_ONE]
            first = some[0].partition(":")[0]
            yield " ".join(some), f"AND({OURS},{test.format(first)})" if test else OURS


def _test(cell: bytes, shared: Mapping[int, str]) -> str:
    """Return a formula, `{0}` for the cell, that is true while it holds what it does; "" where that cannot be said."""
    kind, value, is_formula = _kind(cell), _VALUE.search(cell), _FORMULA.search(cell)
    said = unescape(value[1].decode("utf-8", "replace")) if value else ""
    if kind == b"e":
        return "ISERROR({0})"
    if kind == b"b":
        return "{0}=" + ("TRUE" if said.strip() in {"1", "true"} else "FALSE")
    if kind == b"s":
        index = shared_index(cell)
        return _same_text(shared.get(index)) if index is not None else ""
    if kind == b"inlineStr":
        return _same_text(item_text(cell))
    if kind == b"str":
        return _same_text(item_text(b"<t>" + value[1] + b"</t>") if value else None)
    if kind == b"n" and value:
        return (
            f"AND(ISNUMBER({{}}),{{}}={said.strip()})".replace("{}", "{0}") if _NUMBER.fullmatch(said.strip()) else ""
        )
    return "" if is_formula or kind != b"n" else '{0}=""'


def _kind(cell: bytes) -> bytes:
    found = _TYPE.search(cell.partition(b">")[0])
    return found[1] if found else b"n"


def _same_text(text: str | None) -> str:
    if text is None:
        return ""
    compared = "{0}"
    if len(text) > _COMPARED or not text.isascii():
        plain = re.match(r"[\x00-\ud7ff\ue000-\uffff]*", text)
        kept = plain[0][:_COMPARED] if plain else ""
        if kept != text:
            compared, text = f"LEFT({{0}},{len(kept)})", kept
    pieces = []
    for piece in filter(None, _BREAKS.split(text)):
        if _BREAKS.fullmatch(piece):
            pieces.append(f"CHAR({ord(piece)})")
        elif any(letter < " " or letter in "\ufffe\uffff" for letter in piece):
            return ""
        else:
            cut = [piece[start : start + _LONGEST_TEXT] for start in range(0, len(piece), _LONGEST_TEXT)]
            pieces += ['"' + one.replace('"', '""') + '"' for one in cut]
    literal = "&".join(pieces) or '""'
    return f"EXACT({compared},{literal.replace('{', '{{').replace('}', '}}')})"


def cell_areas(cells: Iterable[Fault]) -> list[str]:
    """Return (row, position) pairs as references, cells below each other as one: `D7:D9`."""
    areas = []
    by_column = sorted({(position, row) for row, position in cells})
    numbered = enumerate(by_column)
    for _, run in groupby(numbered, key=lambda item: (item[1][0], item[1][1] - item[0])):
        members = [cell for _, cell in run]
        letters = column_letter(members[0][0])
        top, bottom = members[0][1], members[-1][1]
        areas.append(f"{letters}{top}" if top == bottom else f"{letters}{top}:{letters}{bottom}")
    return areas
