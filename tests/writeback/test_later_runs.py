"""What a second run writes into the workbook that a first run annotated."""

import shutil
from pathlib import Path

import openpyxl

EDITS = Path(__file__).parents[2] / "fixtures" / "edits.xlsx"


def test_a_run_that_changes_nothing_after_one_that_did(program, tmp_path):
    """The first run leaves links in "Import changes"; the second has none, and its results are written all the same."""
    path = shutil.copy(EDITS, tmp_path / "edits.xlsx")
    options = ("--sandbox", "--on-invalid", "skip", "--yes", "--json")
    first = program(path, *options)

    second = program(path, *options)

    assert (first.summary["rows"]["updated"], second.summary["rows"]["updated"]) == (22, 0)
    assert second.summary["report"] == str(path)
    book = openpyxl.load_workbook(path)
    assert book["Edits"]["J2"].value == "unchanged"
    assert not [cell for row in book["Import changes"] for cell in row if cell.hyperlink]
