"""Several findings of a row stand on lines of their own, and the row is as tall as they need."""

import io
import re

import openpyxl
import pytest

from importer.writeback.annotation import RowNote
from tests.writeback import workbook_corpus as corpus
from tests.writeback.conftest import OURS, make_annotation, patch

HEADERS = ("Ticket ID", "Subject")
TWO = "A2 Due: wrong.\nB2 Amount: not a number"
PART = "xl/worksheets/sheet1.xml"


def workbook(tags, *, head="", wrapped=()):
    """Return a workbook with the rows whose start tags have these attributes; cells that show lines are `wrapped`."""
    book = openpyxl.Workbook()
    book.active.title = "Tickets"
    book.active.append(HEADERS)
    for row in range(2, 2 + len(tags)):
        book.active.append([row, f"Printer {row}"])
        book.active.cell(row, 2).alignment = openpyxl.styles.Alignment(wrap_text=row in wrapped)
    target = io.BytesIO()
    book.save(target)
    parts = corpus.Parts.read(target.getvalue())
    sheet = re.sub(rb"<sheetFormatPr[^>]*/>", head.encode() or rb"\g<0>", parts[PART])
    for row, tag in enumerate(tags, start=2):
        sheet = sheet.replace(b'<row r="%d"' % row, b'<row r="%d"%s' % (row, tag.encode()))
    parts[PART] = sheet
    return parts.pack()


def noted(data, *texts, headers=HEADERS):
    notes = [RowNote(row, "invalid" if text else "updated", text) for row, text in enumerate(texts, start=2)]
    return patch(data, make_annotation(headers, notes=lambda: iter(notes), faulty=()))


def rows_of(data):
    """Return {row: (height that it says, message, whether the message's cell shows lines)}."""
    sheet = openpyxl.load_workbook(io.BytesIO(data))["Tickets"]
    return {
        row: (sheet.row_dimensions[row].height, cell.value, bool(cell.alignment.wrap_text))
        for row in range(2, sheet.max_row + 1)
        for cell in (sheet.cell(row, 4),)
    }


@pytest.mark.parametrize("tag", ["", ' ht="15"', ' spans="1:2" ht="12.75" customHeight="0"', " customHeight='false'"])
def test_a_row_grows_for_several_findings(tag):
    assert rows_of(noted(workbook([tag]), TWO)) == {2: (30, TWO, True)}


def test_one_finding_leaves_the_row_as_it_is():
    assert rows_of(noted(workbook([' ht="15"', ""]), "wrong", "")) == {2: (15, "wrong", False), 3: (None, None, False)}


def test_a_long_finding_takes_several_lines():
    assert rows_of(noted(workbook([""]), f"{'x' * 100}\ny"))[2][0] == 45


def test_a_height_that_somebody_chose_stays_and_the_message_is_one_line():
    assert rows_of(noted(workbook([' ht="18" customHeight="1"']), TWO)) == {2: (18, TWO.replace("\n", " "), False)}


def test_a_row_that_is_tall_enough_keeps_its_height():
    assert rows_of(noted(workbook([' ht="90"']), TWO)) == {2: (90, TWO, True)}


def test_rows_of_a_chosen_default_height_grow_by_lines():
    head = '<sheetFormatPr defaultRowHeight="15.75" customHeight="1"/>'

    assert rows_of(noted(workbook(["", ""], head=head), TWO, ""))[2] == (30, TWO, True)


@pytest.mark.parametrize("again", ["", "wrong"])
def test_a_later_run_takes_the_height_away_that_only_its_message_needed(again):
    first = noted(workbook([' ht="15"', "", ""], wrapped=(3,)), TWO, TWO, "")
    target = io.BytesIO()
    openpyxl.load_workbook(io.BytesIO(first)).save(target)
    saved = corpus.Parts.read(target.getvalue())  # as a spreadsheet program does: texts are shared then
    saved[PART] = saved[PART].replace(b' customHeight="1"', b"")  # openpyxl says so of every height

    for before in (first, saved.pack()):
        after = noted(before, again, again, TWO, headers=(*HEADERS, *OURS))

        assert rows_of(after) == {
            2: (None, again or None, False),
            3: (30, again or None, False),  # a cell of the user's may need it
            4: (30, TWO, True),
        }


def test_a_later_run_on_several_findings_changes_nothing():
    first = noted(workbook([' ht="15"', ""]), TWO, "")

    assert noted(first, TWO, "", headers=(*HEADERS, *OURS)) == first


def test_a_row_that_is_not_in_the_sheet_has_the_height_too():
    assert rows_of(noted(workbook([""]), "", TWO))[3] == (30, TWO, True)
