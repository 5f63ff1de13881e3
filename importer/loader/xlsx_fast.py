"""The rows and strings of a workbook, where they are written as nearly all programs write them; by one search a row.

In:  the blocks of a sheet's part, the workbook's strings and formats, what a scan found that a cell alone does not say.
Out: columns of text, some thousand rows at a time, the same as the XML parser gives; or `OddXml` where a row or a
     string is written in any other way: then the parser reads on.

Nothing is laid out in memory, and no Python object is made of a cell but its text. A search that matches a row as a
whole cannot misunderstand it, and the rows that match are counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import compress, pairwise

import numpy as np
import numpy.typing as npt

from importer.errors import FileError
from importer.findings import column_letter
from importer.loader.cells import ColumnTexts, cell_text
from importer.loader.sheet_table import Piece
from importer.loader.xlsx_facts import OddXml, check_root, holds_cells, row_segments
from importer.ooxml.number_format import Shows
from importer.ooxml.sheet_parser import Meaning, RawCell, unescape
from importer.ooxml.values import Value
from schemas.cells import Kind

BLOCK = 1 << 17
"""Bytes searched at a time: what a processor's cache holds together with the cells; larger ones take twice as long."""

WIDEST = 256
"""Columns that are searched for: to prepare the search takes longer than it saves in sheets with thousands of them."""

_CELL_BEGIN = (
    rb'(?: s="([0-9]{1,6})"|)(?: t="([A-Za-z]+)"|)(?: [cv]m="[0-9]+")*'
    rb" ?(?:/>|>(?:<f[^<>]*/>|<f[^<>]*>[^<]*</f>|)(?:<v>([^<]*)</v>|<v/>|"
)
_CELL = _CELL_BEGIN + rb")</c>)"
_CELL_OR_INLINE = (
    _CELL_BEGIN
    + rb'<is><t(?: xml:space="preserve">|>(?![ \t\r\n])(?=(?:[^<&]|&[a-z])*+(?<![ \t\r\n])<))([^<]*)</t></is>|'
    rb"<is><t/></is>|<is/>|)</c>)"
)
"""With the text that stands in the cell itself: outer white space counts only where `xml:space` says so."""
_ANYTHING = rb"(?:(?<=/>)|(?:[^<]|<(?!/?c[ />]|/?row))*+</c>)"
_NUMBERS = re.compile(rb"(?:(?:-?[1-9][0-9]{0,14}|0|-?(?=[0-9.]{1,16}\n)(?:0|[1-9][0-9]*)\.[0-9]*[1-9]|)\n)*+")
"""Numbers that are written as we write them, or nothing."""
_SERIALS = re.compile(rb"(?:[0-9]{1,7}(?:\.[0-9]{1,20})?\n)*+")
_DAY_MS = 86_400_000
_FIRST_SERIAL, _LAST_SERIAL = 61, 2_900_000
"""Days about which both date systems and all programs agree: from 1900-03-01 on, before the year 9999."""
_DIGITS_OF_DAYS = len(str(_LAST_SERIAL))
_DAY_ZERO = {1900: date(1899, 12, 30).toordinal(), 1904: date(1904, 1, 1).toordinal()}
_TRUTHS = {b"1": "TRUE", b"0": "FALSE", b"": ""}
_REMEMBERED = 50_000

_STRING = re.compile(rb'<si><t( xml:space="preserve")?>([^<]*)</t></si>|<si><t/></si>|<si/>')
_REFERENCE = re.compile("&(?:#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6})|(amp|lt|gt|quot|apos));")
_LAST_NUMBER = 0xD7FF
"""Beyond it are halves of characters, and some that are none: other readers judge them."""
_SIGNS = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}

_Cell = tuple[Kind, str, str | None]
"""A cell's kind and text, and the number as its format shows it."""


