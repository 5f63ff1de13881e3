"""Numbers as people of several countries write them."""

from decimal import Decimal

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from schemas.cells import Kind, Problem, Reading
from schemas.property import Property
from schemas.types.number import NumberConverter, hundredth, plain_decimal

PLAIN = Property("amount", "Amount", "number", "number")
MONEY = Property("fee", "Fee", "number", "number", number_hint="currency")
LOCALES = ("en-US", "en-GB", "pt-BR", "pt-PT", "es", "de", "fr", "de-CH", "en-IN", "sv", "it")

decimals = st.decimals(min_value=-(10**14), max_value=10**14, places=4, allow_nan=False)


def read(text, locale=None, definition=PLAIN, kind=Kind.TEXT):
    """Return the value of a cell, or the code of what is wrong with it."""
    result = NumberConverter(definition, Reading(locale=locale))(text, kind)
    return result.code if isinstance(result, Problem) else result


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", "12"),
        ("-12", "-12"),
        ("+12", "12"),
        ("\u221212", "-12"),
        ("007", "7"),
        ("-0", "0"),
        ("0.50", "0.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1.5", "1.5"),
        ("1,5", "1.5"),
        ("1,234.5", "1234.5"),
        ("1.234,5", "1234.5"),
        ("1.234.567", "1234567"),
        ("1234.567", "1234.567"),
        ("0.123", "0.123"),
        ("0,123", "0.123"),
        ("12 345", "12345"),
        ("12\u202f345,6", "12345.6"),
        ("1'234.5", "1234.5"),
        ("1e3", "1000"),
        ("1.5e-7", "0.00000015"),
        ("10%", "0.1"),
        ("12.5 %", "0.125"),
        ("  8 ", "8"),
        ("25012345678901234567", "25012345678901234567"),
        ("1.234", "ambiguous_number"),
        ("12,345", "ambiguous_number"),
        ("-999.999", "ambiguous_number"),
        ("1.234%", "ambiguous_number"),
        ("2.50123E+10", "invalid_number"),
        ("1E+12", "invalid_number"),
        ("abc", "invalid_number"),
        ("1,23,456", "invalid_number"),
        ("1.2.3", "invalid_number"),
        ("1,2.3,4", "invalid_number"),
        ("12 34", "invalid_number"),
        ("--5", "invalid_number"),
        ("5-", "invalid_number"),
        ("$5", "invalid_number"),
        ("%", "invalid_number"),
        ("NaN", "invalid_number"),
        ("inf", "invalid_number"),
        ("1_000", "invalid_number"),
        ("\u0663", "invalid_number"),
        ("1e999", "invalid_number"),
    ],
)
def test_without_a_locale(text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("locale", "text", "value"),
    [
        ("en-US", "1,234.56", "1234.56"),
        ("en-US", "1.234", "1.234"),
        ("en-US", "12,345", "12345"),
        ("en-US", "1.234,56", "invalid_number"),
        ("en-GB", "1,234.56", "1234.56"),
        ("pt-BR", "1.234,56", "1234.56"),
        ("pt-BR", "1.234", "1234"),
        ("pt-BR", "12,345", "12.345"),
        ("pt-BR", "1,234.56", "invalid_number"),
        ("pt-BR", "1234.56", "invalid_number"),
        ("pt_BR", "1.234,56", "1234.56"),
        ("pt-PT", "1 234,56", "1234.56"),
        ("pt-PT", "1.234,56", "1234.56"),
        ("pt-PT", "1.234", "ambiguous_number"),
        ("es", "1.234,56", "1234.56"),
        ("de", "1.234,56", "1234.56"),
        ("fr", "1\u202f234,56", "1234.56"),
        ("fr", "1 234,56", "1234.56"),
        ("en-IN", "12,34,567.5", "1234567.5"),
        ("de-CH", "1\u2019234.5", "1234.5"),
        ("de-CH", "1'234.5", "1234.5"),
    ],
)
def test_with_a_locale(locale, text, value):
    assert read(text, locale) == value


def test_a_number_ambiguous_in_a_locale_is_not_mended_by_naming_one():
    """Portuguese numbers group by blanks in CLDR and by points in many a sheet."""
    problem = NumberConverter(PLAIN, Reading(locale="pt-PT"))("1.234", Kind.TEXT)

    assert str(problem.text) == '"1.234" can be read as 1234 or as 1.234; write it without a mark between thousands'


