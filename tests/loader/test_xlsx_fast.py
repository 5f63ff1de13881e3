"""Rows that are read by a search are read as the XML parser, the measure of all readers, reads them."""

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from importer.errors import FileError
from importer.loader import open_file
from importer.loader.column_formats import StyledCells
from importer.loader.xlsx import parse_sheet
from importer.loader.xlsx_facts import OddXml, scan_sheet
from importer.loader.xlsx_fast import is_plain, read_plain_rows, read_plain_strings
from importer.ooxml.package import Package, SheetPart
from importer.ooxml.sheet_parser import Meaning
from schemas.cells import Kind
from tests.chunks import rows_of
from tests.laws import examples
from tests.loader.workbook_parts import sheet_xml, strings_xml, styles_xml, write_package

CODES = {164: "000000", 165: "yyyy-mm-dd", 166: "[h]:mm", 167: "0.00", 168: "ggge", 169: "dd/mm/yyyy hh:mm", 170: "@"}
STRINGS = ["<t>a</t>", "<t/>", "<t> b </t>", '<t xml:space="preserve"> c </t>', "<t>#N/A &amp; &#233;_x0041_\r\n</t>"]
few = examples(40, suppress_health_check=[HealthCheck.function_scoped_fixture])

MOMENTS = st.integers(0, 60_000 * 24 * 60).map(lambda minutes: f"<v>{minutes / 1440!r}</v>")
CELLS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(lambda value: f"<v>{value!r}</v>"),
    st.integers(-(10**16), 10**16).map(lambda value: f"<v>{value}</v>"),
    MOMENTS,
    st.one_of(st.integers(0, 60_000), st.sampled_from(["0046023", 2_900_001, 2_958_466])).map(
        lambda day: f"<v>{day}</v>"
    ),
    st.integers(0, 4).map(lambda index: f't="s"><v>{index}</v>'),
    st.sampled_from(["#N/A", "#REF!"]).map(lambda error: f't="e"><v>{error}</v>'),
    st.sampled_from(["0", "1"]).map(lambda value: f't="b"><f>A1=1</f><v>{value}</v>'),
    st.sampled_from(
        ["<f>1+1</f>", "<f>1+1</f><v></v>", "<f>1+1</f><v/>", '<f t="shared" si="0"/>', "<f>2</f><v>2</v>"]
    ),
    st.sampled_from(['t="str"><f>"a"</f><v>a &lt; b</v>', 't="str"><f>""</f><v></v>', 't="str"><v>007</v>', "/", ""]),
    st.sampled_from(
        [
            't="inlineStr"><is><t>a &lt; b</t></is>',
            't="inlineStr"><is><t xml:space="preserve"> x </t></is>',
            't="inlineStr"><is><t></t></is>',
            't="inlineStr"><is/>',
            't="inlineStr"><is><t>_x0041_</t></is>',
            "<is><t>5</t></is>",
        ]
    ),
    st.sampled_from(
        ["<f>IMAGE(A1)</f><v/>", 't="str"><f>IMAGE(A1)</f><v></v>', 't="e"', 't="e"><v></v>', 't="e"><v/>']
    ),
    st.sampled_from(['t="d"><v>2026-03-04</v>', "<v>0.0000001</v>", "<v>1E-7</v>", "<v> 5 </v>", "<v>00.5</v>"]),
)
ODD = st.sampled_from(
    [
        't="inlineStr"><is><t> x</t></is>',
        't="inlineStr"><f>1</f><is><t>x</t></is>',
        't="inlineStr"><is><t>x\n</t></is>',
        't="inlineStr"><is><t>x&#32;</t></is>',
        't="inlineStr"><is><r><t>x</t></r></is>',
        '<v xml:space="preserve">5</v>',
        "<v>5</v><extLst/>",
    ]
)


def _xml_cell(address, style, content):
    if content == "/":
        return f'<c r="{address}" s="{style}"/>'
    begin = f'<c r="{address}" s="{style}"' if style else f'<c r="{address}"'
    if content.endswith('"'):
        return f"{begin} {content}/>"
    return f"{begin}>{content}</c>" if content[:1] in {"<", ""} else f"{begin} {content}</c>"


