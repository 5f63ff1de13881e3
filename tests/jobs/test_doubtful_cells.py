"""Cells that can be read in two ways, in the main job: real files, the served sandbox, the plan."""

import json
from datetime import datetime
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


MOMENTS = {"25012345001": "2026-01-05T15:00:37.512Z", "25012345009": "2026-01-05T15:59:59.999Z"}


@pytest.fixture
def timed(portal):
    """Return a portal in New York's zone that holds moments to the millisecond."""
    for ticket, moment in MOMENTS.items():
        portal.control(f"tickets/{ticket}", {"properties": {"closed_date": moment}})
    return portal


def test_an_export_in_minutes_changes_nothing_but_what_was_edited(portal, program, tmp_path):
    edits = tmp_path / "edits.csv"
    edits.write_bytes((CASES / "export-in-minutes.csv").read_bytes())
    portal.control("definitions/account", portal.call("GET", "/account-info/v3/details")[1] | {"timeZone": "UTC"})
    moments = {"createdate": "2026-01-05T12:00:37.512Z", "closed_date": "2026-02-01T09:30:59.999Z"}
    portal.control("tickets/25012345001", {"properties": moments})

    ended = program(edits, "--dry-run", "--json", "--skip-read-only", portal=portal)

    assert ended.summary["cells"]["changed"] == 1, ended.err


@pytest.mark.parametrize(
    ("cells", "changed"),
    [
        (("2026-01-05 12:00", "2026-01-05 12:59"), 0),
        (("2026-01-05 12:00:37", "2026-01-05 12:59:59"), 0),
        (("2026-01-05 12:00:37.512", "2026-01-05T15:59:59.999Z"), 0),
        (("2026-01-05", "2026-01-05"), 0),
        (("Jan 5, 2026 12:00 PM GMT-3", "01/05/2026 12:59"), 0),
        (("2026-01-05 12:00:00", "2026-01-05 12:59:00"), 2),
        (("2026-01-05 12:01", "2026-01-05 13:00"), 2),
        (("2026-01-05 12:00:37.511", "2026-01-06"), 2),
        (("1767625237512", "1767625237000"), 2),
    ],
)
def test_moments_count_to_the_precision_that_a_text_shows(timed, program, sheet, cells, changed):
    path = sheet(["Record ID", "closed_date"], *zip(MOMENTS, cells, strict=True))

    ended = program(path, "--dry-run", "--json", "--timezone", "America/Sao_Paulo", "--locale", "en-US", portal=timed)

    assert ended.codes == []
    expected = changed if cells[0] != "1767625237512" else 1
    assert ended.summary["cells"]["changed"] == expected


@pytest.mark.parametrize(
    ("number_format", "times", "changed"),
    [
        ("yyyy-mm-dd hh:mm", ("12:00", "12:59"), 0),
        ("yyyy-mm-dd hh:mm:ss", ("12:00:37", "12:59:59"), 0),
        ("yyyy-mm-dd hh:mm:ss", ("12:00", "12:59"), 2),
        ("yyyy-mm-dd", ("00:00", "00:00"), 0),
        ("yyyy-mm-dd hh:mm", ("00:00", "00:00"), 2),
        ("yyyy-mm-dd hh:mm", ("12:00:30", "12:59"), 1),
    ],
)
def test_date_cells_count_to_the_precision_of_their_format(timed, program, tmp_path, number_format, times, changed):
    book = openpyxl.Workbook()
    book.active.append(["Record ID", "closed_date"])
    for ticket, time in zip(MOMENTS, times, strict=True):
        book.active.append([ticket, datetime.fromisoformat(f"2026-01-05T{time}")])
        book.active.cell(book.active.max_row, 2).number_format = number_format
    book.save(tmp_path / "edits.xlsx")

    ended = program(tmp_path / "edits.xlsx", "--dry-run", "--json", "--timezone", "America/Sao_Paulo", portal=timed)

    assert ended.codes == []
    assert ended.summary["cells"]["changed"] == changed


