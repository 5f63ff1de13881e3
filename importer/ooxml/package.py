"""The ZIP package of an Office Open XML workbook: its parts, and what they say of the workbook as a whole.

In:  a path whose content is a ZIP file.
Out: sheets with their parts, styles, the date system; guarded streams of parts.

Sizes are judged before anything is unpacked, and again while unpacking. Source: ECMA-376 part 2 (packages), part 1
clauses 12 (parts of a workbook), 18.2 (workbook), 18.8 (styles).
"""

from __future__ import annotations

import os
import posixpath
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import IO, BinaryIO, Self
from urllib.parse import unquote

from importer.errors import FileError
from importer.ooxml.number_format import Format, read_format
from importer.ooxml.xml import check_beginning, contradicts, damaged, read_elements
from schemas.message import message

MAX_MEMBERS = 20_000
MAX_PART = 4 << 30
"""Bytes of one part: a full sheet of a million rows and some fifty columns has about half of it."""
MAX_RATIO = 400
"""How many times larger than packed a large part may be. A sheet of a million empty styled rows reaches some 150."""
_LARGE = 64 << 20
_BLOCK = 1 << 20
_BEGINNING = 1 << 12
_SMALL_PART = 64 << 20


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One worksheet: its name and the part that holds it."""

    name: str
    visible: bool
    part: str


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """Open a ZIP file with guards. Raises FileError: `unsafe_file` for absurd sizes, `unreadable_file` for damage."""
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, NotImplementedError) as problem:
        raise FileError(
            message(
                "The file is damaged: it begins as a workbook, but its end is missing or broken, as after an "
                "interrupted download. Get a fresh copy, or let a spreadsheet program repair it."
            )
        ) from problem
    _guard(archive, os.fstat(file.fileno()).st_size)
    return archive


def _guard(archive: zipfile.ZipFile, file_size: int) -> None:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS or sum(member.compress_size for member in members) > file_size:
        raise FileError(
            message(
                "The file is not read: it holds {count} parts, too many or laid over each other, as files are built "
                "to fill memory or disk. Save the data as a new workbook, or as CSV.",
                count=len(members),
            ),
            code="unsafe_file",
        )
    seen: set[str] = set()
    for member in members:
        if member.filename in seen:
            raise twice(member.filename)
        seen.add(member.filename)
        swollen = member.file_size > MAX_RATIO * max(member.compress_size, 1)
        if member.file_size > MAX_PART or (member.file_size > _LARGE and swollen):
            raise _too_large(member.filename, member.file_size)
        if member.flag_bits & 1:
            raise FileError(
                message(
                    "The file is protected by a password (an encrypted ZIP file). Save a copy without the password "
                    "and run again."
                )
            )


def twice(part: str) -> FileError:
    """Return the error for a file that holds two parts of one name."""
    return FileError(
        message(
            "The file contradicts itself: it holds its part {part} twice, and programs do not agree on which of the "
            "two counts. Open it in a spreadsheet program, check the rows, and save it again.",
            part=part,
        )
    )


def _refuse_twins(archive: zipfile.ZipFile) -> None:
    """Refuse parts whose names differ in their case alone, which are one (ECMA-376 part 2, 6.2.2.3)."""
    names = sorted(name.replace("\\", "/").lower() for name in archive.namelist())
    for one, other in pairwise(names):
        if one == other:
            raise twice(one)


def refuse_document_types(archive: zipfile.ZipFile) -> None:
    """Raise FileError (`unsafe_file`) where any XML part declares a document type, read by us or not."""
    for member in archive.infolist():
        if member.filename.lower().endswith((".xml", ".rels")):
            check_beginning(stream_member(archive, member.filename, block=_BEGINNING), member.filename)


def _too_large(part: str, size: int) -> FileError:
    return FileError(
        message(
            "The file is not read: its part {part} swells to {size} bytes or more when unpacked, as files are built to "
            "fill memory or disk. Save the data as a new workbook, or as CSV.",
            part=part,
            size=size,
        ),
        code="unsafe_file",
    )


def read_member(archive: zipfile.ZipFile, name: str, *, limit: int = _SMALL_PART) -> bytes:
    """Return a part whole. Raises FileError where it is larger than `limit` or damaged."""
    return b"".join(stream_member(archive, name, limit=limit))


def stream_member(
    archive: zipfile.ZipFile, name: str, *, limit: int = MAX_PART, block: int = _BLOCK
) -> Iterator[bytes]:
    """Yield a part in blocks. Raises FileError where it is missing, damaged, or larger than it says."""
    try:
        with _open_member(archive, name) as stream:
            size = 0
            while data := stream.read(block):
                size += len(data)
                if size > limit:
                    raise _too_large(name, size)
                yield data
    except (
        zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, KeyError, ValueError
    ) as problem:  # fmt: skip
        raise damaged(name) from problem


def _open_member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    try:
        return archive.open(name)
    except KeyError:
        # Part names are compared without case (ECMA-376 part 2, 6.2.2.3), members of a ZIP file with it.
        for member in archive.namelist():
            if member.replace("\\", "/").lower() == name.lower():
                return archive.open(member)
        raise


class Package:
    """An open workbook package; a context manager."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")  # closed by us: the archive would wait for every stream that was left half read
        try:
            self.archive = open_zip(self._file)
            _refuse_twins(self.archive)
            self._read_workbook()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def stream(self, part: str, block: int = _BLOCK) -> Iterator[bytes]:
        """Yield a part in blocks; see `stream_member`."""
        return stream_member(self.archive, part, block=block)

    def read(self, part: str) -> bytes:
        """Return a small part whole."""
        return read_member(self.archive, part)

    def _read_workbook(self) -> None:
        relations = self._relations("")
        self.workbook_part = next((target for kind, target in relations.values() if kind == "officeDocument"), "")
        if not self.workbook_part:
            raise FileError(
                message(
                    "The file is a ZIP archive, but not a workbook. If it holds an exported spreadsheet, unpack it "
                    "first and give the spreadsheet's name."
                )
            )
        _refuse_twice("_rels/.rels", [kind for kind, _ in relations.values() if kind == "officeDocument"])
        self.date_system = 1900
        self.recalculates = False
        states: list[tuple[str, str, str]] = []
        for element in read_elements(self.read(self.workbook_part), self.workbook_part):
            attributes = element.attributes
            if element.name == "workbookPr" and element.parent == "workbook":
                self.date_system = 1904 if is_true(attributes.get("date1904")) else 1900
            elif element.name == "calcPr":
                self.recalculates = is_true(attributes.get("fullCalcOnLoad"))
            elif element.name == "sheet" and element.parent == "sheets":
                states.append(
                    (attributes.get("name", ""), attributes.get("state", "visible"), attributes.get("id", ""))
                )
        parts = self._relations(self.workbook_part)
        _refuse_twice(self.workbook_part, [f'sheet "{name}"' for name, _, _ in states if name])
        _refuse_twice(self.workbook_part, [f"relation {relation}" for _, _, relation in states if relation])
        _refuse_twice(self.workbook_part, [kind for kind, _ in parts.values() if kind in {"sharedStrings", "styles"}])
        self.sheets = tuple(
            SheetPart(name, state == "visible", parts[relation][1])
            for name, state, relation in states
            if relation in parts and parts[relation][0] == "worksheet"
        )
        by_kind = dict(parts.values())
        self.has_macros = "vbaProject" in by_kind
        self.strings_part: str | None = by_kind.get("sharedStrings")
        self.styles_part: str | None = by_kind.get("styles")

    def related(self, part: str, kind: str) -> list[str]:
        """Return the parts of this kind that a part refers to."""
        return [target for name, target in self._relations(part).values() if name == kind]

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Return {relation ID: (last word of its type, target part)} of a part; of the package itself for ""."""
        name = relations_part(part)
        found: dict[str, tuple[str, str]] = {}
        seen: set[str] = set()
        try:
            data = self.read(name)
        except FileError as problem:
            if isinstance(problem.__cause__, KeyError):
                return found
            raise
        for element in read_elements(data, name):
            attributes = element.attributes
            if element.name != "Relationship":
                continue
            if attributes.get("Id", "") in seen:
                raise contradicts(name, f"relation {attributes.get('Id', '')}")
            seen.add(attributes.get("Id", ""))
            if attributes.get("TargetMode") == "External":
                continue
            target = target_part(part, attributes.get("Target", ""))
            found[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], target)
        return found

    @cached_property
    def formats(self) -> tuple[Format, ...]:
        """The number format of each cell style, by the index that cells bear as `s`."""
        if self.styles_part is None:
            return ()
        codes: dict[int, str] = {}
        ids: list[int] = []
        try:
            for element in read_elements(self.read(self.styles_part), self.styles_part):
                attributes = element.attributes
                if element.name == "numFmt" and element.parent == "numFmts":
                    codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
                elif element.name == "xf" and element.parent == "cellXfs":
                    ids.append(int(attributes.get("numFmtId", "0")))
        except (ValueError, KeyError) as problem:
            raise damaged(self.styles_part) from problem
        return tuple(read_format(one, codes) for one in ids)


def _refuse_twice(part: str, named: Iterable[str]) -> None:
    """Raise FileError where a part names twice, whatever the case, what it may name once."""
    seen: set[str] = set()
    for one in named:
        if one.casefold() in seen:
            raise contradicts(part, one)
        seen.add(one.casefold())


def relations_part(part: str) -> str:
    """Return the name of the part that holds a part's relationships; `""` is the package itself."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def target_part(part: str, target: str) -> str:
    """Return the part that a part's relation leads to (ECMA-376 part 2, 6.5.3: a reference, relative to the part)."""
    return posixpath.normpath(posixpath.join("/" + posixpath.dirname(part), unquote(target))).lstrip("/")


def is_true(value: str | None) -> bool:
    """Whether an attribute of type xsd:boolean is set."""
    return value in {"1", "true", "on"}
