"""Archives as programs write them: copied byte for byte where nothing is to change, refused where they are odd."""

import io
import struct
import zipfile

import pytest

from importer.ooxml.archive import Archive, ArchiveWriter
from importer.ooxml.deflate import ZLIB, best_codec
from importer.ooxml.errors import NotUnderstood
from tests.writeback import workbook_corpus as corpus
from tests.writeback.conftest import make_annotation, patch


class Unseekable(io.RawIOBase):
    """A stream that cannot go back, so that sizes are written behind each member."""

    def __init__(self):
        self.content = b""

    def writable(self):
        return True

    def write(self, data):
        self.content += bytes(data)
        return len(data)


def copied(data, *, codec=ZLIB):
    """Return an archive whose members are all copied."""
    target = io.BytesIO()
    archive = Archive(io.BytesIO(data), codec)
    writer = ArchiveWriter(target, codec)
    for rank, member in enumerate(archive.members.values()):
        writer.copy(archive, member, rank)
    writer.close(archive.comment)
    return target.getvalue()


def packed(how):
    parts = corpus.Parts.read(corpus.by_openpyxl())
    target = Unseekable() if how == "sizes-behind" else io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        archive.comment = b"a comment" if how == "comment" else b""
        for name, content in parts.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0) if how == "old" else (2026, 3, 4, 5, 6, 8))
            info.compress_type = zipfile.ZIP_STORED if how == "stored" else zipfile.ZIP_DEFLATED
            info.extra = b"\x0c\xa2\x04\x00\x00\x00\x00\x00" if how == "extra" else b""
            info.external_attr = 0o644 << 16
            with archive.open(info, "w", force_zip64=how == "zip64") as member:
                member.write(content)
    return target.content if how == "sizes-behind" else target.getvalue()


@pytest.mark.parametrize("how", ["plain", "stored", "comment", "extra", "old", "zip64", "sizes-behind"])
def test_any_way_to_pack_is_kept(how):
    data = packed(how)

    after = patch(data, make_annotation(corpus.HEADERS))

    assert copied(data)[: data.rindex(b"PK\x01\x02")] == data[: data.rindex(b"PK\x01\x02")]
    with zipfile.ZipFile(io.BytesIO(after)) as archive, zipfile.ZipFile(io.BytesIO(data)) as old:
        assert archive.testzip() is None
        assert archive.comment == old.comment
        for info in old.infolist():
            assert archive.getinfo(info.filename).date_time == info.date_time
            assert archive.getinfo(info.filename).external_attr == info.external_attr
        assert archive.read("xl/theme/theme1.xml") == old.read("xl/theme/theme1.xml")
    assert patch(after, make_annotation((*corpus.HEADERS, "Import status", "Import message"))) == after


def test_an_offset_in_the_zip64_extra_is_moved_there():
    """As archives over 4 GB have it: the directory's own field is full, the extra holds the offset."""
    data = bytearray(packed("plain"))
    at = data.index(b"PK\x01\x02")
    name_length = struct.unpack_from("<H", data, at + 28)[0]
    offset = struct.unpack_from("<L", data, at + 42)[0]
    struct.pack_into("<L", data, at + 42, 0xFFFFFFFF)
    struct.pack_into("<H", data, at + 30, 12)
    extra = struct.pack("<2HQ", 1, 8, offset)
    data[at + 46 + name_length : at + 46 + name_length] = extra
    end = data.rindex(b"PK\x05\x06")
    struct.pack_into("<L", data, end + 12, struct.unpack_from("<L", data, end + 12)[0] + 12)

    after = copied(bytes(data))

    with zipfile.ZipFile(io.BytesIO(after)) as archive:
        assert archive.testzip() is None
        assert archive.infolist()[0].header_offset == offset


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda data: data[: len(data) // 2], id="cut-off"),
        pytest.param(lambda data: data.replace(b"PK\x03\x04", b"PK\x03\x05", 1), id="no-local-header"),
        pytest.param(lambda data: b"not an archive", id="not-an-archive"),
        pytest.param(
            lambda data: data.replace(b"\x14\x00\x00\x00\x08\x00", b"\x14\x00\x01\x00\x08\x00"), id="encrypted"
        ),
    ],
)
def test_what_is_not_a_whole_archive_is_refused(spoil):
    with pytest.raises(NotUnderstood):
        patch(spoil(packed("plain")), make_annotation(corpus.HEADERS))


def test_two_members_with_one_name_are_refused():
    target = io.BytesIO(packed("plain"))
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("XL/Workbook.xml", "other")

    with pytest.raises(NotUnderstood, match="one name"):
        patch(target.getvalue(), make_annotation(corpus.HEADERS))


def test_an_unusual_way_to_pack_a_part_that_must_change_is_refused():
    parts = corpus.Parts.read(corpus.by_openpyxl())

    with pytest.raises(NotUnderstood):
        patch(parts.pack(compression=zipfile.ZIP_BZIP2), make_annotation(corpus.HEADERS))


@pytest.mark.parametrize("codec", [ZLIB, best_codec()], ids=lambda codec: codec.name)
def test_damaged_content_is_refused(codec):
    data = bytearray(packed("plain"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.getinfo("xl/worksheets/sheet1.xml")
    data[info.header_offset + 100 : info.header_offset + 110] = b"\xff" * 10

    with pytest.raises(NotUnderstood, match="damaged"):
        patch(bytes(data), make_annotation(corpus.HEADERS), codec=codec)
