"""Every code that reading and validating can give, from a file; the other codes need a portal or a run."""

import zipfile

import openpyxl
import pytest

from importer import loader
from importer.errors import UsageError
from importer.findings import CODES, Finding
from importer.journal import Journal, RunRecord
from importer.loader.columns import choose_sheet, match_columns
from importer.planning.duplicates import find_twins
from importer.planning.pending_stages import settle_pending
from importer.validation.validator import Validation
from schemas.cells import Reading

NOT_FROM_A_FILE = {
    "spoiled_text",
    "file_busy",
    "file_changed",
    "not_found",
    "archived",
    "merged",
    "cannot_set",
    "conflict",
    "no_token",
    "unsafe_address",
    "rejected",
    "unconfirmed",
    "not_kept",
    "other_ticket",
    "unreadable_property",
    "guard_rail",
    "not_confirmed",
    "unauthorized",
    "missing_scope",
    "rate_limited",
    "unavailable",
    "journal_lost",
    "internal_error",
    "bad_usage",
    "no_such_run",
    "nothing_to_do",
    "other_portal",
    "plan_altered",
    "plan_applied",
    "not_approved",
}


def book(*rows, sheets=(), name="edits.xlsx", change=None):
    """Return a maker of a workbook with these rows, on each of `sheets` where there are several."""

    def make(folder):
        workbook = openpyxl.Workbook()
        for number, title in enumerate(sheets or ("Sheet",)):
            sheet = workbook.active if number == 0 else workbook.create_sheet()
            sheet.title = title
            for row in rows:
                sheet.append(row)
        if change:
            change(workbook.active)
        workbook.save(folder / name)
        return folder / name

    return make


def text(content):
    """Return a maker of a CSV file."""

    def make(folder):
        path = folder / "edits.csv"
        path.write_bytes(content.encode())
        return path

    return make


def error_cell(sheet):
    sheet["B2"].value, sheet["B2"].data_type = "#N/A", "e"


def entity_trick(folder):
    """Return a workbook whose sheet names an entity."""
    path = book(["Record ID", "subject"], [501, "a"])(folder)
    out = folder / "trick.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            body = source.read(name)
            if name.endswith("sheet1.xml"):
                body = b'<!DOCTYPE x [<!ENTITY a "b">]>' + body[body.index(b"<worksheet") :]
            target.writestr(name, body)
    return out


FILES = {
    "unreadable_file": (text("id,subject\n501,\0\n"), {}),
    "unsafe_file": (entity_trick, {}),
    "empty_file": (text(""), {}),
    "no_such_sheet": (book(["Record ID", "subject"], [501, "a"]), {"sheet": "Nowhere"}),
    "ambiguous_sheet": (book(["Record ID", "subject"], [501, "a"], sheets=("One", "Two")), {}),
    "unknown_property": (text("id,Subjekt\n501,a\n"), {}),
    "read_only_property": (text("id,Time to close\n501,1\n"), {}),
    "duplicate_header": (text("id,Priority,hs_ticket_priority\n501,LOW,LOW\n"), {}),
    "ambiguous_header": (text("id,Twin\n501,a\n"), {}),
    "empty_header": (text("id,,subject\n501,x,a\n"), {}),
    "no_key_column": (text("subject\na\n"), {}),
    "ambiguous_key": (text("External ref,Other ref,subject\na,1,b\n"), {}),
    "not_unique_property": (text("subject,Priority\na,LOW\n"), {"id_property": "subject"}),
    "missing_key": (text("id,subject\n,a\n"), {}),
    "duplicate_key": (text("id,subject\n501,a\n501,b\n"), {}),
    "invalid_id": (text("id,subject\n2.50123E+10,a\n"), {}),
    "precision_lost": (book(["Record ID", "amount"], [501, 1234567890123456789]), {}),
    "ragged_row": (text("id,subject\n501,a,b\n"), {}),
    "merged_cells": (
        book(["Record ID", "subject"], [501, "a"], [502, None], change=lambda sheet: sheet.merge_cells("B2:B3")),
        {},
    ),
    "formula_error": (book(["Record ID", "subject"], [501, "a"], change=error_cell), {}),
    "formula_not_calculated": (book(["Record ID", "subject"], [501, "=A1"]), {}),
    "invalid_option": (text("id,Priority\n501,Urgentt\n"), {}),
    "ambiguous_option": (text("id,Region\n501,North\n"), {}),
    "invalid_number": (text("id,amount\n501,twelve\n"), {}),
    "ambiguous_number": (text("id,amount\n501,1.234\n"), {}),
    "invalid_boolean": (text("id,VIP\n501,maybe\n"), {}),
    "invalid_date": (text("id,Due on\n501,2026-02-30\n"), {}),
    "ambiguous_date": (text("id,Due on\n501,03/04/2026\n"), {}),
    "invalid_datetime": (text("id,Starts at\n501,2026-03-08 02:30\n"), {}),
    "invalid_owner": (text("id,Ticket owner\n501,ana@exmaple.com\n"), {}),
    "ambiguous_owner": (text("id,Ticket owner\n501,Ana Souza\n"), {}),
    "stage_not_in_pipeline": (text("id,Pipeline,Ticket status\n501,0,Refund sent\n"), {}),
    "too_long": (text(f"id,content\n501,{'x' * 65_537}\n"), {}),
    "cannot_clear": (text("id,Ticket status\n501,\n"), {}),
    "rule_violation": (text("id,City\n501,Al\n"), {}),
}


def codes_of(path, portal, folder, *, sheet=None, id_property=None):
    """Return the codes that a run without a plan would report of a file."""
    try:
        source = loader.open_file(path)
        chosen = choose_sheet(source, portal, sheet=sheet, id_property=id_property)
        table = source.table(chosen.name)
        columns = match_columns(
            table.headers,
            table.header_row,
            portal,
            id_property=id_property,
            empty_with_data=table.empty_headers_with_data,
        )
        found = []
        with Journal.create(folder / "runs", RunRecord(id="run")) as journal:
            for chunk in Validation(table, columns, portal, Reading(time_zone=portal.time_zone)):
                found += chunk.findings
                settled = (settle_pending(row, columns, portal) for row in chunk.rows)
                found += [one for one in settled if isinstance(one, Finding)]
                journal.rows.add(chunk.rows, fold_keys=False)
            found += find_twins(journal.rows.shared_keys(), columns)[1]
    except UsageError as error:
        return [one.code for one in error.findings] or [error.code]
    return [one.code for one in found]


@pytest.mark.parametrize("code", FILES)
def test_a_file_gives_the_code(code, portal, tmp_path):
    """That code, and no other."""
    make, options = FILES[code]

    assert set(codes_of(make(tmp_path), portal, tmp_path, **options)) == {code}


def test_a_stage_that_two_pipelines_have_is_ambiguous_without_a_plan(portal, tmp_path):
    path = text("id,Ticket status\n501,New\n502,Refund sent\n")(tmp_path)

    assert codes_of(path, portal, tmp_path) == ["ambiguous_option"]


def test_every_code_is_here_or_needs_more_than_a_file():
    assert FILES.keys() | NOT_FROM_A_FILE == CODES.keys()
    assert not FILES.keys() & NOT_FROM_A_FILE


def test_every_code_says_what_it_means_and_how_to_mend_it():
    for info in CODES.values():
        assert info.meaning.endswith(".")
        assert info.example
        assert info.remedy.endswith(".")
