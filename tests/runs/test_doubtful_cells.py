"""Cells that can be read in two ways, in the main job: real files, the served sandbox, the plan."""

import json
from pathlib import Path

import openpyxl
import pytest

CASES = Path(__file__).parents[2] / "fixtures" / "cases"
CROSSED = json.loads((CASES / "crossed-labels.property.json").read_text("utf-8"))


@pytest.fixture
def crossed(portal):
    """Return a portal with a property whose labels are the values of other options; two tickets hold it."""
    portal.control("definitions/property", CROSSED)
    portal.control("tickets/25012345001", {"properties": {"nivel": "1"}})
    portal.control("tickets/25012345009", {"properties": {"nivel": "2"}})
    return portal


def test_crossed_labels_are_refused_and_settled_by_an_option(crossed, program, tmp_path):
    edits = tmp_path / "edits.csv"

    def run(*arguments):
        edits.write_bytes((CASES / "crossed-labels.csv").read_bytes())
        return program(edits, "--dry-run", "--json", *arguments, portal=crossed)

    assert run().codes == [(2, "ambiguous_option"), (3, "ambiguous_option")]
    assert run("--options", "labels").summary["rows"]["unchanged"] == 2
    values = run("--options", "values").summary
    assert (values["rows"]["would_update"], values["cells"]["changed"]) == (2, 2)


def test_a_template_of_crossed_labels_offers_labels_and_reads_them_back(crossed, program, tmp_path):
    path = tmp_path / "tickets.xlsx"
    made = program("template", path, "--properties", "nivel,subject", portal=crossed)
    assert made.code == 0, made.err

    assert program(path, "--dry-run", "--json", portal=crossed).summary["cells"]["changed"] == 0

    book = openpyxl.load_workbook(path)
    offered = [cell.value for cell in next(book["Import lists"].iter_cols()) if cell.value]
    assert offered == ["nivel", "2", "3", "4"]
    sheet = book.worksheets[0]
    row = next(row for row in sheet.iter_rows(min_row=2) if row[0].value == "25012345001")
    column = next(cell.column for cell in sheet[1] if cell.value == "Nivel")
    assert row[column - 1].value == "2"
    row[column - 1].value = "3"
    book.save(path)
    ended = program(path, "--yes", "--json", portal=crossed)
    assert ended.summary["cells"]["changed"] == 1
    assert crossed.ticket("25012345001")["properties"]["nivel"] == "2"
