"""Header texts: what two that mean the same have in common.

Labels are told apart by their words alone. Headers that were wrapped hold line breaks, those copied from a page
no-break spaces and invisible characters, those of a Mac accents as characters of their own.
"""

from __future__ import annotations

import unicodedata

from schemas.cells import UNSEEN


def bare(text: str) -> str:
    """Return a text without outer blanks and characters that show nothing: marks of order, direction, joining."""
    if not text.isascii():
        text = "".join(one for one in text if unicodedata.category(one) != "Cf" and one not in UNSEEN)
    return text.strip()


def plain(text: str) -> str:
    """Return a text without case, outer blanks and unseen characters, one space between its words."""
    # An accented letter may be one character or two, as in files from a Mac.
    return unicodedata.normalize("NFC", " ".join(bare(text).split()).casefold())
