r"""Signs of a word processor whose neighbours in the cell are English: Hamilton's order, the Smiths' keys.

In:  a block of bytes that are not UTF-8, and where in it a word with such a sign stands.
Out: the byte of the sign, where the words beside it leave no doubt that it is one.

In encodings of a Mac or of DOS the same bytes are letters (an apostrophe: \xed, \xc6), and a word with one at its end
may be a word of another language. It is not where the cell is English: these words stand in no text whose language has
such letters.
"""

from __future__ import annotations

import re

_SIGNED = re.compile(rb"([A-Za-z]*[A-Za-z])(?:(\x92)s|(?<=[a-z]s)(\x92)|(?<=[a-su-z])(\x85)|(\xae))[@-`{|}~]*")
"""A possessive, a text that breaks off (Italian words end in the letters t\xe0), a trademark."""
_BREAK = re.compile(rb'[\t\r\n;|,"]')
_FIELD = 120
"""Bytes on either side that are looked through."""
_WORD = re.compile(rb"(?<![A-Za-z\x80-\xff])[A-Za-z]{3,}(?![A-Za-z\x80-\xff])")
_NEXT, _LAST = re.compile(rb" ([A-Za-z]+)(?![A-Za-z\x80-\xff])"), re.compile(rb"(?<![A-Za-z\x80-\xff])([A-Za-z]+) \Z")
_ENGLISH = frozenset(
    b"the and with were this that have from they your their our his would could should there been when which who what "
    b"about than then them these those because before after how did does until while where why she you order orders "
    b"invoice invoices customer customers delivery shipment shipping refund refunds missing broken said says needs "
    b"wants asked called phone name replacement screen printer keys waiting still again please thanks address website "
    b"battery charger cable payment received returned damaged lost wrong office house kitchen door need help issue "
    b"issues supplier suppliers driver week weeks day days year years month months today tomorrow yesterday wife "
    b"husband daughter mother father brother sister friend neighbour child children names number numbers cannot".split()
)
"""Words that English has and no language with \xed in it; not those that other languages borrow."""
_NAMES_IN_IS = frozenset(b"alan am ass av den dion gen in iris lu mel pa par ru sol tom".split())
"""Names that end in \xeds where they are written with that letter: Lu\xeds, Sol\xeds."""


def sign_of(word: bytes) -> int | None:
    """Return the byte of the sign in a word such as `Smith's`; None where a word is built otherwise."""
    found = _SIGNED.fullmatch(word.lstrip(b"@[\\]^_`{|}~"))
    return next(one for one in found.groups()[1:] if one)[0] if found else None


def english_sign(block: bytes, start: int, end: int) -> int | None:
    """Return the byte of the sign in a word of a block, where one word beside it or two of its cell are English."""
    word = block[start:end]
    sign = sign_of(word)
    if sign is None or _stem(word) in _NAMES_IN_IS:
        return None
    before = _BREAK.split(block[max(start - _FIELD, 0) : start])[-1]
    behind = _BREAK.split(block[end : end + _FIELD], maxsplit=1)[0]
    beside = [found[1] for found in (_LAST.search(before), _NEXT.match(behind)) if found]
    is_english = any(map(_is_english, beside)) or _count(before) + _count(behind) > 1
    return sign if is_english else None


def _is_english(word: bytes) -> bool:
    return word.lower() in _ENGLISH


def _count(text: bytes) -> int:
    return sum(map(_is_english, _WORD.findall(text)))


def _stem(word: bytes) -> bytes:
    return re.split(rb"[\x80-\xff]", word.lstrip(b"@[\\]^_`{|}~"))[0].lower()
