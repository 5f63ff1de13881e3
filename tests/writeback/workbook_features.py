"""What a workbook may hold, how to tell that it holds it, and what a save by openpyxl leaves of it."""

import io
import re
import warnings

import openpyxl

from tests.writeback.workbook_corpus import Parts

_SHEET_PART = r"xl/worksheets/sheet\d+\.xml"
FEATURES = {
    "Charts": (r"xl/charts/chart1\.xml", rb"<(c:)?barChart"),
    "Chart sheets": (r"xl/chartsheets/", rb"<drawing"),
    "Pictures": (r"xl/media/", rb"PNG"),
    "Pictures in cells": (r"xl/richData/", rb"richValueRel"),
    "Picture in the page header": (r"xl/drawings/_rels/vmlDrawing\d+\.vml\.rels", rb"media/image"),
    "Background picture": (_SHEET_PART, rb"<picture "),
    "Text boxes and shapes": (r"xl/drawings/drawing\d+\.xml", rb"A text box"),
    "Form buttons": (r"xl/drawings/vmlDrawing\d+\.vml", rb'ObjectType="Button"'),
    "Controls kept for older programs (`mc:AlternateContent`)": (_SHEET_PART, rb"mc:AlternateContent"),
    "Sparklines": (_SHEET_PART, rb"x14:sparklineGroup "),
    "Slicers": (r"xl/slicers/", rb"<slicer "),
    "Slicer caches": (r"xl/slicerCaches/", rb"Slicer_Priority"),
    "Pivot tables": (r"xl/pivotTables/pivotTable", rb'name="Pivot"'),
    "Pivot caches": (r"xl/pivotCache/", rb"cacheSource"),
    "Tables": (r"xl/tables/", rb'displayName="Tickets"'),
    "Drop-downs and other validations": (_SHEET_PART, rb"<dataValidation "),
    "Drop-downs from another sheet (x14)": (_SHEET_PART, rb"x14:dataValidation "),
    "Conditional formats": (_SHEET_PART, rb"<colorScale>"),
    "Data bars of Excel 2010 (x14)": (_SHEET_PART, rb"x14:dataBar"),
    "Icon sets": (_SHEET_PART, rb"<iconSet"),
    "Notes": (r"xl/comments\S*\.xml", rb"A note"),
    "Threaded comments": (r"xl/threadedComments/", rb"A thread"),
    "Persons": (r"xl/persons/", rb"<person "),
    "Hyperlinks": (_SHEET_PART, rb"<hyperlink "),
    "Rich text": (r"xl/(sharedStrings|worksheets/sheet\d+)\.xml", rb"<r>"),
    "Defined names": (r"xl/workbook\.xml", rb'"Priorities"'),
    "Formulas": (_SHEET_PART, rb"SUM\(D2:D4\)"),
    "Stored results of formulas": (_SHEET_PART, rb"SUM\(D2:D4\)</f><v>9</v>"),
    "Dynamic arrays": (r"xl/metadata\.xml", rb"fDynamic"),
    "Check boxes in cells": (r"xl/", rb"Checkbox"),
    "Calculation chain": (r"xl/calcChain\.xml", rb"D5"),
    "Macros": (r"xl/vbaProject\.bin", rb"macros"),
    "Sheet protection": (_SHEET_PART, rb"<sheetProtection "),
    "Ranges left unprotected": (_SHEET_PART, rb"<protectedRange "),
    "Ignored errors": (_SHEET_PART, rb"<ignoredError "),
    "Frozen panes": (_SHEET_PART, rb"<pane "),
    "Filters": (_SHEET_PART, rb"<autoFilter "),
    "Grouped rows and columns": (_SHEET_PART, rb'outlineLevel="1"'),
    "Hidden rows and sheets": (_SHEET_PART, rb'hidden="1"'),
    "Print area and titles": (r"xl/workbook\.xml", rb"_xlnm\.Print_Area"),
    "Page breaks": (_SHEET_PART, rb"<brk "),
    "Printer settings": (r"xl/printerSettings/", rb"printer"),
    "Theme": (r"xl/theme/", rb"<a:theme"),
    "Links to other workbooks": (r"xl/externalLinks/", rb"<externalBook"),
    "Data connections": (r"xl/connections\.xml", rb"<connection "),
    "Custom XML": (r"customXml/", rb"kept"),
    "Custom properties": (r"docProps/custom\.xml", rb"Reviewed"),
    "Sensitivity label": (r"docMetadata/", rb"labelList"),
}


def features_of(data):
    """Return the names of the features that a workbook holds."""
    parts = Parts.read(data)
    return {
        name
        for name, (part, mark) in FEATURES.items()
        if any(re.match(part, member) and re.search(mark, content) for member, content in parts.items())
    }


def saved_by_openpyxl(data):
    """Return a workbook as openpyxl's load and save leave it, with the options that keep most."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(data), keep_vba=True, rich_text=True, keep_links=True)
        target = io.BytesIO()
        book.save(target)
    return target.getvalue()


def kept_table(patched, saved):
    """Return the table of `docs/kept.md`: what each of two results still holds."""
    said = {True: "kept", False: "lost"}
    lines = [f"| {name} | {said[name in patched]} | {said[name in saved]} |" for name in FEATURES]
    head = ["| | `import-tickets` | openpyxl's load and save |", "| --- | --- | --- |"]
    return "\n".join([*head, *lines, f"| **Kept of {len(FEATURES)}** | **{len(patched)}** | **{len(saved)}** |", ""])
