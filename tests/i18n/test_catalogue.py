"""The Portuguese catalogue is whole: every message, translated, with the same fields, compiled."""

import re
import string

import pytest

from tools import catalogue

REMEDY = "run `make translations`, and translate what importer/locale/pt_BR/LC_MESSAGES/import_tickets.po lacks"


def test_every_message_is_translated_and_shipped():
    """None is missing, stale, fuzzy or empty, and the compiled catalogue is of the same texts."""
    assert catalogue.check() == [], REMEDY


def fields(template):
    """Both kinds: `{name}` of our messages, `%(name)s` of argparse's."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None} | {
        *re.findall(r"%(?:\(\w+\))?[a-z%]", template)
    }


def test_translations_have_the_fields_of_their_messages():
    """A field too many would stop the program where the message is shown; one too few would hide a fact."""
    for text, translation in catalogue.texts_of(catalogue.read_catalogue()).items():
        originals = text if isinstance(text, tuple) else (text,)
        translated = translation if isinstance(translation, tuple) else (translation,)
        for original, one in zip(originals, translated, strict=True):
            assert not one or fields(one) == fields(original), one


def test_what_is_collected():
    source = """
message("one {x}", x=message("inner"))
say(count_message("{count} row", "{count} rows", 3))
message("two " "parts")
other("not collected")
self.message("not collected either")
message(variable)
count_message("only one", variable, 2)
"""

    found = list(catalogue.messages_in(source, "a.py"))

    assert [getattr(one, "id", one) for one in found] == [
        "one {x}",
        "inner",
        ("{count} row", "{count} rows"),
        "two parts",
        catalogue.NoLiteral("a.py", 7),
        catalogue.NoLiteral("a.py", 8),
    ]


def test_what_the_command_line_says_is_collected():
    """Help texts, values' names, titles, refused values, and argparse's own words."""
    found = set(catalogue.words_of_the_command_line()) | {getattr(one, "id", "") for one in catalogue.find_messages()}

    assert found >= {
        "do not ask before updating",
        "HEADER=PROPERTY",
        "continue a run that stopped early",
        "reading",
        "usage: ",
        "expected one argument",
        "show this help message and exit",
        "{value} isn't an age; write 90d or 12w",
    }


@pytest.fixture
def own_catalogue(tmp_path, monkeypatch):
    """A copy of the catalogue that a test may spoil."""
    for name in ("PO", "MO"):
        copy = tmp_path / getattr(catalogue, name).name
        copy.write_bytes(getattr(catalogue, name).read_bytes())
        monkeypatch.setattr(catalogue, name, copy)
    return catalogue


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        pytest.param('msgid "row {row}"', 'msgid "line {row}"', "not in the catalogue: 'row {row}'", id="missing"),
        pytest.param('msgid "row {row}"', 'msgid "line {row}"', "no longer used: 'line {row}'", id="stale"),
        pytest.param('msgstr "linha {row}"', 'msgstr ""', "not translated: 'row {row}'", id="untranslated"),
        pytest.param('msgid "row {row}"', '#, fuzzy\nmsgid "row {row}"', "not translated: 'row {row}'", id="fuzzy"),
        pytest.param("linha {row}", "fila {row}", "import_tickets.mo is not what", id="not-compiled"),
    ],
)
def test_what_is_noticed(own_catalogue, old, new, fault):
    """A spoiled catalogue does not pass."""
    text = own_catalogue.PO.read_text("utf-8")
    assert old in text
    own_catalogue.PO.write_text(text.replace(old, new), "utf-8")

    assert [one for one in own_catalogue.check() if one.startswith(fault)]


def test_updating_twice_changes_nothing(own_catalogue):
    own_catalogue.update()
    once = own_catalogue.PO.read_bytes(), own_catalogue.MO.read_bytes()

    own_catalogue.update()

    assert (own_catalogue.PO.read_bytes(), own_catalogue.MO.read_bytes()) == once