def read_plain_rows(
    blocks: Iterable[bytes],
    positions: Sequence[int],
    meaning: Meaning,
    found: Mapping[int, Mapping[int, Value]],
) -> Iterator[Piece]:
    """Yield the rows from the beginning, some thousands at a time; columns are in the order of `positions`.

    found: row -> position -> the cell, where a scan knows more of it than stands in it. Raises OddXml.
    """
    columns = {position: _Column(meaning) for position in sorted(positions)}
    last = 0
    for body in _bodies(blocks):
        if not holds_cells(body):
            continue
        matched, groups = _matched(body, positions)
        if matched:
            numbers, *cells = zip(*matched, strict=True)
            rows = [last, *map(int, numbers)]
            if any(one >= other for one, other in pairwise(rows)):
                raise OddXml
            last = rows[-1]
            texts = {}
            for place, (position, column) in enumerate(columns.items()):
                style, kind, *contents = cells[place * groups : (place + 1) * groups]
                texts[position] = column.texts(style, kind, _either(*contents))
            _lay_over(texts, rows[1:], found)
            yield rows[1:], [texts[position] for position in positions]


def _matched(body: bytes, positions: Sequence[int]) -> tuple[list[tuple[bytes, ...]], int]:
    """Return what was found of each row, its number and a fixed number of groups for each cell. Raises OddXml."""
    inline = b"<is" in body
    matched = _row_pattern(frozenset(positions), _CELL_OR_INLINE if inline else _CELL).findall(body)
    if len(matched) != body.count(b"<row"):
        raise OddXml
    return matched, 4 if inline else 3


def _either(values: Sequence[bytes], inline: Sequence[bytes] = ()) -> Sequence[bytes]:
    """Return each cell's content, in whichever of the two ways it is written."""
    return [one or other for one, other in zip(values, inline, strict=True)] if inline else values


def is_plain(blocks: Iterable[bytes], width: int) -> bool:
    """Whether the rows at the beginning can be read here; a program writes all of them alike."""
    if width > WIDEST:
        return False
    try:
        return len(_matched(next(_bodies(blocks), b""), range(width))[0]) > 0
    except OddXml:
        return False