def _rows(cells):
    rows = ""
    for number in range(1, 12):
        inside = [
            _xml_cell(f"{letter}{number}", *cells[number, letter]) for letter in LETTERS if (number, letter) in cells
        ]
        rows += f'<row r="{number}">{"".join(inside)}</row>' if inside else f'<row r="{number}" ht="15"/>'
    return rows


LETTERS = ("A", "B", "C", "E", "AA")


def _package(path, rows, *, date_system=1900):
    return write_package(
        path,
        sheet_xml(rows),
        strings=strings_xml(STRINGS),
        styles=styles_xml(CODES, [0, *CODES]),
        properties='<workbookPr date1904="1"/>' if date_system == 1904 else "",
    )


SHEET = SheetPart("Sheet1", visible=True, part="xl/worksheets/sheet1.xml")


def _meaning(package):
    strings = read_plain_strings(package.stream(package.strings_part))
    return Meaning(strings, package.formats, package.date_system, SHEET.part)


def _told(pieces):
    """Every filled cell with its kind, text and shown text."""
    found = {}
    for numbers, columns in pieces:
        for place, column in enumerate(columns):
            for index, number in enumerate(numbers):
                kind = Kind.TEXT if column.kinds is None else Kind(int(column.kinds[index]))
                if column.texts[index] or kind not in {Kind.TEXT, Kind.BLANK}:
                    found[number, place] = (kind, column.texts[index], column.shown.get(index))
    return found


@few
@given(
    # A column of one style, with an odd one here and there, as columns are.
    cells=st.dictionaries(
        st.tuples(st.integers(1, 11), st.sampled_from(LETTERS)),
        st.tuples(st.sampled_from([0, 0, 2, 6, 1, 3, 4, 5, 7]), CELLS),
    ),
    styles=st.dictionaries(st.sampled_from(LETTERS), st.sampled_from([0, 2, 6])),
    positions=st.sampled_from([(0, 1, 2), (2, 0), (4, 26), (1,), (3, 26, 0), (60,)]),
    date_system=st.sampled_from([1900, 1904]),
)
def test_plain_rows_are_read_as_the_parser_reads_them(tmp_path, cells, styles, positions, date_system):
    cells = {key: (styles.get(key[1], style), content) for key, (style, content) in cells.items()}
    path = _package(tmp_path / "a.xlsx", _rows(cells), date_system=date_system)

    exact = parse_sheet(path, SHEET, 27)
    with Package(path) as package:
        scan = scan_sheet(package.stream(SHEET.part), StyledCells(package.formats, is_plain=True))
        pieces = list(read_plain_rows(package.stream(SHEET.part), positions, _meaning(package), scan.cells))

    assert _told(pieces) == _told(exact.pieces(positions, 3))
    filled = list(_told(exact.pieces(range(27), 3)))
    assert scan.facts.width >= max((1 + position for _, position in filled), default=0)
    assert scan.facts.last_row >= max((row for row, _ in filled), default=0)
    assert scan.facts.zero_results == exact.facts.zero_results


@few
@given(
    cells=st.dictionaries(
        st.tuples(st.integers(1, 11), st.sampled_from(LETTERS)), st.tuples(st.integers(0, 7), CELLS | ODD)
    ),
    data=st.data(),
)
def test_what_is_spelt_in_any_other_way_is_left_to_others(tmp_path, cells, data):
    """Rows with a byte changed or taken out are read as the parser reads them, or not at all."""
    rows = data.draw(st.just(_rows(cells)))
    place = data.draw(st.integers(0, len(rows) - 1))
    rows = (
        rows[:place] + data.draw(st.sampled_from(["", " ", "<", ">", "/", '"', "'", "0", "A", "c"])) + rows[place + 1 :]
    )
    path = _package(tmp_path / "a.xlsx", rows)
    try:
        exact = _told(parse_sheet(path, SHEET, 27).pieces((0, 1, 2), 3))
    except FileError:
        return
    with Package(path) as package:
        try:
            scan = scan_sheet(package.stream(SHEET.part), StyledCells(package.formats, is_plain=True))
            pieces = list(read_plain_rows(package.stream(SHEET.part), (0, 1, 2), _meaning(package), scan.cells))
        except OddXml:
            return

    assert _told(pieces) == exact


