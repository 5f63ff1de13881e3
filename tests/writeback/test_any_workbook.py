"""Laws over drawn workbooks: what was there stays, ours is added, and patching twice is patching once.

The workbooks are written here, in every shape that the standard allows and programs have: with and without prefixes,
row numbers, references, spans; rows missing, empty, out of order; styled blanks right of the data; ranges of columns.
"""

import io
import re
import zipfile
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.findings import column_letter
from importer.ooxml.addresses import column_position
from importer.ooxml.errors import NotUnderstood
from importer.writeback.annotation import RowNote
from tests.laws import examples
from tests.writeback import workbook_corpus as corpus
from tests.writeback.conftest import OURS, make_annotation, patch

NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
HEADERS = ("Ticket ID", "Subject", "Priority")

BEHIND = (
    '<sheetProtection sheet="1"/>',
    '<autoFilter ref="A1:C12"/>',
    '<mergeCells count="1"><mergeCell ref="A20:B20"/></mergeCells>',
    '<conditionalFormatting sqref="A1"><cfRule type="duplicateValues" priority="7"/></conditionalFormatting>',
    '<dataValidations count="1"><dataValidation sqref="A2"/></dataValidations>',
    '<pageMargins left="1" right="1" top="1" bottom="1" header="0" footer="0"/>',
    "<extLst><ext uri='x'><y xmlns='urn:y'/></ext></extLst>",
)
"""What may follow the rows, in the order of the standard."""

texts = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"), max_size=6)


@st.composite
def cells(draw, row, *, named):
    """Return the markup of a row's cells, {position: value} as read, in the order of columns."""
    markup, values = [], {}
    for position in range(len(HEADERS)):
        reference = f' r="{column_letter(position)}{row}"' if named else ""
        style = draw(st.sampled_from(["", ' s="0"']))
        kind = draw(st.sampled_from(["number", "inline", "shared", "formula", "blank"] + ["absent"] * named))
        if kind == "number":
            markup.append(f"<c{reference}{style}><v>{row}</v></c>")
            values[position] = str(row)
        elif kind == "inline":
            text = draw(texts)
            markup.append(f'<c{reference}{style} t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>')
            values[position] = text
        elif kind == "shared":
            markup.append(f'<c t="s"{reference}{style}><v>0</v></c>')
            values[position] = "0"
        elif kind == "formula":
            markup.append(f'<c{reference}{style} t="str"><f>"a"&amp;"b"</f><v>ab</v></c>')
            values[position] = "ab"
        elif kind == "blank":
            markup.append(f"<c{reference}{style}/>")
    if named:
        for position in draw(st.sets(st.integers(3, 7), max_size=2)):
            values.pop(position, None)
            markup.append(f'<c r="{column_letter(position)}{row}" s="0"/>')
        markup[-10:] = sorted(markup[-10:], key=lambda cell: column_position(re.search(r'r="([A-Z]+)', cell)[1]))
    return markup, values


@st.composite
def sheets(draw):
    """Return (sheet XML without prefix, {(row, position): value}, row numbers)."""
    named = draw(st.booleans())
    numbered = named or draw(st.booleans())
    count = draw(st.integers(1, 6))
    numbers = list(range(2, count + 2))
    if numbered:
        numbers = sorted(draw(st.sets(st.integers(2, 12), min_size=1, max_size=6)))
        numbers = draw(st.permutations(numbers)) if draw(st.booleans()) else numbers
    space = draw(st.sampled_from(["", "\n", "\n    "]))
    title_reference = (lambda n: f' r="{column_letter(n)}1"') if named else (lambda _: "")
    titles = "".join(
        f'<c{title_reference(n)} t="inlineStr"><is><t>{title}</t></is></c>' for n, title in enumerate(HEADERS)
    )
    rows = [f"<row{' r=' + chr(34) + '1' + chr(34) if numbered else ''}>{titles}</row>"]
    values = {(1, n): title for n, title in enumerate(HEADERS)}
    for row in numbers:
        markup, row_values = draw(cells(row, named=named))
        number = f' r="{row}"' if numbered else ""
        spans = draw(st.sampled_from(["", ' spans="1:3"', ' ht="30" customHeight="1"']))
        tag = draw(st.sampled_from([f"<row{number}{spans}", f"<row{spans}{number}"]))
        if markup or not draw(st.booleans()):
            rows.append(f"{tag}>{''.join(markup)}</row>")
        else:
            rows.append(f"{tag}/>")
        values |= {(row, position): value for position, value in row_values.items()}
    columns = draw(
        st.sampled_from(
            [
                "",
                '<cols><col min="1" max="16384" width="9" style="0"/></cols>',
                '<cols><col min="2" max="4" hidden="1"/></cols>',
            ]
        )
    )
    view = draw(st.sampled_from(["", '<dimension ref="A1:C12"/>', '<dimension ref="A1"/>']))
    behind = sorted(draw(st.sets(st.sampled_from(BEHIND))), key=BEHIND.index)
    body = space.join(["<sheetData>", *rows, "</sheetData>", *behind])
    return f"<worksheet XMLNS>{view}{space}{columns}{body}{space}</worksheet>", values, numbers


