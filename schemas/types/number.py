"""Numbers: text as people write them, to a plain decimal.

A way of writing (`NumberStyle`) is a decimal mark and the marks that group digits. It comes from a locale (Unicode
CLDR, by Babel); without a locale a text is read in both common ways, and is ambiguous where they disagree.

Values: an optional minus, digits, a point and decimals; no exponent, no needless zeros, never `-0`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from schemas.cells import Converter, Kind, Problem, Reading, Result, Ways, fold, shown
from schemas.lines import Lines
from schemas.locales import find_locale
from schemas.message import Message, message
from schemas.property import Property
from schemas.property_type import PropertyType, SheetCell

SPACES = " \u00a0\u2009\u202f"
"""Spaces that group digits: plain, no-break, thin, narrow no-break."""

APOSTROPHES = "'\u2019"
MAX_EXPONENT = 300

_PLAIN = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?")
# Plain decimals, or nothing. A point before three digits may group thousands, so it is looked at.
_QUICK_WHOLE = r"-?[1-9][0-9]*+|0|"
_QUICK_DECIMAL = r"(?:-?[1-9][0-9]*+|0|-0(?=\.))(?:\.(?:[0-9]|[0-9]{3,})?[1-9])?|"
_EXPONENT = re.compile(r"([+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+))[eE]([+-]?[0-9]{1,3})")
_SHORTENED = re.compile(r"[+-]?[0-9](?:[.,][0-9]+)?E[+-][0-9]{2,3}")
_MINUS = str.maketrans({"\u2212": "-", "\u2010": "-", "\ufe63": "-", "\uff0d": "-"})
_DIRECTION_MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u061c"))
_CURRENCY = re.compile(
    r"(?:[A-Z]{3}|[A-Z]{0,3}[$\u00a3-\u00a5\u058f\u060b\u09f2\u09f3\u0e3f\u17db\u20a0-\u20c0\ufdfc\uff04\uffe1\uffe5\uffe6]|kr|Kč|zł|Ft|lei|S/)\.?"
)
_CODE_LENGTH = 3
_CURRENCY_BEHIND = re.compile(rf"{_CURRENCY.pattern}$")


@dataclass(frozen=True)
class NumberStyle:
    """One way of writing numbers. `groups` are marks between groups of three digits (`inner`: other groups' size)."""

    name: str
    decimal: str
    groups: str
    inner: int = 3
    doubtful: str = ""
    """Marks that group digits in the locale's country, though CLDR does not say so; one of them alone is ambiguous."""

    def read(self, text: str) -> str | None:
        """Return the plain decimal that `text` is in this style, or None."""
        found = self._pattern.fullmatch(text)
        if found is None:
            return None
        sign, grouped, _, digits, decimals = found.groups()
        whole = re.sub(r"[^0-9]", "", grouped) if grouped else digits or ""
        if not whole and not decimals:
            return None
        return plain(sign, whole, decimals or "")

    @property
    def _pattern(self) -> re.Pattern[str]:
        return _style_pattern(self.decimal, self.groups + self.doubtful, self.inner)


@lru_cache(maxsize=64)
def _style_pattern(decimal: str, groups: str, inner: int) -> re.Pattern[str]:
    mark = f"([{re.escape(groups)}])"
    # Groups stand behind one to three digits that do not begin with a zero; the last group has three digits.
    middle = rf"(?:[0-9]{{{inner}}}\3)*"
    grouped = rf"([1-9][0-9]{{0,2}}{mark}{middle}[0-9]{{3}})"
    return re.compile(rf"([+-]?)(?:{grouped}|([0-9]*))(?:{re.escape(decimal)}([0-9]*))?")


POINT = NumberStyle("point", ".", "," + SPACES + APOSTROPHES)
COMMA = NumberStyle("comma", ",", "." + SPACES)


@lru_cache(maxsize=16)
def style_of(locale: str) -> NumberStyle:
    """Return how numbers are written in a locale (`pt-BR`).

    Raises ValueError for a name that is no locale's.
    Source: Unicode CLDR, number symbols and the standard decimal pattern, as Babel has them.
    """
    found = find_locale(locale)
    symbols = found.number_symbols.get("latn", found.number_symbols)
    decimal, group = symbols["decimal"], symbols["group"]
    groups = dict.fromkeys(group)
    if group in SPACES:
        groups |= dict.fromkeys(SPACES)
    elif group in APOSTROPHES:
        groups |= dict.fromkeys(APOSTROPHES)
    sizes = found.decimal_formats[None].grouping
    doubtful = "." if decimal == "," and "." not in groups else ""
    return NumberStyle(locale, decimal, "".join(groups), inner=min(sizes[1], 3), doubtful=doubtful)


def plain(sign: str, whole: str, decimals: str) -> str:
    """Return the plain decimal of digits before and after the point."""
    whole = whole.lstrip("0") or "0"
    decimals = decimals.rstrip("0")
    text = f"{whole}.{decimals}" if decimals else whole
    return f"-{text}" if sign == "-" and text != "0" else text


def plain_decimal(text: str) -> str | None:
    """Return a decimal written with a point, and perhaps an exponent, as a plain decimal; None for anything else."""
    found = _PLAIN.fullmatch(text)
    if found and (found[2] or found[3]):
        return plain(found[1], found[2], found[3] or "")
    found = _EXPONENT.fullmatch(text)
    if found is None or "," in text or abs(int(found[2])) > MAX_EXPONENT:
        return None
    return plain_decimal(f"{Decimal(text):f}")


@dataclass(frozen=True)
class _Core:
    """The digits of a text, with what stood around them."""

    text: str
    percent: bool


class NumberConverter(Converter):
    """Reads the cells of a number property."""

    code = "invalid_number"
    codes = ("invalid_number", "ambiguous_number")

    def __init__(self, definition: Property, reading: Reading, currency: str = "") -> None:
        self._style = style_of(reading.locale) if reading.locale else None
        point = self._style is None or self._style.decimal == "."
        self._plain = Lines(_QUICK_DECIMAL if point else _QUICK_WHOLE)
        self._currency = definition.number_hint == "currency" or definition.currency_symbol
        self.signs = signs_of(currency) if currency and self._currency else frozenset()
        """Signs of the portal's own currency, folded; empty where it is not known."""
        own = "|".join(map(re.escape, sorted(self.signs, key=len, reverse=True))) or "(?!)"
        self._own = re.compile(rf"(?:{own})\.?", re.IGNORECASE)
        self._own_behind = re.compile(rf"(?:{own})\.?$", re.IGNORECASE)
        self._code = currency

    def convert_all(self, texts: Sequence[str], kind: Kind) -> list[str | None]:
        """Return the cells that are plain decimals as they stand."""
        del kind
        return self._plain.matching(texts)

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return the plain decimal, or why there is none."""
        if kind is Kind.NUMBER:
            return plain_decimal(text) or self._refuse(text)
        if kind is not Kind.TEXT:
            return self._refuse(text)
        core = self._core(text)
        if isinstance(core, Problem):
            return core
        found = self._values(core)
        if len(set(found.values())) > 1:
            if self.way is None or self.way not in found:
                return self._ambiguous(text, list(found.values()))
            return found[self.way]
        return next(iter(found.values()), None) or self._refuse(text)

    def ways(self, text: str) -> Ways:
        """Return the styles that read `text` with different results, or the only one that reads it."""
        if self._style is not None:
            return ()
        core = self._core(text)
        if isinstance(core, Problem) or not re.search(r"[.,]", core.text):
            return ()
        found = self._values(core)
        return tuple(found) if len(found) == 1 or len(set(found.values())) > 1 else ()

    def way_notice(self, place: str, proof: str) -> Message:
        """Return how the column was read, and because of which cell."""
        if self.way == POINT.name:
            return message(
                '{place}: numbers are read with a decimal point (1.5), as "{proof}" can be read in no other way.',
                place=place,
                proof=proof,
            )
        return message(
            '{place}: numbers are read with a decimal comma (1,5), as "{proof}" can be read in no other way.',
            place=place,
            proof=proof,
        )

    def _core(self, text: str) -> _Core | Problem:
        core = text.translate(_DIRECTION_MARKS).translate(_MINUS).strip()
        if _SHORTENED.fullmatch(core):
            return Problem(
                self.code,
                message(
                    '"{value}" is a number that a spreadsheet has shortened, so digits may be lost; '
                    "write it out in full",
                    value=shown(text),
                ),
            )
        percent = False
        if core[-1:] == "%":
            core, percent = core[:-1].rstrip(), True
        elif core[:1] == "%":
            core, percent = core[1:].lstrip(), True
        if self._currency:
            core, sign = self._without_currency(core)
            if sign and self.signs:
                return Problem(
                    self.code,
                    message(
                        '"{value}" is in another currency; HubSpot holds this property in {currency}: write the amount '
                        "in it, without a sign",
                        value=shown(text),
                        currency=self._code,
                    ),
                )
        return _Core(core, percent)

    def is_foreign(self, sign: str) -> bool:
        """Whether what a number is shown with is a sign or code of a currency, and not of the portal's own."""
        is_currency = len(sign) != _CODE_LENGTH or not sign.isalpha() or sign in find_locale("en").currencies
        return is_currency and not self._is_own(sign)

    def _is_own(self, sign: str) -> bool:
        return fold(sign.strip().rstrip(".")) in self.signs

    def _without_currency(self, text: str) -> tuple[str, str]:
        """Return the number without signs of a currency before and behind it, and the first that isn't its own."""
        minus = ""
        if text[:1] in {"-", "+"}:
            minus, text = text[0], text[1:].lstrip()
        if before := _CURRENCY.match(text) or self._own.match(text):
            text = text[before.end() :].lstrip()
        if behind := _CURRENCY_BEHIND.search(text) or self._own_behind.search(text):
            text = text[: behind.start()].rstrip()
        signs = [found[0] for found in (before, behind) if found]
        return minus + text, next((sign for sign in signs if not self._is_own(sign)), "")

    def _values(self, core: _Core) -> Mapping[str, str]:
        """Return what each style makes of the digits."""
        styles = (self._style,) if self._style else (POINT, COMMA)
        found = {}
        for style in styles:
            value = style.read(core.text)
            if value is None and _EXPONENT.fullmatch(core.text):
                value = plain_decimal(core.text.replace(style.decimal, ".")) if _has_only(core.text, style) else None
            if value is not None:
                found[style.name] = hundredth(value) if core.percent else value
                if style.doubtful and _is_doubtful(core.text, style) and (other := POINT.read(core.text)):
                    found[POINT.name] = hundredth(other) if core.percent else other
        return found

    def _ambiguous(self, text: str, values: list[str]) -> Problem:
        if self._style is not None:
            return Problem(
                "ambiguous_number",
                message(
                    '"{value}" can be read as {first} or as {second}; write it without a mark between thousands',
                    value=shown(text),
                    first=values[0],
                    second=values[1],
                ),
            )
        return Problem(
            "ambiguous_number",
            message(
                '"{value}" can be read as {first} or as {second}; name the locale of the file with --locale',
                value=shown(text),
                first=values[0],
                second=values[1],
            ),
        )

    def _refuse(self, text: str) -> Problem:
        if self._style is not None:
            return Problem(
                self.code,
                message(
                    '"{value}" isn\'t a number as {locale} writes them ({example})',
                    value=shown(text),
                    locale=self._style.name,
                    example=f"1{self._style.groups[:1]}234{self._style.decimal}56",
                ),
            )
        return Problem(self.code, message('"{value}" isn\'t a number; write digits, as in 1234.56', value=shown(text)))


def _has_only(text: str, style: NumberStyle) -> bool:
    other = "," if style.decimal == "." else "."
    return other not in text


def _is_doubtful(text: str, style: NumberStyle) -> bool:
    return style.decimal not in text and sum(text.count(mark) for mark in style.doubtful) == 1


@lru_cache(maxsize=8)
def signs_of(currency: str) -> frozenset[str]:
    """Return how a currency is written where it is used, and in English; folded.

    Source: Unicode CLDR, currency symbols and the currencies of territories, as Babel has them.
    """
    from babel import Locale, UnknownLocaleError
    from babel.core import get_global
    from babel.languages import get_official_languages

    found = {currency, find_locale("en").currency_symbols.get(currency, currency)}
    for territory, used in get_global("territory_currencies").items():
        if not any(one[0] == currency and one[2] is None for one in used):
            continue
        for language in get_official_languages(territory, de_facto=True):
            try:
                locale = Locale.parse(f"{language}_{territory}")
            except (UnknownLocaleError, ValueError):
                continue
            found.add(locale.currency_symbols.get(currency, currency))
    return frozenset(fold(one.rstrip(".")) for one in found)


def hundredth(value: str) -> str:
    """Return a plain decimal divided by a hundred, exactly."""
    sign = "-" if value.startswith("-") else ""
    whole, _, decimals = value.lstrip("-").partition(".")
    whole = whole.zfill(3)
    return plain(sign, whole[:-2], whole[-2:] + decimals)


_DIGITS = 15
"""Digits that a number cell keeps."""


def number_cell(value: str) -> SheetCell:
    """Return the number where a cell keeps all of its digits, else the text."""
    number = parse_number(value)
    if number is None:
        return value
    if number == number.to_integral_value():
        return int(number) if abs(number) < 10**_DIGITS else f"{number:f}"
    nearest = float(number)
    return nearest if Decimal(f"{nearest:.{_DIGITS}g}") == number else f"{number:f}"


def _same_decimal(left: str, right: str) -> bool:
    try:
        return Decimal(left) == Decimal(right)
    except InvalidOperation:
        return False


def parse_number(value: str) -> Decimal | None:
    """Return a number that a portal holds."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


_FORMATS = {"percentage": "0.00%", "currency": "#,##0.00##"}
"""By a property's hint of how to show its numbers."""

NUMBER = PropertyType(
    converter=lambda definition, portal, reading: NumberConverter(definition, reading, portal.currency),
    comparer=lambda _: _same_decimal,
    by_locale=True,
    cell=lambda value, _: number_cell(value),
    cell_format=lambda definition: _FORMATS.get(definition.number_hint, "General"),
    scale=parse_number,
    width=14,
    input_rule="number",
)
