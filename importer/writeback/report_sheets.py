"""The sheets `Import report` and `Import changes`, as new parts of a workbook.

In:  an annotation, the styles part (it gets the looks used here), the workbook's namespaces.
Out: the parts' XML, in pieces; and for the changes the relations of their links, known once the sheet is written.

A later run knows them by what they hold (`loader.own`).
Source: ECMA-376 part 1, 18.3.1.99 (order), 18.3.1.47 (hyperlink), 18.3.1.28 (dataBar).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from importer.findings import CHANGES_SHEET, REPORT_SHEET, column_letter
from importer.loader.own import CHANGE_TITLES
from importer.model import Status
from importer.ooxml.new_sheet import column_widths, frozen_pane, text_cell
from importer.ooxml.xml import DECLARATION, RELATIONS, attribute_content, text_content
from importer.writeback.annotation import Annotation, ChangeLine, ErrorLine
from importer.writeback.styles import Look, Styles
from schemas.message import Message, message

MOST_LINES = 100_000
"""Lines of each table. What is beyond stands in the status column and in the journal."""
MOST_LINKS = 65_000
"""Links in one sheet: Excel takes 65,530 (Excel specifications and limits); beyond it the address is plain text."""

STATUS_LOOKS = {
    "updated": Look("1B5E20", "E3F1E4"),
    "matches": Look("1B5E20", "E3F1E4"),
    "unchanged": Look("4A5560", "EEF1F4"),
    "would update": Look("174A7C", "E1EDF8"),
    "not sent": Look("6B4A00", "FDF1D3"),
    "differs": Look("6B4A00", "FDF1D3"),
    "invalid": Look("9C0006", "FCE4E4", bold=True),
    "failed": Look("9C0006", "FCE4E4", bold=True),
}
"""Quiet fills, each with an ink of its own (contrast over 7:1), so that dark themes keep them readable."""
MESSAGE_LOOK = Look()
LINES_LOOK = Look(wrap=True)
"""Of a message of several lines."""
_TITLE = Look(bold=True, size=16)
_SECTION = Look(bold=True, size=12)
_LABEL = Look("5A6570")
_HEAD = Look("37424D", "EEF1F4", bold=True, line_below=True)
_LINK = Look("0B5CAD", underlined=True)
_NUMBER_HEAD = _HEAD._replace(align="right")
_COUNT = Look(text=False, number_format=3)
_ROW = Look(text=False, align="left")
_SHARE = Look("5A6570", text=False, number_format=10, align="left", indent=1)
_SHARE_UNITS = 10_000
"""Format 10 shows hundredths of a per cent (ECMA-376 part 1, 18.8.30)."""
_SHARE_HEAD = _HEAD._replace(align="left", indent=1)
_PLAIN = Look()
_QUIET = Look("5A6570")
_OTHERS = 6
"""The column from which further cells of the same finding stand."""
_BAR_COLOUR = "FF8FB4DC"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the workbook around a sheet of ours is like."""

    namespace: str
    has_views: bool
    """Whether the workbook has a window that a sheet's view may refer to."""


