"""The rows of a sheet's part, streamed, with our cells in them; every other byte stays as it is.

In:  the part's bytes in pieces, and the notes in row order.
Out: the same bytes with two cells more in each row that has a note, and `spans` that reach them.

Rows are cut at `</row>` on bytes: 50 MB of rows take a second. What makes this safe: comments, CDATA and processing
instructions are refused, and without them a `<` can only begin a tag. A row whose shape is not the usual one is read
cell by cell; one that cannot be understood ends the work, and the results go elsewhere.
Source: ECMA-376 part 1, 18.3.1.73 (row), 18.3.1.4 (c), 18.3.1.53 (is).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice

from importer.findings import column_letter
from importer.ooxml.addresses import column_position
from importer.ooxml.errors import not_as_usual
from importer.ooxml.xml import text_content, whole_number
from importer.writeback.annotation import Annotation, Note
from importer.writeback.areas import Place
from importer.writeback.heights import RowHeights
from importer.writeback.worksheet import Occupied

MOST_WATCHED = 5_000
"""Faulty cells whose highlight fades when they are corrected; beyond it a highlight stays until the next run."""
LARGEST_FRAME = 128 << 20
"""Bytes before and behind the rows, which are held whole."""
_ATTRIBUTES = rb"""(?:[^<>"'/]++|"[^"<]*+"|'[^'<]*+')*+"""
_REFERENCE = re.compile(rb"""(?:^|\s)r\s*=\s*["']([A-Z]{1,3})(\d+)["']""")
ROW_NUMBER = re.compile(rb"""(?:^|\s)r\s*=\s*["'](\d+)["']""")
STYLE = re.compile(rb"""(?:^|\s)s\s*=\s*["'](\d+)["']""")
SPANS = re.compile(rb"""(?:^|\s)spans\s*=\s*["'](\d+):(\d+)["']""")


def _holds(block: bytes, sign: bytes, text: bytes) -> bool:
    """Return whether a text that holds a rare sign is in a block: one byte is found ten times as fast as several."""
    return sign in block and text in block


def row_pattern(prefix: bytes) -> re.Pattern[bytes]:
    """Return what matches a row's start tag: its attributes, and a slash where it has no cells."""
    return re.compile(rb"<%srow(?=[\s/>])(%s)(/?)>" % (prefix, _ATTRIBUTES))


def cell_pattern(prefix: bytes) -> re.Pattern[bytes]:
    """Return what matches a cell: its attributes, and as the third group what it holds."""
    inside = rb"(?:[^<]++|<(?!/%sc\s*>))*+" % prefix
    return re.compile(rb"<%sc(?=[\s/>])(%s)(/>|>(%s)</%sc\s*>)" % (prefix, _ATTRIBUTES, inside, prefix))


def read_cells(
    content: bytes, pattern: re.Pattern[bytes], extension: bytes
) -> tuple[dict[int, tuple[bytes, bool]], bytes]:
    """Return {position: (markup with the white space before it, whether it holds something)} and what follows."""
    cells: dict[int, tuple[bytes, bool]] = {}
    at = 0
    position = -1
    while found := pattern.search(content, at):
        space = content[at : found.start()]
        if space.strip():
            break
        reference = _REFERENCE.search(found[1])
        here = column_position(reference[1].decode()) if reference else position + 1
        if here <= position:
            raise not_as_usual()
        position = here
        cells[position] = content[at : found.end()], bool(found[3] and found[3].strip())
        at = found.end()
    behind = content[at:]
    if behind.strip() and not behind.strip().startswith(extension):
        raise not_as_usual()
    return cells, behind


class OutOfOrder(Exception):
    """Rows do not stand in the order of their numbers: notes must be looked up, not merged."""


@dataclass(frozen=True, slots=True)
class Formats:
    """Indexes of cell formats: for a status, for a message, for one of several lines; those that show such."""

    statuses: Mapping[str, int]
    message: int
    lines: int
    wrapping: AbstractSet[int]


class _Shape:
    """How the elements of rows are written where they have a prefix (one with its colon, or empty)."""

    def __init__(self, prefix: bytes) -> None:
        self.prefix = p = prefix
        self.row_end = b"</%srow>" % p
        self.row_start = b"<%srow" % p
        self.cell_start = b'<%sc r="' % p
        self.cell_ends = b"</%sc>" % p, b"/>"
        self.data_end = b"</%ssheetData" % p
        self.open_row = row_pattern(p)
        self.cell = cell_pattern(p)
        self.usual_row = re.compile(rb'<%srow r="(\d{1,9})"(?: spans="(\d{1,5}:\d{1,5})")?' % p)
        self.usual_cell = re.compile(rb'<%sc r="([A-Z]+)(\d+)"' % p)
        self.other_cell = re.compile(rb'<%sc(?! r=")[\s/>]' % p)
        self.extension = b"<%sextLst" % p

    def cells_at(self, segment: bytes, row: int, positions: Iterable[int]) -> dict[int, tuple[bytes, bool]]:
        """Return what `read_cells` does, of a row of the usual shape: at least the cells at some positions.

        They are found by their references, unless a cell of the row does not begin with its reference.
        """
        if self.other_cell.search(segment):
            return read_cells(segment[segment.find(b">") + 1 :], self.cell, self.extension)[0]
        cells = {}
        for position in positions:
            at = segment.find(b'%s%s%d"' % (self.cell_start, column_letter(position).encode(), row))
            if at >= 0:
                found = self.cell.match(segment, at)
                if found is None:
                    raise not_as_usual()
                cells[position] = found[0], bool(found[3])
        return cells


class _OurCells:
    """The markup of our cells, in the prefix that the sheet's own elements have."""

    def __init__(self, place: Place, formats: Formats, shape: _Shape) -> None:
        self._place = place
        self._formats = formats
        self._shape = shape
        self._prefix = p = shape.prefix
        self.adjacent = place.message == place.status + 1
        self._both_ours = self.adjacent and place.reused == {place.status, place.message}
        self.letters = {n: column_letter(n).encode() for n in (place.status, place.message)}
        self._message = (
            b'<%sc r="%s%%b" s="%%d" t="inlineStr"><%sis><%st xml:space="preserve">%%b</%st></%sis></%sc>'
            % (p, self.letters[place.message], p, p, p, p, p)
        )
        self._statuses: dict[str, tuple[bytes, bytes]] = {}

    def status(self, status: str) -> tuple[bytes, bytes]:
        """Return what stands before and behind the row's number in the cell of a status."""
        if status not in self._statuses:
            p = self._prefix
            style = self._formats.statuses.get(status, self._formats.message)
            before = b'<%sc r="%s' % (p, self.letters[self._place.status])
            text = text_content(status)
            behind = b'" s="%d" t="inlineStr"><%sis><%st>%s</%st></%sis></%sc>' % (style, p, p, text, p, p, p)
            self._statuses[status] = before, behind
        return self._statuses[status]

    def message(self, number: bytes, text: str) -> bytes:
        """Return the message cell of a row."""
        style = self._formats.lines if "\n" in text else self._formats.message
        return self._message % (number, style, text_content(text))

    def of_note(self, note: Note) -> dict[int, bytes]:
        """Return the cells of a row, by position."""
        row, status, text, _ = note
        number = b"%d" % row
        cells = {self._place.status: number.join(self.status(status))}
        if text:
            cells[self._place.message] = self.message(number, text)
        return cells

    def text(self, position: int, row: int, style: int, text: str) -> bytes:
        """Return a cell of text."""
        p = self._prefix
        head = p, self.letters[position], row, style
        return b'<%sc r="%s%d" s="%d" t="inlineStr"><%sis><%st>%s</%st></%sis></%sc>' % (
            *head,
            *(p, p, text_content(text), p, p, p),
        )

    def earlier_from(self, segment: bytes, number: bytes) -> int:
        """Return where the cells of an earlier run begin, if they are a row's last and hold something; else 0."""
        if not self._both_ours or not segment.endswith(b"</%sc>" % self._shape.prefix):
            return 0
        at = segment.rfind(b'%s%s%s"' % (self._shape.cell_start, self.letters[self._place.status], number))
        if at <= 0:
            return 0
        filled = [bool(cell[3] and cell[3].strip()) for cell in self._shape.cell.finditer(segment, at)]
        cells = self._shape.usual_cell.findall(segment, at)
        known = [(self.letters[self._place.status], number), (self.letters[self._place.message], number)]
        return at if cells == known[: len(cells)] and filled == [True] * len(cells) else 0

    def check_free(self, cells: Mapping[int, tuple[bytes, bool]]) -> None:
        """Raise Occupied where something else stands in our columns."""
        reused = self._place.reused
        if any(filled and p not in reused and p in self.letters for p, (_, filled) in cells.items()):
            raise Occupied(max(p for p, (_, filled) in cells.items() if filled))

    def headers(self, row: int, neighbour: bytes, names: tuple[str, str]) -> dict[int, bytes]:
        """Return our headers, as their neighbour looks. Those that stand there from an earlier run are left alone."""
        found = STYLE.search(neighbour.partition(b">")[0])
        style = whole_number(found[1]) if found else 0
        texts = dict(zip((self._place.status, self._place.message), names, strict=True))
        return {
            position: self.text(position, row, style, text)
            for position, text in texts.items()
            if position not in self._place.reused
        }


def _wider(span: bytes, place: Place) -> bytes:
    """Return the `spans` of a row that has our cells too."""
    first, last = span.split(b":")
    return b"%d:%d" % (min(whole_number(first), place.status + 1), max(whole_number(last), place.last + 1))


def _widened(tag: bytes, place: Place) -> bytes:
    """Return a row's start tag with such `spans`."""
    return SPANS.sub(lambda found: found[0].replace(span := b":".join(found.groups()), _wider(span, place)), tag)


class RowPatcher:
    """Puts our cells into the rows of one sheet. For one pass only."""

    def __init__(
        self,
        annotation: Annotation,
        place: Place,
        formats: Formats,
        heights: RowHeights,
        prefix: str,
        *,
        in_order: bool = True,
    ) -> None:
        self._heights = heights
        self._watched: dict[int, list[int]] = {}
        for row, position in islice(annotation.faulty, MOST_WATCHED):
            self._watched.setdefault(row, []).append(position)
        self._last_watched = max(self._watched, default=0)
        self.faults: dict[tuple[int, int], bytes] = {}
        """(row, position) -> the markup of a faulty cell as it stands in the sheet; missing where the cell is."""
        self._place = place
        self._header_row = annotation.header_row
        self._neighbour = annotation.last_header()
        self._names = annotation.names
        self._shape = _Shape(prefix.encode() + b":" if prefix else b"")
        self._spans: dict[bytes, bytes] = {}
        self._left = frozenset(column_letter(n).encode() for n in range(min(place.status, place.message)))
        self._ours = _OurCells(place, formats, self._shape)
        self._last_row = 0
        self._notes = annotation.notes()
        self._pending: Note | None = next(self._notes, None)
        self._lookup: dict[int, Note] | None = None
        self._header_done = False
        self.added_rows = 0
        """Rows that were not in the sheet."""
        if not in_order:
            self._lookup = {note[0]: note for note in annotation.notes() if note[0] != self._header_row}

    def patch(self, rest: bytes, pieces: Iterator[bytes], on_tail: Callable[[bytes], None]) -> Iterator[bytes]:
        """Yield the rows with our cells; `rest` is what follows `<sheetData>` in the piece that held it.

        on_tail: gets everything from `</sheetData>` on.
        Raises Occupied, OutOfOrder, NotUnderstood.
        """
        buffer = rest
        while True:
            closed = buffer.rfind(self._shape.row_end)
            cut = closed + len(self._shape.row_end) if closed >= 0 else 0
            end = buffer.find(
                self._shape.data_end, cut
            )  # behind the last row alone: to search all bytes costs as the rest
            if end >= 0:
                break
            cut = max(cut, buffer.rfind(self._shape.row_start))
            if cut > 0:
                yield self._block(buffer[:cut])
                buffer = buffer[cut:]
            piece = next(pieces, None)
            if piece is None:
                raise not_as_usual()
            buffer += piece
        yield self._block(buffer[:end])
        yield self._remaining()
        tail = [buffer[end:]]
        size = 0
        for piece in pieces:
            tail.append(piece)
            size += len(piece)
            if size > LARGEST_FRAME:
                raise not_as_usual()
        on_tail(b"".join(tail))

    def _block(self, block: bytes) -> bytes:
        """Return some whole rows with our cells."""
        if _holds(block, b"!", b"<!") or _holds(block, b"?", b"<?"):
            raise not_as_usual()
        is_done = self._header_done and self._pending is None and self._last_row >= self._last_watched
        if is_done and self._lookup is None and not self._place.reused:
            return block
        segments = block.split(self._shape.row_end)
        last = segments.pop()
        if self._lookup is not None or not self._ours.adjacent or _holds(block, b"x", self._shape.extension):
            out = [self._unusual(segment, closed=False) for segment in segments]
        else:
            out = self._usual(segments)
        if last:
            out.append(self._unusual(last, closed=True))
        return b"".join(out)

    def _usual(self, segments: list[bytes]) -> list[bytes]:
        """Do rows of the usual shape: numbered, in order, their last cell left of our columns, or ours."""
        out: list[bytes] = []
        usual_row, usual_cell, cell_start, cell_ends, row_end = (
            self._shape.usual_row.match,
            self._shape.usual_cell.match,
            self._shape.cell_start,
            self._shape.cell_ends,
            self._shape.row_end,
        )
        left, header_row, wraps = self._left, self._header_row, self._heights.wraps
        spans, status_cell, message_cell = self._spans, self._ours.status, self._ours.message
        note = self._pending
        last_row = self._last_row
        for segment in segments:
            found = usual_row(segment)
            at = segment.rfind(cell_start)
            cell = usual_cell(segment, at) if found and at > 0 else None
            if cell and found and cell[2] == found[1] and segment.endswith(cell_ends):
                number = found[1]
                row = int(number)
                ours_from = len(segment) if cell[1] in left else self._ours.earlier_from(segment, number)
                if ours_from and row > last_row and row != header_row and (note is None or note[0] >= row):
                    last_row = row
                    if row in self._watched:
                        self._note_faults(row, self._shape.cells_at(segment, row, self._watched[row]))
                    status, text = (note[1], note[2]) if note is not None and note[0] == row else ("", "")
                    kept = segment[:ours_from]
                    if "\n" in text or (ours_from <= at and wraps(segment, at)):
                        kept, text = self._with_room(kept, segment[ours_from:], text)
                    if not status:
                        out += (kept, row_end)
                        continue
                    before, behind = status_cell(status)
                    span = found[2]
                    if span:
                        if span not in spans:
                            spans[span] = _wider(span, self._place)
                        out += (kept[: found.start(2)], spans[span], kept[found.end(2) :])
                    else:
                        out.append(kept)
                    out += (before, number, behind)
                    if text:
                        out.append(message_cell(number, text))
                    out.append(row_end)
                    note = next(self._notes, None)
                    continue
            self._pending, self._last_row = note, last_row
            out.append(self._unusual(segment, closed=False))
            note, last_row = self._pending, self._last_row
        self._pending, self._last_row = note, last_row
        return out

    def _with_room(self, kept: bytes, earlier: bytes, text: str) -> tuple[bytes, str]:
        """Return a row up to our cells with the height that a message needs, and the message as it fits there."""
        tag = self._shape.open_row.match(kept)
        if tag is None:
            raise not_as_usual()
        fitted, text = self._heights.fit(tag[0], kept[tag.end() :], earlier, text)
        return fitted + kept[tag.end() :], text

    def _remaining(self) -> bytes:
        """Return rows for the notes whose rows are not in the sheet, behind all others."""
        self._header_done = True
        if self._lookup is not None:
            left = sorted(self._lookup.values())
            self._lookup = {}
            return b"".join(self._new_row(note) for note in left)
        return self._missing_before(None)

    def _missing_before(self, row: int | None) -> bytes:
        """Return rows that are not in the sheet, for notes up to `row`."""
        out = []
        while self._lookup is None and self._pending is not None and (row is None or self._pending[0] < row):
            if self._pending[0] <= self._last_row:
                raise OutOfOrder
            out.append(self._new_row(self._pending))
            self._last_row = self._pending[0]
            self._pending = next(self._notes, None)
        return b"".join(out)

    def _new_row(self, note: Note) -> bytes:
        self.added_rows += 1
        row, status, text, key = note
        tag, text = self._heights.fit(b'%s r="%d">' % (self._shape.row_start, row), b"", b"", text)
        cells = self._ours.of_note((row, status, text, key))
        return tag + b"".join(cells[position] for position in sorted(cells)) + self._shape.row_end

    def _unusual(self, segment: bytes, *, closed: bool) -> bytes:
        """Do what stands up to one row's end: rows without cells, then a row, whatever its shape.

        closed: no row is open at the end of the segment. Otherwise `</row>` follows and is added.
        """
        out: list[bytes] = []
        at = 0
        while True:
            found = self._shape.open_row.search(segment, at)
            between = segment[at : found.start()] if found else segment[at:]
            if between.strip():
                raise not_as_usual()
            if found is None:
                if not closed:
                    raise not_as_usual()
                return b"".join([*out, between])
            number = ROW_NUMBER.search(found[1])
            row = whole_number(number[1]) if number else self._last_row + 1
            if row <= self._last_row and self._lookup is None:
                raise OutOfOrder
            missing = self._missing_before(row)
            self._last_row = row
            out += (between, missing)
            at = found.end()
            if found[2]:
                out.append(self._row(row, segment[found.start() : found.end()], b"", empty=True))
            elif closed:
                raise not_as_usual()
            else:
                out.append(self._row(row, segment[found.start() : found.end()], segment[at:], empty=False))
                return b"".join(out)

    def _row(self, row: int, tag: bytes, content: bytes, *, empty: bool) -> bytes:
        """Return one row, whatever its shape, with our cells."""
        cells, behind = read_cells(content, self._shape.cell, self._shape.extension)
        self._note_faults(row, cells)
        drop = {p for p, (_, filled) in cells.items() if p in self._place.reused and filled and row != self._header_row}
        earlier, users = (
            b"".join(cells[p][0] for p in cells if (p in self._place.reused) == is_ours) for is_ours in (True, False)
        )
        self._ours.check_free(cells)
        if row == self._header_row:
            self._header_done = True
            ours = self._ours.headers(row, cells.get(self._neighbour, (b"", False))[0], self._names)
        else:
            _, status, text, key = self._note_of(row) or (row, "", "", "")
            tag, text = self._heights.fit(tag, users, earlier, text)
            ours = self._ours.of_note((row, status, text, key)) if status else {}
        if not ours and not drop:
            return tag if empty else tag + content + self._shape.row_end
        merged = {position: markup for position, (markup, _) in cells.items() if position not in drop} | ours
        if ours:
            tag = _widened(tag, self._place)
        if empty:
            tag = tag.rstrip(b"/> \t\r\n") + b">"
        return tag + b"".join(merged[position] for position in sorted(merged)) + behind + self._shape.row_end

    def _note_faults(self, row: int, cells: Mapping[int, tuple[bytes, bool]]) -> None:
        for position in self._watched.get(row, ()):
            if position in cells:
                self.faults[row, position] = cells[position][0].lstrip()

    def _note_of(self, row: int) -> Note | None:
        """Take the note of a row; None where it has none."""
        if self._lookup is not None:
            return self._lookup.pop(row, None)
        if self._pending is None or self._pending[0] != row:
            return None
        note, self._pending = self._pending, next(self._notes, None)
        return note
