"""Blocks of delimited text cut into columns, without the csv module where that can be told to be right.

In:  some whole lines of a file.
Out: the fields by column, where every record is one line and all have one width; else None, and csv must read it.

Cutting by `str.split` is several times as fast as csv.reader. It is right for lines without a quotation mark; for lines
in which all fields are quoted and none holds a quotation mark (then each mark opens or closes a field); other lines go
to csv one by one.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import lru_cache
from itertools import compress

_WORTHWHILE = 2
"""Cutting apart pays while no more than one line in so many goes to csv."""

Columns = list[Sequence[str]]


def cut_columns(block: str, delimiter: str) -> Columns | None:
    """Return the columns of a block that ends with a line, or None where csv must read it."""
    if not delimiter.isascii():
        return None
    if '"' not in block:
        return _cut_plain(block, delimiter)
    text = _with_plain_line_ends(block)
    if text is None:
        return None
    return _cut_quoted(text, delimiter) or _cut_mixed(text, delimiter)


def _cut_plain(block: str, delimiter: str) -> Columns | None:
    """Cut lines without quotation marks: right where delimiters and line ends follow each other in a steady rhythm."""
    if block[-1] not in "\r\n":
        block += "\r\n" if "\r" in block else "\n"
    separators = block.encode().translate(None, _all_but(delimiter))
    record = separators[: separators.find(b"\n") + 1]
    line_end = b"\r\n" if b"\r" in record else b"\n"
    width = len(record) - len(line_end) + 1
    count, rest = divmod(len(separators), max(len(record), 1))
    if rest or separators != (delimiter.encode() * (width - 1) + line_end) * count:
        return None
    if len(line_end) > 1 and block.count("\r\n") != count:
        return None  # a CR stands elsewhere than before the LF
    fields = block[:-1].replace("\n", delimiter).split(delimiter)
    columns: Columns = [fields[position::width] for position in range(width)]
    if len(line_end) > 1:
        columns[-1] = [field[:-1] for field in columns[-1]]
    if width == 1 and "" in columns[0]:
        return None  # blank lines, which have no fields
    return columns


def _with_plain_line_ends(block: str) -> str | None:
    """Return the block with LF for CRLF, the last line ended; None where line ends are mixed."""
    if "\r" in block:
        breaks = block.count("\r\n")
        if block.count("\r") != breaks or block.count("\n") != breaks:
            return None
        block = block.replace("\r\n", "\n")
    return block if block.endswith("\n") else block + "\n"


def _cut_quoted(block: str, delimiter: str) -> Columns | None:
    """Cut lines in which all fields are quoted.

    Between two fields stands a mark, the delimiter or a line end, and a mark. Where all marks are of these, but for the
    first and the last one, no field holds a mark, and so no field holds what stands between two.
    """
    if not (block.startswith('"') and block.endswith('"\n')):
        return None
    rows = block[1:-2].split('"\n"')
    between = f'"{delimiter}"'
    width = rows[0].count(between) + 1
    if block.count("\n") != len(rows) or block.count('"') != 2 * width * len(rows):
        return None
    fields = between.join(rows).split(between)
    if len(fields) != width * len(rows) or any(row.count(between) + 1 != width for row in rows):
        return None
    return [fields[position::width] for position in range(width)]


def _cut_mixed(text: str, delimiter: str) -> Columns | None:
    """Cut the lines that are easy together, and the others by csv."""
    lines = text[:-1].split("\n")
    cut, easy = _cut_plain, ['"' not in line for line in lines]
    if not any(easy):
        marks = 2 * lines[-1].count(f'"{delimiter}"') + 2
        cut, easy = _cut_quoted, [line.count('"') == marks for line in lines]
    hard = [index for index, is_easy in enumerate(easy) if not is_easy]
    if not hard or len(hard) * _WORTHWHILE > len(lines):
        return None
    columns = cut("\n".join(compress(lines, easy)) + "\n", delimiter)
    if columns is None:
        return None
    try:
        rows = list(csv.reader([lines[index] for index in hard], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    if len(rows) != len(hard) or any(len(row) != len(columns) for row in rows):
        return None  # a quoted field goes on in the next line, or records are of several widths
    return [_merged(column, hard, cells) for column, cells in zip(columns, zip(*rows, strict=True), strict=True)]


def _merged(easy: Sequence[str], hard: Sequence[int], cells: Sequence[str]) -> list[str]:
    """Put cells of hard lines, by their index among all, between those of the easy ones."""
    merged: list[str] = []
    start = 0
    for offset, (index, cell) in enumerate(zip(hard, cells, strict=True)):
        merged += easy[start : index - offset]
        merged.append(cell)
        start = index - offset
    merged += easy[start:]
    return merged


@lru_cache
def _all_but(delimiter: str) -> bytes:
    return bytes(set(range(256)) - {*b"\r\n", *delimiter.encode()})
