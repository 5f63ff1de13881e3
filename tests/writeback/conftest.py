"""What the tests of this folder share."""

import io

from importer.ooxml.deflate import ZLIB
from importer.writeback.annotation import Annotation, ChangeLine, ErrorLine, RowNote
from importer.writeback.workbook import annotate

OURS = ("Import status", "Import message")


def make_annotation(headers, *, sheet="Tickets", rows=range(2, 14), header_row=1, **more):
    """Return an annotation in which every third row is invalid."""
    notes = [
        RowNote(row, "updated")
        if row % 3
        else RowNote(row, "invalid", f'C{row} Priority: "<x>" & _x0041_ is not \x01 it')
        for row in rows
    ]
    values = {
        "notes": lambda: iter(notes),
        "faulty": [(note.row, 2) for note in notes if note.message],
        "totals": [("updated", 8), ("invalid", 4)],
        "facts": [("Run", "20261123-141503-7f3a")],
        "errors": lambda: (
            ErrorLine(n.row, 2, "Priority", "<x>", "invalid_option", n.message) for n in notes if n.message
        ),
        "changes": lambda: iter([ChangeLine(2, "250000001", "https://app.hubspot.com/x", "Priority", "", "=HIGH")]),
    }
    status, text = (headers.index(name) if name in headers else None for name in OURS)
    return Annotation(sheet, header_row, headers, **(values | {"own": (status, text)} | more))


def patch(data, annotation, codec=ZLIB):
    """Return the annotated copy of a workbook, as bytes; by zlib, which always packs the same bytes the same way."""
    target = io.BytesIO()
    annotate(io.BytesIO(data), target, annotation, codec=codec)
    return target.getvalue()
