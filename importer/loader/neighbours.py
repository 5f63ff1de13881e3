"""Whether bytes that are not UTF-8 are Windows-1252, or those of a neighbour that looks alike.

In:  the words of a file that hold bytes beyond ASCII.
Out: whether Windows-1252 explains them better than every other encoding does, words to show, and what fits else.

Nearly every sequence of bytes is some text in every encoding of one byte a letter. What tells them apart is which
letters follow which (`likeness`). What two encodings explain nearly alike is refused: a wrongly read letter would be
written into a ticket.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from importer.loader.common_words import COMMON_WORDS, NAMES
from importer.loader.english_signs import english_sign, sign_of
from importer.loader.likeness import ENGLISH, likelihood, normal

_LATIN = (
    *("pt", "fr", "de", "es", "it", "da", "nb", "sv", "nl", "is", "fi", "ca", "en"),
    *("hu", "pl", "cs", "sk", "ro", "hr", "sl", "tr", "lt", "lv", "et"),
)
"""Of every encoding with Latin letters: what it lacks speaks against it by itself."""
_CYRILLIC = ("ru", "uk", "bg", "sr")
_WESTERN = "cp1252"


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding that a file may be in: its codec, what people call it, the languages written in it."""

    codec: str
    name: str
    languages: tuple[str, ...]


_ENCODINGS = (
    Encoding(_WESTERN, "Windows-1252, Western European", _LATIN),
    Encoding("cp1250", "Windows-1250, Central European", _LATIN),
    Encoding("cp1254", "Windows-1254, Turkish", _LATIN),
    Encoding("cp1257", "Windows-1257, Baltic", _LATIN),
    Encoding("cp1251", "Windows-1251, Cyrillic", _CYRILLIC),
    Encoding("cp1253", "Windows-1253, Greek", ("el",)),
    Encoding("cp1255", "Windows-1255, Hebrew", ("he",)),
    Encoding("cp1256", "Windows-1256, Arabic", ("ar", "fr")),
    Encoding("cp874", "Windows-874, Thai", ("th",)),
    Encoding("iso8859_2", "ISO 8859-2, Central European", _LATIN),
    Encoding("mac_roman", "Mac Roman", _LATIN),
    Encoding("mac_latin2", "Mac Central European", _LATIN),
    Encoding("mac_turkish", "Mac Turkish", _LATIN),
    Encoding("cp850", "DOS, Western European", _LATIN),
    Encoding("cp852", "DOS, Central European", _LATIN),
    Encoding("cp857", "DOS, Turkish", _LATIN),
    Encoding("koi8_r", "KOI8-R, Cyrillic", _CYRILLIC),
    Encoding("cp932", "Shift JIS, Japanese", ("ja",)),
    Encoding("gbk", "GBK, Chinese", ("zh",)),
    Encoding("big5", "Big5, Chinese", ("zh_Hant",)),
    Encoding("cp949", "EUC-KR, Korean", ("ko",)),
    Encoding("euc_jp", "EUC-JP, Japanese", ("ja",)),
)
"""The first of two that read the same text in the same words is the one that is named."""

