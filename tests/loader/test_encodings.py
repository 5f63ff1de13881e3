"""Files that are not UTF-8: read as Windows-1252 where that is sure, else refused; never read wrongly.

The corpora are made of CLDR's words, the measure's of those that the program's own models are not made of.
"""

import random
import re
from functools import cache
from itertools import chain

import pytest
from babel import Locale

from importer.errors import FileError
from importer.loader import open_file
from importer.loader.encoding import read_encoding
from tests.laws import IS_NIGHTLY

LANGUAGES = (
    *("pt", "fr", "de", "es", "it", "da", "nb", "sv", "nl", "is", "fi", "ca"),
    *("hu", "pl", "cs", "sk", "ro", "hr", "sl", "tr", "lt", "lv", "et", "ru", "el"),
)
ENCODINGS = (
    *("cp1252", "cp1250", "cp1254", "cp1257", "cp1251", "cp1253", "iso8859_2"),
    *("mac_roman", "mac_latin2", "cp850", "cp852", "mac_turkish"),
)
READ = LANGUAGES[:10]
"""Languages that must be read where a file is Windows-1252."""


def texts_of(value):
    if isinstance(value, str):
        yield value
    elif hasattr(value, "values"):
        for one in value.values():
            yield from texts_of(one)


@cache
def phrases(language, *, learnt=False):
    """Return phrases of a language: names of units and of fields of dates, which no model has learnt."""
    locale = Locale.parse(language)
    if learnt:
        found = [*locale.territories.values(), *locale.languages.values(), *locale.currencies.values()]
    else:
        data = locale._data  # what Babel gives no other access to
        units = (forms["long"] for forms in data["unit_patterns"].values() if "long" in forms)
        found = [*chain.from_iterable(map(texts_of, units)), *texts_of(data["date_fields"])]
    found = (re.sub(r"\{\d\}|[,\"\n\u200e\u200f\u202f]", " ", text.replace("\u2019", "'")).strip() for text in found)
    return sorted({text for text in found if not text.isascii()})


def verdict(path, text, encoding):
    """Return `read`, `wrong` or `refused`; None where the encoding lacks a letter or the text needs none."""
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        return None
    if data.isascii():
        return None
    path.write_bytes(data)
    try:
        found = read_encoding(path)
    except FileError:
        return "refused"
    return "read" if data.decode(found.encoding) == text else "wrong"


def corpus(language, rows, seed, encoding, *, learnt):
    picker = random.Random(f"{language} {rows} {seed}")
    known = [one for one in phrases(language, learnt=learnt) if _fits(one, encoding)]
    if len(known) < 5:
        return None
    lines = ["Record ID,subject", *(f"{25012345000 + n},{picker.choice(known)}" for n in range(rows)), ""]
    return "\r\n".join(lines)


def _fits(text, encoding):
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def measure(path, seeds, sizes, *, learnt):
    """Return {(language, encoding, rows): verdict counts}."""
    found = {}
    for language in LANGUAGES:
        for encoding in ENCODINGS:
            for rows in sizes:
                for seed in range(seeds):
                    text = corpus(language, rows, seed, encoding, learnt=learnt)
                    result = verdict(path, text, encoding) if text else None
                    if result:
                        found[language, encoding, rows, seed] = result
    return found


@pytest.mark.parametrize(("learnt", "sizes"), [(False, (5, 50) if IS_NIGHTLY else (5,)), (True, (5,))])
def test_no_text_of_a_corpus_is_read_wrongly(tmp_path, learnt, sizes):
    found = measure(tmp_path / "tickets.csv", 1, sizes, learnt=learnt)
    assert [key for key, one in found.items() if one == "wrong"] == []
    western = {key: one for key, one in found.items() if key[0] in READ and key[1] == "cp1252"}
    assert len(western) == len(sizes) * len(READ)
    assert set(western.values()) == {"read"}