def _bodies(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the segments between the beginning, which a scan has judged, and the end of the rows."""
    segments = row_segments(blocks, BLOCK)
    next(segments)
    for segment in segments:
        if segment.startswith(b"<sheetData/>"):
            return
        body, end, _ = segment.partition(b"</sheetData>")
        yield body
        if end:
            return


@lru_cache(maxsize=8)
def _row_pattern(positions: frozenset[int], cell: bytes) -> re.Pattern[bytes]:
    """Return what matches a row, with style, type and value of each asked cell, in the order of the sheet.

    cell: what matches a cell behind its address. The cell after a gap must not bear the name of an asked one, so there
    is one way to match a row.
    """
    names = {position: column_letter(position).encode() for position in sorted(positions)}
    others = rb'(?:<c r="(?!(?:' + b"|".join(names.values()) + rb')[0-9])[A-Z]{1,3}\1"[^<>]*>' + _ANYTHING + rb")*+"
    cells = b"".join(
        (b"" if position == 0 or position - 1 in names else others) + rb'(?:<c r="' + name + rb'\1"' + cell + rb"|)"
        for position, name in names.items()
    )
    return re.compile(rb'<row r="([0-9]{1,7})"[^<>]*>(?:(?<=/>)|' + cells + others + rb"</row>)")


def _lay_over(
    columns: Mapping[int, ColumnTexts], rows: Sequence[int], found: Mapping[int, Mapping[int, Value]]
) -> None:
    for index, row in enumerate(rows) if found else ():
        for position, value in found.get(row, {}).items():
            if position in columns:
                columns[position].put(index, *cell_text(value))


class _Column:
    """One column while it is read: what its rare cells mean is remembered."""

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning
        self._known: dict[tuple[bytes, bytes, bytes], _Cell] = {}
        self._days = _Days(_DAY_ZERO[meaning.date_system])
        self._clocks = _Clocks()
        self._serials = {b"": ""}  # of whole days

    def texts(self, styles: Sequence[bytes], types: Sequence[bytes], contents: Sequence[bytes]) -> ColumnTexts:
        """Return the texts of some cells. Nearly all that are not blank have the same style and type."""
        all_styles, all_types = set(compress(styles, contents)), set(compress(types, contents))
        if not all_styles:
            return ColumnTexts([""] * len(contents), None, {})
        if len(all_styles) == len(all_types) == 1:
            return self._alike(all_styles.pop(), all_types.pop(), contents)
        cells = list(zip(styles, types, strict=True))
        (style, kind), _ = Counter(compress(cells, contents)).most_common(1)[0]
        others = [place for place, one in enumerate(cells) if one != (style, kind) and contents[place]]
        alike = list(contents)
        for place in others:
            alike[place] = b""
        column = self._alike(style, kind, alike)
        for place in others:
            column.put(place, *self._single(*cells[place], contents[place]))
        return column

    def _alike(self, style: bytes, kind: bytes, contents: Sequence[bytes]) -> ColumnTexts:
        """Return the texts of cells of this style and type, or of blank ones."""
        if kind == b"s":
            return ColumnTexts(self._shared(contents), None, {})
        if kind in {b"str", b"inlineStr"}:
            return ColumnTexts(plain_texts(contents), None, {})
        if kind == b"b" and _TRUTHS.keys() >= set(contents):
            return _of_kind(Kind.BOOL, [_TRUTHS[one] for one in contents])
        form = self._meaning.form(int(style or b"0"))
        if kind in {b"", b"n"}:
            if form.is_plain and _NUMBERS.fullmatch(lines := b"\n".join(contents) + b"\n"):
                return _of_kind(Kind.NUMBER, lines.decode().split("\n")[:-1])
            if form.shows is Shows.MOMENT and (column := self._moments(contents)):
                return column
        column = ColumnTexts([""] * len(contents), None, {})
        for place, content in enumerate(contents):
            if content:
                column.put(place, *self._single(style, kind, content))
        return column

    def _shared(self, contents: Sequence[bytes]) -> list[str]:
        strings = self._meaning.strings
        if not b"".join(contents).isdigit():
            if any(contents):
                raise OddXml
            return [""] * len(contents)
        try:
            distinct = set(contents)
            if len(distinct) * 2 > len(contents):
                return [strings[int(one)] if one else "" for one in contents]
            known = {one: strings[int(one)] if one else "" for one in distinct}
            return list(map(known.__getitem__, contents))
        except (IndexError, ValueError) as problem:  # ValueError: more digits than Python reads
            raise OddXml from problem

    def _moments(self, contents: Sequence[bytes]) -> ColumnTexts | None:
        """Return days, and times to the second; None where there is anything else among them."""
        serials = list(filter(None, contents))
        if not serials:
            return None
        if b"".join(serials).isdigit():
            return self._days_alone(contents)
        if not _SERIALS.fullmatch(b"\n".join(serials) + b"\n"):
            return None
        # As `serial_value` does it, which rounds to the nearest millisecond.
        days, rest = np.divmod(np.rint(np.array(list(map(float, serials))) * _DAY_MS).astype(np.int64), _DAY_MS)
        if days.min() < _FIRST_SERIAL or days.max() > _LAST_SERIAL or (rest % 1000).any():
            return None
        names, clocks = self._days, self._clocks
        told = iter([names[day] + clocks[ms] for day, ms in zip(days.tolist(), rest.tolist(), strict=True)])
        texts = [next(told) if one else "" for one in contents]
        column = _of_kind(Kind.DATE, texts)
        assert column.kinds is not None
        column.kinds[column.kinds == Kind.DATE] = np.where(rest > 0, Kind.DATETIME, Kind.DATE)
        return column

    def _days_alone(self, contents: Sequence[bytes]) -> ColumnTexts | None:
        """Return days without a time of day, which repeat."""
        if len(self._serials) > _REMEMBERED:
            self._serials = {b"": ""}
        names, known = self._days, self._serials
        for content in set(contents) - known.keys():
            if len(content) > _DIGITS_OF_DAYS or not _FIRST_SERIAL <= int(content) <= _LAST_SERIAL:
                return None
            known[content] = names[int(content)]
        return _of_kind(Kind.DATE, list(map(known.__getitem__, contents)))

    def _single(self, style: bytes, kind: bytes, content: bytes) -> _Cell:
        """Return one cell, as the XML parser's value means it."""
        known = self._known.get((style, kind, content))
        if known is None:
            text = plain_texts([content])[0]
            cell = RawCell(0, 0, int(style or b"0"), kind.decode() or "n", text)
            try:
                known = cell_text(self._meaning.value(cell))
            except FileError as problem:
                raise OddXml from problem  # others say what is wrong with it
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            self._known[style, kind, content] = known
        return known


def _of_kind(kind: Kind, texts: list[str]) -> ColumnTexts:
    kinds: npt.NDArray[np.uint8] = np.fromiter(map(bool, texts), dtype=np.uint8, count=len(texts)) * np.uint8(kind)
    return ColumnTexts(texts, kinds, {})


class _Days(dict[int, str]):
    """Days by their serial number."""

    def __init__(self, day_zero: int) -> None:
        super().__init__()
        self._day_zero = day_zero

    def __missing__(self, serial: int) -> str:
        """Return `YYYY-MM-DD`."""
        self[serial] = text = date.fromordinal(self._day_zero + serial).isoformat()
        return text


class _Clocks(dict[int, str]):
    """Times of day by their milliseconds, all of them whole seconds."""

    def __missing__(self, milliseconds: int) -> str:
        """Return ` HH:MM:SS`, nothing for midnight."""
        seconds = milliseconds // 1000
        text = f" {seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" if seconds else ""
        self[milliseconds] = text
        return text


def read_plain_strings(blocks: Iterable[bytes]) -> list[str]:
    """Return the strings in their order. Raises OddXml."""
    strings: list[str] = []
    rest = b""
    is_begun = False
    for block in blocks:
        rest += block
        if not is_begun:
            start = rest.find(b"<si")
            if start < 0:
                continue
            check_root(rest[:start], b"sst")
            rest, is_begun = rest[start:], True
        cut = rest.rfind(b"<si")  # what follows may be half a string
        strings += _strings(rest[:cut])
        rest = rest[cut:]
    body, end, _ = rest.partition(b"</sst>")
    if not (is_begun and end):
        raise OddXml
    return strings + _strings(body)


def _strings(body: bytes) -> list[str]:
    found = _STRING.findall(body)
    if len(found) != body.count(b"<si") or b"<!" in body:
        raise OddXml
    texts = plain_texts([text for _, text in found])
    return [text if kept else text.strip(" \t\r\n") for (kept, _), text in zip(found, texts, strict=True)]


def plain_texts(contents: Sequence[bytes]) -> list[str]:
    """Return what the content of elements says. Raises OddXml for references that XML does not know by itself."""
    try:
        whole = b"\0".join(contents).decode()
    except UnicodeDecodeError as problem:
        raise OddXml from problem
    if "\r" in whole:
        whole = whole.replace("\r\n", "\n").replace("\r", "\n")
    texts = whole.split("\0") if contents else []
    if len(texts) != len(contents):
        raise OddXml
    if "&" in whole:
        texts = [_dereferenced(text) if "&" in text else text for text in texts]
    return list(map(unescape, texts)) if "_x" in whole else texts


def _dereferenced(text: str) -> str:
    if len(_REFERENCE.findall(text)) != text.count("&"):
        raise OddXml
    return _REFERENCE.sub(_sign, text)


def _sign(reference: re.Match[str]) -> str:
    decimal, hexadecimal, name = reference.groups()
    if name:
        return _SIGNS[name]
    number = int(decimal) if decimal else int(hexadecimal, 16)
    if (number < ord(" ") and chr(number) not in "\t\n\r") or number > _LAST_NUMBER:
        raise OddXml
    return chr(number)