_HIGH_WORD = re.compile(rb"[\x40-\x7e]{0,20}[\x80-\xff][\x40-\xff]{0,20}")
"""From @ on: letters, and second bytes of East Asian ones."""
_WORDS_OF_A_BYTE = 12
_ELISION = re.compile(
    "(?<![^\\W\\d_])(?:[CDJLMNSTcdjlmnst]|[Qq]u|[A-Za-z]{1,5}ll|[Uu]n|[ODLod](?=.[A-Z]))"
    "\u2019(?=[aeiouyhA-Z\xc0-\xd6\xd8-\xf6\xf8-\xff\u0152\u0153])"
    "|(?<=[A-Za-z]{2})\u2019(?=s\\b)"
)
"""An apostrophe where letters were left out: l\u2019été, Zara\u2019s, James\u2019, or in a name: O\u2019Brien."""
_DASHES = "\u2013\u2014\u2026\xa0"
_ENGLISH_WORDS = frozenset(one for one in f"{ENGLISH} {COMMON_WORDS['en']}".split() if len(one) > 2)
_PERSONS = "i|you|he|she|it|we|they|there|that|this|who|what|where|how"
_KNOWN = re.compile(
    f"\\b(?:(?:{_PERSONS})\u2019(?:d|ll|re|ve|s|m)|[a-z]+n\u2019t|(?:would|could|should|might|must|may)\u2019ve"
    "|y\u2019all|o\u2019clock)\\b|(?<![a-z])\u2019(?:tis|twas|em|til|cause|n)\\b"
    f"|\\b([a-z]+)(?:\u2019s\\b|(?<=s)\u2019(?![^\\W\\d_])|[\u2013\u2014]([a-z]+)\\b|[{_DASHES}](?![^\\W\\d_]))"
    f"|(?<![^\\W\\d_])[{_DASHES}]([a-z]+)\\b"
    "|\\b(?:aujourd\u2019hui|s\u2019ils?|[cn]\u2019est|(?:jus|lors|puis|quel|pres|quoi)qu\u2019[a-zàâéèêëîïôûùç]+"
    "|(?:qu|dall|dell|nell|sull|all|quest|quell)\u2019[aeiouhàéèê][a-zàâéèêëîïôûùç]+)\\b",
    re.IGNORECASE,
)
"""Signs as texts surely have them: qu\u2019il, don\u2019t, Sara\u2019s, a text that breaks off: wait\u2026"""
_OWNERS = (_ENGLISH_WORDS | frozenset(NAMES.split())) - {"sent"}
_ENDING = re.compile("[a-z]{3,}(?:ing|ed)")
_LETTERS = re.compile(r"[^\W\d_\xaa\xba\xb2\xb3\xb9\xbc-\xbe]+")
_FOREIGN = re.compile("[\u0370-\uffdc]+")
"""A word of an alphabet beyond Latin."""
_OPENING = re.compile("(?<![^\\W\\d_])[\u2019\u2018\u201c\u201d\u201e\u201a](?=[^\\W\\d_])")
_CLOSING = re.compile("(?<=[^\\W\\d_])[\u2019\u2018\u201c\u201d](?![^\\W\\d_])")
_FREE = re.compile("(?<![^\\W\\d_])[\u2019\u2018\u201c\u201d\u201e\u201a](?![^\\W\\d_])")
"""Quotation marks before a letter, behind one, and elsewhere: where a number or a stop is beside them."""
_ORDINALS, _POWERS = "\xaa\xba", "\xb2\xb3"
_QUOTES = "\u2019\u2018\u201c\u201d\u201e\u201a\xab\xbb\u2039\u203a"
_JOINTS = "\u2019\u2018\u2013\u2014\u2026\xb7\xb4\xa0"
"""Signs that may stand between two letters."""
_DASHES_ALONE = frozenset("\u2013\u2014")
_OPENERS = frozenset(_QUOTES + _JOINTS + "\xa1\xbf\xb0\u2022")
"""Signs that may stand before a letter."""
_CLOSERS = frozenset(_QUOTES + _JOINTS + _POWERS + "\u20ac\xae\u2122") - frozenset("\u201a\u201e")
"""Signs that may stand behind one."""
_USUAL_SIGNS = _OPENERS | frozenset(
    "\xad\u20ac\xa3\xa5\xa7\xa9\xae\u2122\xb1\xd7\xbd\xbc\xbe\xa8\u2030\u2020\xb5" + _ORDINALS + _POWERS
)
_BEYOND_LATIN = "\u0370"
_OLD, _OLD_COST = ("mac", "cp8", "koi", "iso"), 3.0
"""Encodings of systems before Windows, and how much less likely they are."""
_ONE_LETTER_WORDS = frozenset("авикосуяіїєжηοήώό\u0648АБВГΑΒΓΔ")  # noqa: RUF001 - they look like ours
"""Words of one letter, and letters that number lists."""
_SILENT_COST = 12.0
"""What it costs where an encoding other than Windows-1252 finds no word of its alphabet."""
_USUAL_COST, _SIGN_COST, _CONTROL_COST = 2.0, 14.0, 40.0
"""What a sign beyond ASCII costs, as the logarithm of a likelihood: about two letters, or one that no language has."""
_ATTACHED_COST = 10.0
"""What it costs more where a sign touches a letter on one side alone, as one that stands for a letter does."""
_KNOWN_GAIN = 4.0
"""What speaks for Windows-1252 where the words around its signs are known."""
_ATTACHED = frozenset("\u2026\u2013\u2014\u2039\u203a")
_MARGIN = 4.0
"""By how much Windows-1252 must be better than every other encoding."""
_FEWEST, _PER_LETTER = 9.0, 5.5
"""What the words may cost at most in Windows-1252: so much, and so much a letter; nonsense costs more."""
_SHOWN = 4
_CLOSE = 12.0
"""How much worse than the best an encoding may be to be named."""


