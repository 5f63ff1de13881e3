"""What a file is, told from its content."""

import zipfile

import pytest

from importer.errors import FileError
from importer.loader import open_file
from tests.loader.file_cases import FIXTURES


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"\x1f\x8b\x08\x00", r"a compressed archive \(gzip\)"),
        (b"SQLite format 3\x00", "a database"),
        (b"\xef\xbb\xbf\n <!DOCTYPE html><p>", r"a web page \(HTML\)"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', "an XML document"),
        (b"\x09\x02\x06\x00\x00\x00\x10\x00", "a workbook of Excel 4 or older"),
    ],
)
def test_other_files_are_named(tmp_path, content, kind):
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)

    with pytest.raises(FileError, match=f"The file is {kind}, whatever its name says"):
        open_file(path)


@pytest.mark.parametrize(
    ("member", "kind"),
    [
        ("xl/workbook.bin", r"a binary Excel workbook \(XLSB\)"),
        ("word/document.xml", "a Word document"),
        ("Index/Document.iwa", "a Numbers or Pages document"),
    ],
)
def test_other_archives_are_named(tmp_path, member, kind):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, "")

    with pytest.raises(FileError, match=f"The file is {kind}"):
        open_file(path)


def test_an_opendocument_text_is_no_spreadsheet(tmp_path):
    path = tmp_path / "a.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")

    with pytest.raises(FileError, match="no spreadsheet"):
        open_file(path)


@pytest.mark.parametrize(
    ("fixture", "name", "notice"),
    [
        ("dates.xlsx", "a.csv", "ends in .csv, but the content is an Excel workbook"),
        ("excel-97.xls", "a.xlsx", "ends in .xlsx, but the content is an older Excel workbook"),
        ("opendocument.ods", "a.xls", "ends in .xls, but the content is an OpenDocument"),
        ("semicolons.csv", "a.xlsx", "ends in .xlsx, but the content is delimited text"),
        ("macros.xlsm", "a.xlsx", "ends in .xlsx, but the content is an Excel workbook with macros"),
    ],
)
def test_a_wrong_name_is_noticed(tmp_path, fixture, name, notice):
    path = tmp_path / name
    path.write_bytes((FIXTURES / fixture).read_bytes())

    assert notice in str(open_file(path).notices[-1])


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.TSV", "a"])
def test_delimited_text_has_many_names(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"id,name\n1,a\n")

    assert open_file(path).notices == ()


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(FileError, match="is a folder"):
        open_file(tmp_path)


def test_a_file_that_goes_away_is_an_error_of_ours(tmp_path):
    for name in ("semicolons.csv", "dates.xlsx", "excel-97.xls"):
        path = tmp_path / name
        path.write_bytes((FIXTURES / name).read_bytes())
        source = open_file(path)
        sheet = next(iter(source.sheets)).name if name == "dates.xlsx" else None
        path.unlink()

        with pytest.raises(FileError, match=r"There is no file|cannot be read: No such file"):
            list((source.table(sheet) if sheet else source.table(source.sheets[0].name)).chunks([0]))


@pytest.mark.parametrize("name", ["dates.xlsx", "excel-97.xls", "opendocument.ods", "semicolons.csv"])
def test_no_file_is_left_open(tmp_path, name):
    """So that it can be replaced, on Windows too; an open file that is forgotten warns, and warnings fail tests."""
    path = tmp_path / name
    path.write_bytes((FIXTURES / name).read_bytes())
    source = open_file(path)
    table = source.table(source.sheets[0].name)
    first = next(table.chunks([0, 1], size=1))

    path.rename(tmp_path / "renamed")

    assert len(first.rows) == 1


def test_too_many_parts_are_unsafe(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(20_001):
            archive.writestr(str(number), "")

    with pytest.raises(FileError) as caught:
        open_file(path)
    assert caught.value.code == "unsafe_file"


def test_an_encrypted_archive_is_protected(tmp_path):
    content = bytearray((FIXTURES / "dates.xlsx").read_bytes())
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        place = content.find(signature)
        while place >= 0:
            content[place + offset] |= 1
            place = content.find(signature, place + 1)
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)

    with pytest.raises(FileError, match="protected by a password"):
        open_file(path)
