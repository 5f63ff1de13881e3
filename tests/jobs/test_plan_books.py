"""A plan in a workbook: people read one sheet, the program reads another, and both say the same."""

import openpyxl
import pytest

from tests.jobs.office import A, B, C, values

HEADER = ("Record ID", "subject", "content", "hs_ticket_priority")
LONG = "ä" * 40_000


@pytest.fixture
def book(portal, program, sheet, tmp_path):
    """Return a plan of three rows in a workbook."""
    portal.change(C, {"content": "line\r\nline", "hs_ticket_priority": "LOW"})
    rows = [(A, "=1+1", "x", "LOW"), (B, "Ação 日本 \U0001f600 _x0041_", LONG, "HIGH"), (C, "New", "y", "HIGH")]
    path = tmp_path / "plan.xlsx"
    ended = program("plan", sheet(HEADER, *rows), "-o", path, "--json", portal=portal)
    assert (ended.code, ended.summary["rows"]["would_update"]) == (0, 3), ended.err
    return path


@pytest.fixture
def edited(book):
    """Return a function that opens the workbook, lets something be done to it, and saves it as other programs do."""

    def edit(change):
        opened = openpyxl.load_workbook(book)
        change(opened)
        opened.save(book)
        return book

    return edit


def sort_rows(opened):
    sheet = opened["Plan"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    for number, row in enumerate(sorted(rows, reverse=True), start=2):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(number, column, value)
            cell.data_type = "s"


def test_people_read_labels_and_every_text_is_text(book):
    opened = openpyxl.load_workbook(book)
    cells = {(row[0].value, row[2].value): row for row in opened["Plan"].iter_rows(min_row=2)}

    assert [opened[name].sheet_state for name in opened.sheetnames] == ["visible", "visible", "veryHidden"]
    assert [cell.value for cell in opened["Plan"][1]] == ["Row", "Ticket", "Column", "Before", "After"]
    assert [cell.value for cell in cells["4", "hs_ticket_priority"]] == ["4", C, "hs_ticket_priority", "Low", "High"]
    formula_like = cells["2", "subject"][4]
    assert (formula_like.value, formula_like.data_type) == ("=1+1", "s")


def test_it_is_approved_and_applied_as_it_is(book, portal, program):
    approved = program("approve", book, "--yes")
    ended = program("apply", book, "--yes", "--json", portal=portal)
    again = program("apply", book, "--yes", "--json", portal=portal)

    assert (approved.code, ended.code, ended.summary["rows"]["updated"]) == (0, 0, 3), ended.err
    assert values(portal, A)["subject"] == "=1+1"
    assert values(portal, B)["subject"] == "Ação 日本 \U0001f600 _x0041_"
    assert values(portal, B)["content"] == LONG
    assert again.codes == [(None, "plan_applied")]
    about = {row[0].value for row in openpyxl.load_workbook(book)["About this plan"].iter_rows()}
    assert {"Planned by", "Approved by", "Applied by"} <= about


def test_it_may_be_sorted_and_saved(edited, portal, program):
    ended = program("apply", edited(sort_rows), "--yes", "--json", portal=portal)

    assert (ended.code, ended.summary["rows"]["updated"]) == (0, 3), ended.err


def alter(sheet, cell, text):
    def change(opened):
        opened[sheet][cell] = text

    return change


def alter_line(opened):
    cell = opened["Import plan"]["B3"]
    cell.value = cell.value.replace("=1+1", "=1+2")
    cell.data_type = "s"


ALTERATIONS = {
    "a value after": alter("Plan", "E2", "Another value"),
    "a ticket": alter("Plan", "B2", "1"),
    "a row less": lambda opened: opened["Plan"].delete_rows(2),
    "the plan itself": alter_line,
    "a line less": lambda opened: opened["Import plan"].delete_rows(4),
    "no plan": lambda opened: opened.remove(opened["Import plan"]),
    "nothing to read": lambda opened: opened.remove(opened["Plan"]),
}


def test_a_workbook_that_says_something_else_is_refused(book, edited, portal, program):
    content = book.read_bytes()
    refused = {}
    for name, change in ALTERATIONS.items():
        book.write_bytes(content)
        ended = program("apply", edited(change), "--yes", "--json", portal=portal)
        refused[name] = (ended.code, ended.codes)

    assert refused == dict.fromkeys(ALTERATIONS, (2, [(None, "plan_altered")]))
    assert not portal.requests("batch/update")


def test_a_damaged_workbook_is_refused(book, portal, program):
    content = book.read_bytes()
    book.write_bytes(content[: len(content) // 2])

    ended = program("apply", book, "--yes", "--json", portal=portal)

    assert (ended.code, ended.codes) == (2, [(None, "plan_altered")])
