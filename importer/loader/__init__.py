"""A spreadsheet file -> its sheets, headers, and chunks of rows; every cell keeps its address.

`open_file` finds the format by content. Opening reads the beginning of a file and its digest, and needs no pandas:
that is imported when the first chunk is made, so that a program can import it in a thread meanwhile.
"""

from __future__ import annotations

from importer.loader.formats import open_file
from importer.loader.table import Chunk, SheetInfo, Source, Table
from schemas.cells import Kind

__all__ = ["Chunk", "Kind", "SheetInfo", "Source", "Table", "open_file"]
