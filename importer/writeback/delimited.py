"""Two fields more at the end of each record of a delimited file; every other byte stays as it is.

In:  the file's bytes, how the loader found them to be written, and the notes in row order.
Out: the same bytes with our two fields before each record's line end.

Records end as Python's `csv` sees it (RFC 4180, and what people really have): a quote opens a field only at its
beginning, a doubled one is a quote, and any of CRLF, LF and CR ends a record. Blank lines and a `sep=;` line stay bare.
Nothing of ours stands behind a record that is too short or too long: a spreadsheet program would pad it with our fields
under the user's headers, and the next run would read them. Nor does it behind the first half of a text that was cut in
two, which only its line end shows: nobody could join the halves any more.

Text of ours never starts a formula: Excel and LibreOffice run a CSV field that begins with `=`, `+`, `-` or `@`, white
space aside, quoted or not. Such a text gets an apostrophe before it (OWASP, "CSV Injection").
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from operator import itemgetter
from typing import BinaryIO

from importer.ooxml.errors import NotUnderstood
from importer.ooxml.xml import CELL_LIMIT
from importer.writeback.annotation import Annotation, Dialect, Note
from importer.writeback.encodings import Coding
from schemas.message import message

LONGEST_RECORD = 64 << 20
"""A quoted field that runs on for this many bytes was never meant as one."""

FORMULA_START = re.compile(r"[\s']*[=+\-@]")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_NO_NOTE: Note = (0, "", "", "")
_MASK = bytes.maketrans(b"\n\r", b"\x1e\x1f")
_UNMASK = bytes.maketrans(b"\x1e\x1f", b"\n\r")
_SIGNS = bytes(range(256))
_LAST = itemgetter(-1)


def annotate(
    source: BinaryIO,
    target: BinaryIO,
    annotation: Annotation,
    dialect: Dialect,
    *,
    on_bytes: Callable[[bytes], object] = lambda _: None,
) -> None:
    """Copy `source` to `target`, with status and message after each record.

    on_bytes: sees every byte of `source` in order, for a digest.
    Raises NotUnderstood where the bytes are not what the dialect says, a record has no end, or a ragged one would be
    as long as the new header.
    """
    coding = Coding(dialect.encoding)
    fields = _Fields(annotation, coding, coding.ours(dialect.delimiter))
    blocks = _separator_apart(coding.read(source, on_bytes), separator_line=dialect.separator_line)
    target.write(coding.back(next(blocks, b"")))
    target.writelines(
        coding.back(fields.append(records)) for records in _records(blocks, coding.ours(dialect.delimiter))
    )


def _separator_apart(blocks: Iterator[bytes], *, separator_line: bool) -> Iterator[bytes]:
    """Yield what stands before the first record (mark, `sep=` line; may be empty), then the rest in blocks."""
    first = next(blocks, None)
    if first is None:
        return
    start = len(codecs.BOM_UTF8) if first.startswith(codecs.BOM_UTF8) else 0
    if separator_line and (end := re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)").match(first, start)):
        start = end.end()
    yield first[:start]
    yield first[start:]
    yield from blocks


@dataclass(slots=True)
class _Records:
    """Some records one by one, without their line ends."""

    bare: list[bytes]
    ends: list[bytes]
    masked: bool = False
    """Whether line breaks inside quotes are control characters."""

    def __len__(self) -> int:
        return len(self.bare)

    def singly(self) -> _Records:
        """Return the records one by one."""
        return self

    def odd_ends(self) -> list[int]:
        """Return the places of records that end in another line end than most; the last one may have none."""
        kinds = Counter(filter(None, self.ends))
        if len(kinds) < 2:
            return []
        usual = kinds.most_common(1)[0][0]
        return [place for place, end in enumerate(self.ends) if end not in {usual, b""}]

    def ragged(self, delimiter: bytes, width: int) -> list[int]:
        """Return the places of records, blank ones too, that have not `width` fields or are the half of a text.

        One with a line end of its own before a ragged one that holds something is the first half of a text that was
        cut in two.
        """
        ragged = {place for place, one in enumerate(self.bare) if not one or len(split_fields(one, delimiter)) != width}
        filled = {place for place in ragged if self.bare[place].strip(b' "' + delimiter)}
        return sorted({*ragged, *(place for place in self.odd_ends() if place + 1 in filled)})

    def joined(self, ours: list[bytes]) -> bytes:
        """Return the records with what of ours goes behind each, and their line ends."""
        pieces = [b""] * (3 * len(ours))
        pieces[::3], pieces[1::3], pieces[2::3] = self.bare, ours, self.ends
        block = b"".join(pieces)
        return block.translate(_UNMASK) if self.masked else block


@dataclass(slots=True)
class _Block:
    """Whole records in one piece: quotes are only opened where fields begin, and line ends are all alike."""

    text: bytes
    """The records; line breaks inside quotes are control characters where it is masked."""
    masked: bool
    outline: bytes
    """The records with a quote for each text inside quotes: its delimiters and line ends are all real."""
    skeleton: bytes
    """The delimiters and line ends of the outline alone."""
    end: bytes
    count: int

    def __len__(self) -> int:
        return self.count

    def singly(self) -> _Records:
        """Return the records one by one."""
        return _Records(self.text.splitlines(), [self.end] * self.count, self.masked)

    def ragged(self, delimiter: bytes, width: int) -> list[int]:
        """Return the places of records, blank ones too, that have not `width` fields."""
        if width > 1 and self.skeleton == (delimiter * (width - 1) + self.end) * self.count:
            return []
        return [
            place for place, one in enumerate(self.outline.splitlines()) if not one or one.count(delimiter) != width - 1
        ]

    def joined(self, ours: list[bytes]) -> bytes:
        """Return the records with what of ours goes behind each: one formatting instead of a million pieces."""
        mark = self.end[:1]
        block = self.text.replace(b"%", b"%%").replace(mark, b"%b" + mark) % tuple(ours)
        return block.translate(_UNMASK) if self.masked else block


def _records(blocks: Iterator[bytes], delimiter: bytes) -> Iterator[_Records | _Block]:
    """Cut blocks into records; the last one of the file may lack its line end."""
    pattern = _record_pattern(delimiter)
    rest = b""
    for block in blocks:
        rest += block
        records: _Records | _Block
        records, rest = _cut_regular(rest, delimiter) or _cut(rest, pattern, last=False)
        if len(records):
            yield records
        if len(rest) > LONGEST_RECORD:
            raise NotUnderstood(message("A quoted field of the file has no end."))
    if rest:
        yield _cut(rest, pattern, last=True)[0]


def _record_pattern(delimiter: bytes) -> re.Pattern[bytes]:
    """Return what matches one record, and its line end as the first group where that is there."""
    plain = rb"[^%s\r\n]*+" % re.escape(delimiter)
    field = rb'(?:"[^"]*+(?:""[^"]*+)*+"%s|(?!")%s)' % (plain, plain)
    return re.compile(rb"%s(?:%s%s)*+(\r\n|\n|\r)?" % (field, re.escape(delimiter), field))


def _cut_regular(block: bytes, delimiter: bytes) -> tuple[_Block, bytes] | None:
    """Cut a block in which quotes are only opened where fields begin, and whose line ends are all alike; else None.

    Everything here works on the whole block at once: this is what makes a million rows a matter of a second.
    """
    pieces = block.split(b'"')
    outside = pieces[::2]
    before_quotes = outside[:-1] if len(pieces) % 2 else outside
    edges = set(delimiter + b"\r\n")
    if len(delimiter) > 1 or not edges.issuperset(map(_LAST, filter(None, before_quotes))):
        return None
    inside = b"".join(pieces[1::2])
    masked = b"\n" in inside or b"\r" in inside
    text = block
    if masked:
        if b"\x1e" in block or b"\x1f" in block:
            return None
        pieces[1::2] = [piece.translate(_MASK) for piece in pieces[1::2]]
        text = b'"'.join(pieces)
    held_back = int(text.endswith(b"\r"))  # half of a CRLF, perhaps
    outline = _whole_lines(b'"'.join(outside), held_back)
    end = _one_end(outline)
    if end is None:
        return None
    skeleton = outline.translate(None, _SIGNS.translate(None, delimiter + b"\r\n"))
    whole = _whole_lines(text, held_back)
    rest = text[len(whole) :]
    count = skeleton.count(end[-1:])
    return _Block(whole, masked, outline, skeleton, end, count), rest.translate(_UNMASK) if masked else rest


def _whole_lines(text: bytes, held_back: int) -> bytes:
    """Return a text up to its last line end, which is none of the last bytes that are held back."""
    stop = len(text) - held_back
    return text[: max(text.rfind(b"\n", 0, stop), text.rfind(b"\r", 0, stop)) + 1]


def _one_end(outline: bytes) -> bytes | None:
    """Return the line end of all records; None where there are several."""
    if b"\r" not in outline:
        return b"\n"
    if b"\n" not in outline:
        return b"\r"
    return b"\r\n" if outline.replace(b"\r", b"").replace(b"\n", b"\r\n") == outline else None


def _cut(block: bytes, pattern: re.Pattern[bytes], *, last: bool) -> tuple[_Records, bytes]:
    """Cut a block record by record."""
    records = _Records([], [])
    at = start = 0
    while at < len(block) and (found := pattern.match(block, at)):
        end = found[1]
        if end is None and not (last and found.end() == len(block)):
            break
        if end == b"\r" and found.end() == len(block) and not last:
            break
        records.ends.append(end or b"")
        records.bare.append(block[at : found.end() - len(end or b"")])
        start, at = at, found.end()
    if last and at < len(block):
        raise NotUnderstood(message("A quoted field of the file has no end."))
    if not last and len(records.bare) - 1 in records.odd_ends():  # the next record may be the other half of this one
        del records.bare[-1], records.ends[-1]
        at = start
    return records, block[at:]


class _Ours:
    """What goes behind a record: two fields, each with the delimiter before it. Set `quote_all` before asking."""

    def __init__(self, coding: Coding, delimiter: bytes) -> None:
        self._coding = coding
        self._delimiter = delimiter
        self._statuses: dict[str, bytes] = {}
        self._alone: dict[str, bytes] = {}
        self.quote_all = False

    def of_all(self, notes: list[Note]) -> list[bytes]:
        """Return what goes behind each row. Most rows have a status alone, of which there are few."""
        statuses, alone, field = self._statuses, self._alone, self._field
        try:
            return [statuses[status] + field(text) if text else alone[status] for _, status, text, _ in notes]
        except KeyError:
            for status in {status for _, status, _, _ in notes}:
                statuses[status] = field(status)
                alone[status] = self.fields(status, "")
            return self.of_all(notes)

    def fields(self, status: str, text: str) -> bytes:
        """Return both fields of one record."""
        return self._field(status) + self._field(text)

    def _field(self, text: str) -> bytes:
        """Return text of ours as one field: on one line, never the start of a formula, quoted where it must be."""
        if not text.isprintable():
            text = _UNPRINTABLE.sub(" ", text)
        if not text[:1].isalnum() and FORMULA_START.match(text):
            text = "'" + text
        if len(text) > CELL_LIMIT:
            text = text[: CELL_LIMIT - 1] + "…"
        field = self._coding.ours(text)
        delimiter = self._delimiter
        if self.quote_all or b'"' in field or delimiter in field or field != field.strip(b" "):
            return delimiter + b'"' + field.replace(b'"', b'""') + b'"'
        return delimiter + field


class _Fields:
    """Puts our fields behind records; counts rows as the spreadsheet does: each record one, blank lines too."""

    def __init__(self, annotation: Annotation, coding: Coding, delimiter: bytes) -> None:
        self._delimiter = delimiter
        self._header_row = annotation.header_row
        self._names = annotation.names
        self._width = len(annotation.headers)
        self._own = tuple(sorted(position for position in annotation.own if position is not None))
        self._new_width = self._width - len(self._own) + 2
        self._own_last = self._width > 2 and self._own == (self._width - 2, self._width - 1)
        self._notes = annotation.notes()
        self._ours = _Ours(coding, delimiter)
        self._row = 0

    def append(self, records: _Records | _Block) -> bytes:
        """Return the records, in order, without fields of an earlier run, with what of ours goes behind each."""
        count, first = len(records), self._row + 1
        self._row += count
        head = self._header_row - first
        above = min(max(head + 1, 0), count)
        ours = [b""] * above
        if 0 <= head < count:
            ours[head] = self._header(records.singly().bare[head])
        ours += self._of_rows(first + above, count - above)
        ragged = [place for place in records.ragged(self._delimiter, self._width) if place >= above]
        if ragged and self._new_width > self._width:
            self._refuse_long_rows(first, ragged, records.singly().bare)
        for place in ragged:
            ours[place] = b""
        if self._own and head < count:
            records = self._without_ours(records.singly(), {*range(above), *ragged} - {head})
        return records.joined(ours)

    def _header(self, record: bytes) -> bytes:
        """Return our headers, and let what follows be in quotes where all headers are."""
        self._ours.quote_all = all(field.startswith(b'"') for field in split_fields(record, self._delimiter))
        return self._ours.fields(*self._names)

    def _refuse_long_rows(self, first: int, ragged: list[int], records: list[bytes]) -> None:
        for place in ragged:
            if len(split_fields(records[place], self._delimiter)) == self._new_width:
                raise NotUnderstood(
                    message(
                        "Row {row} has too many fields: exactly as many as the header would have with the "
                        "results, so it would be read as a whole row.",
                        row=first + place,
                    )
                )

    def _of_rows(self, first: int, count: int) -> list[bytes]:
        """Return what of ours goes behind each of some rows."""
        notes = list(islice(self._notes, count))
        in_step = len(notes) == count and notes and notes[0][0] == first and notes[-1][0] == first + count - 1
        return self._ours.of_all(notes) if in_step else self._ours_singly(first, count, notes)

    def _ours_singly(self, first: int, count: int, notes: list[Note]) -> list[bytes]:
        """Return what of ours goes behind each row where some rows have no note."""
        self._notes = chain(notes, self._notes)
        note = next(self._notes, None)
        ours: list[bytes] = []
        for row in range(first, first + count):
            while note is not None and note[0] < row:
                note = next(self._notes, None)
            _, status, text, _ = note if note is not None and note[0] == row else _NO_NOTE
            ours.append(self._ours.fields(status, text))
        if note is not None:
            self._notes = chain((note,), self._notes)
        return ours

    def _without_ours(self, records: _Records, kept: set[int]) -> _Records:
        """Return the records without the fields that an earlier run wrote; those at places in `kept` stay."""
        bare = [
            record if place in kept else self._record_without_ours(record) for place, record in enumerate(records.bare)
        ]
        return _Records(bare, records.ends, records.masked)

    def _record_without_ours(self, record: bytes) -> bytes:
        """Return a record, which has the header's number of fields, without those of ours."""
        if self._own_last:
            kept, *ours = record.rsplit(self._delimiter, 2)
            if len(ours) == 2 and not any(b'"' in one for one in ours):  # what stands in quotes ends with one
                return kept
        fields = enumerate(split_fields(record, self._delimiter))
        return self._delimiter.join(field for n, field in fields if n not in self._own)