class WordSample:
    """Some words of a file that hold bytes beyond ASCII: a few of each byte, wherever in the file they stand."""

    def __init__(self) -> None:
        self._of_byte: Counter[int] = Counter()
        self._signs: set[int] = set()
        """Bytes that an English text shows to be signs."""
        self._signed: set[bytes] = set()
        """The words that such signs are in."""
        self.words: dict[bytes, None] = {}

    def add(self, block: bytes) -> None:
        """Look through a part of the file."""
        for found in _HIGH_WORD.finditer(block):
            word = found[0]
            if word in self.words and word not in self._signed:
                continue
            if (sign := english_sign(block, *found.span())) is not None:
                self._signs.add(sign)
            high = {byte for byte in word if byte > 0x7F}
            if any(self._of_byte[byte] < _WORDS_OF_A_BYTE for byte in high):
                self._of_byte.update(high)
                self.words[word] = None
                self._signed |= {word} if sign_of(word) is not None else set()

    def doubtful(self) -> list[bytes]:
        """Return the words whose signs no English text of the file explains."""
        return [word for word in self.words if sign_of(word) not in self._signs]


@dataclass(frozen=True, slots=True)
class Guess:
    """An encoding that fits, with some words that it makes."""

    codec: str
    name: str
    words: Sequence[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the words are."""

    western: bool
    words: Sequence[str]
    """Some of them as Windows-1252 reads them."""
    guesses: Sequence[Guess] = ()


class _Reading:
    """The words read in one encoding."""

    def __init__(self, encoding: Encoding, words: Sequence[bytes]) -> None:
        self.encoding = encoding
        self.texts = [word.decode(encoding.codec, errors="replace") for word in words]

    @cached_property
    def score(self) -> float:
        """The logarithm of their likelihood."""
        words = [word for text in self.texts for word in _LETTERS.findall(normal(text))]
        odd = sum(map(_oddity, self.texts)) + _SIGN_COST * _unpaired(self.texts)
        odd += _OLD_COST * self.encoding.codec.startswith(_OLD)
        odd += _SILENT_COST * (self.encoding.codec != _WESTERN and not self._speaks(words))
        return (likelihood(words, self.encoding.languages) if words else 0.0) - odd

    def _speaks(self, words: Sequence[str]) -> bool:
        """Return whether the words, or a dash as between two years, show that a text is in the encoding.

        A letter alone hardly does.
        """
        if self.encoding.languages is _LATIN:
            return any(len(word) > 1 for word in words) or not _DASHES_ALONE.isdisjoint(self.texts)
        found = [word for text in self.texts for word in _FOREIGN.findall(unicodedata.normalize("NFC", text))]
        is_old = self.encoding.codec.startswith(_OLD)
        return any(len(word) > 1 or (word in _ONE_LETTER_WORDS and not is_old) for word in found)

    def shown(self, places: Sequence[int]) -> list[str]:
        return list(dict.fromkeys(_shown(self.texts[place]) for place in places))[:_SHOWN]


def judge(sample: WordSample) -> Verdict:
    """Tell whether the words are Windows-1252."""
    words = sample.doubtful()
    if not words:
        return Verdict(True, _Reading(_ENCODINGS[0], list(sample.words)).shown(range(len(sample.words))))
    western, *others = (_Reading(one, words) for one in _ENCODINGS)
    rivals = [one for one in others if one.texts != western.texts]
    best = max((one.score for one in rivals), default=-float("inf"))
    every = range(len(words))
    sure = western.score >= best + _MARGIN and -western.score <= _FEWEST + _PER_LETTER * _length(western.texts)
    if sure:
        return Verdict(True, western.shown(every))
    top = max(best, western.score)
    fitting = sorted((one for one in (western, *rivals) if one.score >= top - _CLOSE), key=lambda one: -one.score)
    telling = [place for place in every if any(one.texts[place] != western.texts[place] for one in fitting)] or every
    guesses: dict[tuple[str, ...], Guess] = {}
    for one in fitting:
        found = one.shown(telling)
        guesses.setdefault(tuple(one.texts), Guess(one.encoding.codec, one.encoding.name, found))
    return Verdict(False, western.shown(telling), list(guesses.values())[:_SHOWN])


def _length(texts: Sequence[str]) -> int:
    return sum(len(word) + 1 for text in texts for word in _LETTERS.findall(text))


def _shown(text: str) -> str:
    return text.strip("@[\\]^_`{|}~\xa0")


def _oddity(text: str) -> float:
    """Return what stands against a text besides its letters: signs within words, capitals behind small letters."""
    known = _KNOWN.sub(_without_sign, text)
    gain = _KNOWN_GAIN if known != text else 0.0
    text = _ELISION.sub(" \u2019 ", known)
    return -gain + sum(
        _cost(before, sign, after)
        for before, sign, after in zip(" " + text, text, text[1:] + " ", strict=False)
        if not sign.isascii()
    )


def _without_sign(found: re.Match[str]) -> str:
    """Return what stands against a text with signs: nothing, where its words are known."""
    words = [word.lower() for word in found.groups() if word]
    if found[0].endswith("\u2019s"):
        is_known = all(one in _OWNERS for one in words) or (found[0][:-2].isupper() and len(words[0]) > 1)
    else:
        is_known = all(one in _ENGLISH_WORDS or _ENDING.fullmatch(one) for one in words)
    return " " if is_known else found[0]


def _unpaired(texts: Sequence[str]) -> int:
    """Return how many quotation marks open what nothing closes, or close what nothing opens."""
    whole = " ".join(_ELISION.sub(" ", _KNOWN.sub(_without_sign, text)) for text in texts)
    opening, closing = len(_OPENING.findall(whole)), len(_CLOSING.findall(whole))
    return 0 if (opening and closing) or _FREE.search(whole) else opening + closing


def _cost(before: str, sign: str, after: str) -> float:
    category = unicodedata.category(sign)
    if category in {"Cc", "Cn", "Co"} or sign == "\ufffd":
        return _CONTROL_COST
    if sign in _ORDINALS:
        return _SIGN_COST if after.isalpha() or not (before.isdigit() or before in "nrfaNM \xa0") else _USUAL_COST
    if category[0] == "M" and not (before.isalpha() or unicodedata.category(before)[0] == "M"):
        return _SIGN_COST
    if category[0] in "LM":
        if sign >= _BEYOND_LATIN and any(one.isascii() and one.isalpha() for one in (before, after)):
            return _SIGN_COST
        is_odd = category == "Lu" and (before.islower() or (before.isalpha() and after.islower()))
        return _SIGN_COST / 2 * is_odd
    if sign == "\xad" or (sign == "\xb0" and before in "nN"):
        return _USUAL_COST if (sign == "\xb0" or (before.isalpha() and after.isalpha())) else _SIGN_COST
    if sign not in _USUAL_SIGNS or (sign in _POWERS and before not in "m0123456789 "):
        return _SIGN_COST
    if after.isalpha() and before.isalpha():
        if sign == "\xb7" and before == after:  # as in Catalan
            return _USUAL_COST
        return _SIGN_COST / 2 if sign in _DASHES and after.isupper() else 2 * _SIGN_COST
    is_odd = (after.isalpha() and sign not in _OPENERS) or (before.isalpha() and sign not in _CLOSERS)
    is_odd |= sign in "\xa1\xbf" and after == " "
    is_attached = sign in _ATTACHED and (before.isalpha() or after.isalpha())
    return _USUAL_COST + _SIGN_COST * is_odd + _ATTACHED_COST * is_attached