def test_reconcile_compares_to_the_precision_shown_too(timed, program, sheet):
    path = sheet(["Record ID", "closed_date"], *zip(MOMENTS, ("2026-01-05 15:00", "2026-01-05 15:58"), strict=True))

    ended = program("reconcile", path, "--json", "--timezone", "UTC", portal=timed)

    assert [one["row"] for one in ended.summary["differences"]] == [3], ended.out


CODE = {"name": "codigo", "label": "codigo", "type": "string", "fieldType": "text", "groupName": "ticketinformation"}


@pytest.fixture
def coded(portal):
    """Return a portal with two properties of text."""
    for name in ("codigo", "telefone"):
        portal.control("definitions/property", CODE | {"name": name, "label": name})
    return portal


def test_spoiled_texts_are_refused_where_they_would_change_a_ticket(coded, program, tmp_path):
    edits = tmp_path / "edits.csv"

    def run(*arguments):
        edits.write_bytes((CASES / "guarded-number.csv").read_bytes().replace(b"25012345002", b"25012345009"))
        return program(edits, "--dry-run", "--json", *arguments, portal=coded)

    refused = run()
    assert refused.codes == [(2, "spoiled_text"), (2, "spoiled_text")]
    assert [one["cell"] for one in refused.summary["errors"]] == ["B2", "C2"]
    assert '"0075"' in refused.summary["errors"][0]["message"]
    assert run("--no-diff").codes == refused.codes
    assert run("--allow-spoiled").summary["rows"]["would_update"] == 2
    coded.control("tickets/25012345001", {"properties": {"codigo": '="0075"', "telefone": '="+5511"'}})
    assert run().codes == []


def test_a_cell_that_shows_nothing_is_blank(portal, program, tmp_path):
    path = tmp_path / "edits.xlsx"
    path.write_bytes((CASES / "invisible-text.xlsx").read_bytes())

    ended = program(path, "--dry-run", "--json", portal=portal)

    assert ended.codes == [(3, "merged")]
    cells = ended.summary["cells"]
    assert (cells["changed"], cells["cleared"]) == (0, 2)
    portal.control("tickets/25012345001", {"properties": {"subject": "\u200b"}})
    again = program(path, "--dry-run", "--json", "--overwrite", portal=portal).summary["cells"]
    assert again["cleared"] == 1  # the portal's own unseen text is as good as none


def test_pictures_and_cells_that_hold_no_number_are_errors(portal, program, tmp_path):
    path = tmp_path / "edits.xlsx"
    path.write_bytes((CASES / "picture-in-cell.xlsx").read_bytes())

    ended = program(path, "--dry-run", "--json", "--no-diff", "--skip-unknown", portal=portal)

    found = {one["row"]: one for one in ended.summary["errors"] if one["code"] != "invalid_id"}
    errors = {*range(2, 15), 19, 20, 21, 25, 26, 27, 28}
    assert {row for row, one in found.items() if one["code"] == "formula_error"} == errors, ended.err
    assert "picture" in found[14]["message"]
    assert "picture" in found[19]["message"]  # `=IMAGE(...)`, stored with an empty result
    assert 'holds "NaN"' in found[26]["message"]
    assert "did not arrive" in found[3]["message"]


def test_texts_that_end_where_a_cell_ends_get_a_notice(portal, program, sheet):
    path = sheet(["Record ID", "content"], ["25012345001", "a" * 32_767], ["25012345009", "a" * 32_766])

    ended = program(path, "--dry-run", "--json", portal=portal)

    assert "B2 holds exactly 32,767 characters" in ended.err
    assert ended.summary["rows"]["would_update"] == 2


def test_plain_text_with_a_sign_of_html_gets_a_notice(portal, program, sheet):
    portal.control("definitions/property", CODE | {"name": "rich", "label": "Rich", "fieldType": "html"})
    rows = [["25012345001", "if x < 5"], ["25012345009", "<p>fine</p>"]]

    ended = program(sheet(["Record ID", "Rich"], *rows), "--dry-run", "--json", portal=portal)

    assert '"Rich": 1 text holds <, and HubSpot reads this property as HTML' in ended.err
    assert ended.summary["rows"]["would_update"] == 2