class _Sheet:
    """A sheet that is written row by row."""

    def __init__(self, styles: Styles, around: Surroundings) -> None:
        self._styles = styles
        self._around = around
        self.row = 0
        self.links: list[str] = []
        self.addresses: list[str] = []

    def head(self, widths: Iterable[float], *, frozen: int = 0) -> bytes:
        """Return what stands before the rows. frozen: rows that stay in view."""
        relation = RELATIONS[self._around.namespace]
        pane = frozen_pane(frozen) if frozen else ""
        view = f'<sheetViews><sheetView showGridLines="0" workbookViewId="0">{pane}</sheetView></sheetViews>'
        view = view if self._around.has_views else ""
        return (
            DECLARATION
            + (
                f'<worksheet xmlns="{self._around.namespace}" xmlns:r="{relation}">'
                f'<sheetPr><tabColor rgb="FF5B7C99"/><pageSetUpPr fitToPage="1"/></sheetPr>{view}'
                f'<sheetFormatPr defaultRowHeight="15"/>{column_widths(widths)}<sheetData>'
            ).encode()
        )

    def line(self, *cells: tuple[str | float | None, Look], height: float = 0) -> bytes:
        """Return the next row. A text is a string cell, a number a number, None an empty cell."""
        self.row += 1
        tall = f' ht="{height:g}" customHeight="1"' if height else ""
        inside = b"".join(self._cell(position, *cell) for position, cell in enumerate(cells))
        return f'<row r="{self.row}"{tall}>'.encode() + inside + b"</row>"

    def _cell(self, position: int, value: str | float | None, look: Look) -> bytes:
        reference, style = f"{column_letter(position)}{self.row}", self._styles.cell(look)
        if value is None or value == "":
            return f'<c r="{reference}" s="{style}"/>'.encode()
        if isinstance(value, str):
            return text_cell(reference, text_content(value), style)
        return f'<c r="{reference}" s="{style}"><v>{value!r}</v></c>'.encode()

    def link_inside(self, position: int, sheet: str, cell: str) -> bool:
        """Make the row just to come link to a cell of a sheet; return False where no more links fit in."""
        if len(self.links) >= MOST_LINKS:
            return False
        location = f"'{sheet.replace(chr(39), chr(39) * 2)}'!{cell}"
        place = f"{column_letter(position)}{self.row + 1}"
        self.links.append(f'<hyperlink ref="{place}" location="{attribute_content(location)}"/>')
        return True

    def link_outside(self, reference: str, address: str) -> bool:
        """Make cells link to an address; return False where no more links fit in."""
        if len(self.links) >= MOST_LINKS:
            return False
        self.addresses.append(address)
        self.links.append(f'<hyperlink ref="{reference}" r:id="rId{len(self.addresses)}"/>')
        return True

    def foot(self, formats: str = "", *, filtered: str = "") -> bytes:
        """Return what stands behind the rows. filtered: the area that has a filter."""
        links = f"<hyperlinks>{''.join(self.links)}</hyperlinks>" if self.links else ""
        margins = '<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>'
        page = '<pageSetup orientation="landscape" fitToHeight="0"/>'
        buttons = f'<autoFilter ref="{filtered}"/>' if filtered else ""
        return f"</sheetData>{buttons}{formats}{links}{margins}{page}</worksheet>".encode()

    def relations(self) -> bytes | None:
        """Return the part of the relations of the links; None where there are none."""
        if not self.addresses:
            return None
        kind = f"{RELATIONS[self._around.namespace]}/hyperlink"
        lines = "".join(
            f'<Relationship Id="rId{n}" Type="{kind}" Target="{attribute_content(address)}" TargetMode="External"/>'
            for n, address in enumerate(self.addresses, start=1)
        )
        namespace = "http://schemas.openxmlformats.org/package/2006/relationships"
        return DECLARATION + f'<Relationships xmlns="{namespace}">{lines}</Relationships>'.encode()


def report_sheet(annotation: Annotation, sheet: str, styles: Styles, around: Surroundings) -> Iterator[bytes]:
    """Yield the sheet `Import report`: facts, totals with bars, errors with links into `sheet`."""
    out = _Sheet(styles, around)
    say = annotation.say
    yield out.head((27, 26, 30, 22, 90, 9))
    yield out.line((REPORT_SHEET, _TITLE), height=26)
    for label, value in annotation.facts:
        yield out.line((label, _LABEL), (value, _PLAIN))
    yield out.line()
    yield out.line(
        (say(message("Status")), _HEAD), (say(message("Rows")), _NUMBER_HEAD), (say(message("Share")), _SHARE_HEAD)
    )
    totals = sorted(annotation.totals, key=_rank)
    first = out.row + 1
    for (status, count), share in zip(totals, _shares([count for _, count in totals]), strict=True):
        look = STATUS_LOOKS.get(status, _PLAIN)
        yield out.line((status, look), (count, _COUNT), (share, _SHARE))
    bars = f"B{first}:B{out.row}" if totals else ""
    filtered = f"A{first - 1}:C{out.row}"
    yield out.line()
    heading = out.row + 2
    yield from _error_table(out, annotation, sheet)
    filtered = f"A{heading}:F{out.row}" if out.row >= heading else filtered
    yield from _notice_table(out, annotation, sheet)
    total = sum(count for _, count in totals)
    yield out.foot(_bars(bars, total) if bars else "", filtered=filtered)


