"""The language of a workbook's formats counts for the column whose filled cells have it, and for no other."""

from dataclasses import replace
from pathlib import Path

import openpyxl

from schemas.property import Property

CASES = Path(__file__).parents[2] / "fixtures" / "cases"
COLUMNS = (
    Property("scheduled", "Agendado em", "datetime", "date"),
    Property("due", "Data de vencimento", "date", "date"),
    Property("refund", "Valor do reembolso", "number", "number"),
    Property("is_vip", "Cliente VIP", "bool", "booleancheckbox"),
)


def test_a_format_of_one_column_says_nothing_of_others(check, portal):
    schema = replace(portal, properties={**portal.properties, **{one.name: one for one in COLUMNS}})

    checked = check(CASES / "leftover-language.xlsx", schema=schema)

    assert checked.codes == [
        ("C2", "ambiguous_date"),
        ("D2", "ambiguous_number"),
        ("E2", "invalid_boolean"),
        ("C3", "ambiguous_date"),
        ("D3", "ambiguous_number"),
    ]


def test_a_column_is_read_in_the_language_of_its_own_cells(check, tmp_path):
    book = openpyxl.Workbook()
    for row in (["id", "due_on", "amount"], [501, "03/04/2026", "1.234"], [502, "05/06/2026", "12,345"]):
        book.active.append(row)
    book.active["B2"].number_format = "[$-416]dd/mm/yyyy"
    book.active["C4"].number_format = "[$-416]#,##0"  # an empty cell, left over
    book.save(tmp_path / "edits.xlsx")

    checked = check(tmp_path / "edits.xlsx")
    told = check(tmp_path / "edits.xlsx", locale="en-US")

    assert checked.codes == [("C2", "ambiguous_number"), ("C3", "ambiguous_number")]
    assert checked.notices == [
        'B "due_on": texts are read as in pt-BR, the language of its cells\' format; --locale names another.'
    ]
    assert (told.wanted(2)["due_on"], told.notices) == ("2026-03-04", [])
