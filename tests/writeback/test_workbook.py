"""What a workbook held before is there after, and ours beside it."""

import io
import os
import re
import struct
import warnings
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest
import python_calamine

from importer.ooxml.deflate import ZLIB, best_codec
from importer.writeback.annotation import NoticeLine, RowNote
from tests.writeback import workbook_corpus as corpus
from tests.writeback.conftest import OURS, make_annotation, patch
from tests.writeback.package_rules import check_package
from tests.writeback.workbook_features import FEATURES, features_of, kept_table, saved_by_openpyxl

TOUCHED = re.compile(
    r"\[Content_Types\]\.xml|.*workbook\.xml|.*workbook\.xml\.rels|.*styles\.xml|.*/tables?/?[^/]*\.xml"
)
STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
WORKSHEET_ORDER = (
    "sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges scenarios "
    "autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting dataValidations "
    "hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks customProperties cellWatches "
    "ignoredErrors smartTags drawing legacyDrawing legacyDrawingHF drawingHF picture oleObjects controls "
    "webPublishItems AlternateContent tableParts extLst"
)
STYLES_ORDER = "numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs tableStyles colors extLst"


@pytest.fixture(params=corpus.CORPUS, scope="module")
def before(request):
    return corpus.CORPUS[request.param]()


@pytest.fixture(scope="module")
def after(before):
    return patch(before, make_annotation(corpus.HEADERS))


def stored(data):
    """Return {name: (local header and stored bytes)} of an archive."""
    members = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            name, extra = struct.unpack_from("<2H", data, info.header_offset + 26)
            end = info.header_offset + 30 + name + extra + info.compress_size
            members[info.filename] = data[info.header_offset : end]
    return members


def formula(value):
    """Return a cell's value; the text of an array formula."""
    return getattr(value, "text", value)


def sheet_of(data):
    """Return the name of the part that holds the tickets."""
    return next(
        name for name, content in corpus.Parts.read(data).items() if b"250000001" in content and "sheets/" in name
    )


def test_every_part_but_the_touched_ones_is_stored_the_same(before, after):
    old, new = stored(before), stored(after)

    untouched = [name for name in old if not TOUCHED.fullmatch(name) and name != sheet_of(before)]
    assert {name: old[name] for name in untouched} == {name: new.get(name) for name in untouched}
    added = set(new) - set(old)
    assert len([name for name in added if re.search(r"worksheets/sheet\d+\.xml$", name)]) == 2
    assert len(added) <= 5


def test_the_parts_are_as_the_schema_has_them(before, after):
    tables = check_package(after)

    assert all(names[-2:] == list(OURS) for name, names in tables.items() if name == "Tickets")


def test_the_sheet_is_the_same_but_for_what_we_add(before, after):
    """Taking our cells, widths and conditional format out again, and the old spans and dimension back in."""
    old, new = corpus.Parts.read(before)[sheet_of(before)], corpus.Parts.read(after)[sheet_of(before)]

    p = rb"(?:\w+:)?"
    bare = re.sub(rb'<%sc r="[FG]\d+" s="\d+" t="inlineStr">.*?</%sc>' % (p, p), b"", new)
    bare = re.sub(
        rb"<%sconditionalFormatting(?:(?!conditionalFormatting).)*import-tickets.*?</%sconditionalFormatting>" % (p, p),
        b"",
        bare,
    )
    bare = re.sub(rb'<%scol min="[67]" max="[67]" width="\d+" customWidth="1"/>' % p, b"", bare)
    bare = re.sub(rb"<%scols></%scols>" % (p, p), b"", bare)
    bare = re.sub(rb'spans="1:7"', b'spans="1:5"', bare)
    bare = bare.replace(b'ref="A1:G13"', b'ref="A1:E13"')
    if b"min=" in old:  # a range of columns that ours stood in
        bare = re.sub(rb"<%scols>.*</%scols>" % (p, p), b"", bare, flags=re.DOTALL)
        old = re.sub(rb"<%scols>.*</%scols>" % (p, p), b"", old, flags=re.DOTALL)
    assert bare == old


def test_openpyxl_reads_every_old_cell_and_ours(before, after):
    if STRICT in corpus.Parts.read(before)["xl/workbook.xml"]:
        pytest.skip("openpyxl sees no sheet in a strict workbook")
    styled = "xl/styles.xml" in corpus.Parts.read(before)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old, new = (openpyxl.load_workbook(io.BytesIO(data), keep_vba=True) for data in (before, after))

    assert new.sheetnames == [*old.sheetnames, "Import report", "Import changes"]
    for name in old.sheetnames:
        if name != "Chart":
            for row in old[name].iter_rows(max_col=5):
                for cell in row:
                    twin = new[name].cell(cell.row, cell.column)
                    assert formula(twin.value) == formula(cell.value)
                    assert (twin.data_type, twin.number_format) == (cell.data_type, cell.number_format)
                    assert not styled or repr([twin.font, twin.fill, twin.border]) == repr(
                        [cell.font, cell.fill, cell.border]
                    )
    sheet = new["Tickets"]
    assert [sheet["F1"].value, sheet["G1"].value] == [*OURS]
    assert [sheet.cell(row, 6).value for row in range(2, 14)] == [
        "updated" if row % 3 else "invalid" for row in range(2, 14)
    ]
    assert repr(sheet["F1"].font) == repr(sheet["E1"].font)
    assert {cell.data_type for row in sheet["F1:G13"] for cell in row if cell.value is not None} == {"s"}