def _shares(counts: Sequence[int]) -> list[float]:
    """Return the shares of counts, rounded so that those shown add up to 100 %: largest remainders go up."""
    total = sum(counts)
    if not total:
        return [0.0] * len(counts)
    shares = [count * _SHARE_UNITS // total for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda n: -(counts[n] * _SHARE_UNITS % total))
    for n in by_remainder[: _SHARE_UNITS - sum(shares)]:
        shares[n] += 1
    return [share / _SHARE_UNITS for share in shares]


def _rank(total: tuple[str, int]) -> int:
    order = list[str](Status)
    return order.index(total[0]) if total[0] in order else len(order)


def _error_table(out: _Sheet, annotation: Annotation, sheet: str) -> Iterator[bytes]:
    say = annotation.say
    errors = annotation.errors()
    first = next(errors, None)
    if first is None:
        yield out.line((say(message("No errors.")), _SECTION))
        return
    yield out.line((say(message("Errors")), _SECTION), height=20)
    titles = (message("Cell"), message("Column"), message("Value"), message("Code"), message("Message"))
    count = (say(message("Cells")), _NUMBER_HEAD)
    yield out.line(*((say(title), _HEAD) for title in titles), count, (say(message("Also in")), _SHARE_HEAD))
    yield _error_line(out, first, sheet, say)
    lines = []
    for error in islice(errors, MOST_LINES - 1):
        lines.append(_error_line(out, error, sheet, say))
        if len(lines) == 500:
            yield b"".join(lines)
            lines = []
    yield b"".join(lines)
    if next(errors, None) is not None:
        yield out.line((say(message("There are more; this table ends here.")), _LABEL))


def _error_line(out: _Sheet, error: ErrorLine, sheet: str, say: Callable[[Message], str]) -> bytes:
    """Return one line: its first cell, what is wrong there, and further cells of which the same is said."""
    rows = () if error.row is None else (error.row, *error.others)
    places = []
    for row, place in zip(rows, (0, *range(_OTHERS, _OTHERS + len(rows))), strict=False):
        cell = f"{column_letter(error.position or 0)}{row}"
        text = cell if error.position is not None else say(message("row {row}", row=row))
        look = _LINK if out.link_inside(place, sheet, cell) else _PLAIN
        places.append((text, look._replace(indent=1, align="left") if place else look))
    left = error.cells - max(len(rows), 1)
    more = [(say(message("and {count} more", count=left)), _QUIET)] if left > 0 else []
    texts = ((text, _PLAIN) for text in (error.header, error.value, error.code, error.message))
    return out.line(places[0] if places else ("", _PLAIN), *texts, (error.cells, _COUNT), *places[1:], *more)


def _notice_table(out: _Sheet, annotation: Annotation, sheet: str) -> Iterator[bytes]:
    """Yield what is good to know, apart from what is wrong: the filter is not theirs."""
    if not annotation.notices:
        return
    say = annotation.say
    yield out.line()
    yield out.line((say(message("Good to know")), _SECTION), height=20)
    between = [(None, _HEAD)] * 3
    rows = (say(message("Rows")), _NUMBER_HEAD)
    yield out.line((say(message("Row")), _HEAD), *between, (say(message("Message")), _HEAD), rows)
    for one in annotation.notices:
        linked = out.link_inside(0, sheet, f"A{one.row}")
        place = (say(message("row {row}", row=one.row)), _LINK if linked else _PLAIN)
        yield out.line(place, *[(None, _PLAIN)] * 3, (one.message, _PLAIN), (one.rows, _COUNT))


def _bars(area: str, total: int) -> str:
    """Return the data bars of the totals: from 0 to all rows."""
    return (
        f'<conditionalFormatting sqref="{area}"><cfRule type="dataBar" priority="1"><dataBar minLength="0" '
        f'maxLength="100"><cfvo type="num" val="0"/><cfvo type="num" val="{max(total, 1)}"/>'
        f'<color rgb="{_BAR_COLOUR}"/></dataBar></cfRule></conditionalFormatting>'
    )


def _place(change: ChangeLine) -> tuple[int, str | None, str]:
    return change.row, change.ticket_url, change.run


class ChangesSheet:
    """The sheet `Import changes`. Take `pieces` first, then `relations`."""

    def __init__(self, annotation: Annotation, styles: Styles, around: Surroundings) -> None:
        self._annotation = annotation
        self._out = _Sheet(styles, around)
        self._empty = annotation.say(message("(empty)"))
        self._not_read = annotation.say(message("(not read)"))

    def pieces(self) -> Iterator[bytes]:
        """Yield the sheet: row, ticket, column, before, after, when, run."""
        out = self._out
        say = self._annotation.say
        yield out.head((9, 20, 30, 45, 45, 18, 22), frozen=2)
        note = self._annotation.changes_note
        yield out.line((CHANGES_SHEET, _TITLE), (None, _PLAIN), (None, _PLAIN), (note, _QUIET), height=26)
        yield out.line(*((say(title), _HEAD) for title in CHANGE_TITLES))
        changes = self._annotation.changes()
        group: list[ChangeLine] = []
        written: list[bytes] = []
        for change in islice(changes, MOST_LINES):
            if group and _place(change) != _place(group[0]):
                written += self._lines(group)
                group = []
                if len(written) > 500:
                    yield b"".join(written)
                    written = []
            group.append(change)
        yield b"".join([*written, *self._lines(group)])
        last = out.row
        if next(changes, None) is not None:
            yield out.line((say(message("There are more; this table ends here.")), _LABEL))
        yield out.foot(filtered=f"A2:G{last}")

    def _lines(self, group: list[ChangeLine]) -> Iterator[bytes]:
        """Yield the lines of one ticket; they share one link."""
        out = self._out
        linked = False
        if group and (address := group[0].ticket_url):
            first, last = out.row + 1, out.row + len(group)
            linked = out.link_outside(f"B{first}:B{last}" if last > first else f"B{first}", address)
        for change in group:
            ticket = (change.key, _LINK if linked else _PLAIN)
            before = (self._not_read, _QUIET) if change.before is None else (change.before, _PLAIN)
            after = (change.after, _PLAIN) if change.after else (self._empty, _QUIET)
            rest = ((text, _QUIET) for text in (change.when, change.run))
            yield out.line((change.row, _ROW), ticket, (change.header, _PLAIN), before, after, *rest)

    def relations(self) -> bytes | None:
        """Return the relations part of the sheet; None where nothing is linked."""
        return self._out.relations()
