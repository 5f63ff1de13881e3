"""Workbooks that hold what spreadsheet programs can put into one, and how to tell that it is still there."""

import datetime as dt
import io
import re
import struct
import zipfile
import zlib

import openpyxl
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.formatting.rule import ColorScaleRule, DataBarRule
from openpyxl.styles import Font, PatternFill, Protection
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

HEADERS = ("Ticket ID", "Subject", "Priority", "Amount", "Due")
SHEET = "Tickets"
ROWS = 12

_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_MS = "http://schemas.microsoft.com/office/"
_THREADS = _MS + "spreadsheetml/2018/threadedcomments"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def row_values(row):
    """Return the values of a data row."""
    return [250_000_000 + row, f"Printer {row} is <slow> & loud", "HIGH" if row % 2 else "LOW", row * 1.5]


def picture():
    """Return a PNG of one dot."""

    def chunk(kind, data):
        return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))

    head = struct.pack(">2L5B", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0\x7f\x7f\x7f"))
        + chunk(b"IEND", b"")
    )


def by_xlsxwriter(**options):
    """Return a workbook of XlsxWriter's with nearly everything it knows."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, **options})
    sheet = book.add_worksheet(SHEET)
    lists = book.add_worksheet("Lists")
    bold = book.add_format({"bold": True, "bg_color": "#DDEBF7", "bottom": 1})
    date = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.write_row(0, 0, HEADERS, bold)
    for row in range(1, ROWS + 1):
        sheet.write_row(row, 0, row_values(row))
        sheet.write_datetime(row, 4, dt.datetime(2026, 3, row), date)  # noqa: DTZ001 - cells have no zone
        lists.write_row(row, 0, ["HIGH", "LOW", row, f"item {row}"])
    sheet.add_table(
        0, 0, ROWS, 4, {"name": "Tickets", "columns": [{"header": h, "header_format": bold} for h in HEADERS]}
    )
    sheet.freeze_panes(1, 1)
    sheet.set_column("A:B", 22, None, {"level": 1})
    sheet.set_row(3, 30, None, {"level": 1, "hidden": True})
    sheet.data_validation("C2:C13", {"validate": "list", "source": ["HIGH", "LOW"]})
    sheet.conditional_format("D2:D13", {"type": "3_color_scale"})
    sheet.conditional_format("D2:D13", {"type": "data_bar", "data_bar_2010": True})
    sheet.conditional_format("D2:D13", {"type": "icon_set", "icon_style": "3_arrows"})
    sheet.write_comment("B2", "A note", {"author": "Ann"})
    sheet.write_url("B3", "https://example.com/a?b=1&c=2", string="Printer 2")
    sheet.write_rich_string("B4", "Printer ", bold, "3", " is bold")
    sheet.write_formula("D5", "=SUM(D2:D4)", None, 9)
    sheet.write_dynamic_array_formula("D6", "=SUM(SORT(D2:D4))", None, 9)
    sheet.add_sparkline("G1", {"range": "Tickets!D2:D13"})
    sheet.insert_image("J2", "dot.png", {"image_data": io.BytesIO(picture()), "description": "a dot"})
    sheet.insert_textbox("J6", "A text box")
    sheet.insert_button("J12", {"caption": "Press"})
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=Tickets!$D$2:$D$13", "categories": "=Tickets!$B$2:$B$13"})
    sheet.insert_chart("J16", chart)
    chart_sheet = book.add_chartsheet("Chart")
    other = book.add_chart({"type": "line"})
    other.add_series({"values": "=Lists!$C$2:$C$13"})
    chart_sheet.set_chart(other)
    _add_settings(book, sheet, lists)
    book.close()
    return target.getvalue()


def _add_settings(book, sheet, lists):
    """Add what is neither a cell nor an object: protection, printing, names, properties."""
    sheet.protect("secret", {"select_locked_cells": True})
    sheet.unprotect_range("C2:C13", "Editors")
    sheet.ignore_errors({"number_stored_as_text": "A1:A13"})
    sheet.set_header("&C&G", {"image_center": "dot.png", "image_data_center": io.BytesIO(picture())})
    sheet.set_background(io.BytesIO(picture()))
    sheet.repeat_rows(0)
    sheet.print_area("A1:E13")
    sheet.set_h_pagebreaks([5])
    lists.embed_image("F2", "dot.png", {"image_data": io.BytesIO(picture())})
    lists.insert_checkbox("F4", True)
    lists.autofilter("A1:D13")
    lists.hide()
    book.define_name("Priorities", "=Lists!$A$2:$A$3")
    book.set_properties({"title": "Edits", "author": "Ann"})
    book.set_custom_property("Reviewed", True)


class Parts(dict):
    """A package as {name: bytes}, to which parts are added by hand."""

    @classmethod
    def read(cls, data):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return cls({name: archive.read(name) for name in archive.namelist()})

    def edit(self, name, old, new):
        assert old in self[name], (name, old)
        self[name] = self[name].replace(old, new, 1)

    def relate(self, owner, target, kind, *, external=False):
        folder, _, base = owner.rpartition("/")
        name = f"{folder}/_rels/{base}.rels".lstrip("/")
        empty = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
        relations = self.get(name, empty)
        identity = f"rIdX{relations.count(b'<Relationship ')}"
        mode = ' TargetMode="External"' if external else ""
        line = f'<Relationship Id="{identity}" Type="{kind}" Target="{target}"{mode}/>'
        self[name] = relations.replace(b"</Relationships>", line.encode() + b"</Relationships>")
        return identity

    def add(self, name, content, kind, *, owner, content_type=None):
        self[name] = content.encode() if isinstance(content, str) else content
        if content_type:
            line = f'<Override PartName="/{name}" ContentType="{content_type}"/></Types>'
            self.edit("[Content_Types].xml", b"</Types>", line.encode())
        return self.relate(owner, f"/{name}", kind)

    def pack(self, *, compression=zipfile.ZIP_DEFLATED):
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", compression) as archive:
            for name, content in self.items():
                archive.writestr(zipfile.ZipInfo(name, (2026, 3, 4, 5, 6, 8)), content, compression)
        return target.getvalue()


def with_everything():
    """Return the workbook of XlsxWriter's with what it cannot write: added by hand, in the shape Excel gives it."""
    parts = Parts.read(by_xlsxwriter())
    book, sheet, types = "xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"
    parts.edit(types, b"sheet.main+xml", b"sheet.main+xml")
    parts.add(
        "xl/vbaProject.bin",
        b"\xd0\xcf\x11\xe0macros",
        _MS + "2006/relationships/vbaProject",
        owner=book,
        content_type="application/vnd.ms-office.vbaProject",
    )
    parts.edit(types, f"{_TYPES}sheet.main+xml".encode(), b"application/vnd.ms-excel.sheet.macroEnabled.main+xml")
    cache = parts.add(
        "xl/pivotCache/pivotCacheDefinition1.xml",
        f'<pivotCacheDefinition xmlns="{_MAIN}" refreshOnLoad="1" recordCount="0"><cacheSource type="worksheet">'
        '<worksheetSource ref="A1:D13" sheet="Lists"/></cacheSource><cacheFields count="1"><cacheField name="HIGH" '
        'numFmtId="0"><sharedItems/></cacheField></cacheFields></pivotCacheDefinition>',
        _RELATION + "pivotCacheDefinition",
        owner=book,
        content_type=_TYPES + "pivotCacheDefinition+xml",
    )
    parts.add(
        "xl/pivotTables/pivotTable1.xml",
        f'<pivotTableDefinition xmlns="{_MAIN}" name="Pivot" cacheId="7" dataCaption="Values"><location ref="H20:I22" '
        'firstHeaderRow="1" firstDataRow="1" firstDataCol="0"/><pivotFields count="1"><pivotField/></pivotFields>'
        "</pivotTableDefinition>",
        _RELATION + "pivotTable",
        owner="xl/worksheets/sheet2.xml",
        content_type=_TYPES + "pivotTable+xml",
    )
    parts["xl/pivotTables/_rels/pivotTable1.xml.rels"] = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        b'Type="' + _RELATION.encode() + b'pivotCacheDefinition" Target="/xl/pivotCache/pivotCacheDefinition1.xml"/>'
        b"</Relationships>"
    )
    caches = f'<pivotCaches><pivotCache cacheId="7" r:id="{cache}"/></pivotCaches></workbook>'
    parts.edit(book, b"</workbook>", caches.encode())
    parts.add(
        "xl/slicerCaches/slicerCache1.xml",
        f'<slicerCacheDefinition xmlns="{_MS}spreadsheetml/2009/9/main" name="Slicer_Priority" sourceName="Priority"/>',
        _MS + "2007/relationships/slicerCache",
        owner=book,
        content_type="application/vnd.ms-excel.slicerCache+xml",
    )
    parts.add(
        "xl/slicers/slicer1.xml",
        f'<slicers xmlns="{_MS}spreadsheetml/2009/9/main"><slicer name="Priority" cache="Slicer_Priority"/></slicers>',
        _MS + "2007/relationships/slicer",
        owner=sheet,
        content_type="application/vnd.ms-excel.slicer+xml",
    )
    parts.add(
        "xl/persons/person.xml",
        f'<personList xmlns="{_THREADS}"><person displayName="Ann" id="{{1}}"/></personList>',
        _MS + "2017/10/relationships/person",
        owner=book,
        content_type="application/vnd.ms-excel.person+xml",
    )
    parts.add(
        "xl/threadedComments/threadedComment1.xml",
        f'<ThreadedComments xmlns="{_THREADS}"><threadedComment ref="B2" personId="{{1}}" '
        'id="{2}"><text>A thread</text></threadedComment></ThreadedComments>',
        _MS + "2017/10/relationships/threadedComment",
        owner=sheet,
        content_type="application/vnd.ms-excel.threadedcomments+xml",
    )
    parts.add("customXml/item1.xml", "<data>kept</data>", _RELATION + "customXml", owner=book)
    parts.add(
        "docMetadata/LabelInfo.xml",
        '<clbl:labelList xmlns:clbl="http://schemas.microsoft.com/office/2020/mipLabelMetadata"/>',
        _MS + "2020/02/relationships/classificationlabels",
        owner="",
        content_type="application/vnd.ms-office.classificationlabels+xml",
    )
    parts.add(
        "xl/connections.xml",
        f'<connections xmlns="{_MAIN}"><connection id="1" name="Query" type="5" refreshedVersion="8"/></connections>',
        _RELATION + "connections",
        owner=book,
        content_type=_TYPES + "connections+xml",
    )
    parts.add(
        "xl/calcChain.xml",
        f'<calcChain xmlns="{_MAIN}"><c r="D5" i="1"/></calcChain>',
        _RELATION + "calcChain",
        owner=book,
        content_type=_TYPES + "calcChain+xml",
    )
    link = parts.add(
        "xl/externalLinks/externalLink1.xml",
        f'<externalLink xmlns="{_MAIN}"><externalBook xmlns:r="{_RELATION[:-1]}" r:id="rIdX0"><sheetNames><sheetName '
        'val="Sheet1"/></sheetNames></externalBook></externalLink>',
        _RELATION + "externalLink",
        owner=book,
        content_type=_TYPES + "externalLink+xml",
    )
    parts.relate(
        "xl/externalLinks/externalLink1.xml", "file:///other.xlsx", _RELATION + "externalLinkPath", external=True
    )
    references = f'<externalReferences><externalReference r:id="{link}"/></externalReferences>'
    parts.edit(book, b"<definedNames>", references.encode() + b"<definedNames>")
    parts.edit(types, b"</Types>", f'<Default Extension="bin" ContentType="{_TYPES}printerSettings"/></Types>'.encode())
    parts.add("xl/printerSettings/printerSettings1.bin", b"\0printer", _RELATION + "printerSettings", owner=sheet)
    validations = (
        f'<ext uri="{{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}}" xmlns:x14="{_MS}spreadsheetml/2009/9/main">'
        f'<x14:dataValidations xmlns:xm="{_MS}excel/2006/main" count="1"><x14:dataValidation type="list">'
        "<x14:formula1><xm:f>Lists!$A$2:$A$3</xm:f></x14:formula1><xm:sqref>C2:C13</xm:sqref></x14:dataValidation>"
        "</x14:dataValidations></ext></extLst>"
    )
    parts.edit(sheet, b"</extLst>", validations.encode())
    alternate = (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice '
        f'Requires="x14" xmlns:x14="{_MS}spreadsheetml/2009/9/main"><controls/></mc:Choice></mc:AlternateContent>'
    )
    parts.edit(sheet, b"<tableParts", alternate.encode() + b"<tableParts")
    return parts.pack()


