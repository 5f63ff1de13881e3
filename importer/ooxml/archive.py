"""A ZIP archive copied member by member: what is not touched keeps its compressed bytes and its headers.

In:  an archive (APPNOTE.TXT 6.3, the features OPC allows: stored or deflated, one disk, no encryption; zip64 or not).
Out: another with the same members in the same order, some of them with new content, and some more.

The standard library's `zipfile` can only write what it has compressed itself, so the copying is ours; finding and
reading the members is `zipfile`'s.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from importer.ooxml.deflate import Codec
from importer.ooxml.errors import NotUnderstood
from schemas.message import message

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_ENCRYPTED, _SIZES_BEHIND, _NAME_IS_UTF8 = 0x0001, 0x0008, 0x0800
_COPY = 1 << 20
_PIECE = 1 << 17
"""Bytes worked on at a time: few enough that they, and what is made of them, stay in the processor's cache."""
LARGEST_PART = 0xE0000000
"""Bytes of a part that is written anew; above it zip64 would be needed, and no spreadsheet program opens it."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an archive that is read."""

    name: str
    info: zipfile.ZipInfo
    entry: bytes
    """Its entry in the central directory, as stored."""
    start: int
    """Where its local header begins."""
    data: int
    """Where its compressed bytes begin."""
    end: int
    """Where the next thing begins: its compressed bytes, and the sizes behind them if there are any, end here."""


class Archive:
    """An archive that is read. `members` is in the central directory's order."""

    def __init__(self, stream: BinaryIO, codec: Codec) -> None:
        """Read the directory. Raises NotUnderstood for archives with features that OPC has no use for."""
        self.stream = stream
        self.codec = codec
        try:
            with zipfile.ZipFile(stream) as listing:
                infos = listing.infolist()
                self.comment = listing.comment
                directory = listing.start_dir
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as problem:
            raise NotUnderstood(message("The file is not a whole ZIP archive.")) from problem
        entries = self._entries(directory, len(infos))
        self.members = {}
        limits = sorted({info.header_offset for info in infos} | {directory})
        following = dict(pairwise(limits))
        for info, entry in zip(infos, entries, strict=True):
            self.members[info.orig_filename] = self._member(info, entry, following[info.header_offset])
        if len({name.lower() for name in self.members}) != len(infos):
            raise NotUnderstood(message("Two parts of the workbook have one name."))
        for name in self.members:
            if "\\" in name or "\0" in name:
                # A reader takes `xl\sheet2.xml` for `xl/sheet2.xml`, so a part of ours could stand in front of it.
                raise NotUnderstood(message("The part {name} of the workbook is packed in an unusual way.", name=name))

    def _entries(self, directory: int, count: int) -> list[bytes]:
        self.stream.seek(directory)
        entries = []
        for _ in range(count):
            fixed = self.stream.read(_CENTRAL.size)
            name, extra, comment = _CENTRAL.unpack(fixed)[10:13]
            entries.append(fixed + self.stream.read(name + extra + comment))
        return entries

    def _member(self, info: zipfile.ZipInfo, entry: bytes, limit: int) -> Member:
        self.stream.seek(info.header_offset)
        header = self.stream.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
            raise NotUnderstood(message("The file is not a whole ZIP archive."))
        name, extra = _LOCAL.unpack(header)[9:11]
        data = info.header_offset + _LOCAL.size + name + extra
        end = data + info.compress_size
        if info.flag_bits & _SIZES_BEHIND:
            end = min(end + 24, limit)
        if end > limit or info.flag_bits & _ENCRYPTED:
            raise NotUnderstood(message("The file is not a whole ZIP archive, or it is encrypted."))
        return Member(info.orig_filename, info, entry, info.header_offset, data, end)

    def find(self, name: str) -> Member | None:
        """Return the member of this part name, case aside as OPC has it (ECMA-376 part 2, 6.2.2.3)."""
        if name in self.members:
            return self.members[name]
        return next((member for member in self.members.values() if member.name.lower() == name.lower()), None)

    def read(self, member: Member, limit: int = 64 << 20) -> bytes:
        """Return a member's content. Raises NotUnderstood where it has more than `limit` bytes, or is damaged."""
        if member.info.file_size > limit:
            raise NotUnderstood(message("The part {name} of the workbook is too large.", name=member.name))
        return b"".join(self.pieces(member))

    def pieces(self, member: Member) -> Iterator[bytes]:
        """Yield a member's content in pieces of bounded size. Raises NotUnderstood where it is damaged."""
        info = member.info
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise NotUnderstood(
                message("The part {name} of the workbook is packed in an unusual way.", name=member.name)
            )
        checksum, size = 0, 0
        stored = info.compress_type == zipfile.ZIP_STORED
        for piece in self._raw(member) if stored else self._inflated(member):
            checksum = self.codec.crc32(piece, checksum)
            size += len(piece)
            if size > info.file_size:
                break
            yield piece
        if size != info.file_size or checksum != info.CRC:
            raise NotUnderstood(message("The part {name} of the workbook is damaged.", name=member.name))

    def _raw(self, member: Member) -> Iterator[bytes]:
        at, left = member.data, member.info.compress_size
        while left:
            self.stream.seek(at)
            piece = self.stream.read(min(left, _PIECE))
            if not piece:
                return
            at += len(piece)
            left -= len(piece)
            yield piece

    def _inflated(self, member: Member) -> Iterator[bytes]:
        inflate = self.codec.decompressor()
        try:
            for piece in self._raw(member):
                yield inflate.decompress(piece, _PIECE)
                while inflate.unconsumed_tail:
                    yield inflate.decompress(inflate.unconsumed_tail, _PIECE)
            yield inflate.flush()
        except self.codec.errors as problem:
            raise NotUnderstood(message("The part {name} of the workbook is damaged.", name=member.name)) from problem


