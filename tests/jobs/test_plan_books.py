"""A plan in a workbook: people read one sheet, the program reads another, and both say the same."""

import re

import openpyxl
import pytest

from importer.errors import UsageError
from importer.i18n import translations
from importer.jobs.plan_book import is_sealed
from importer.jobs.plan_file import read_plan, write_plan
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

    states = {name: opened[name].sheet_state for name in opened.sheetnames}
    hidden = dict.fromkeys(("Import plan", "Import plan notes"), "veryHidden")
    assert states == {"Plan": "visible", "About this plan": "visible"} | hidden
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
    cell = next(cell for (cell,) in opened["Import plan"].iter_rows() if "=1+1" in cell.value)
    cell.value = cell.value.replace("=1+1", "=1+2")
    cell.data_type = "s"


ALTERATIONS = {
    "a value after": alter("Plan", "E2", "Another value"),
    "a ticket": alter("Plan", "B2", "1"),
    "a row less": lambda opened: opened["Plan"].delete_rows(2),
    "the plan itself": alter_line,
    "a piece less": lambda opened: opened["Import plan"].delete_rows(4),
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


def test_one_altered_byte_is_noticed_wherever_it_is(book):
    """Of the archive too: its names, dates and sizes, and the seal itself."""
    content = book.read_bytes()
    tail = range(len(content) - 600, len(content))
    for place in [*range(0, len(content), 251), *tail]:
        book.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])

        with pytest.raises(UsageError) as refused:
            read_plan(book)

        assert refused.value.code == "plan_altered", place

    book.write_bytes(content)
    assert read_plan(book).count == 3


def test_a_workbook_saved_anew_is_approved_and_sealed_again(edited, program):
    saved = edited(sort_rows)
    program("approve", saved, "--yes")
    program("approve", saved, "--yes")

    assert is_sealed(saved)
    assert len(read_plan(saved).notes) == 2


def test_more_rows_than_a_sheet_holds_go_on_the_next_one(tmp_path, monkeypatch):
    monkeypatch.setattr("importer.template.plan_book.LAST_ROW", 3)
    who = {"account": "a", "machine": "m", "key": "k", "at": "2026-11-29T12:00:00.000Z"}
    head = {
        "planned": who,
        "file": {"name": "edits.csv"},
        "run": {"portal": {"portal_id": "1"}, "schema": {"properties": {"results": []}}, "columns": []},
    }
    records = [{"row": n, "key": str(n), "after": {"subject": "x"}} for n in range(2, 7)]
    path = tmp_path / "plan.xlsx"
    write_plan(path, head, records, like=path, check=lambda new: None, words=translations(None))

    opened = openpyxl.load_workbook(path)
    assert {name: opened[name].max_row for name in opened.sheetnames[:3]} == {"Plan": 3, "Plan 2": 3, "Plan 3": 2}
    opened.save(path)
    assert read_plan(path).count == 5
    opened["Plan 3"]["E2"] = "y"
    opened.save(path)
    with pytest.raises(UsageError):
        read_plan(path)


@pytest.mark.parametrize(
    ("planner", "other", "titles", "acts"),
    [
        ("pt-BR", "en", ["Linha", "Ticket", "Coluna", "Antes", "Depois"], {"Planned by", "Approved by", "Applied by"}),
        (
            "en",
            "pt-BR",
            ["Row", "Ticket", "Column", "Before", "After"],
            {"Planejado por", "Aprovado por", "Aplicado por"},
        ),
    ],
)
@pytest.mark.parametrize("is_saved_anew", [False, True])
def test_a_plan_is_applied_by_a_reader_of_another_language(
    planner, other, titles, acts, is_saved_anew, portal, program, sheet, tmp_path
):
    portal.change(A, {"hs_ticket_priority": "LOW"})
    path = tmp_path / "plan.xlsx"
    planned = program("plan", sheet(HEADER, (A, "New", "x", "HIGH")), "-o", path, "--lang", planner, portal=portal)
    book = openpyxl.load_workbook(path)
    if is_saved_anew:
        book.save(path)

    approved = program("approve", path, "--yes", "--lang", other)
    ended = program("apply", path, "--yes", "--json", "--lang", other, portal=portal)

    assert (planned.code, approved.code, ended.code) == (0, 0, 0), approved.err + ended.err
    assert values(portal, A)["hs_ticket_priority"] == "HIGH"
    assert [cell.value for cell in book["Plan"][1]] == titles
    facts = [row[0].value for row in openpyxl.load_workbook(path)["About this plan"].iter_rows()]
    assert acts <= set(facts)
    moment = openpyxl.load_workbook(path)["About this plan"]["B1"].value
    assert re.search(r", \d{4}-\d\d-\d\d \d\d:\d\d \(UTC|, \d\d/\d\d/\d{4} \d\d:\d\d \(UTC", moment)
