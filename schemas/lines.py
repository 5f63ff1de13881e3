"""A pattern put to the texts of a whole column at one go: one search for a column instead of one for each text."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SEVERAL = 8
"""Where more than one text in this many does not match, each is looked at alone: finding one costs as much."""


class Lines:
    """A pattern that matches texts whole; it must not match line breaks."""

    def __init__(self, pattern: str) -> None:
        self.matches = re.compile(pattern).fullmatch
        # Possessive, so that a long column is gone through once and without a stack.
        self._run = re.compile(rf"(?:(?:{pattern})\n)*+")

    def matching(self, texts: Sequence[str]) -> list[str | None]:
        """Return the texts, with None in the place of each that does not match."""
        lines = "\n".join(texts) + "\n"
        if lines.count("\n") != len(texts):  # a text has a line break in it, so lines and texts differ
            return self._one_by_one(texts)
        found: list[str | None] = list(texts)
        place = start = 0
        for _ in range(len(texts) // _SEVERAL + 1):
            matched = self._run.match(lines, start)
            end = matched.end() if matched else start
            if end == len(lines):
                return found
            place += lines.count("\n", start, end)
            found[place] = None
            place, start = place + 1, lines.index("\n", end) + 1
        return self._one_by_one(texts)

    def _one_by_one(self, texts: Sequence[str]) -> list[str | None]:
        return [text if self.matches(text) else None for text in texts]
