"""Header texts: what two that mean the same have in common.

Labels are told apart by their words alone. Headers that were wrapped hold line breaks, those copied from a page
no-break spaces and characters that nobody sees, those of a Mac accents as characters of their own.
"""

from __future__ import annotations

import unicodedata

_UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u200e\u200f\u2060\u00ad"))
"""Marks that a copy brings along: of byte order, of direction, of where a word may be broken or joined."""


def plain(text: str) -> str:
    """Return a text without case, outer blanks and unseen characters, one space between its words."""
    # An accented letter may be one character or two, as in files from a Mac.
    return unicodedata.normalize("NFC", " ".join(text.translate(_UNSEEN).split()).casefold())