def package(sheet, namespace, prefix):
    """Return a workbook with this sheet, in a namespace, with a prefix or none."""
    parts = corpus.Parts.read(corpus.by_hand())
    sheet = sheet.replace("XMLNS", "xmlns" + (f":{prefix}" if prefix else "") + f'="{namespace}"')
    if prefix:
        sheet = re.sub(r"<(/?)(?!y\b)([A-Za-z]\w*)", rf"<\1{prefix}:\2", sheet)
    parts["xl/odd/worksheets/Tickets.xml"] = sheet.encode()
    relations = corpus._RELATION[:-1]
    for name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels"):
        parts[name] = parts[name].replace(NAMESPACES[0].encode(), namespace.encode())
        if namespace == NAMESPACES[1]:
            parts[name] = parts[name].replace(
                relations.encode(), b"http://purl.oclc.org/ooxml/officeDocument/relationships"
            )
    return parts.pack()


def read(data):
    """Return {(row, position): text} of the sheet, by an XML reader that knows nothing of us."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        root = ET.fromstring(archive.read("xl/odd/worksheets/Tickets.xml"))
    values = {}
    row_number = 0
    for row in root.iter():
        if row.tag.endswith("}row"):
            row_number = int(row.get("r", row_number + 1))
            position = -1
            for cell in row:
                reference = re.match("[A-Z]+", cell.get("r", ""))
                position = column_position(reference[0]) if reference else position + 1
                content = [e.text or "" for e in cell.iter() if e.tag.endswith(("}v", "}t"))]
                if content:
                    assert (row_number, position) not in values
                    values[row_number, position] = content[0]
    return values


@examples(60)
@given(
    drawn=sheets(),
    namespace=st.sampled_from(NAMESPACES),
    prefix=st.sampled_from(["", "x", "ns0"]),
    data=st.data(),
)
def test_any_workbook_keeps_its_cells_and_twice_is_once(drawn, namespace, prefix, data):
    sheet, values, numbers = drawn
    before = package(sheet, namespace, prefix)
    rows = sorted(data.draw(st.sets(st.one_of(st.sampled_from(numbers), st.integers(2, 15)), max_size=8)))
    notes = [RowNote(row, "failed", data.draw(texts)) for row in rows]
    more = {"notes": lambda: iter(notes), "faulty": [(row, 1) for row in rows]}

    once = patch(before, make_annotation(HEADERS, **more))

    assert read(before) == values
    ours = {(1, 3): OURS[0], (1, 4): OURS[1]} | {(note.row, 3): "failed" for note in notes}
    ours |= {(note.row, 4): note.message for note in notes if note.message}
    assert {place: re.sub("_x005F_", "_", value) for place, value in read(once).items()} == values | ours
    assert patch(once, make_annotation((*HEADERS, *OURS), **more)) == once


@pytest.mark.parametrize(
    ("tag", "spoiled"),
    [
        ('min="2" max="4"', 'min="2" max="1 6384"'),
        ('min="2" max="4"', 'min="2"'),
        ('min="2" max="4"', f'min="2" max="{"9" * 5000}"'),
        ('r="2"', f'r="{"9" * 5000}"'),
        ('spans="1:3"', f'spans="1:{"9" * 5000}"'),
        (' s="0"', f' s="{"9" * 5000}"'),
        ('priority="1"', 'priority="²"'),
    ],
)
def test_a_number_that_is_none_is_not_guessed_at(tag, spoiled):
    sheet = (
        '<worksheet XMLNS><cols><col min="2" max="4" width="9"/></cols><sheetData><row r="1" spans="1:3">'
        '<c r="A1" s="0" t="inlineStr"><is><t>Ticket ID</t></is></c>'
        '<c r="B1" s="0" t="inlineStr"><is><t>Subject</t></is></c>'
        '<c r="C1" s="0" t="inlineStr"><is><t>Priority</t></is></c></row><row r="2"><c r="A2"><v>1</v></c></row>'
        '</sheetData><conditionalFormatting sqref="A1"><cfRule type="expression" priority="1"><formula>1</formula>'
        "</cfRule></conditionalFormatting></worksheet>"
    )
    notes = {"notes": lambda: iter([RowNote(2, "failed", "why")])}
    assert patch(package(sheet, NAMESPACES[0], ""), make_annotation(HEADERS, **notes))

    with pytest.raises(NotUnderstood):
        patch(package(sheet.replace(tag, spoiled), NAMESPACES[0], ""), make_annotation(HEADERS, **notes))


@examples(60)
@given(drawn=sheets(), junk=st.binary(max_size=6), place=st.floats(0, 1))
def test_a_sheet_with_stray_bytes_is_patched_or_refused(drawn, junk, place):
    """Never anything else: no traceback, no half-written result that is taken for one."""
    content = drawn[0].encode()
    at = int(place * len(content))
    parts = corpus.Parts.read(package(drawn[0], NAMESPACES[0], ""))
    sheet = parts["xl/odd/worksheets/Tickets.xml"]
    parts["xl/odd/worksheets/Tickets.xml"] = sheet[:at] + junk + sheet[at:]

    try:
        after = patch(parts.pack(), make_annotation(HEADERS))
    except NotUnderstood:
        return
    assert zipfile.ZipFile(io.BytesIO(after)).testzip() is None
