"""What a number format says of a cell: a date, an elapsed time, zeros before the number.

In:  number format codes (ECMA-376 part 1, 18.8.30 and 18.8.31), with built-in ones by their ID.
Out: `Format`. Localized and coloured formats are read as Excel reads them: quoted and escaped letters say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from locale import windows_locale


class Shows(Enum):
    """What a number in a cell of this format means."""

    NUMBER = "number"
    MOMENT = "moment"
    """A day, a time of day, or both."""
    ELAPSED = "elapsed"
    """Hours, minutes or seconds that may pass a day: `[h]:mm`."""


@dataclass(frozen=True, slots=True)
class Format:
    """One number format, as far as values depend on it."""

    shows: Shows = Shows.NUMBER
    overlooked: bool = False
    """By its letters, python-calamine takes it for something else: years of an era, names of days; `Estándar`."""
    language: str = ""
    """Of names of months and days, such as `pt-BR`; "" where the format leaves it to the reader's system."""
    clock: str = ""
    """The finest part of a time of day that is shown: `minutes`, `seconds`; "" where none is."""
    currency: str = ""
    """The sign or code shown beside the number, such as `R$`; "" where the format leaves it to the reader's system."""
    digits: int = 0
    """The fewest digits that a whole number is shown with; above 1, zeros may stand before them."""

    @property
    def is_plain(self) -> bool:
        """Whether a number in a cell of this format is meant as it is stored."""
        return self.shows is Shows.NUMBER and self.digits <= 1


_GENERAL = Format()
_MOMENT_IDS = {*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)}
"""Built-in formats of dates and times; 27 to 36 and 50 to 58 are those of East Asian languages."""
_ELAPSED_IDS = {46}
_SYSTEM_CURRENCY_IDS = {*range(5, 9), *range(37, 45)}
"""Built-in formats with the sign of the reader's own country, whatever the file writes there."""
_CLOCK_IDS = {**dict.fromkeys((18, 20, 22), "minutes"), **dict.fromkeys((19, 21, 45, 47), "seconds")}

_SILENT = re.compile(r'"[^"]*"?|\\.|_.|\*.')
"""Parts that are shown as they stand: quoted text, an escaped character, a space as wide as one, a filler."""
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_BRACKETS = re.compile(r"\[[^\]]*\]")
_MOMENT = re.compile(r"[ymdhs]|am/pm|a/p", re.IGNORECASE)
_RARE_MOMENT = re.compile(r"(?<![0#?.])e(?![+-])|g|aaa|b[12]", re.IGNORECASE)
"""Years of an era (`e`, `ggge`), names of days (`aaa`), Buddhist and Hijri years (`b1`, `b2`)."""
_LANGUAGE = re.compile(r"\[\$[^\]-]*-(?:([0-9A-Fa-f]{3,8})|([a-z]{2,3}-[A-Z]{2}))[\],]")
_CURRENCY_BRACKET = re.compile(r"\[\$([^\]-]+)(?:-[^\]]*)?\]")
_SHOWN_TEXT = re.compile(r'\[[^\]]*\]|_.|\*.|"([^"]*)"?|\\(.)|([^0#?.,])')
"""What a section shows around its digits: quoted, escaped, or as it stands."""
_SIGN = re.compile(r"(?<![^\W\d_])[A-Za-z]{0,3}[$\u00a2-\u00a5\u20a0-\u20c0\uffe0\uffe1\uffe5\uffe6][A-Za-z]?")
_CODE = re.compile(r"[A-Z]{3}")
_GENERAL_WORD = re.compile(
    "G/標準|G/通用格式|G/표준|"
    "generale?|geral|est[áa]ndar|standardowy|standaard|standard|standart|yleinen|ogólny|obecný|všeobecn[ýe]|normál|"
    "általános|genel|основной|общий|γενικός τύπος|opći|splošno|общ|загальний|כללי|عام|ทั่วไป",
    re.IGNORECASE,
)
"""What programs of other languages write for `General`; its letters are those of no date."""


def read_format(format_id: int, codes: Mapping[int, str]) -> Format:
    """Return the format of this ID; `codes` are those the workbook defines itself."""
    code = codes.get(format_id)
    if code is not None:
        form = read_code(code)
        return replace(form, currency="") if format_id in _SYSTEM_CURRENCY_IDS else form
    if format_id in _ELAPSED_IDS:
        return Format(Shows.ELAPSED)
    if format_id in _MOMENT_IDS:
        return Format(Shows.MOMENT, clock=_CLOCK_IDS.get(format_id, ""))
    return _GENERAL


def read_code(code: str) -> Format:
    """Return what a format code says; its first section speaks for all numbers."""
    word = _GENERAL_WORD.search(code) is not None
    section = _GENERAL_WORD.sub(" ", _SILENT.sub(" ", code).split(";")[0])
    plain = _BRACKETS.sub("", section)
    elapsed = _ELAPSED.search(section)
    if elapsed and not _MOMENT.search(_BRACKETS.sub("", section[: elapsed.start()])):
        return Format(Shows.ELAPSED)
    rare = _RARE_MOMENT.search(plain) is not None
    if rare or elapsed or _MOMENT.search(plain):
        overlooked = rare or word
        return Format(Shows.MOMENT, overlooked=overlooked, language=_language(code), clock=_clock(plain))
    overlooked = word and code.casefold() != "general"
    currency = _currency(code.partition(";")[0])
    return Format(overlooked=overlooked, currency=currency, digits=_shown_digits(plain))


def _currency(section: str) -> str:
    """Return the currency that a section names, in brackets, in quotes, or as it stands."""
    if bracket := _CURRENCY_BRACKET.search(section):
        return bracket[1].strip()
    text = "".join("".join(found.groups("")) for found in _SHOWN_TEXT.finditer(section))
    if sign := _SIGN.search(text):
        return sign[0]
    return text.strip() if _CODE.fullmatch(text.strip()) else ""


def _clock(section: str) -> str:
    letters = section.lower()
    if "s" in letters:
        return "seconds"
    return "minutes" if "h" in letters else ""


def _language(code: str) -> str:
    """Return the language of `[$-416]`: a Windows locale ID, or in newer files a name."""
    match = _LANGUAGE.search(code)
    if match is None:
        return ""
    if match[2]:
        return match[2]
    return windows_locale.get(int(match[1], 16) & 0xFFFF, "").replace("_", "-")


def _shown_digits(section: str) -> int:
    """Return how many digits a whole number is padded to with zeros: 6 for `000000`, 8 for `00000-000`."""
    if any(sign in section for sign in ".%/Ee"):
        return 0
    digits = "".join(re.findall(r"[0#?]", section))
    return len(digits) - digits.index("0") if "0" in digits else 0


def with_zeros(text: str, digits: int) -> str | None:
    """Return a whole number with the zeros its format shows before it, or None where it shows none."""
    sign, number = ("-", text[1:]) if text.startswith("-") else ("", text)
    if not number.isdigit() or len(number) >= digits:
        return None
    return sign + number.zfill(digits)