def split_fields(bare: bytes, delimiter: bytes) -> list[bytes]:
    """Return the fields of a record as they stand, quotes and all."""
    parts = bare.split(delimiter)
    if b'"' not in bare:
        return parts
    fields: list[bytes] = []
    for part in parts:
        if fields and fields[-1].startswith(b'"') and fields[-1].count(b'"') % 2:
            fields[-1] += delimiter + part
        else:
            fields.append(part)
    return fields


def correct_records(
    source: BinaryIO,
    target: BinaryIO,
    coding: Coding,
    dialect: Dialect,
    width: int,
    texts: Mapping[tuple[int, int], str],
) -> None:
    """Copy `source` to `target` with other texts in some fields, {(row, position): text}.

    width: fields of the header. Raises NotUnderstood where a row has another number of them, or is not there.
    """
    delimiter = coding.ours(dialect.delimiter)
    wanted: dict[int, dict[int, str]] = {}
    for (row, position), text in texts.items():
        wanted.setdefault(row, {})[position] = text
    blocks = _separator_apart(coding.read(source, lambda _: None), separator_line=dialect.separator_line)
    target.write(coding.back(next(blocks, b"")))
    row = 0
    for records in (block.singly() for block in _records(blocks, delimiter)):
        bare = records.bare
        for place in range(len(bare)):
            row += 1
            if row not in wanted:
                continue
            fields = split_fields(bare[place], delimiter)
            if len(fields) != width:
                raise NotUnderstood(message("Row {row} does not have as many fields as the header.", row=row))
            for position, text in wanted.pop(row).items():
                new = _new_field(coding.ours(text), fields[position], delimiter)
                fields[position] = new.translate(_MASK) if records.masked else new
            bare[place] = delimiter.join(fields)
        target.write(coding.back(records.joined([b""] * len(bare))))
    if wanted:
        raise NotUnderstood(message("The sheet has no row {row}.", row=min(wanted)))


def _new_field(text: bytes, old: bytes, delimiter: bytes) -> bytes:
    """Return a text as a field, in quotes where the old one was, or where it must be."""
    is_plain = not any(sign in text for sign in (b'"', delimiter, b"\n", b"\r")) and text == text.strip(b" ")
    return text if is_plain and not old.startswith(b'"') else b'"%s"' % text.replace(b'"', b'""')
