"""The results, written beside the rows of the user's own spreadsheet.

In:  the file, an `Annotation`, and the digest of the file as it was read.
Out: the same file with two columns (and two sheets, in a workbook) more; or, where that is not safe, a file beside it
     and notices that say why. Nothing of the user's is lost in either case.

    written = write_back(path, annotation, output=None, digest=source.digest)

`delimited` and `workbook` do the annotating, `replace` puts files in place, `values` makes the workbook that stands in
for a file that is not patched.
"""

from __future__ import annotations

from importer.writeback.annotation import (
    Annotation,
    ChangeLine,
    Dialect,
    ErrorLine,
    NoticeLine,
    RowNote,
    Written,
)
from importer.writeback.writing import find_output_fault, write_back

__all__ = [
    "Annotation",
    "ChangeLine",
    "Dialect",
    "ErrorLine",
    "NoticeLine",
    "RowNote",
    "Written",
    "find_output_fault",
    "write_back",
]
