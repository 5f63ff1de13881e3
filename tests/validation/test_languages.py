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


def write_amounts(path, *formats):
    book = openpyxl.Workbook()
    book.active.append(["id", "refund"])
    for number, code in enumerate(formats):
        book.active.append([501 + number, 12.5])
        book.active.cell(number + 2, 2).number_format = code
    book.save(path)


def test_a_number_cell_shown_in_another_currency_is_refused(check, portal, tmp_path):
    """As a text with that sign is: the cell shows another amount than the ticket would."""
    refund = Property("refund", "Refund", "number", "number", number_hint="currency")
    schema = replace(portal, currency="BRL", properties={**portal.properties, "refund": refund})
    formats = ("[$R$-416] #,##0.00", "[$\u20ac-407] #,##0.00", "0.00", '0.00" USD"', '0" PCS"')
    write_amounts(tmp_path / "edits.xlsx", *formats)

    checked = check(tmp_path / "edits.xlsx", schema=schema)

    assert checked.codes == [("B3", "invalid_number"), ("B5", "invalid_number")]
    assert checked.wanted(2) == checked.wanted(4) == {"refund": "12.5"}


def test_the_currency_of_a_format_says_nothing_of_a_plain_number(check, portal, tmp_path):
    refund = Property("refund", "Refund", "number", "number")
    schema = replace(portal, currency="BRL", properties={**portal.properties, "refund": refund})
    write_amounts(tmp_path / "edits.xlsx", "[$\u20ac-407] #,##0.00")

    assert check(tmp_path / "edits.xlsx", schema=schema).codes == []
