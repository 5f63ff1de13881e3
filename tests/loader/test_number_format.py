"""What a number format says of a cell."""

import pytest

from importer.ooxml.number_format import Format, Shows, read_code, read_format, with_zeros


@pytest.mark.parametrize(
    "code",
    [
        "yyyy-mm-dd", "d/m/yy h:mm", "[$-416]d \\d\\e mmmm", "[$-F800]dddd", "dd/mm/yyyy;@", 'yyyy"年"m"月"d"日"',
        "h:mm AM/PM", "mm:ss.0", "[Red]d.m.yy", "[$-411]ge.m.d", "aaa", "b2yyyy", "[ENG][$-409]d-mmm",
    ],
)  # fmt: skip
def test_moments(code):
    assert read_code(code).shows is Shows.MOMENT


@pytest.mark.parametrize(
    ("code", "clock"),
    [("dd/mm/yyyy", ""), ("dd/mm/yyyy hh:mm", "minutes"), ("yyyy-mm-dd hh:mm:ss", "seconds"), ('d "h" yy', "")],
)
def test_the_finest_part_of_a_time_of_day(code, clock):
    assert read_code(code).clock == clock


def test_built_in_formats_show_times_of_day():
    assert [read_format(number, {}).clock for number in (14, 20, 21, 22, 47)] == [
        "",
        "minutes",
        "seconds",
        "minutes",
        "seconds",
    ]


@pytest.mark.parametrize("code", ["[h]:mm", "[mm]:ss", "[s]", "[hh]:mm:ss.000"])
def test_elapsed_times(code):
    assert read_code(code).shows is Shows.ELAPSED


@pytest.mark.parametrize(
    "code",
    [
        "General", "0", "0.00E+00", '0" days"', "0\\d", "[Red]0", "#,##0_d", "*d0", "[$R$-416] #,##0.00", "@",
        "[<=9999999]###-####;(###) ###-####", "# ?/?", "General;General", '"d"0', "", "Standard", "[Color10]0",
        "Geral", "Estándar", "Standaard", "Standardowy", "Genel", "Normál", "G/通用格式",
        "Estándar;Estándar",
        'Geral" dias"',
    ],
)  # fmt: skip
def test_numbers(code):
    assert read_code(code).shows is Shows.NUMBER


@pytest.mark.parametrize(
    ("code", "digits"),
    [("000000", 6), ("00000-000", 8), ("0", 1), ("#,##0", 1), ("0.00", 0), ("00%", 0), ("#", 0), ('"INV-"0000', 4)],
)
def test_digits(code, digits):
    assert read_code(code).digits == digits


@pytest.mark.parametrize(
    ("code", "currency"),
    [
        ("[$\u20ac-407] #,##0.00", "\u20ac"),
        ("[$R$-416]0;-[$R$-416]0", "R$"),
        ("[$USD] 0.00", "USD"),
        ('0.00" EUR"', "EUR"),
        ('"R$" #,##0.00', "R$"),
        ('_-"US$"* #,##0.00_-', "US$"),
        ("\\$0.00", "$"),
        ("$#,##0", "$"),
        ("0.00 \u20ac", "\u20ac"),
        ("[$-416]0.00", ""),
        ("0.00", ""),
        ('0" days"', ""),
        ("General", ""),
        ("0%", ""),
        ("@", ""),
    ],
)
def test_currencies(code, currency):
    assert read_code(code).currency == currency


def test_built_in_currency_formats_follow_the_readers_system():
    assert read_format(44, {44: '_("$"* #,##0.00_)'}).currency == ""


def test_zeros_stand_before_whole_numbers_alone():
    assert with_zeros("7", 6) == "000007"
    assert with_zeros("-7", 6) == "-000007"
    assert with_zeros("1234567", 6) is None
    assert with_zeros("1.5", 6) is None


def test_built_in_formats_are_known_by_number():
    assert [read_format(number, {}).shows for number in (0, 14, 22, 45, 46, 49, 57)] == [
        Shows.NUMBER, Shows.MOMENT, Shows.MOMENT, Shows.MOMENT, Shows.ELAPSED, Shows.NUMBER, Shows.MOMENT
    ]  # fmt: skip
    assert read_format(14, {14: "0.00"}) == Format()


@pytest.mark.parametrize(
    ("code", "language"),
    [("[$-416]d mmmm", "pt-BR"), ("[$-de-DE]d mmmm", "de-DE"), ("[$-F800]dddd", ""), ("d mmm", ""), ("[$€-407]0", "")],
)
def test_languages_are_those_of_dates(code, language):
    assert read_code(code).language == language