class ArchiveWriter:
    """An archive that is written. No clock and no name of a machine goes in: same input, same content."""

    def __init__(self, stream: BinaryIO, codec: Codec) -> None:
        self._stream = stream
        self._codec = codec
        self._entries: list[tuple[int, bytes]] = []
        """(rank, entry): the directory keeps the order of the archive that is copied."""

    def copy(self, archive: Archive, member: Member, rank: int) -> None:
        """Copy a member as it is stored."""
        offset = self._stream.tell()
        archive.stream.seek(member.start)
        left = member.end - member.start
        while left:
            piece = archive.stream.read(min(left, _COPY))
            if not piece:
                raise NotUnderstood(message("The file is not a whole ZIP archive."))
            left -= self._stream.write(piece)
        self._entries.append((rank, _moved(member.entry, offset)))

    def write(self, name: str, pieces: Iterable[bytes], rank: int, like: Member | None = None) -> None:
        """Write a member: a new one, or new content for `like`, whose name, time and attributes it takes."""
        offset = self._stream.tell()
        if like is None:
            label, flags, stamp, attributes = name.encode(), 0, (0, 0x21), (20, 0, 0)
            if not name.isascii():
                flags = _NAME_IS_UTF8
        else:
            old = _CENTRAL.unpack_from(like.entry)
            label = like.entry[_CENTRAL.size : _CENTRAL.size + old[10]]
            flags, stamp, attributes = old[3] & _NAME_IS_UTF8, (old[5], old[6]), (old[1], old[14], old[15])
        self._stream.write(_LOCAL.pack(b"PK\x03\x04", 20, flags, 8, *stamp, 0, 0, 0, len(label), 0) + label)
        checksum, size, packed = self._deflate(pieces)
        if size > LARGEST_PART or packed > LARGEST_PART or offset > LARGEST_PART:
            raise NotUnderstood(message("The part {name} of the workbook is too large.", name=name))
        end = self._stream.tell()
        self._stream.seek(offset + 14)
        self._stream.write(struct.pack("<3L", checksum, packed, size))
        self._stream.seek(end)
        made_by, internal, external = attributes
        sizes = (checksum, packed, size, len(label), 0, 0, 0, internal, external, offset)
        entry = _CENTRAL.pack(b"PK\x01\x02", made_by, 20, flags, 8, *stamp, *sizes) + label
        self._entries.append((rank, entry))

    def _deflate(self, pieces: Iterable[bytes]) -> tuple[int, int, int]:
        deflate = self._codec.compressor()
        checksum = size = packed = 0
        for piece in pieces:
            checksum = self._codec.crc32(piece, checksum)
            size += len(piece)
            packed += self._stream.write(deflate.compress(piece))
        packed += self._stream.write(deflate.flush())
        return checksum, size, packed

    def close(self, comment: bytes) -> None:
        """Write the directory. The stream stays open."""
        start = self._stream.tell()
        for _rank, entry in sorted(self._entries, key=lambda ranked: ranked[0]):
            self._stream.write(entry)
        size = self._stream.tell() - start
        count = len(self._entries)
        if count >= _FULL_16 or start + size >= _FULL_32:
            end_64 = _END_64.pack(b"PK\x06\x06", _END_64.size - 12, 45, 45, 0, 0, count, count, size, start)
            self._stream.write(end_64 + _LOCATOR_64.pack(b"PK\x06\x07", 0, start + size, 1))
        few, small, near = min(count, _FULL_16), min(size, _FULL_32), min(start, _FULL_32)
        self._stream.write(_END.pack(b"PK\x05\x06", 0, 0, few, few, small, near, len(comment)) + comment)


def _moved(entry: bytes, offset: int) -> bytes:
    """Return a directory entry that points to `offset`: in its own field, or in its zip64 extra (APPNOTE 4.5.3)."""
    fields = _CENTRAL.unpack_from(entry)
    if fields[16] != _FULL_32:
        if offset >= _FULL_32:
            raise NotUnderstood(message("The workbook is too large."))
        return entry[:42] + struct.pack("<L", offset) + entry[46:]
    at = _CENTRAL.size + fields[10]
    end = at + fields[11]
    while at + 4 <= end:
        kind, length = struct.unpack_from("<2H", entry, at)
        if kind == 1:
            place = at + 4 + 8 * (fields[9] == _FULL_32) + 8 * (fields[8] == _FULL_32)
            return entry[:place] + struct.pack("<Q", offset) + entry[place + 8 :]
        at += 4 + length
    raise NotUnderstood(message("The file is not a whole ZIP archive."))
