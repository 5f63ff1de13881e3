"""Addresses of cells: `B3` is row 3, position 1; rows count from 1, positions from 0 (ECMA-376 part 1, 18.18.62)."""

from __future__ import annotations

import re

Range = tuple[int, int, int, int]
"""First row, first position, last row, last position."""


_ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")


def split_address(address: str) -> tuple[int, int]:
    """Return (row, position) of `B3`: (3, 1). Raises ValueError for what is no address."""
    match = _ADDRESS.fullmatch(address)
    if match is None or not int(match[2]):
        raise ValueError(address)
    return int(match[2]), column_position(match[1])


def column_position(letters: str) -> int:
    """Return the position, counted from 0, of a column's letters."""
    position = 0
    for letter in letters.upper():
        position = position * 26 + ord(letter) - 64
    return position - 1


def split_range(reference: str) -> Range:
    """Return (first row, first position, last row, last position) of `B3:C4` or `B3`."""
    first, _, last = reference.partition(":")
    top, left = split_address(first)
    bottom, right = split_address(last or first)
    return top, left, bottom, right