@pytest.mark.parametrize(
    ("text", "encoding", "wrong", "right"),
    [
        ("Şikayet a\xe7\u0131ld\u0131\nİade işlemi", "cp1254", "Þikayet", "cp1254: Şikayet"),
        ("hibás termék\nKőszeg\ngyűjtő", "cp1250", "Kõszeg", "cp1250: Kőszeg"),
        ("Reclamaţie\nîn aşteptare\nînţeles", "cp1250", "Reclamaþie", "cp1250: Reclamaţie"),
        ("stížnost\nvrácení peněz\nobjednávka číslo", "cp1250", "penìz", "cp1250: "),
        ("skundas dėl šaldytuvo\ngrąžinimas", "cp1257", "grà", "cp1257: "),
        ("atención al público\nmañana", "mac_roman", "atenci—n", "mac_roman: atención"),
        ("投诉 refund", "gbk", "Í¶", "gbk: 投诉"),
        ("환불 요청 order", "cp949", "È¯", "cp949: 환불"),
        ("жалоба на заказ", "cp1251", "æàëîáà", "cp1251: жалоба"),
    ],
)
def test_doubt_is_refused_with_the_words_and_the_encodings_that_fit(tmp_path, text, encoding, wrong, right):
    file = tmp_path / "tickets.csv"
    lines = (f"{25012345001 + n},{line}" for n, line in enumerate(text.split("\n")))
    file.write_bytes("\r\n".join(["Record ID,subject", *lines, ""]).encode(encoding))
    with pytest.raises(FileError) as caught:
        open_file(file)
    assert wrong in str(caught.value)
    assert right in str(caught.value)
    assert open_file(file, encoding=encoding).sheets


@pytest.mark.parametrize(
    "text",
    [
        "Þjónusta\nsími týndur\nþað er bilað",
        "A devolução não foi concluída\nreclamação às três horas",
        "Le colis n\u2019est pas arrivé\nréponse reçue très tard\ncœur brisé",
        "Lieferung für Größe 42 fehlt\nÜberweisung zurück",
        "El envío llegó dañado\n¿Cuándo está el técnico?",
        "Il pacco non è più arrivato\nqualità così così",
        "Pakken er ikke nået frem\nkøb på første åbning",
        "Beställningen är försenad\nåtgärda felet på fakturan",
        "De reünie is geannuleerd, één keer\ncoördinatie",
    ],
)
def test_western_languages_are_read_and_the_notice_shows_words(tmp_path, text):
    file = tmp_path / "tickets.csv"
    lines = ["Record ID;subject", *(f"{25012345001 + n};{line}" for n, line in enumerate(text.split("\n"))), ""]
    file.write_bytes("\r\n".join(lines).encode("cp1252"))
    source = open_file(file)
    (chunk,) = source.table(None).chunks([1])
    assert chunk.columns[1] == text.split("\n")
    assert any(word in str(source.notices[0]) for word in re.findall(r"\w*[^\x00-\x7f]+\w*", text))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("onza líquida imperial", "mac_roman"),
        ("Österreich", "mac_roman"),
        ("milla per galó imperial", "mac_latin2"),
        ("čez uro", "mac_latin2"),
        ("kuutiometriä", "cp850"),
        ("Argentinië", "cp850"),
        ("mentawaï", "cp850"),
        ("duté dramy", "cp850"),
        ("newtonmetrů", "cp852"),
        ("°", "mac_roman"),
    ],
)
def test_a_sign_that_stands_for_a_letter_of_one_word_is_doubt(tmp_path, text, encoding):
    assert verdict(tmp_path / "tickets.csv", f"Record ID,subject\r\n25012345001,{text}\r\n", encoding) == "refused"


ELIDED = "aujourd\u2019hui qu\u2019il lorsqu\u2019il jusqu\u2019à S\u2019il l\u2019été dell\u2019ordine quest\u2019anno"
WORDS = f"{ELIDED} Café Atenção Müller É é José Größe Noël Zoë garçon Ça Gonçalves 1ª 20° it\u2019s Ü ö ©"


@pytest.mark.parametrize("word", WORDS.split())
def test_one_western_word_is_read(tmp_path, word):
    file = tmp_path / "tickets.csv"
    file.write_bytes(f"Record ID;subject\r\n25012345001;{word}\r\n25012345002;plain\r\n".encode("cp1252"))
    assert read_encoding(file).encoding == "cp1252"


