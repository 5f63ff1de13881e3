"""A template through a real office program: saved by LibreOffice, it still knows which cells were edited."""

import re
import shutil
import subprocess

import openpyxl
import pytest

pytestmark = pytest.mark.desktop

NAMES = (
    "subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "hs_ticket_category",
    "hubspot_owner_id", "due_on", "next_contact_at", "discount_rate", "refund_amount", "support_tier",
    "property_checkbox", "affected_products", "callback_phone", "createdate", "hs_lastmodifieddate",
)  # fmt: skip
ODD = {"subject": "=1+1", "callback_phone": "0055 11 0001", "content": "two\nlines", "property_checkbox": "true"}


@pytest.fixture
def resave(tmp_path):
    """Return a function that opens a workbook in LibreOffice and saves it in a format, by its file's ending."""
    office = shutil.which("soffice") or pytest.skip("LibreOffice is not installed")
    profile = (tmp_path / "profile").as_uri()

    def resave(path, ending):
        target = tmp_path / "saved"
        command = [office, f"-env:UserInstallation={profile}", "--headless", "--convert-to", ending, "--outdir", target]
        subprocess.run([*command, path], check=True, capture_output=True, timeout=110)
        return target / f"{path.stem}.{ending}"

    return resave


def edit(path, ticket, **cells):
    book = openpyxl.load_workbook(path)
    sheet = book["Tickets"]
    places = {cell.comment.text.split("\n")[0]: cell.column for cell in sheet[1]}
    row = next(row[0].row for row in sheet.iter_rows(2) if row[0].value == ticket)
    for name, content in cells.items():
        sheet.cell(row, places[name]).value = content
    book.save(path)


def properties(sandbox):
    own = {"hs_lastmodifieddate", "hubspot_owner_assigneddate", "hubspot_team_id"}
    return {
        number: {name: value for name, value in ticket["properties"].items() if value and name not in own}
        for number, ticket in sandbox.tickets().items()
    }


@pytest.mark.parametrize("ending", ["xlsx", "ods", "xls"])
def test_exactly_the_edited_cells_change(program, sandbox, resave, tmp_path, ending):
    """All properties, 500 tickets; edits of two cells; everything else saved anew by another program."""
    path = tmp_path / "tickets.xlsx"
    sandbox.change("25012345009", ODD)
    assert program("template", path, "--properties", ",".join(NAMES), portal=sandbox).code == 0
    before = properties(sandbox)
    edit(path, "25012345001", subject="Saved by another program", hs_ticket_priority="Low")

    ended = program(resave(path, ending), "--yes", "--json", portal=sandbox)

    assert ended.code == 0, ended.out
    before["25012345001"] |= {"subject": "Saved by another program", "hs_ticket_priority": "LOW"}
    assert properties(sandbox) == before
    assert ended.summary["rows"]["updated"] == 1


def test_what_makes_a_template_survives(program, sandbox, resave, tmp_path):
    """Drop-downs, notes and the lock are understood by LibreOffice, and not only by us."""
    path = tmp_path / "tickets.xlsx"
    program("template", path, "--properties", ",".join(NAMES), "--limit", "20", portal=sandbox)

    book = openpyxl.load_workbook(resave(path, "xlsx"))

    sheet = book["Tickets"]
    rules = {str(rule.sqref).split(":")[0].split()[0]: rule for rule in sheet.data_validations.dataValidation}
    assert re.search(r"MATCH\(\$D2,", rules["E2"].formula1)
    assert rules["F2"].formula1.replace("$", "").startswith("'Import lists'!")
    assert sheet["B1"].comment.text.startswith("subject")
    assert sheet.protection.sheet
    assert not sheet["B2"].protection.locked
    assert sheet["A2"].protection.locked
    assert {one.title: one.sheet_state for one in book}["Import fingerprint"] in {"hidden", "veryHidden"}
