"""Header texts: what two of them have in common, and how a message repeats one.

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


def visible(text: str) -> str:
    """Return a text on one line, its unseen characters as their escapes: two names that look alike are then told apart.

    Its outer blanks stay: between quotation marks they are seen.
    """
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
