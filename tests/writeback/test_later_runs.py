"""What a second run writes into the workbook that a first run annotated."""

import datetime as dt
import json
import re
import shutil
from pathlib import Path

import openpyxl
import pytest

EDITS = Path(__file__).parents[2] / "fixtures" / "edits.xlsx"


def test_a_run_that_changes_nothing_and_knows_of_no_other(program, tmp_path, home):
    """The first run leaves links in "Import changes"; the second has none, and its results are written all the same."""
    path = shutil.copy(EDITS, tmp_path / "edits.xlsx")
    options = ("--sandbox", "--on-invalid", "skip", "--yes", "--json")
    first = program(path, *options)
    (home / "runs" / f"{first.summary['run_id']}.sqlite3").unlink()

    second = program(path, *options)

    assert (first.summary["rows"]["updated"], second.summary["rows"]["updated"]) == (22, 0)
    assert second.summary["report"] == str(path)
    book = openpyxl.load_workbook(path)
    assert book["Edits"]["J2"].value == "unchanged"
    assert not [cell for row in book["Import changes"] for cell in row if cell.hyperlink]


def lines_of(book):
    return [[cell.value for cell in row] for row in book["Import changes"].iter_rows(min_row=3)]


def test_the_workbook_remembers_what_earlier_runs_did(program, tmp_path):
    """Lines of the first run stay below those of the second, each with its moment and run."""
    path = Path(shutil.copy(EDITS, tmp_path / "edits.xlsx"))
    options = ("--sandbox", "--on-invalid", "skip", "--yes", "--json")
    first = program(path, *options).summary
    book = openpyxl.load_workbook(path)
    cells = lines_of(book)
    book["Edits"]["D2"].value = "Low"
    book.save(path)

    second = program(path, *options).summary

    book = openpyxl.load_workbook(path)
    lines = lines_of(book)
    assert [line[6] for line in lines] == [second["run_id"], *[first["run_id"]] * len(cells)]
    assert lines[1:] == cells
    assert all(len(line[5]) == len("2026-11-23 14:15") for line in lines)
    assert book["Import changes"].auto_filter.ref == f"A2:G{len(lines) + 2}"
    assert book["Edits"]["J3"].value == "unchanged"
    assert book["Edits"]["K3"].value.startswith("updated 20")
    assert sum(1 for sheet in book.sheetnames if sheet.startswith("Import changes")) == 1


def test_moments_stand_in_the_reader_s_form(program, tmp_path):
    path = Path(shutil.copy(EDITS, tmp_path / "edits.xlsx"))
    options = ("--sandbox", "--on-invalid", "skip", "--yes", "--json")
    program(path, *options, "--lang", "pt-BR")
    first = openpyxl.load_workbook(path)

    program(path, *options)

    moment = r"\d\d/\d\d/\d{4} \d\d:\d\d"
    assert re.fullmatch(moment, lines_of(first)[0][5])
    assert re.fullmatch(moment, first["Import report"]["B3"].value)
    book = openpyxl.load_workbook(path)
    assert len(lines_of(book)) == len(lines_of(first)), "an earlier run's lines are read from its journal"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", lines_of(book)[0][5])


@pytest.mark.parametrize(
    ("language", "moment", "day", "number"),
    [
        ("en", "2026-03-04 09:30", "2026-03-05", "1234.5"),
        ("pt-BR", "04/03/2026 09:30", "05/03/2026", "1234,5"),
    ],
)
def test_values_that_changed_stand_in_the_reader_s_form(language, moment, day, number, program, tmp_path):
    """Moments by the clocks of the portal's zone, which the sheet names; for scripts they stay as HubSpot has them."""
    path = tmp_path / "edits.xlsx"
    book = openpyxl.Workbook()
    moment_of = dt.datetime(2026, 3, 4, 9, 30)  # noqa: DTZ001 - a cell has no zone
    book.active.append(["Record ID", "Create date", "Due on", "Refund amount", "Ticket name"])
    book.active.append(["25012345001", moment_of, dt.date(2026, 3, 5), 1234.5, "2026-03-05"])
    book.save(path)

    run = program(path, "--sandbox", "--yes", "--json", "--lang", language).summary["run_id"]

    book = openpyxl.load_workbook(path)
    assert [line[4] for line in lines_of(book)] == [moment, day, number, "2026-03-05"]
    assert "America/Sao_Paulo" in book["Import changes"]["D1"].value
    shown = program("runs", "show", run, "--cells", "--lang", language).out
    assert moment in shown
    assert "T12:30" not in shown
    cells = json.loads(program("runs", "show", run, "--cells", "--json", "--lang", language).out)["changed_cells"]
    assert cells[0]["after"] == "2026-03-04T12:30:00.000Z"
