"""Faulty cells are marked as long as they hold the faulty value, in LibreOffice's judgement and by the markup."""

import io
import re
from html import unescape

import openpyxl
import pytest
import xlsxwriter

from importer.ooxml.xml import item_text
from importer.writeback.highlights import formats
from tests.writeback import workbook_corpus as corpus
from tests.writeback.conftest import make_annotation, patch
from tests.writeback.package_rules import check_package

HEADERS = ("Ticket ID", "Subject", "Priority")
VALUES = ["Urgentt", 'say "so", {0}', "two\nlines", "x" * 600, "Ação 😀 !", 2.5, 0, True, None, "Urgentt"]


def rules(data):
    """Return {cells: formula} of our conditional formats."""
    xml = corpus.Parts.read(data)["xl/worksheets/sheet1.xml"].decode()
    found = re.findall(r'<conditionalFormatting sqref="([^"]*)">.*?<formula>(.*?)</formula>', xml, re.DOTALL)
    return {cells: unescape(formula) for cells, formula in found}


def workbook(values=VALUES, **options):
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, **options})
    sheet = book.add_worksheet("Tickets")
    sheet.write_row(0, 0, HEADERS)
    for row, value in enumerate(values, start=1):
        sheet.write_row(row, 0, [row, "x", value])
    book.close()
    return target.getvalue()


@pytest.mark.parametrize("options", [{}, {"constant_memory": True}], ids=["shared", "inline"])
def test_a_rule_compares_the_cell_with_the_faulty_value(options):
    faulty = [(row, 2) for row in range(2, 2 + len(VALUES))]

    after = patch(workbook(**options), make_annotation(HEADERS, rows=range(2, 12), faulty=faulty))

    check_package(after)
    ours = 'AND(N("import-tickets")=0,'
    assert rules(after) == {
        "C2 C11": ours + 'EXACT(C2,"Urgentt"))',
        "C3": ours + 'EXACT(C3,"say ""so"", {0}"))',
        "C4": ours + 'EXACT(C4,"two"&CHAR(10)&"lines"))',
        "C5": ours + f'EXACT(C5,"{"x" * 255}"&"{"x" * 255}"&"{"x" * 90}"))',
        "C6": ours + 'EXACT(LEFT(C6,5),"Ação "))',
        "C7": ours + "AND(ISNUMBER(C7),C7=2.5))",
        "C8": ours + "AND(ISNUMBER(C8),C8=0))",
        "C9": ours + "C9=TRUE)",
        "C10": ours + 'C10="")',
    }


def test_a_cell_is_compared_however_its_markup_is_written():
    parts = corpus.Parts.read(workbook(["Urgentt", "Urgentt", None, "Low"]))
    sheet = "xl/worksheets/sheet1.xml"
    parts.edit(sheet, b'<c r="C2" t="s">', b'<c t="s" r="C2" >')
    parts.edit(sheet, b'<c r="B4"', b"<c r='B4'")

    faulty = [(row, 2) for row in (2, 3, 4)]
    after = patch(parts.pack(), make_annotation(HEADERS, rows=range(2, 6), faulty=faulty))

    ours = 'AND(N("import-tickets")=0,'
    assert rules(after) == {"C2:C3": ours + 'EXACT(C2,"Urgentt"))', "C4": ours + 'C4="")'}


def test_a_later_run_takes_the_rules_away():
    once = patch(workbook(), make_annotation(HEADERS, rows=range(2, 5)))
    again = make_annotation((*HEADERS, "Import status", "Import message"), rows=range(2, 5), faulty=())

    assert rules(once)
    assert rules(patch(once, again)) == {}


def test_what_cannot_be_compared_stays_marked():
    """A formula that was never calculated has no value to compare with."""
    cells = {
        (2, 0): b'<c r="A2"><f>1+1</f></c>',
        (3, 0): b'<c r="A3" t="e"><v>#N/A</v></c>',
        (4, 0): b'<c r="A4" t="x"/>',
    }

    found = dict(formats(sorted(cells), cells, {}, 10))

    assert found == {"A2 A4": 'N("import-tickets")=0', "A3": 'AND(N("import-tickets")=0,ISERROR(A3))'}


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (b"<si><t>a &amp; b</t></si>", "a & b"),
        (b'<si><r><t>a</t></r><r><t xml:space="preserve"> b</t></r></si>', "a b"),
        ("<si><t>東京</t><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></si>".encode(), "東京"),
        (b"<si><t>a_x000D_b_x005F_x0041_</t></si>", "a\rb_x0041_"),
        (b"<si><t>&#233;&#x1F600;</t></si>", "é😀"),
    ],
)
def test_shared_texts_are_read_as_they_are_meant(markup, text):
    assert item_text(markup) == text


def test_more_faulty_cells_than_are_compared_are_marked_all_the_same():
    data = workbook([f"value {n}" for n in range(5_050)])

    after = patch(data, make_annotation(HEADERS, rows=range(2, 5), faulty=[(row, 2) for row in range(2, 5_052)]))

    found = rules(after)
    assert len(found) == 5_001
    assert found["C5002:C5051"] == 'N("import-tickets")=0'
    assert openpyxl.load_workbook(io.BytesIO(after)).sheetnames[0] == "Tickets"