def test_calamine_reads_every_old_cell_and_ours(before, after):
    old, new = (python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) for data in (before, after))

    for name in old.sheet_names:
        if name != "Chart":
            was = old.get_sheet_by_name(name).to_python(skip_empty_area=False)
            is_now = new.get_sheet_by_name(name).to_python(skip_empty_area=False)
            assert [row[: len(was[0]) if name != "Tickets" else 5] for row in is_now] == [
                row[:5] if name == "Tickets" else row for row in was
            ]
    rows = new.get_sheet_by_name("Tickets").to_python(skip_empty_area=False)
    assert rows[2][5:7] == ["invalid", 'C3 Priority: "<x>" & _x0041_ is not \x01 it']
    assert rows[3][5:7] == ["updated", ""]


def test_elements_of_touched_parts_stand_in_the_order_of_the_standard(after):
    parts = corpus.Parts.read(after)
    for name, content in parts.items():
        order = STYLES_ORDER if name.endswith("styles.xml") else WORKSHEET_ORDER if "sheets/sheet" in name else ""
        if order and name.endswith(".xml") and "chartsheets" not in name:
            names = [child.tag.rpartition("}")[2] for child in ET.fromstring(content)]
            assert names == sorted(names, key=order.split().index), name


def test_counts_in_the_styles_part_are_right(after):
    parts = corpus.Parts.read(after)
    name = next(name for name in parts if name.endswith("styles.xml"))
    for child in ET.fromstring(parts[name]):
        if "count" in child.attrib:
            assert int(child.attrib["count"]) == len(child), child.tag


def test_every_part_of_ours_is_entered_once(after):
    parts = corpus.Parts.read(after)
    types = ET.fromstring(parts["[Content_Types].xml"])
    overrides = [child.attrib["PartName"] for child in types if "PartName" in child.attrib]
    assert len(overrides) == len(set(overrides))
    assert all(name.lstrip("/") in parts for name in overrides)
    with zipfile.ZipFile(io.BytesIO(after)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == len(set(archive.namelist()))


def test_patched_twice_is_patched_once(after):
    assert patch(after, make_annotation((*corpus.HEADERS, *OURS))) == after


def test_both_codecs_write_the_same_content(before):
    codecs = {codec.name: codec for codec in (ZLIB, best_codec())}

    results = [
        corpus.Parts.read(patch(before, make_annotation(corpus.HEADERS), codec=codec)) for codec in codecs.values()
    ]

    assert all(result == results[0] for result in results)


def test_a_later_run_takes_the_highlight_and_old_results_away(after):
    annotation = make_annotation((*corpus.HEADERS, *OURS), notes=lambda: iter([RowNote(5, "unchanged")]), faulty=())

    again = patch(after, annotation)

    name = sheet_of(after)
    content = corpus.Parts.read(again)[name]
    assert b"import-tickets" in corpus.Parts.read(after)[name]
    assert b"import-tickets" not in content
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(again)).get_sheet_by_name("Tickets").to_python()
    assert [row[5] for row in rows if row[5]] == ["Import status", "unchanged"]
    assert {row[6] for row in rows[1:]} <= {""}


def test_nothing_of_a_workbook_with_everything_is_lost():
    everything = corpus.with_everything()
    assert features_of(everything) == set(FEATURES)

    assert features_of(patch(everything, make_annotation(corpus.HEADERS))) == set(FEATURES)


def test_the_page_of_what_is_kept_says_so():
    """`docs/kept.md` holds this very table; with `UPDATE_DOCS=1` it is written there."""
    everything = corpus.with_everything()
    patched = features_of(patch(everything, make_annotation(corpus.HEADERS)))
    table = kept_table(patched, features_of(saved_by_openpyxl(everything)))
    page = Path(__file__).parents[2] / "docs" / "kept.md"
    start, end = "<!-- table: begin -->\n", "<!-- table: end -->"

    text = page.read_text(encoding="utf-8")
    if os.environ.get("UPDATE_DOCS"):
        text = text.split(start)[0] + start + table + end + text.split(end)[1]
        page.write_text(text, encoding="utf-8")
    assert text.split(start)[1].split(end)[0] == table


def test_notices_stand_in_the_report_apart_from_errors():
    notices = [NoticeLine(3, "=trimmed", 2)]

    book = openpyxl.load_workbook(
        io.BytesIO(patch(corpus.by_openpyxl(), make_annotation(corpus.HEADERS, notices=notices)))
    )

    report = book["Import report"]
    lines = [[cell.value for cell in row] for row in report.iter_rows()]
    start = lines.index(["Good to know", *[None] * (len(lines[0]) - 1)])
    assert [lines[start + 1][at] for at in (0, 4, 5)] == ["Row", "Message", "Rows"]
    assert [lines[start + 2][at] for at in (0, 4, 5)] == ["row 3", "=trimmed", 2]
    link = report.cell(start + 3, 1)
    assert (link.hyperlink.location, report.cell(start + 3, 5).data_type) == ("'Tickets'!A3", "s")
    assert report.auto_filter.ref.endswith(f":F{start - 1}"), "the filter of the errors hides no notice"
