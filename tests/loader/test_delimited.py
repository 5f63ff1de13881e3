"""Delimited text: encodings, delimiters, rows and lines."""

import csv
import io

import pytest

from importer.errors import FileError
from importer.loader import open_file
from importer.loader.delimited import DelimitedSource
from tests.chunks import by_row, rows_of

WESTERN = "id;name\n1;Ação número três, João\n2;Straße, Größe, Übung\n3;“déjà vu”, 5 €\n4;L'été à Noël\n"


def write(tmp_path, content, name="a.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(path, **options):
    table = open_file(path, **options).table(None)
    chunks = list(table.chunks(range(len(table.headers)), size=3))
    return {int(row): tuple(rest) for chunk in chunks for row, *rest in rows_of(chunk)}


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-16", "utf-8-sig", "utf-32"])
def test_western_text_is_read_in_its_encoding(tmp_path, encoding):
    read = rows(write(tmp_path, WESTERN.encode(encoding)))

    assert [text for _, text in read.values()] == [line.split(";")[1] for line in WESTERN.splitlines()[1:]]


@pytest.mark.parametrize(
    "text", ["Müller", "ÉCOLE", "Škoda", "D\u2019Ávila", "ÜBER 5 €", "Zu\xadcker", "São Paulo\u2013Évora", "n° 5"]
)
def test_a_single_word_is_enough_to_be_windows_1252(tmp_path, text):
    assert rows(write(tmp_path, f"id;name\n1;{text}\n".encode("cp1252"))) == {2: ("1", text)}


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("mac_roman", "João não está à venda"),
        ("mac_roman", "Größe, Übung, Straße, schön"),
        ("mac_roman", "Müller"),
        ("mac_roman", "ÉCOLE"),
        ("cp850", "João não está à venda"),
        ("cp1250", "Zażółć gęślą jaźń, Łódź"),
        ("cp1251", "Привет, как дела"),
        ("shift_jis", "こんにちは世界"),
        ("gbk", "你好世界很大"),
        ("cp1253", "Καλημέρα κόσμε"),
    ],
)
def test_other_encodings_are_never_guessed(tmp_path, encoding, text):
    """They need --encoding, by which they are read."""
    path = write(tmp_path, f"id;name\n1;{text}\n".encode(encoding))

    with pytest.raises(FileError, match=r"[Ll]ine 2.*--encoding"):
        open_file(path)
    assert rows(path, encoding=encoding) == {2: ("1", text)}


def test_a_named_encoding_is_checked(tmp_path):
    path = write(tmp_path, "id,name\n1,a\n2,é\n".encode("latin-1"))

    with pytest.raises(FileError, match="Line 3 holds bytes that are not UTF-8"):
        open_file(path, encoding="utf-8")
    with pytest.raises(FileError, match="--encoding klingon names no encoding"):
        open_file(path, encoding="klingon")
    for name in ("base64", "idna"):
        with pytest.raises(FileError, match="names no encoding"):
            open_file(path, encoding=name)


@pytest.mark.parametrize(
    ("named", "written"),
    [("utf-8", "utf-8-sig"), ("UTF8", "utf-8-sig"), ("utf-16-le", "utf-16"), ("utf-16", "utf-16-be")],
)
def test_a_named_encoding_may_have_its_mark(tmp_path, named, written):
    path = write(tmp_path, "id,name\n1,é\n".encode(written))

    assert open_file(path, encoding=named).sheets[0].headers == ("id", "name")


@pytest.mark.parametrize("line", [3, 40_000])
def test_bytes_that_cannot_be_read_are_found_anywhere(tmp_path, line):
    lines = [b"id,name"] + [f"{number},\u00e9t\u00e9".encode() for number in range(2, 50_000)]
    lines[line - 1] = b"5,\xff\xfe"

    with pytest.raises(FileError, match=f"Line {line} holds bytes"):
        open_file(write(tmp_path, b"\r\n".join(lines)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_nul_characters_are_found_anywhere(tmp_path, encoding):
    text = "id,name\r\n" + "1,café\r\n" * 30_000 + "2,a\0b\r\n"

    with pytest.raises(FileError, match="Line 30002 holds a NUL"):
        open_file(write(tmp_path, text.encode(encoding)))


def test_a_delimiter_may_be_named(tmp_path):
    path = write(tmp_path, "id~name\n1~a,b\n")

    assert rows(path, delimiter="~") == {2: ("1", "a,b")}
    assert rows(write(tmp_path, "id\tname\n1\ta,b\n"), delimiter="tab") == {2: ("1", "a,b")}
    assert rows(write(tmp_path, "id;name\n1;a,b\n"), delimiter="semicolon") == {2: ("1", "a,b")}
    for name in ("::", "", '"'):
        with pytest.raises(FileError, match="is not a delimiter"):
            open_file(path, delimiter=name)


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("id;amount;due\n1;1,5;a\n2;2,5;b\n", ";"),
        ("id,amount\n1,1;5\n2,2;5\n", ","),
        ("id\tname, more\n1\ta, b\n", "\t"),
        ('id|name\n1|"a|b"\n', "|"),
        ("id\n1\n2\n", ","),
        ('"id";"na,me"\n"1";"a,b"\n', ";"),
        ("id;name\n1;a\n2\n3;b\n", ";"),
        ("id,name\n" + "1,a;b\n" * 60_000, ","),
    ],
)
def test_the_delimiter_is_found(tmp_path, content, delimiter):
    source = open_file(write(tmp_path, content))

    assert isinstance(source, DelimitedSource)
    assert source.dialect.delimiter == delimiter