SIGNS = (
    *(
        "James\u2019",
        "the Smiths\u2019 order",
        "both teams\u2019",
        "the customer\u2019s order",
        "that\u2019s",
        "my laptop\u2019s",
    ),
    *(
        "\u2026and more",
        "and more\u2026",
        "wait\u2026",
        "Waiting\u2026 please",
        "etc\u2026",
        "Escalated\u2026",
        "late \u2013 urgent",
    ),
    *(
        "Sara\u2019s",
        "IBM\u2019s",
        "I\u2019d",
        "aren\u2019t",
        "o\u2019clock",
        "O\u2019Brien",
        "hmm\u2026",
        "street\u2026",
    ),
    *("\u201curgent\u201d", "\u2018urgent\u2019", "one\u2014two", "Mon\u2013Fri"),
)


@pytest.mark.parametrize("text", SIGNS)
def test_english_with_one_sign_of_a_word_processor_is_read(tmp_path, text):
    assert verdict(tmp_path / "tickets.csv", f"Record ID,subject\n25012345001,{text}\n", "cp1252") == "read"


@pytest.mark.parametrize(
    "text",
    [
        "Hamilton\u2019s order is late",
        "please call Kowalski\u2019s wife",
        '"Nguyen, Huber\u2019s neighbour, moved"',
        "the freezers\u2019 keys were lost",
        "Waiting for Banerjee\u2026 call again",
        "Okafor\u2019s order was lost\n25012345002,Kumar\u2019s",
        "Kumar\u2019s\n25012345002,the lodger\u2019s door\n25012345003,Atenção",
    ],
)
def test_a_sign_among_english_words_is_read(tmp_path, text):
    assert verdict(tmp_path / "tickets.csv", f"Record ID,subject\n25012345001,{text}\n", "cp1252") == "read"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Solís order is late", "mac_roman"),
        ("¿preferís order tracking?", "mac_roman"),
        ("order 5: preferís,when", "mac_roman"),
        ("la città, the order", "cp850"),
        ("the order: così è la città", "cp850"),
        ("Kumar\u2019s", "cp1252"),
    ],
)
def test_a_letter_among_english_words_is_not_taken_for_a_sign(tmp_path, text, encoding):
    assert verdict(tmp_path / "tickets.csv", f"Record ID,subject\n25012345001,{text}\n", encoding) == "refused"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((one, "mac_roman") for one in ("aquí", "así", "sí", "Martín", "Martí", "García", "raíz", "país", "Luís")),
        *((one, "mac_roman") for one in ("calló", "notó", "però", "Öre", "Öland", "Östersund", "Özdemir", "Île")),
        *((one, "cp850") for one in ("allà", "età", "metà", "farà", "più", "novità")),
        *((one, "mac_latin2") for one in ("prosí", "musí", "souhlasí", "myslím")),
        *((one, "mac_roman") for one in ("preferís", "decís", "pastís", "País", "index: índice", "próxima", "quedó")),
        *((one, "mac_roman") for one in ("België", "Venerdì", "île", "Öffnung", "Canoë")),
        *((one, "cp850") for one in ("ökad", "Malmö", "metrô", "pàgina", "Brûler", "arriverà")),
        *((one, "cp852") for one in ("způsob", "Zatiaľ", "hlasů")),
    ],
)
def test_a_sign_that_may_be_the_last_letter_is_doubt(tmp_path, text, encoding):
    assert verdict(tmp_path / "tickets.csv", f"Record ID,subject\n25012345001,{text}\n", encoding) == "refused"


@pytest.mark.parametrize(
    ("letter", "encoding"), [("\u0410", "cp1251"), ("и", "cp1251"), ("\u0391", "cp1253"), ("я", "cp1251")]
)
def test_a_letter_that_is_a_word_elsewhere_is_refused(tmp_path, letter, encoding):
    assert verdict(tmp_path / "tickets.csv", f"Record ID,class\n25012345001,{letter}\n", encoding) == "refused"


@pytest.mark.parametrize(
    ("text", "found"),
    [("Devolu+AOcA4w-o", "Devolução"), ("+AMk-cole", "École"), ("+55-11, +5511-9988, A+B-C, +ABC", None)],
)
def test_utf_7_is_noticed(tmp_path, text, found):
    file = tmp_path / "tickets.csv"
    file.write_text(f"Record ID;subject\n25012345001;{text}\n", encoding="ascii")
    if found is None:
        assert open_file(file).notices == ()
        return
    with pytest.raises(FileError, match=f'UTF-7.*"{found}".*--encoding utf-7'):
        open_file(file)
    (chunk,) = open_file(file, encoding="utf-7").table(None).chunks([1])
    assert chunk.columns[1] == [found]
