"""A finished file, read again before it takes the place of the old one.

In:  the old file and the new one.
Out: nothing, or Damaged.

Workbooks: every part that was not to change must be there with the same stored bytes; every part that was must unpack
to what its checksum says; the sheet must have as many rows, values and formulas as before. Delimited text: the file
must be as long as what was written. In files of ordinary size, besides, every cell of the user's must have the same
value for an XML parser; in a large one that would take longer than the writing itself. Keys of delimited text are
compared whatever its size: half a million rows take 1.5 s.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from html import unescape
from itertools import chain, islice, zip_longest
from pathlib import Path

from importer.errors import FileError
from importer.findings import column_letter
from importer.ooxml.archive import Archive, Member
from importer.ooxml.deflate import Codec
from importer.ooxml.errors import NotUnderstood
from importer.ooxml.package import Package
from importer.ooxml.sheet_parser import Meaning, RawCell, SharedStrings
from importer.writeback.annotation import Annotation, Dialect, Note
from importer.writeback.workbook import Patched

ORDINARY = 2 << 20
"""Bytes of a sheet's part (unpacked) or a delimited file up to which every value is compared: some 4,000 rows."""
LARGE = 8 << 20
"""Bytes of a workbook on disk up to which keys are compared that only a reader finds: some 100,000 rows."""
_BLOCK = 1 << 20

_Cell = tuple[bytes, bytes, bytes, bytes, bytes]
"""What a search found of a cell: row, style, type, and its text in one of two places."""


class Damaged(Exception):
    """The new file is not what it should be: a fault of the disk, or ours. It must not replace anything."""


def check_workbook(old: Path, new: Path, patched: Patched, codec: Codec) -> None:
    """Compare the new file with the old one. Raises Damaged."""
    with old.open("rb") as before, new.open("rb") as after:
        try:
            was, is_now = Archive(before, codec), Archive(after, codec)
            for name, member in is_now.members.items():
                if name in patched.touched and name != patched.sheet_part:
                    for _ in is_now.pieces(member):
                        pass
            old_counts, new_counts = (_count(one, patched) for one in (was, is_now))
            same = all(
                name in patched.touched or (name in is_now.members and _same(was, member, is_now, is_now.members[name]))
                for name, member in was.members.items()
            )
        except NotUnderstood as problem:
            raise Damaged from problem
        same = same and _fit(old_counts, new_counts, patched)
        ordinary = was.members[patched.sheet_part].info.file_size <= ORDINARY
        if not same or (ordinary and not _same_cells(was, is_now, patched)):
            raise Damaged


def check_keys(new: Path, annotation: Annotation, key: int, status: int) -> None:
    """Read the new file as the next run will, and compare what stands beside each key with the notes. Raises Damaged.

    key, status: positions of the two columns in the new file. Reader and writer find the sheet each in its own way: had
    one of them taken another part or row, this is where it is seen.
    """
    try:
        same = None if annotation.sheet is None else _search_keys(new, annotation, key, status)
        if not same:
            unsaid = same is None and annotation.sheet is not None and new.stat().st_size > LARGE
            same = unsaid or _reread_keys(new, annotation, key, status)
    except (FileError, KeyError, NotUnderstood) as problem:
        raise Damaged from problem
    if not same:
        raise Damaged


def _search_keys(new: Path, annotation: Annotation, key: int, status: int) -> bool | None:
    """Search a workbook for the cells of the two columns alone, some ten times as fast as to read it.

    Return None where a noted row is not written as nearly all programs write rows. Where something differs, reading
    settles it.
    """
    notes = annotation.notes()
    rest = b""
    with Package(new) as package:
        part = next(one.part for one in package.sheets if one.name == annotation.sheet)
        strings = SharedStrings(package.stream(package.strings_part), part) if package.strings_part else ()
        meaning = Meaning(strings, package.formats, package.date_system, part)
        key_cell, status_cell = _cell_pattern(key), _cell_pattern(status)
        for block in package.stream(part):
            body = rest + block
            cut = body.rfind(b"</row>") + 1
            body, rest = body[:cut], body[cut:]
            keys, statuses = key_cell.findall(body), status_cell.findall(body)
            some = list(islice(notes, len(statuses)))
            if not _are_as_noted(keys, statuses, some):
                notes = chain(some, notes)
                left, same = _compare_rows(keys, statuses, notes, annotation.header_row, meaning)
                notes = chain(left, notes)
                if not same:
                    return same
    return True if next(notes, None) is None else None