def test_fields_of_a_megabyte(tmp_path):
    text = 'x"y\n' * 250_000
    file = io.StringIO(newline="")
    csv.writer(file).writerows([["id", "text"], ["1", text], ["2", "a"]])

    assert rows(write(tmp_path, file.getvalue())) == {2: ("1", text), 3: ("2", "a")}


def test_a_quotation_mark_that_swallows_the_rest_is_named(tmp_path):
    content = 'id,text\n1,a\n2,"b\n' + "3,cccccccc\n" * 2_000_000

    with pytest.raises(FileError, match="begins in line 3 is never closed"):
        rows(write(tmp_path, content))


def test_rows_and_lines(tmp_path):
    """Rows count records, as a spreadsheet does; lines count lines."""
    content = 'sep=,\nid,text\n1,"a\nb"\n\n2,c\n3,d,e\n4,"f\r\ng"\n5,h\n'
    chunks = list(open_file(write(tmp_path, content)).table(None).chunks([0], size=2))

    found = {int(row): int(line) for chunk in chunks for row, line in zip(chunk.rows, chunk.lines, strict=True)}
    assert found == {2: 3, 4: 6, 6: 8, 7: 10}
    (ragged,) = [finding for chunk in chunks for finding in chunk.findings]
    assert (ragged.row, str(ragged.text)[:38]) == (5, "Line 7: the row has 3 fields, but the ")


def test_rows_of_delimiters_and_spaces_are_blank(tmp_path):
    assert rows(write(tmp_path, "id,name\n,\n ,  \n,,,\n1,a\n  \n")) == {2: ("", ""), 3: (" ", "  "), 5: ("1", "a")}


def test_the_header_is_the_first_filled_row(tmp_path):
    source = open_file(write(tmp_path, "\n,\n  ,\nid,name\n1,a\n"))

    assert (source.sheets[0].header_row, source.sheets[0].headers) == (4, ("id", "name"))
    assert rows(source.path) == {5: ("1", "a")}


def test_only_asked_columns_come(tmp_path):
    (chunk,) = open_file(write(tmp_path, "id,b,c\n1,2,3\n")).table(None).chunks([2, 0])

    assert list(chunk.columns) == [2, 0]
    assert by_row(chunk)[2] == ["3", "1"]


def test_a_file_that_changes_while_it_is_read(tmp_path):
    path = write(tmp_path, "id,name\n" + "1,a\n" * 200_000)
    chunks = open_file(path).table(None).chunks([0, 1])
    next(chunks)
    path.write_bytes(b"id,name\n" + b"1,\xff\n" * 200_000)

    with pytest.raises(FileError) as caught:
        list(chunks)
    assert caught.value.code == "file_changed"


def test_tables_are_of_their_one_sheet(tmp_path):
    source = open_file(write(tmp_path, "id\n1\n"))

    with pytest.raises(KeyError):
        source.table("Sheet1")
    assert source.table(None).notices == ()
    assert len(source.digest) == 64


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_named_encoding_that_the_file_is_not_in(encoding, tmp_path):
    """UTF-16 and UTF-32 are refused for their missing mark, not for a character."""
    path = tmp_path / "latin.csv"
    path.write_bytes("Record ID|subject\n501|caf\xe9s\n".encode("cp1252"))

    with pytest.raises(FileError, match="bytes that are not"):
        open_file(path, encoding=encoding)


@pytest.mark.parametrize("usual", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("odd", ["\r\n", "\n"])
@pytest.mark.parametrize("before", [1, 60_000])
def test_both_halves_of_a_text_that_was_cut_in_two_are_ragged(tmp_path, usual, odd, before):
    if usual == odd or (usual == "\r" and odd == "\r\n"):
        pytest.skip("no other line end")
    rows = [f"{number},High,whole" for number in range(before)]
    file = tmp_path / "tickets.csv"
    text = usual.join(["Record ID,Priority,content", *rows, f"7,High,first half{odd}second half", "8,Low,whole", ""])
    file.write_bytes(text.encode())
    chunks = list(open_file(file).table(None).chunks([0, 2], 1_000))
    findings = [(one.code, one.row) for chunk in chunks for one in chunk.findings]
    assert findings == [("ragged_row", before + 2), ("ragged_row", before + 3)]
    assert [text for chunk in chunks for text in chunk.columns[2]] == ["whole"] * (before + 1)


def test_a_row_in_a_file_of_mixed_line_ends_is_whole_unless_a_ragged_one_follows(tmp_path):
    file = tmp_path / "tickets.csv"
    file.write_bytes(b"id,a\r\n1,x\n2,y\r\n3,z\r\n4\r\n")
    (chunk,) = open_file(file).table(None).chunks([0, 1])
    assert chunk.rows == [2, 3, 4]
    assert [one.row for one in chunk.findings] == [5]
