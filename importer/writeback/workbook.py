"""Status and message beside the rows of a workbook, part by part; what is not touched stays byte for byte.

In:  an XLSX or XLSM package and an annotation.
Out: a package in which only the sheet's part, the styles part, the workbook with its relations and the content types
     differ, and two sheets of ours are added or replaced. Patching the result again changes nothing.

Whatever is not understood ends in NotUnderstood with nothing written but a temporary file: the results then
go to another file, never through a save that loses something.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from importer.findings import CHANGES_SHEET, REPORT_SHEET, column_letter
from importer.loader.own import is_changes, is_report
from importer.ooxml.archive import Archive, ArchiveWriter, Member
from importer.ooxml.deflate import Codec, best_codec
from importer.ooxml.edited_package import STYLES_TYPE, EditedPackage
from importer.ooxml.errors import NotUnderstood, not_as_usual
from importer.ooxml.package import relations_part
from importer.ooxml.xml import Edit, apply_edits, text_content
from importer.writeback.annotation import Annotation
from importer.writeback.areas import Area, Place
from importer.writeback.highlights import formats, shared_index
from importer.writeback.joining import is_fixed, join_table
from importer.writeback.report_sheets import (
    LINES_LOOK,
    MESSAGE_LOOK,
    STATUS_LOOKS,
    ChangesSheet,
    Surroundings,
    report_sheet,
)
from importer.writeback.rows import LARGEST_FRAME, MOST_WATCHED, Formats, OutOfOrder, RowPatcher
from importer.writeback.styles import Styles, minimal_styles
from importer.writeback.worksheet import Frame, Occupied, OtherFilter
from schemas.message import message

LAST_COLUMN = 16_383
"""The position of XFD (Excel specifications and limits)."""
STATUS_WIDTH, MESSAGE_WIDTH = 16, 70
"""In characters of the ordinary font."""
_ATTEMPTS = 50
_SHEET_DATA = re.compile(rb"""<(?:([A-Za-z_][\w.-]*):)?sheetData(?=[\s/>])(?:[^<>"']|"[^"<]*"|'[^'<]*')*>""")


@dataclass(slots=True)
class _Plan:
    """How one attempt goes about it."""

    place: Place
    filter: str | None
    """The reference of the sheet's own filter, which stands behind the rows: believed until it is read."""
    in_order: bool = True


@dataclass(frozen=True, slots=True)
class Patched:
    """What a patch did: the parts that are not as they were, and where our columns stand."""

    place: Place
    sheet_part: str
    """The archive's name of the sheet that was annotated."""
    touched: frozenset[str]
    added_rows: int
    """Rows that were not in the sheet before."""
    prefix: str
    """That of the sheet's markup, with its colon."""


def annotate(source: BinaryIO, target: BinaryIO, annotation: Annotation, *, codec: Codec | None = None) -> Patched:
    """Write the annotated copy of the workbook `source` to `target`; both are open, seekable, binary.

    Raises NotUnderstood where that cannot be done without risk to what the workbook holds.
    """
    codec = codec or best_codec()
    archive = Archive(source, codec)
    package = EditedPackage(archive)
    plan = _Plan(_first_place(annotation, package), _noted_filter(annotation, package))
    for _ in range(_ATTEMPTS):
        if plan.place.last > LAST_COLUMN:
            break
        target.seek(0)
        target.truncate()
        try:
            return _attempt(archive, target, annotation, plan, codec)
        except Occupied as found:
            plan.place = _placed(plan.place, found.position)
        except OtherFilter as found:
            plan.filter = found.reference
        except OutOfOrder:
            if not plan.in_order:
                raise NotUnderstood(message("Two rows of the sheet have one number.")) from None
            plan.in_order = False
    raise NotUnderstood(message("No two columns beside the data are free."))


def _first_place(annotation: Annotation, package: EditedPackage) -> Place:
    """Return where our columns go: where they were, else right of the data and of every table that reaches there."""
    part = package.sheet_part(annotation.sheet or "")
    if part is None:
        raise NotUnderstood(message("The workbook has no sheet {name}.", name=annotation.sheet or ""))
    known = annotation.own
    reused = frozenset(position for position in known if position is not None)
    status, text = (-1 if position is None else position for position in known)
    place = _placed(Place(status, text, reused), annotation.last_header())
    areas = [Area.of(table.attributes.get("ref", "")) for table in package.tables(part).values()]
    while reaching := [area for area in areas if area is not None and _meet(place, area.first, area.last)]:
        place = _placed(place, max(area.last for area in reaching))
    return place


def _noted_filter(annotation: Annotation, package: EditedPackage) -> str | None:
    """Return where the workbook says that the sheet's filter is."""
    name = package.noted_filter(annotation.sheet or "")
    return str(Area.of(name.text.rpartition("!")[2]) or "") or None if name else None


def _meet(place: Place, first: int, last: int) -> bool:
    return any(first <= position <= last for position in place.new)


def _placed(place: Place, taken: int) -> Place:
    """Return the place with its new columns right of the position `taken`; those of an earlier run stay."""
    start = max(taken, *place.reused, -1) + 1
    status = place.status if place.status in place.reused else start
    if place.message in place.reused:
        return Place(status, place.message, place.reused)
    return Place(status, max(start, status + 1), place.reused)


def _attempt(archive: Archive, target: BinaryIO, annotation: Annotation, plan: _Plan, codec: Codec) -> Patched:
    package = EditedPackage(archive)
    sheet = annotation.sheet or ""
    sheet_part = package.sheet_part(sheet)
    sheet_member = package.member(sheet_part) if sheet_part else None
    if sheet_member is None:
        raise NotUnderstood(message("The workbook has no sheet {name}.", name=sheet))
    joined = _join(package, annotation, sheet_part or "", plan)
    noted = annotation if joined else annotation.with_keys()
    styles_part, styles = _styles(package)
    statuses = {status: styles.cell(look) for status, look in STATUS_LOOKS.items()}
    looks = Formats(statuses, styles.cell(MESSAGE_LOOK), styles.cell(LINES_LOOK), styles.wrapping())
    highlight = styles.highlight() if annotation.faulty else 0
    report = package.report_part(REPORT_SHEET, is_report)
    changes = package.report_part(CHANGES_SHEET, is_changes)
    around = Surroundings(package.namespace, b"workbookView" in package.read(package.workbook))
    changes_sheet = ChangesSheet(annotation, styles, around)
    streams = {
        report: lambda: report_sheet(annotation, sheet, styles, around),
        changes: changes_sheet.pieces,
    }
    writer = PartsWriter(archive, target, codec)
    patched = _Sheet(noted, plan, looks, highlight, package.shared_texts)
    later = {part.lower() for part in (report, changes, relations_part(changes), styles_part)}
    writer.copy_all(package.changed, sheet_member, patched.pieces(archive.pieces(sheet_member)), later)
    for part, stream in streams.items():
        writer.put(part, stream())
    relations = changes_sheet.relations()
    if relations is None:
        writer.leave_out(relations_part(changes))
    else:
        writer.put(relations_part(changes), iter((relations,)))
    package.set(styles_part, styles.data())
    writer.put_or_copy(styles_part, package.changed.get(_name(package, styles_part)))
    writer.close()
    return Patched(plan.place, sheet_member.name, frozenset(writer.touched), patched.added_rows, patched.prefix)


def _join(package: EditedPackage, annotation: Annotation, sheet_part: str, plan: _Plan) -> bool:
    """Take our columns into the data's own filter and tables; return whether one of them has them now.

    The sheet's part itself is written later, in a stream; here go the parts of the tables and the filter's name.
    """
    place = plan.place
    if package.is_filled_by_query(sheet_part):
        return False
    old = Area.of(plan.filter or "")
    new = old and old.joined(place, annotation)
    name = package.noted_filter(annotation.sheet or "")
    if old and new and name and Area.of(name.text.rpartition("!")[2]) == old:
        data = package.read(package.workbook)
        head, mark, reference = name.text.rpartition("!")
        wider = head + mark + _ending(reference, new)
        package.set(package.workbook, apply_edits(data, [Edit(name.open_end, name.close, text_content(wider))]))
    joined = new is not None
    for part, table in package.tables(sheet_part).items():
        area = Area.of(table.attributes.get("ref", ""))
        wide = area and area.joined(place, annotation)
        if area is None or wide is None or is_fixed(table) or package.is_filled_by_query(part):
            continue
        joined = True
        if wide != area:
            names = [_header(annotation, place, position) for position in range(area.last + 1, wide.last + 1)]
            package.set(part, join_table(table, package.read(part), wide, names))
    return joined


def _ending(reference: str, new: Area) -> str:
    """Return a reference such as `$A$1:$D$9` with another last column."""
    return re.sub(r"[A-Z]+(?=\$?\d+$)", column_letter(new.last), reference)


def _header(annotation: Annotation, place: Place, position: int) -> str:
    """Return what the header cell of one of our columns says."""
    if position in place.reused:
        return annotation.headers[position]
    return annotation.names[0 if position == place.status else 1]


def _name(package: EditedPackage, part: str) -> str:
    member = package.member(part)
    return member.name if member else part


def _styles(package: EditedPackage) -> tuple[str, Styles]:
    part = package.styles_part()
    if part is None:
        part = posixpath.join(posixpath.dirname(package.workbook), "styles.xml")
        if package.exists(part):
            raise not_as_usual(part)
        package.add_related(part, "styles", STYLES_TYPE)
        package.changed[part] = minimal_styles(package.namespace)
    return part, Styles(package.read(part))


class _Sheet:
    """The sheet's part with our cells. Take `pieces` first; what it did is known afterwards."""

    def __init__(
        self,
        annotation: Annotation,
        plan: _Plan,
        formats: Formats,
        highlight: int,
        shared: Callable[[Collection[int]], Mapping[int, str]],
    ) -> None:
        self._shared = shared
        self._annotation = annotation
        self._plan = plan
        self._formats = formats
        self._highlight = highlight
        self.prefix = ""
        self.added_rows = 0

    def pieces(self, old: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the part; `old` yields the one it is made from."""
        head, rest, prefix = split_head(old)
        frame = Frame(head, prefix)
        place = self._plan.place
        yield frame.head(place, {place.status: STATUS_WIDTH, place.message: MESSAGE_WIDTH})
        heights = frame.row_heights(place.message, MESSAGE_WIDTH, self._formats.wrapping)
        rows = RowPatcher(self._annotation, place, self._formats, heights, prefix, in_order=self._plan.in_order)
        tails: list[bytes] = []
        yield from rows.patch(rest, old, tails.append)
        faulty = self._annotation.faulty
        shared = self._shared({index for cell in rows.faults.values() if (index := shared_index(cell)) is not None})
        highlights = formats(faulty, rows.faults, shared, MOST_WATCHED)
        yield frame.tail(tails[0], self._annotation, place, self._plan.filter, highlights, self._highlight)
        self.prefix = f"{prefix}:" if prefix else ""
        self.added_rows = rows.added_rows


def split_head(pieces: Iterator[bytes]) -> tuple[bytes, bytes, str]:
    """Return everything up to the rows, the beginning of the rows, and the prefix of the main markup."""
    head = b""
    for piece in pieces:
        head += piece
        if found := _SHEET_DATA.search(head):
            prefix = (found[1] or b"").decode()
            rest = head[found.end() :]
            if found[0].endswith(b"/>"):
                name = f"{prefix}:sheetData" if prefix else "sheetData"
                return head[: found.end() - 2] + b">", f"</{name}>".encode() + rest, prefix
            return head[: found.end()], rest, prefix
        if len(head) > LARGEST_FRAME:
            break
    raise not_as_usual()


class PartsWriter:
    """Writes the new archive: members in the old order, those that are known late behind them."""

    def __init__(self, archive: Archive, target: BinaryIO, codec: Codec) -> None:
        self._archive = archive
        self._out = ArchiveWriter(target, codec)
        self._ranks = {name: rank for rank, name in enumerate(archive.members)}
        self.touched: set[str] = set()

    def copy_all(
        self, changed: dict[str, bytes | None], sheet: Member, pieces: Iterator[bytes], later: set[str]
    ) -> None:
        """Copy what is not changed, write what is; leave out parts that come `later`."""
        for member in sorted(self._archive.members.values(), key=lambda member: member.start):
            if member.name == sheet.name:
                self._write(member.name, pieces, member)
            elif member.name.lower() in later:
                continue
            elif member.name not in changed:
                self._out.copy(self._archive, member, self._ranks[member.name])
            elif (content := changed[member.name]) is not None:
                self._write(member.name, iter((content,)), member)
            else:
                self.touched.add(member.name)
        for name, content in changed.items():
            if content is not None and name not in self._archive.members and name.lower() not in later:
                self._write(name, iter((content,)), None)

    def put(self, part: str, pieces: Iterator[bytes]) -> None:
        """Write a part, new or replacing the old one."""
        member = self._archive.find(part)
        self._write(member.name if member else part, pieces, member)

    def leave_out(self, part: str) -> None:
        """Note that a part which an earlier run of ours left is written no more."""
        member = self._archive.find(part)
        if member is not None:
            self.touched.add(member.name)

    def put_or_copy(self, part: str, content: bytes | None) -> None:
        """Write a part, or copy it where there is no new content."""
        member = self._archive.find(part)
        if content is not None:
            self._write(member.name if member else part, iter((content,)), member)
        elif member is not None:
            self._out.copy(self._archive, member, self._ranks[member.name])

    def _write(self, name: str, pieces: Iterator[bytes], member: Member | None) -> None:
        rank = self._ranks.setdefault(name, len(self._ranks))
        self._out.write(name, pieces, rank, member)
        self.touched.add(name)

    def close(self) -> None:
        self._out.close(self._archive.comment)