@pytest.mark.parametrize(
    ("locale", "text", "value"),
    [
        ("pt-BR", "R$ 1.234,56", "1234.56"),
        ("pt-BR", "-R$ 5,00", "-5"),
        ("pt-BR", "R$ -5,00", "-5"),
        ("en-US", "$1,234.50", "1234.5"),
        ("en-US", "USD 10", "10"),
        ("de", "1.234,56 \u20ac", "1234.56"),
        ("de", "10 EUR", "10"),
        ("en-US", "$", "invalid_number"),
        ("en-US", "ten $", "invalid_number"),
    ],
)
def test_currency_signs_stand_aside_where_the_property_shows_one(locale, text, value):
    assert read(text, locale, MONEY) == value


def test_a_percent_property_divides_nothing():
    """Only the sign divides by a hundred; how the property is shown does not."""
    rate = Property("rate", "Rate", "number", "number", number_hint="percentage")

    assert read("10", definition=rate) == "10"
    assert read("10%", definition=rate) == "0.1"
    assert read("0.1", definition=rate, kind=Kind.NUMBER) == "0.1"


@pytest.mark.parametrize("kind", [Kind.BOOL, Kind.DATE, Kind.DATETIME, Kind.TIME])
def test_other_cells_are_no_numbers(kind):
    assert read("TRUE", kind=kind) == "invalid_number"


@pytest.mark.parametrize("locale", LOCALES)
@given(number=decimals, grouped=st.booleans())
def test_what_a_locale_writes_it_reads(locale, number, grouped):
    """Every decimal, written as the locale writes it, is read as that decimal."""
    written = format_decimal(
        number, locale=locale.replace("-", "_"), decimal_quantization=False, group_separator=grouped
    )

    assert Decimal(read(written, locale)) == number


@pytest.mark.parametrize("locale", ["en-US", "pt-BR", "de", "es"])
@given(number=decimals)
def test_nothing_is_misread_without_a_locale(locale, number):
    """Without a locale a number is read right, or called ambiguous; never read as another one."""
    written = format_decimal(number, locale=locale.replace("-", "_"), decimal_quantization=False)

    value = read(written)

    assert value == "ambiguous_number" or Decimal(value) == number


@given(number=decimals)
def test_values_are_plain_decimals(number):
    """No exponent, no needless zeros, no negative zero; the same number."""
    value = plain_decimal(str(number))

    assert value is not None
    assert Decimal(value) == number
    assert value == plain_decimal(value)
    assert "E" not in value
    assert value != "-0"
    assert not ("." in value and value.endswith(("0", ".")))


@given(number=decimals)
def test_a_hundredth_is_exact(number):
    assert Decimal(hundredth(plain_decimal(str(number)))) * 100 == number


@given(text=st.text(max_size=12))
def test_any_text_has_an_answer(text):
    """Whatever a cell holds, there is a value or a code."""
    converter = NumberConverter(PLAIN, Reading())

    assert isinstance(converter(text, Kind.TEXT), str | Problem)
    assert isinstance(converter.ways(text), tuple)


@given(texts=st.lists(st.text("0123456789.,-+eE% ", max_size=8)))
def test_many_at_once_are_read_as_one_by_one(texts):
    converter = NumberConverter(PLAIN, Reading())

    for text, value in zip(texts, converter.convert_all(texts, Kind.TEXT), strict=True):
        if value is not None:
            assert value == (converter(text, Kind.TEXT) if text else "")


@pytest.mark.parametrize(
    ("cell", "currency", "value"),
    [
        ("R$ 10", "BRL", "10"),
        ("10 BRL", "BRL", "10"),
        ("$10", "BRL", "invalid_number"),
        ("\u20ac 10", "BRL", "invalid_number"),
        ("USD 10", "EUR", "invalid_number"),
        ("$10", "MXN", "10"),
        ("-\u20ac10", "EUR", "-10"),
        ("\u20ac 10", "", "10"),
        ("usd 10", "USD", "10"),
        ("$10 USD", "USD", "10"),
        ("US$ 10", "USD", "10"),
        ("US$ 10", "MXN", "invalid_number"),
        ("10 US$", "MXN", "invalid_number"),
        ("$10 USD", "MXN", "invalid_number"),
        ("$10 MXN", "MXN", "10"),
        ("RM 10", "MYR", "10"),
        ("R$ 10", "USD", "invalid_number"),
        ("\u20ac 10", "USD", "invalid_number"),
        ("$10", "EUR", "invalid_number"),
        ("R$ 10", "EUR", "invalid_number"),
        ("10\u20ac", "EUR", "10"),
        ("50\u00a2", "USD", "invalid_number"),
        ("50\u00a2", "", "invalid_number"),
    ],
)
def test_a_sign_is_that_of_the_portals_currency(cell, currency, value):
    definition = Property("refund", "Refund", "number", "number", number_hint="currency")
    result = NumberConverter(definition, Reading(), currency)(cell, Kind.TEXT)

    assert (result.code if isinstance(result, Problem) else result) == value