def _are_as_noted(keys: Sequence[_Cell], statuses: Sequence[_Cell], notes: Sequence[Note]) -> bool:
    """Whether each row has the status and the number that its note says: the usual case."""
    return [(int(row), text.decode()) for row, _, _, _, text in statuses] == [
        (row, status) for row, status, _, _ in notes
    ] and [(int(row), text.decode()) for row, _, kind, text, _ in keys if kind in {b"", b"n"}] == [
        (row, key) for row, _, _, key in notes
    ]


def _compare_rows(
    keys: Sequence[_Cell], statuses: Sequence[_Cell], notes: Iterator[Note], header_row: int, meaning: Meaning
) -> tuple[list[Note], bool | None]:
    """Compare rows one by one; return a note that was taken too many, and whether all is the same."""
    key_of, status_of = {int(one[0]): one for one in keys}, {int(one[0]): one for one in statuses}
    note = next(notes, None)
    for row in sorted(key_of.keys() | status_of.keys()):
        if row <= header_row:
            continue
        if note is not None and note[0] < row:
            return [note], None
        noted, noted_key = "", ""
        if note is not None and note[0] == row:
            _, noted, _, noted_key = note
            note = next(notes, None)
        is_key = not noted_key or _same_key(_content(key_of.get(row), meaning), noted_key)
        if not is_key or _content(status_of.get(row), meaning) != noted:
            return [], False
    return [note] if note is not None else [], True


def _cell_pattern(position: int) -> re.Pattern[bytes]:
    """Return what finds the cells of a column: row, style, type, and text in one of two places."""
    return re.compile(
        rb'<c r="' + column_letter(position).encode() + rb'([0-9]{1,7})"(?: s="([0-9]{1,6})")?(?: t="([A-Za-z]+)")?'
        rb"[^<>]*(?<!/)>(?:<f[^<>]*/>|<f[^<>]*>[^<]*</f>)?(?:<v>([^<]*)</v>|<is><t[^<>]*>([^<]*)</t></is>)</c>"
    )


def _content(cell: _Cell | None, meaning: Meaning) -> str:
    """Return the text of a cell that a pattern found."""
    if cell is None:
        return ""
    from importer.loader.cells import cell_text  # knows numpy, which delimited text does without

    _, style, kind, value, inline = cell
    text = unescape((value or inline).decode())
    raw = RawCell(0, 0, int(style or b"0"), kind.decode() or "n", text)
    _, plain, shown = cell_text(meaning.value(raw))
    return shown or plain


def _reread_keys(new: Path, annotation: Annotation, key: int, status: int) -> bool:
    """Read the two columns as the next run will; return whether they hold what the notes say."""
    from importer.loader import open_file

    dialect = annotation.dialect
    how = {"encoding": dialect.encoding, "delimiter": dialect.delimiter} if dialect else {}
    notes = annotation.notes()
    note = next(notes, None)
    for chunk in open_file(new, **how).table(annotation.sheet).chunks((key, status)):
        shown = chunk.shown.get(key, {})
        for row, own_key, own_status in zip(chunk.rows, chunk.columns[key], chunk.columns[status], strict=True):
            while note is not None and note[0] < row:
                note = next(notes, None)
            _, noted, _, noted_key = note if note is not None and note[0] == row else (row, "", "", "")
            if own_status != noted or (own_key != noted_key and not _same_key(shown.get(row, own_key), noted_key)):
                return False
    return True


