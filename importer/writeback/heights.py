"""How tall rows are that get a message of several lines.

In:  the start tag of a row, its cells, and what is to stand in its message.
Out: the tag with a height in which the message can be read, and the message.

A height that is not marked as chosen only says what the cells needed when the file was saved, and programs believe it:
LibreOffice shows one line of two where it says one, or says nothing. A height that somebody chose stays, and the
message there stands in one line. A later run takes away a height that only a message of ours needed.
Source: ECMA-376 part 1, 18.3.1.73 (row: ht, customHeight), 18.3.1.81 (sheetFormatPr), 18.8.1 (alignment).
"""

from __future__ import annotations

import math
import re
from collections.abc import Set as AbstractSet

from importer.labels import join_texts

_HEIGHT = re.compile(rb"""\sht\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_CHOSEN = re.compile(rb"""\scustomHeight\s*=\s*["'](?:1|true)["']""")
_STYLES = re.compile(rb"""\ss\s*=\s*["'](\d{1,9})["']""")
_TALLEST = 409.5
"""Points (Excel specifications and limits)."""
_LINE = 15.0
"""Points of a line where the sheet's default height is no line's."""


class RowHeights:
    """The heights of the rows of one sheet."""

    def __init__(self, default: float, *, is_chosen: bool, width: float, wrapping: AbstractSet[int]) -> None:
        """Take what the sheet says.

        default: points of a row that says nothing. is_chosen: whether somebody chose them. width: characters of a line
        of our messages. wrapping: the cell formats that show several lines.
        """
        self._default = default
        self._line = _LINE if is_chosen else default
        self._width = max(width, 1)
        self._wrapping = frozenset(b"%d" % style for style in wrapping)

    def fit(self, tag: bytes, users: bytes, earlier: bytes, text: str) -> tuple[bytes, str]:
        """Return a row's start tag with the height that a message needs, and the message as it fits there.

        users: the row's cells but ours. earlier: our cells of an earlier run.
        """
        lines = "\n" in text
        if not (lines or self.wraps(earlier)):
            return tag, text
        found = _HEIGHT.search(tag)
        try:
            now = float(found[1] or found[2]) if found else self._default
        except ValueError:
            now = math.inf
        if _CHOSEN.search(tag) or now == math.inf:
            return tag, join_texts(text.split("\n"))
        if found and self.wraps(earlier) and not self.wraps(users):
            tag, found, now = _HEIGHT.sub(b"", tag), None, self._default
        needed = self._needed(text) if lines else 0
        return (_with_height(tag, needed) if needed > now else tag), text

    def _needed(self, text: str) -> float:
        lines = sum(math.ceil(max(len(line), 1) / self._width) for line in text.split("\n"))
        return min(lines * self._line, _TALLEST)

    def wraps(self, cells: bytes, start: int = 0) -> bool:
        """Return whether one of some cells shows several lines."""
        return not self._wrapping.isdisjoint(_STYLES.findall(cells, start))


def _with_height(tag: bytes, height: float) -> bytes:
    bare = _HEIGHT.sub(b"", tag)
    end = len(bare) - (2 if bare.endswith(b"/>") else 1)
    return bare[:end].rstrip() + b' ht="%s"' % f"{height:g}".encode() + bare[end:]
