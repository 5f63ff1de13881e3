"""Texts that a program has spoiled, and texts that only look odd."""

import pytest

from schemas.spoiled import spoiled

FINE = [
    "São Paulo", "“MAÇÔ", "“LÔ", "À propos", "CASĂ”", "12 €", "Müller", "PĂŞUNE", "日本語", "Łódź", "İstanbul",
    "Привет, Сёмин", "Харків", "😀 \u2013 fine", "ελληνικά", "«texte»", "naïve …”",
    "5.51E+12 kg", "E+12", "=SUM(A1)", "3e5", "0075", "1E10",
]  # fmt: skip


@pytest.mark.parametrize("text", FINE)
def test_odd_texts_are_not_spoiled(text):
    assert spoiled(text, delimited=True) is None


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp1250", "cp850", "cp437"])
@pytest.mark.parametrize("text", ["informação", "São Paulo", "don\u2019t", "München", "日本語", "Prénom"])
def test_utf_8_that_was_read_as_something_else(text, encoding):
    wrong = text.encode().decode(encoding, "ignore")
    if wrong.encode(encoding) != text.encode():
        pytest.skip("the encoding has no letters for it")

    said = spoiled(wrong, delimited=False)

    assert said is not None
    assert str(said).endswith(f'it was probably "{text}"')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5.51E+12", "shortened"),
        ("-5,51E+12", "shortened"),
        ("5.51E12", "shortened"),
        ("6E+12", "shortened"),
        ("\u00e2\u20ac\u0153urgent\u00e2\u20ac", 'it was probably "\u201curgent\u201d"'),
        ("a 12\u00e2\u20ac screen", 'it was probably "a 12\u201d screen"'),
        ("caf\ufffd", "lost"),
        ('="0075"', 'it was probably "0075"'),
        ('="a ""b"""', 'it was probably "a "b""'),
        ('=DISPIMG("ID_1",1)', "picture"),
    ],
)
def test_what_is_said_of_a_spoiled_text(text, words):
    assert words in str(spoiled(text, delimited=True))


def test_a_workbooks_text_is_not_shortened_by_a_spreadsheet():
    assert spoiled("5.51E+12", delimited=False) is None