def _same_key(text: str, noted: str) -> bool:
    """Return whether a cell holds the key of a note; blanks and marks that show nothing aside."""
    return not noted or [one for one in text if one.isalnum()] == [one for one in noted if one.isalnum()]


def check_delimited(old: Path, new: Path, size: int, annotation: Annotation, dialect: Dialect) -> None:
    """Compare the new file with the old one; `size` is how many bytes were written. Raises Damaged."""
    if new.stat().st_size != size:
        raise Damaged
    if old.stat().st_size > ORDINARY:
        return
    ours = {position for position in annotation.own if position is not None}
    was, is_now = (list(_read_records(path, dialect)) for path in (old, new))
    if len(was) != len(is_now):
        raise Damaged
    for before, after in zip(was, is_now, strict=True):
        whole = len(before) == len(annotation.headers)
        kept = [field for position, field in enumerate(before) if position not in ours] if whole else before
        if after not in (before, [*kept, *after[-2:]]):
            raise Damaged


def _read_records(path: Path, dialect: Dialect) -> Iterator[list[str]]:
    with path.open(encoding=dialect.encoding, newline="") as file:
        if dialect.separator_line:
            file.readline()
        csv.field_size_limit(max(csv.field_size_limit(), ORDINARY * 2))
        yield from csv.reader(file, delimiter=dialect.delimiter)


def _count(archive: Archive, patched: Patched) -> tuple[int, int, int]:
    """Return how many rows, values and formulas the sheet's part has."""
    member = archive.members[patched.sheet_part]
    tokens = [f"<{patched.prefix}{name}".encode() for name in ("row", "v>", "f>", "f ")]
    counts = [0] * len(tokens)
    end = b""
    for piece in archive.pieces(member):
        both = end + piece  # so that a token is found which the edge between two pieces cuts
        for index, token in enumerate(tokens):
            counts[index] += both.count(token) - end.count(token)
        end = both[-len(max(tokens, key=len)) :]
    rows, values, formulas, formulas_with_attributes = counts
    return rows, values, formulas + formulas_with_attributes


def _fit(old: tuple[int, int, int], new: tuple[int, int, int], patched: Patched) -> bool:
    """Return whether the counts are what they should be. Values of ours that a program saved anew may be fewer now."""
    rows = new[0] == old[0] + patched.added_rows
    values = new[1] <= old[1] if patched.place.reused else new[1] == old[1]
    return rows and values and new[2] == old[2]


def _same(was: Archive, old: Member, is_now: Archive, new: Member) -> bool:
    """Return whether two members have the same headers and the same stored bytes."""
    if old.end - old.start != new.end - new.start:
        return False
    was.stream.seek(old.start)
    is_now.stream.seek(new.start)
    left = old.end - old.start
    while left:
        size = min(left, _BLOCK)
        if was.stream.read(size) != is_now.stream.read(size):
            return False
        left -= size
    return True


def _same_cells(was: Archive, is_now: Archive, patched: Patched) -> bool:
    """Return whether an XML parser finds the same cells of the user's in both sheets.

    Cells come one after the other and are never laid out as a table, however far out they stand.
    """
    return all(old == new for old, new in zip_longest(*(_users_cells(one, patched) for one in (was, is_now))))


def _users_cells(archive: Archive, patched: Patched) -> Iterator[tuple[object, ...]]:
    """Yield what stands in each cell outside our columns, and at last the code of what ends the reading early."""
    from importer.ooxml.sheet_parser import read_cells  # knows numpy, which delimited text does without

    ours = {patched.place.status, patched.place.message}
    member = archive.members[patched.sheet_part]
    try:
        for cell in read_cells(archive.pieces(member), patched.sheet_part):
            if cell.position not in ours:
                yield cell.row, cell.position, cell.style, cell.type, cell.value, cell.is_formula
    except FileError as problem:
        yield (problem.code,)
