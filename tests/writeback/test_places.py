"""Where our columns and sheets stand when something of the user's is in the way."""

import io
import re

import openpyxl
import pytest
import xlsxwriter
from openpyxl.worksheet.filters import AutoFilter, SortState
from openpyxl.worksheet.table import Table

from importer.ooxml.errors import NotUnderstood
from importer.writeback import workbook as writer
from importer.writeback.annotation import Annotation, ChangeLine, ErrorLine, RowNote
from importer.writeback.highlights import cell_areas
from importer.writeback.report_sheets import MOST_LINES, MOST_LINKS
from tests.writeback import workbook_corpus as corpus
from tests.writeback.conftest import OURS, make_annotation, patch
from tests.writeback.package_rules import check_package

HEADERS = ("Ticket ID", "Subject")


def make(fill=lambda sheet: None, *, sheets=()):
    """Return a workbook of two columns and three rows, and what `fill` does to it."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Tickets"
    for row in (HEADERS, (1, "a"), (2, "b"), (3, "c")):
        sheet.append(row)
    for name, first in sheets:
        book.create_sheet(name)["A1"] = first
    fill(sheet)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def annotation(headers=HEADERS, **more):
    return make_annotation(headers, rows=range(2, 5), **({"faulty": [(3, 1)]} | more))


def load(data):
    return openpyxl.load_workbook(io.BytesIO(data))


def sheet_xml(data):
    return corpus.Parts.read(data)["xl/worksheets/sheet1.xml"].decode()


def columns_of_ours(data):
    sheet = load(data)["Tickets"]
    return [cell.column_letter for cell in sheet[1] if cell.value in OURS]


def test_beside_the_data():
    assert columns_of_ours(patch(make(), annotation())) == ["C", "D"]


def test_a_stray_value_right_of_the_data_is_gone_round():
    data = make(lambda sheet: sheet.__setitem__("D9", "a remark"))

    after = patch(data, annotation())

    assert columns_of_ours(after) == ["E", "F"]
    assert load(after)["Tickets"]["D9"].value == "a remark"


def test_a_table_beside_the_data_is_gone_round():
    def fill(sheet):
        sheet["C20"], sheet["D20"] = "x", "y"
        sheet.add_table(Table(displayName="Other", ref="C20:D25"))

    assert columns_of_ours(patch(make(fill), annotation())) == ["E", "F"]


def test_merged_cells_beside_the_data_are_gone_round():
    assert columns_of_ours(patch(make(lambda sheet: sheet.merge_cells("C30:G31")), annotation())) == ["H", "I"]


def with_table(**more):
    def fill(sheet):
        table = Table(displayName="Edits", ref="A1:B4", **more)
        table.autoFilter = AutoFilter(ref="A1:B4", sortState=SortState(ref="A2:B4"))
        sheet.add_table(table)

    return make(fill)


def with_table_beside_the_key():
    """Sorting such a table moves none of the keys."""
    return make(lambda sheet: sheet.add_table(Table(displayName="Other", ref="B1:B4")))


def with_filter(reference="A1:B4"):
    def fill(sheet):
        sheet.auto_filter.ref = reference
        sheet.auto_filter.add_filter_column(0, ["1", "2"])
        sheet.auto_filter.add_sort_condition("B2:B4")

    return make(fill)


def message_of(data, row=3):
    return load(data)["Tickets"].cell(row, 4).value


def test_a_table_that_ends_at_the_last_column_takes_ours_in():
    after = patch(with_table(), annotation())

    assert check_package(after) == {"Edits": [*HEADERS, *OURS]}
    table = load(after)["Tickets"].tables["Edits"]
    assert (table.ref, table.autoFilter.ref, table.autoFilter.sortState.ref) == ("A1:D4", "A1:D4", "A2:D4")
    assert message_of(after).startswith("C3 Priority: ")
    assert patch(after, annotation((*HEADERS, *OURS))) == after


def test_a_filter_that_ends_at_the_last_column_takes_ours_in():
    after = patch(with_filter(), annotation())

    check_package(after)
    book = load(after)
    assert (book["Tickets"].auto_filter.ref, book["Tickets"].auto_filter.sortState.ref) == ("A1:D4", "A1:D4")
    assert "$A$1:$D$4" in corpus.Parts.read(after)["xl/workbook.xml"].decode()
    assert message_of(after).startswith("C3 Priority: ")
    assert patch(after, annotation((*HEADERS, *OURS))) == after


def test_a_filter_that_the_workbook_does_not_note_takes_ours_in_too():
    parts = corpus.Parts.read(with_filter())
    parts["xl/workbook.xml"] = re.sub(rb"<definedNames>.*</definedNames>", b"", parts["xl/workbook.xml"])

    after = patch(parts.pack(), annotation())

    assert check_package(after) == {}
    assert load(after)["Tickets"].auto_filter.ref == "A1:D4"
    assert message_of(after).startswith("C3 Priority: ")


def test_a_filter_set_after_a_run_takes_ours_in():
    once = load(patch(make(), annotation()))
    once["Tickets"].auto_filter.ref = "A1:B4"
    target = io.BytesIO()
    once.save(target)

    after = patch(target.getvalue(), annotation((*HEADERS, *OURS)))

    assert load(after)["Tickets"].auto_filter.ref == "A1:D4"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(make, id="neither filter nor table"),
        pytest.param(lambda: with_filter("A1:A4"), id="filter of the first column"),
        pytest.param(lambda: with_filter("A2:B4"), id="filter below the header"),
        pytest.param(lambda: with_filter("B1:B4"), id="filter without the key column"),
        pytest.param(with_table_beside_the_key, id="table without the key column"),
        pytest.param(lambda: with_table(tableType="queryTable"), id="table of a query"),
        pytest.param(lambda: with_table(connectionId=1), id="table of a connection"),
        pytest.param(lambda: with_table(headerRowCount=0), id="table without a header"),
    ],
)
def test_what_cannot_take_ours_in_stays_and_messages_begin_with_the_key(data):
    before = data()
    notes = [RowNote(2, "updated", "", "1"), RowNote(3, "failed", "why", "2"), RowNote(4, "failed", "why", "")]

    after = patch(before, annotation(notes=lambda: iter(notes), faulty=(), key_position=0))

    check_package(after)
    assert [message_of(after, row) for row in (2, 3, 4)] == [None, "2: why", "why"]
    old, new = corpus.Parts.read(before), corpus.Parts.read(after)
    assert [old[name] == new[name] for name in old if "tables/" in name] in ([], [True])


def test_columns_added_behind_ours_leave_ours_where_they_are():
    once = load(patch(make(), annotation()))
    once["Tickets"]["E1"] = "Priority"
    target = io.BytesIO()
    once.save(target)

    after = patch(target.getvalue(), annotation((*HEADERS, *OURS, "Priority")))

    assert columns_of_ours(after) == ["C", "D"]


@pytest.mark.parametrize("kept", OURS)
def test_one_of_our_columns_alone_is_used_again(kept):
    """Somebody deleted the other: it gets a new place, right of everything."""

    def fill(sheet):
        sheet["C1"], sheet["D1"] = kept, "Priority"
        sheet["C2"] = "of an earlier run"

    once = patch(make(fill), annotation((*HEADERS, kept, "Priority")))

    assert columns_of_ours(once) == ["C", "E"]
    assert load(once)["Tickets"]["C2"].value in {"updated", None}
    missing = OURS[1 - OURS.index(kept)]
    assert patch(once, annotation((*HEADERS, kept, "Priority", missing))) == once


def test_no_room_is_said():
    with pytest.raises(NotUnderstood, match="No two columns"):
        patch(make(lambda sheet: sheet.append(["", "", "", "x"]) or sheet.__setitem__("XFC5", "end")), annotation())


def test_a_range_of_columns_is_cut_not_overlaid():
    def fill(sheet):
        for letter in "BCDEF":
            sheet.column_dimensions[letter].width = 30
        sheet.column_dimensions.group("B", "F", hidden=True)

    xml = sheet_xml(patch(make(fill), annotation()))

    root = xml[xml.index("<cols>") : xml.index("</cols>")]
    limits = [tuple(map(int, part.split('"')[1::2][:2])) for part in sorted(root.split("<col ")[1:], key=lambda c: c)]
    covered = [number for low, high in ((a, b) for a, b in _limits(root)) for number in range(low, high + 1)]
    assert len(covered) == len(set(covered)), limits
    assert covered == sorted(covered)
    assert {2, 3, 4, 5, 6} <= set(covered)
    ours = [part for part in root.split("<col ") if 'min="3"' in part or 'min="4"' in part]
    assert len(ours) == 2
    assert not any("hidden" in part for part in ours)


def _limits(columns):
    import re

    for part in columns.split("<col ")[1:]:
        yield int(re.search(r'min="(\d+)"', part)[1]), int(re.search(r'max="(\d+)"', part)[1])


def test_the_widths_somebody_gave_our_columns_stay():
    once = load(patch(make(), annotation()))
    once["Tickets"].column_dimensions["D"].width = 33
    target = io.BytesIO()
    once.save(target)

    again = load(patch(target.getvalue(), annotation((*HEADERS, *OURS))))

    assert again["Tickets"].column_dimensions["D"].width == 33


@pytest.mark.parametrize("first", ["my own notes", "Import report"])
def test_a_sheet_of_the_users_with_our_name_is_left_alone(first):
    data = make(sheets=[("Import report", first)])

    once = patch(data, annotation())
    twice = patch(once, annotation((*HEADERS, *OURS)))

    assert load(once).sheetnames == ["Tickets", "Import report", "Import report 2", "Import changes"]
    assert load(once)["Import report"]["A1"].value == first
    assert twice == once


def test_a_list_of_changes_of_the_users_own_is_left_alone():
    def fill(sheet):
        own = sheet.parent.create_sheet("Import changes")
        for row in (["Import changes"], ["Row", "Ticket", "What", "Before", "After"], [2, "1", "x", "a", "b"]):
            own.append(row)

    once = patch(make(fill), annotation())

    assert load(once).sheetnames == ["Tickets", "Import changes", "Import report", "Import changes 2"]
    assert load(once)["Import changes"]["C3"].value == "x"
    assert patch(once, annotation((*HEADERS, *OURS))) == once


def test_report_sheets_that_a_program_saved_anew_are_replaced():
    """Then their texts are shared strings, their links other relations, and pictures may hang on them."""
    once = load(patch(make(), annotation()))
    target = io.BytesIO()
    once.save(target)

    again = patch(target.getvalue(), annotation((*HEADERS, *OURS), totals=[("updated", 99)]))

    assert load(again).sheetnames == ["Tickets", "Import report", "Import changes"]
    assert 99 in [cell.value for row in load(again)["Import report"] for cell in row]


def test_what_hangs_on_an_old_report_sheet_alone_goes_with_it():
    parts = corpus.Parts.read(patch(make(), annotation()))
    report = next(name for name, content in parts.items() if b">Import report<" in content and "sheets/" in name)
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments"
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
    parts.add("xl/comments9.xml", "<comments/>", kind, owner=report, content_type=content_type)

    after = corpus.Parts.read(patch(parts.pack(), annotation((*HEADERS, *OURS))))

    assert "xl/comments9.xml" not in after
    assert b"comments9" not in after["[Content_Types].xml"]


def test_links_lead_to_cells_and_tickets():
    after = patch(
        make(),
        annotation(
            sheet="Tickets",
            errors=lambda: iter(
                [ErrorLine(3, 1, "Subject", "b", "too_long", "why"), ErrorLine(4, None, "", "", "rejected", "")]
            ),
            changes=lambda: iter([ChangeLine(2, "1", "https://a/1?x=1&y=2", "Subject", "", "a")]),
        ),
    )

    report, changes = load(after)["Import report"], load(after)["Import changes"]
    links = [cell.hyperlink.location for row in report for cell in row if cell.hyperlink]
    assert links == ["'Tickets'!B3", "'Tickets'!A4"]
    assert changes["B3"].hyperlink.target == "https://a/1?x=1&y=2"
    assert [cell.value for cell in changes[3]] == [2, "1", "Subject", None, "a", None, None]


def test_a_quote_in_the_name_of_the_sheet():
    def fill(sheet):
        sheet.title = "It's & mine"

    error = ErrorLine(3, 1, "Subject", "b", "too_long", "why")

    after = patch(make(fill), annotation(sheet="It's & mine", errors=lambda: iter([error])))

    links = [cell.hyperlink.location for row in load(after)["Import report"] for cell in row if cell.hyperlink]
    assert links == ["'It''s & mine'!B3"]


def test_more_links_and_lines_than_a_sheet_takes():
    changes = lambda: (  # noqa: E731
        ChangeLine(n, str(n), f"https://a/{n}", "Subject", "", "a") for n in range(2, MOST_LINES + 12)
    )
    after = corpus.Parts.read(patch(make(), annotation(changes=changes)))

    name = next(name for name, content in after.items() if b">Import changes<" in content)
    assert after[name].count(b"<hyperlink ") == MOST_LINKS
    assert after[name].count(b"<row ") == MOST_LINES + 3
    assert b"There are more" in after[name]


def test_text_of_any_kind_is_a_text():
    texts = [
        "=1+1",
        "@x",
        " spaces ",
        "line\nbreak",
        "tab\t",
        "\x00\x1f",
        "_x0041_",
        "\ud800",
        "\ufffe",
        "x" * 40_000,
        "😀" * 20_000,
    ]
    notes = [RowNote(n + 2, "failed", text) for n, text in enumerate(texts)]

    after = patch(make(), annotation(notes=lambda: iter(notes), faulty=()))

    sheet = load(after)["Tickets"]
    values = [sheet.cell(note.row, 4) for note in notes]
    assert {cell.data_type for cell in values} == {"s"}
    assert {cell.number_format for cell in values} == {"@"}
    assert [cell.value for cell in values[:9]] == [
        "=1+1",
        "@x",
        " spaces ",
        "line\nbreak",
        "tab\t",
        "_x0000__x001F_",
        "_x005F_x0041_",
        "_xD800_",
        "_xFFFE_",
    ]
    assert values[9].value == "x" * 32_766 + "…"
    assert values[10].value == "😀" * 16_383 + "…"


def test_many_faulty_cells_are_few_areas():
    cells = [(row, 3) for row in range(2, 1000)] + [(5, 1), (7, 1), (6, 1), (2, 27)]

    assert cell_areas(cells) == ["B5:B7", "D2:D999", "AB2"]


def test_other_rules_on_the_same_cells_stay():
    """A program may put our rule and another into one element; ours alone is taken out."""
    once = patch(make(), annotation())
    parts = corpus.Parts.read(once)
    rule = b'<cfRule type="duplicateValues" dxfId="0" priority="9"/></conditionalFormatting>'
    parts.edit("xl/worksheets/sheet1.xml", b"</conditionalFormatting>", rule)

    again = sheet_xml(patch(parts.pack(), annotation((*HEADERS, *OURS), faulty=())))

    assert again.count("duplicateValues") == 1
    assert "import-tickets" not in again


def test_a_sheet_of_a_million_empty_styled_rows_costs_little():
    """Rows without cells behind the data are passed on as they are, without much memory."""
    parts = corpus.Parts.read(make())
    rows = b"".join(b'<row r="%d" s="1" customFormat="1"/>' % row for row in range(5, 200_000))
    parts.edit("xl/worksheets/sheet1.xml", b"</sheetData>", rows + b"</sheetData>")

    after = sheet_xml(patch(parts.pack(), annotation()))

    assert rows.decode() in after
    assert after.count("<row ") == 199_999


def test_a_sheet_that_is_not_there_is_said():
    with pytest.raises(NotUnderstood, match="no sheet Other"):
        patch(make(), annotation(sheet="Other"))


def test_a_chart_sheet_is_refused():
    with pytest.raises(NotUnderstood):
        patch(corpus.by_xlsxwriter(), annotation(sheet="Chart"))


def test_the_same_input_gives_the_same_bytes():
    data = make()

    assert patch(data, annotation()) == patch(data, annotation())


def test_the_reports_words_can_be_translated():
    class Words:
        def gettext(self, text):
            return {"Errors": "Erros", "Cell": "Célula", "Before": "Antes"}.get(text, text)

        def ngettext(self, one, many, count):
            return one if count == 1 else many

    after = load(patch(make(), annotation(translations=Words())))

    said = {cell.value for name in ("Import report", "Import changes") for row in after[name] for cell in row}
    assert {"Erros", "Célula", "Antes", "Import report", "Import changes"} <= said


def test_place_is_told(tmp_path):
    target = io.BytesIO()

    patched = writer.annotate(io.BytesIO(make()), target, Annotation("Tickets", 1, HEADERS, lambda: iter(())))

    assert (patched.place.status, patched.place.message, patched.added_rows) == (2, 3, 0)


@pytest.mark.parametrize(("first", "expected"), [("Import report", "Import report"), ("My report", "Import report 2")])
def test_our_report_is_known_by_its_first_cells_among_shared_strings(first, expected):
    """As Excel saves it: the cell holds an index into a table of strings."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    for row, values in enumerate([HEADERS, *((n, f"text {n}") for n in range(3000))]):
        (book.get_worksheet_by_name("Tickets") or book.add_worksheet("Tickets")).write_row(row, 0, values)
    report = book.add_worksheet("Import report")
    report.write(0, 0, first)
    report.write_row(1, 0, ["Run", "20261123-141503-7f3a"])
    book.close()

    after = load(patch(target.getvalue(), annotation()))

    assert after.sheetnames[1:] == [*dict.fromkeys(("Import report", expected)), "Import changes"]
    assert after[expected]["A2"].value == "Run"
