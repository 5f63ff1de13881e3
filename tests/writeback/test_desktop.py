"""LibreOffice opens what we write, shows it, and saves it so that a later run finds its own cells again."""

import io
import shutil
import subprocess
import warnings

import openpyxl
import pytest
import python_calamine
import workbook_corpus as corpus
from conftest import OURS, make_annotation, patch

pytestmark = pytest.mark.desktop
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")


def convert(path, kind, folder):
    """Have LibreOffice, without a window, write a file in another format; return its path."""
    command = [OFFICE, f"-env:UserInstallation={folder.as_uri()}/profile", "--headless", "--convert-to", kind]
    done = subprocess.run(
        [*command, "--outdir", folder, path], capture_output=True, text=True, check=False, timeout=100
    )
    written = folder / f"{path.stem}.{kind.partition(':')[0]}"
    assert written.exists(), done.stderr
    return written


@pytest.fixture(autouse=True)
def office():
    if OFFICE is None:
        pytest.skip("LibreOffice is not installed")


@pytest.mark.parametrize("name", ["openpyxl", "strict", "prefixed", "everything"])
def test_libreoffice_shows_what_we_wrote(name, tmp_path):
    path = tmp_path / "edits.xlsx"
    path.write_bytes(patch(corpus.CORPUS[name](), make_annotation(corpus.HEADERS)))

    page = convert(path, "pdf", tmp_path)

    text = subprocess.run(["pdftotext", "-layout", page, "-"], capture_output=True, text=True, check=True).stdout
    assert ("Import status" in text) == (name != "everything"), "that one prints a part of the sheet alone"
    assert "updated" in text
    assert "Import report" in text
    assert "invalid_option" in text
    assert "Import changes" in text


def test_a_workbook_libreoffice_saved_is_annotated_again(tmp_path):
    """Its styles, strings, columns and conditional formats are LibreOffice's by then; ours are found among them."""
    path = tmp_path / "edits.xlsx"
    path.write_bytes(patch(corpus.by_openpyxl(), make_annotation(corpus.HEADERS)))
    (tmp_path / "saved").mkdir()
    saved = convert(path, "xlsx", tmp_path / "saved").read_bytes()
    again = make_annotation((*corpus.HEADERS, *OURS), faulty=())

    after = patch(saved, again)

    assert b"import-tickets" in corpus.Parts.read(saved)["xl/worksheets/sheet1.xml"]
    assert b"import-tickets" not in corpus.Parts.read(after)["xl/worksheets/sheet1.xml"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert openpyxl.load_workbook(io.BytesIO(after)).sheetnames == [
            "Tickets",
            "It's other",
            "Import report",
            "Import changes",
        ]
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(after)).get_sheet_by_name("Tickets").to_python()
    assert [row[5] for row in rows[:3]] == ["Import status", "updated", "invalid"]
    assert {len(row) for row in rows} == {7}
    assert patch(after, again) == after
