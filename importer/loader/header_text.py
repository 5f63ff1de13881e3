"""Header texts: what two that mean the same have in common.

Labels are told apart by their words alone. Headers that were wrapped hold line breaks, those copied from a page
no-break spaces and characters that nobody sees, those of a Mac accents as characters of their own.
"""

from __future__ import annotations

import unicodedata

_SHOW_NOTHING = frozenset(
    "\u034f\u2800\u115f\u1160\u17b4\u17b5\u3164\uffa0"
    "\u180b\u180c\u180d\u180f" + "".join(map(chr, range(0xFE00, 0xFE10)))
)
"""Fillers, the blank of braille, variation selectors: shown as nothing, though no format characters by category.

Source: Unicode's property Default_Ignorable_Code_Point (DerivedCoreProperties.txt).
"""


def bare(text: str) -> str:
    """Return a text without outer blanks and characters that show nothing: marks of order, direction, joining."""
    if not text.isascii():
        text = "".join(one for one in text if unicodedata.category(one) != "Cf" and one not in _SHOW_NOTHING)
    return text.strip()


def plain(text: str) -> str:
    """Return a text without case, outer blanks and unseen characters, one space between its words."""
    # An accented letter may be one character or two, as in files from a Mac.
    return unicodedata.normalize("NFC", " ".join(bare(text).split()).casefold())
