"""Texts that a program has spoiled: shortened numbers, letters read in the wrong encoding, formulas that guard a text.

In:  a value that a ticket is to get. Out: what happened to it and what it probably was, or None.
"""

from __future__ import annotations

import re
from functools import lru_cache

from schemas.cells import shown
from schemas.message import Message, message

_SHORTENED = re.compile(r"[+-]?[0-9](?:[.,][0-9]+[Ee][+-]?|[Ee][+-])[0-9]{2,3}")
"""`5.51E+12`, `5.51E12`, `6E+12`; not `1E10`, which no spreadsheet writes: it is a code."""
_GUARDED = re.compile(r'="((?:[^"]|"")*)"', re.DOTALL)
_PICTURE = re.compile(r"=(?:_xlfn\.)?(?:DISPIMG|IMAGE)\(", re.IGNORECASE)
_RUN = re.compile("[^\x00-\x7f]{2,}")
_OTHERS = ("mac_roman", "cp1250", "cp1251", "cp850", "cp437", "cp1254", "cp1252")
"""Encodings that UTF-8 is taken for."""
_CLOSING = frozenset("\u00a0\u00bb\u2018\u2019\u201c\u201d\u201e\u2013\u2014\u2026\u2030\u203a\u00ba\u00aa\u00b0")
"""Signs that stand behind a capital letter of their own accord: quotes, dashes, blanks."""
_CUT_QUOTE = re.compile("\u00e2\u20ac(?![^\x00-\x7f])")
"""The first bytes of a closing quotation mark, whose last one (9D) is none of Windows-1252: programs lose it."""
_BYTES_1252 = {bytes([code]).decode("cp1252", "ignore") or chr(code): code for code in range(128, 256)}


def is_picture(text: str) -> bool:
    """Return whether a text is a formula that shows a picture: WPS Office stores it as the cell's value."""
    return _PICTURE.match(text) is not None


def spoiled(text: str, *, delimited: bool) -> Message | None:
    """Return what shows that a text was spoiled, or None. `delimited`: it stood in a delimited file."""
    if text.isascii():
        if text[:1] == "=":
            return _guarded(text)
        return _shortened(text) if delimited and ("E" in text or "e" in text) else None
    if "\ufffd" in text:
        return message(
            '"{value}" holds letters that a program has lost (\ufffd); take the text from where it came from',
            value=shown(text),
        )
    if text[:1] == "=" and (found := _guarded(text)):
        return found
    whole = _CUT_QUOTE.sub("\u00e2\u20ac\x9d", text)
    repaired = _RUN.sub(lambda match: _repaired(match[0], whole, match.start(), match.end()), whole)
    if repaired in {text, whole}:
        return None
    return message(
        '"{value}" was read in the wrong encoding; it was probably "{probable}"',
        value=shown(text),
        probable=shown(repaired),
    )


def _guarded(text: str) -> Message | None:
    if is_picture(text):
        return message('"{value}" stands for a picture in a cell; a ticket cannot hold it', value=shown(text))
    found = _GUARDED.fullmatch(text.strip())
    if found is None:
        return None
    return message(
        '"{value}" is a formula that guards a text; it was probably "{probable}"',
        value=shown(text),
        probable=shown(found[1].replace('""', '"')),
    )


def _shortened(text: str) -> Message | None:
    if not _SHORTENED.fullmatch(text.strip()):
        return None
    return message(
        '"{value}" is a number that a spreadsheet has shortened, so digits are lost; write it out in full',
        value=shown(text),
    )


def _repaired(run: str, text: str, start: int, end: int) -> str:
    """Return a run of letters as UTF-8 meant it, or as it is where it makes sense as it stands."""
    before, behind = text[:start][-1:], text[end : end + 1]
    is_odd = before.isalpha() and run[0].isupper() and (before.islower() or behind.islower())
    found = _decoded(run, is_odd=is_odd)
    if found == run:
        return run
    stands_alone = len(run) == 2 and run[1] in _CLOSING
    if stands_alone and not behind.isalnum() and not before.islower():
        return run
    return found


@lru_cache(maxsize=10_000)
def _decoded(run: str, *, is_odd: bool) -> str:
    """Return what UTF-8 meant. `is_odd`: capital letters stand in a word of small ones."""
    for encoding in ("", *_OTHERS):
        try:
            found = _encoded(run, encoding).decode("utf-8")
        except (UnicodeError, KeyError):
            continue
        # Letters of another alphabet make UTF-8 by chance only where they are few.
        is_likely = encoding in {"", "cp1252"} or len(found) > 1 or not run.isalpha() or is_odd
        if found != run and len(found) < len(run) and is_likely and all(map(_is_sensible, found)):
            return found
    return run


def _encoded(run: str, encoding: str) -> bytes:
    return run.encode(encoding) if encoding else bytes(_BYTES_1252[letter] for letter in run)


def _is_sensible(letter: str) -> bool:
    return letter.isprintable() or letter in "\u00a0\u200b\u200d\ufeff\u2028"
