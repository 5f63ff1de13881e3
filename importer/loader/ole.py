"""Compound files (OLE): the container of XLS workbooks, and of encrypted XLSX ones.

In:  the bytes of a file.
Out: its streams by name.

Source: [MS-CFB], sections 2.2 (header), 2.3 (FAT), 2.4 (mini FAT), 2.5 (DIFAT), 2.6 (directory).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from importer.errors import FileError
from schemas.message import message

MAGIC = bytes.fromhex("D0CF11E0A1B11AE1")
_LAST_SECTOR = 0xFFFFFFFA
"""Sector numbers above say that a chain ends, or that a sector is free."""
_ENTRY = 128
_STREAM, _ROOT = 2, 5


class CompoundFile:
    """A compound file in memory. Raises FileError (`unreadable_file`) where its tables are broken."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        try:
            self._read_tables()
        except (struct.error, IndexError, ValueError) as problem:
            raise broken() from problem

    def _read_tables(self) -> None:
        data = self._data
        sector_power, mini_power = struct.unpack_from("<HH", data, 30)
        if sector_power not in {9, 12} or mini_power > sector_power:
            raise broken()
        self._size, self._mini_size = 1 << sector_power, 1 << mini_power
        first_directory, self._mini_cutoff, first_mini_fat = struct.unpack_from("<I4xII", data, 48)
        first_difat = struct.unpack_from("<I", data, 68)[0]
        self._fat: tuple[int, ...] = ()
        sectors = list(struct.unpack_from("<109I", data, 76))
        seen = 0
        while first_difat < _LAST_SECTOR and seen * self._size < len(data):
            *more, first_difat = self._numbers(first_difat)
            sectors += more
            seen += 1
        self._fat = tuple(number for sector in sectors if sector < _LAST_SECTOR for number in self._numbers(sector))
        self._mini_fat = tuple(
            number for sector in self._chain(self._fat, first_mini_fat) for number in self._numbers(sector)
        )
        directory = b"".join(self._sector(one) for one in self._chain(self._fat, first_directory))
        self._entries: dict[str, tuple[int, int]] = {}
        root = (_LAST_SECTOR, 0)
        for start in range(0, len(directory) - _ENTRY + 1, _ENTRY):
            name_length, kind = struct.unpack_from("<HB", directory, start + 64)
            place, size = struct.unpack_from("<IQ", directory, start + 116)
            name = directory[start : start + max(min(name_length, 64) - 2, 0)].decode("utf-16-le")
            if kind == _STREAM:
                self._entries.setdefault(name, (place, size & 0xFFFFFFFF))
            elif kind == _ROOT:
                root = (place, size)
        self._mini_stream = b"".join(self._sector(one) for one in self._chain(self._fat, root[0]))

    @property
    def names(self) -> frozenset[str]:
        """The names of all streams."""
        return frozenset(self._entries)

    def read(self, name: str) -> bytes:
        """Return a stream. Raises KeyError for an unknown name, FileError where its sectors are missing."""
        start, size = self._entries[name]
        if size < self._mini_cutoff:
            width = self._mini_size
            sectors = self._chain(self._mini_fat, start)
            data = b"".join(self._mini_stream[one * width : (one + 1) * width] for one in sectors)
        else:
            data = b"".join(self._sector(one) for one in self._chain(self._fat, start))
        if len(data) < size:
            raise broken()
        return data[:size]

    def _sector(self, number: int) -> bytes:
        return self._data[(number + 1) * self._size : (number + 2) * self._size]

    def _numbers(self, sector: int) -> tuple[int, ...]:
        data = self._sector(sector)
        return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])

    @staticmethod
    def _chain(table: tuple[int, ...], start: int) -> Iterator[int]:
        steps = 0
        while start < _LAST_SECTOR:
            if start >= len(table) or steps > len(table):
                raise broken()
            yield start
            start = table[start]
            steps += 1


def broken() -> FileError:
    """Return the error for a compound file that cannot be read."""
    return FileError(
        message(
            "The file is damaged: it begins as an Excel workbook, but its parts cannot be found. Open it in a "
            "spreadsheet program, let that repair it, and save it as XLSX."
        )
    )