@pytest.mark.parametrize(
    "strings",
    [
        ["<t>a</t>", "<r><t>b</t></r>"],
        ["<t>a</t><t>b</t>"],
        ['<t xml:lang="en">a</t>'],
        ["<t>&nbsp;</t>"],
        ["<t>&#0;</t>"],
    ],
)
def test_strings_that_are_not_plain_are_left_to_others(strings):
    with pytest.raises(OddXml):
        read_plain_strings([strings_xml(strings).encode()])


@few
@given(
    strings=st.lists(st.sampled_from([*STRINGS, "<t>x &#x41; y</t>", "<t>\u00e9\u4e2d</t>"]), min_size=1, max_size=20),
    size=st.integers(1, 60),
)
def test_strings_are_read_as_the_parser_reads_them(strings, size):
    from importer.ooxml.sheet_parser import SharedStrings

    part = strings_xml(strings).encode()
    blocks = [part[start : start + size] for start in range(0, len(part), size)]

    parsed = SharedStrings(blocks, "strings")
    assert read_plain_strings(blocks) == [parsed[index] for index in range(len(parsed))]


def test_a_row_of_another_spelling_far_below_is_read_on_by_others(tmp_path):
    """And every row is read once."""
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c><c r="B{n}"><v>{n}</v></c></row>' for n in range(1, 9_000)
    )
    odd = '<row r="9000"><c r="A9000" t="inlineStr"><is><r><t>last</t></r></is></c></row>'
    path = _package(tmp_path / "a.xlsx", rows + odd)

    table = open_file(path).table("Sheet1")
    chunks = list(table.chunks([1, 0], size=2_500))

    found = [(int(row), *values) for chunk in chunks for row, *values in rows_of(chunk)]
    assert found == [*((n, str(n), "a") for n in range(2, 9_000)), (9_000, "", "last")]


@pytest.mark.parametrize("begin", [' t="s">', ' s="1">', ">"], ids=["string", "day", "number"])
def test_more_digits_than_python_reads_end_in_an_error_or_a_finding(tmp_path, begin):
    """Python refuses to read a whole number of more than 4,300 digits."""
    head = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    path = _package(tmp_path / "a.xlsx", f'{head}<row r="2"><c r="A2"{begin}<v>{"9" * 5_000}</v></c></row>')

    try:
        chunks = list(open_file(path).table("Sheet1").chunks([0]))
    except FileError:
        return
    assert [one.code for chunk in chunks for one in chunk.findings]


@pytest.mark.parametrize("index", ["99", "-1", "1.5", "x", "0x1"])
@pytest.mark.parametrize("more", ["", '<c r="B2" t="inlineStr"><is><t>x</t></is></c>'], ids=["string", "inline"])
def test_an_index_that_leads_to_no_string_is_an_error(tmp_path, index, more):
    """python-calamine takes what is no number for the first string."""
    head = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    path = _package(tmp_path / "a.xlsx", f'{head}<row r="2"><c r="A2" t="s"><v>{index}</v></c>{more}</row>')

    with pytest.raises(FileError):
        list(open_file(path).table("Sheet1").chunks([0]))


def test_what_programs_write_is_read_by_the_search(tmp_path):
    """Else nobody would notice that it is not used."""
    xlsxwriter = pytest.importorskip("xlsxwriter")
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Sheet1")
        sheet.write_row(0, 0, ["id", "when"])
        sheet.write_row(1, 0, ["5", 7])

    with Package(path) as package:
        assert is_plain(package.stream(SHEET.part), 2)
