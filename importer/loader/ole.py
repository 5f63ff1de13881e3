"""Compound files (OLE): the container of XLS workbooks, and of encrypted XLSX ones.

In:  the bytes of a file.
Out: its streams by name.

Source: [MS-CFB].
"""

from __future__ import annotations

import io
import struct

import olefile

from importer.errors import FileError
from schemas.message import message

_BROKEN = (OSError, struct.error, IndexError, ValueError, TypeError)
"""What olefile raises for tables that lead nowhere."""


class CompoundFile:
    """A compound file in memory. Raises FileError (`unreadable_file`) where its tables are broken."""

    def __init__(self, data: bytes) -> None:
        try:
            self._file = olefile.OleFileIO(io.BytesIO(data))
            self.names = frozenset(path[-1] for path in self._file.listdir())
            """The names of all streams."""
        except (*_BROKEN, RecursionError) as problem:  # a folder within itself
            raise broken() from problem

    def read(self, name: str) -> bytes:
        """Return a stream at the top. Raises KeyError for an unknown name, FileError where its sectors are missing."""
        if name not in self.names:
            raise KeyError(name)
        try:
            with self._file.openstream(name) as stream:
                content = stream.read()
                size = stream.size
        except _BROKEN as problem:
            raise broken() from problem
        if len(content) < size:
            raise broken()
        return bytes(content)


def broken() -> FileError:
    """Return the error for a compound file that cannot be read."""
    return FileError(
        message(
            "The file is damaged: it begins as an Excel workbook, but its parts cannot be found. Open it in a "
            "spreadsheet program, let that repair it, and save it as XLSX."
        )
    )