def by_openpyxl():
    """Return a workbook of openpyxl's."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = SHEET
    sheet.append(HEADERS)
    for cell in sheet[1]:
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="33475B")
    for row in range(1, ROWS + 1):
        sheet.append([*row_values(row), dt.date(2026, 3, row)])
    sheet.add_table(Table(displayName="Tickets", ref=f"A1:E{ROWS + 1}"))
    validation = DataValidation(type="list", formula1='"HIGH,LOW"')
    validation.add("C2:C13")
    sheet.add_data_validation(validation)
    sheet.conditional_formatting.add("D2:D13", DataBarRule("min", 0, "max", 0, color="FF638EC6"))
    sheet.conditional_formatting.add("D2:D13", ColorScaleRule("min", None, "FFFFFFFF", "max", None, "FFFF0000"))
    sheet["B2"].comment = Comment("A note", "Ann")
    sheet["B3"].hyperlink = "https://example.com"
    sheet["C2"].protection = Protection(locked=False)
    sheet.protection.sheet = True
    sheet.freeze_panes = "B2"
    sheet.print_title_rows = "1:1"
    other = book.create_sheet("It's other")
    other["A1"] = "=SUM(Tickets!D2:D13)"
    other.merge_cells("B2:C3")
    book.defined_names["Priorities"] = DefinedName("Priorities", attr_text="Tickets!$C$2:$C$13")
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def strict():
    """Return a workbook in the strict form of the format, by changing the namespaces of an ordinary one."""
    parts = Parts.read(by_openpyxl())
    swaps = (
        (
            b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
            b"http://purl.oclc.org/ooxml/spreadsheetml/main",
        ),
        (
            b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        ),
    )
    for name, content in parts.items():
        parts[name] = content.replace(*swaps[0]).replace(*swaps[1])
    return parts.pack()


def prefixed():
    """Return a workbook whose main parts write every name with a prefix."""
    parts = Parts.read(by_openpyxl())
    for name in ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"):
        content = re.sub(rb"<(/?)([A-Za-z]\w*)(?=[\s/>])", rb"<\1x:\2", parts[name])
        parts[name] = content.replace(b"xmlns=", b"xmlns:x=", 1)
    return parts.pack()


def by_hand():
    """Return a workbook in the fewest words: no styles, no references, no row numbers, parts in odd places."""
    cells = "".join(
        f"<row><c><v>{250_000_000 + row}</v></c><c t='inlineStr'><is><t>Printer {row}</t></is></c>"
        f"<c t='s'><v>{row % 2}</v></c><c><v>{row * 1.5}</v></c></row>\n"
        for row in range(1, ROWS + 1)
    )
    titles = "".join(f"<c t='inlineStr'><is><t>{title}</t></is></c>" for title in HEADERS)
    sheet = f"<worksheet xmlns='{_MAIN}'>\n <sheetData>\n<row>{titles}</row>\n{cells}</sheetData>\n</worksheet>"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts = Parts()
    parts["[Content_Types].xml"] = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
        f'ContentType="{_TYPES}sheet.main+xml"/><Override PartName="/xl/odd/worksheets/Tickets.xml" '
        f'ContentType="{_TYPES}worksheet+xml"/><Override PartName="/xl/sharedStrings.xml" '
        f'ContentType="{_TYPES}sharedStrings+xml"/></Types>'
    ).encode()
    parts["_rels/.rels"] = (
        f'<Relationships xmlns="{relations}"><Relationship Id="a" Type="{_RELATION}officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>'
    ).encode()
    parts["xl/workbook.xml"] = (
        f'<workbook xmlns="{_MAIN}" xmlns:rel="{_RELATION[:-1]}"><sheets><sheet name="{SHEET}" sheetId="3" rel:id="b"/>'
        "</sheets></workbook>"
    ).encode()
    parts["xl/_rels/workbook.xml.rels"] = (
        f'<Relationships xmlns="{relations}"><Relationship Id="b" Type="{_RELATION}worksheet" '
        'Target="odd/worksheets/Tickets.xml"/>'
        f'<Relationship Id="c" Type="{_RELATION}sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    ).encode()
    parts["xl/sharedStrings.xml"] = f"<sst xmlns='{_MAIN}'><si><t>LOW</t></si><si><t>HIGH</t></si></sst>".encode()
    parts["xl/odd/worksheets/Tickets.xml"] = sheet.encode()
    return parts.pack(compression=zipfile.ZIP_STORED)


def by_plain_xlsxwriter(**options):
    """Return a workbook of XlsxWriter's with inline strings, or in the other date system."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, **options})
    sheet = book.add_worksheet(SHEET)
    sheet.write_row(0, 0, HEADERS)
    for row in range(1, ROWS + 1):
        sheet.write_row(row, 0, row_values(row))
    book.close()
    return target.getvalue()


CORPUS = {
    "everything": with_everything,
    "xlsxwriter": by_xlsxwriter,
    "xlsxwriter-constant-memory": lambda: by_plain_xlsxwriter(constant_memory=True),
    "xlsxwriter-1904": lambda: by_plain_xlsxwriter(date_1904=True),
    "openpyxl": by_openpyxl,
    "strict": strict,
    "prefixed": prefixed,
    "by-hand": by_hand,
}
