"""A sheet's part around its rows: columns' widths, the dimension, our conditional format. All else stays as it is.

Source: ECMA-376 part 1, 18.3.1.99 (order of a worksheet's elements), 18.3.1.13 (col), 18.3.1.18
(conditionalFormatting).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from importer.ooxml.errors import not_as_usual
from importer.ooxml.xml import (
    RELATIONS,
    Edit,
    Element,
    append_inside,
    apply_edits,
    attribute_edit,
    parse,
    text_content,
    whole_number,
)
from importer.writeback.annotation import Annotation
from importer.writeback.areas import Area, Place
from importer.writeback.heights import RowHeights
from importer.writeback.highlights import MARK
from importer.writeback.joining import widen_filter

ORDINARY_HEIGHT = 15.0
"""Points of a row of the ordinary font."""
LARGEST_MEASURE = 1_000
_BEFORE_FORMATS = frozenset(
    [
        "sheetData",
        "sheetCalcPr",
        "sheetProtection",
        "protectedRanges",
        "scenarios",
        "autoFilter",
        "sortState",
        "dataConsolidate",
        "customSheetViews",
        "mergeCells",
        "phoneticPr",
        "conditionalFormatting",
    ]
)
_COLUMN_LIMITS = re.compile(rb"""\s(min|max)\s*=\s*("[^"]*"|'[^']*')""")


class Occupied(Exception):
    """Something of the user's stands in the columns meant for ours; `position` is the last such column."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


class OtherFilter(Exception):
    """The sheet's own filter is not where it was taken to be."""

    def __init__(self, reference: str | None) -> None:
        super().__init__(reference)
        self.reference = reference


class Frame:
    """A sheet's part without its rows: `head` ends behind `<sheetData>`, `tail` begins at `</sheetData>`."""

    def __init__(self, head: bytes, prefix: str) -> None:
        """Parse the head. Raises NotUnderstood where the rows do not stand in a worksheet as they should."""
        self._prefix = prefix
        colon = f"{prefix}:" if prefix else ""
        self._head = head
        self._root = parse(head + f"</{colon}sheetData></{colon}worksheet>".encode(), "worksheet")
        rows = self._root.children[-1] if self._root.children else None
        right = self._root.name == "worksheet" and self._root.namespace in RELATIONS and self._root.prefix == prefix
        if not right or rows is None or rows.name != "sheetData" or rows.open_end != len(head):
            raise not_as_usual()
        self._rows = rows

    def row_heights(self, position: int, width: float, wrapping: AbstractSet[int]) -> RowHeights:
        """Return how tall rows are, for messages at `position`, whose column gets `width` where it has none."""
        default = self._root.child("sheetFormatPr")
        said = default.attributes if default else {}
        for column in self._columns():
            first, last = _limits(column)
            if first <= position + 1 <= last and not _split(column, self._head, first, last, {position + 1: width}):
                width = _number(column.attributes.get("width", ""), width)
        height = _number(said.get("defaultRowHeight", ""), ORDINARY_HEIGHT)
        return RowHeights(height, is_chosen=said.get("customHeight") in {"1", "true"}, width=width, wrapping=wrapping)

    def _columns(self) -> list[Element]:
        lists = [child for child in self._root.children if child.name == "cols"]
        return [column for child in lists for column in child.children if column.name == "col"]

    def head(self, place: Place, widths: Mapping[int, float]) -> bytes:
        """Return the head with the dimension and the widths ({position: characters}) of our columns."""
        edits = self._column_edits(widths)
        dimension = self._root.child("dimension")
        area = Area.of(dimension.attributes.get("ref", "")) if dimension else None
        if dimension and area:
            wider = area._replace(last=max(area.last, place.last))
            edits += attribute_edit(dimension, self._head, "ref", str(wider))
        return apply_edits(self._head, edits)

    def tail(
        self,
        tail: bytes,
        annotation: Annotation,
        place: Place,
        filter_at: str | None,
        highlights: Iterable[tuple[str, str]],
        look: int,
    ) -> bytes:
        """Return the tail with our conditional format instead of an earlier one, and our columns in the filter.

        filter_at: where the sheet's own filter is taken to be. highlights: (cells, formula) of our conditional
        formats. look: the index of their differential format.
        Raises OtherFilter where the filter is elsewhere, Occupied where merged cells reach into our columns,
        NotUnderstood for a tail that is not well-formed.
        """
        shift = len(self._head)
        root = parse(self._head + tail, "worksheet")
        edits = _filter_edits(root, self._head + tail, annotation, place, filter_at)
        for merged in (element for element in root.walk() if element.name == "mergeCell"):
            _check_merged(merged.attributes.get("ref", ""), place)
        behind = len(self._head)
        for element in root.children:
            ours = element.name == "conditionalFormatting" and _remove_ours(element, edits)
            if element.name in _BEFORE_FORMATS and not ours:
                behind = max(behind, element.end)
        priority = max(
            (_priority(rule) for rule in root.walk() if rule.name == "cfRule" and not _is_ours(rule)), default=0
        )
        blocks = "".join(self._formats(highlights, look, priority)).encode()
        edits.append(Edit(behind, behind, blocks))
        return apply_edits(tail, [Edit(edit.start - shift, edit.end - shift, edit.new) for edit in edits])

    def _formats(self, highlights: Iterable[tuple[str, str]], look: int, priority: int) -> Iterable[str]:
        p = f"{self._prefix}:" if self._prefix else ""
        for number, (reference, formula) in enumerate(highlights, start=priority + 1):
            yield (
                f'<{p}conditionalFormatting sqref="{reference}"><{p}cfRule type="expression" dxfId="{look}" '
                f'priority="{number}"><{p}formula>{text_content(formula, limit=False).decode()}</{p}formula>'
                f"</{p}cfRule></{p}conditionalFormatting>"
            )

    def _column_edits(self, widths: Mapping[int, float]) -> list[Edit]:
        lists = [child for child in self._root.children if child.name == "cols"]
        columns = self._columns()
        if not columns:
            p = f"{self._prefix}:" if self._prefix else ""
            new = "".join(_column(p, number, width) for number, width in _by_number(widths)).encode()
            if lists:
                return append_inside(lists[0], self._head, new)
            whole = f"<{p}cols>".encode() + new + f"</{p}cols>".encode()
            return [Edit(self._rows.start, self._rows.start, whole)]
        edits: list[Edit] = []
        missing = dict(_by_number(widths))
        for column in columns:
            first, last = _limits(column)
            inside = [number for number in sorted(missing) if first <= number <= last]
            if inside:
                own = {number: missing.pop(number) for number in inside}
                edits += _split(column, self._head, first, last, own)
        for number, width in sorted(missing.items()):
            earlier = [column for column in columns if _limits(column)[1] < number]
            place = earlier[-1].end if earlier else columns[0].start
            p = f"{self._prefix}:" if self._prefix else ""
            edits.append(Edit(place, place, _column(p, number, width).encode()))
        return edits


def _number(text: str, otherwise: float) -> float:
    """Return a measure of the sheet's; `otherwise` where it says none that can be."""
    try:
        number = float(text)
    except ValueError:
        return otherwise
    return number if 0 < number < LARGEST_MEASURE else otherwise


def _limits(column: Element) -> tuple[int, int]:
    first, last = (whole_number(column.attributes.get(name, "").strip()) for name in ("min", "max"))
    return first, last


def _by_number(widths: Mapping[int, float]) -> list[tuple[int, float]]:
    return sorted((position + 1, width) for position, width in widths.items())


def _column(prefix: str, number: int, width: float, style: str = "") -> str:
    formatted = f' style="{style}"' if style else ""
    return f'<{prefix}col min="{number}" max="{number}" width="{width:g}"{formatted} customWidth="1"/>'


def _split(column: Element, data: bytes, first: int, last: int, own: Mapping[int, float]) -> list[Edit]:
    """Return the edit that cuts our columns out of a range of columns; none where one of ours has its width already."""
    attributes = column.attributes
    if (
        first == last
        and attributes.get("customWidth") in {"1", "true"}
        and attributes.get("hidden", "0") in {"0", "false"}
    ):
        return []
    prefix = f"{column.prefix}:" if column.prefix else ""
    tag = data[column.start : column.end]
    pieces = []
    at = first
    for number in [*sorted(own), last + 1]:
        if at < number:
            limits = {b"min": at, b"max": number - 1}
            pieces.append(
                _COLUMN_LIMITS.sub(lambda found, limits=limits: b' %s="%d"' % (found[1], limits[found[1]]), tag)  # type: ignore[misc]
            )
        if number in own:
            pieces.append(_column(prefix, number, own[number], attributes.get("style", "")).encode())
        at = number + 1
    return [Edit(column.start, column.end, b"".join(pieces))]


def _filter_edits(
    root: Element, data: bytes, annotation: Annotation, place: Place, filter_at: str | None
) -> list[Edit]:
    found = root.child("autoFilter")
    old = Area.of(found.attributes.get("ref", "")) if found else None
    if (str(old) if old else None) != filter_at:
        raise OtherFilter(str(old) if old else None)
    new = old and old.joined(place, annotation)
    return widen_filter(found, data, old, new) if found and old and new else []


def _check_merged(reference: str, place: Place) -> None:
    area = Area.of(reference)
    if area is not None and any(area.first <= position <= area.last for position in place.new):
        raise Occupied(area.last)


def _is_ours(rule: Element) -> bool:
    return any(MARK in child.text for child in rule.children if child.name == "formula")


def _remove_ours(element: Element, edits: list[Edit]) -> bool:
    """Add the edits that take our rules out of a conditional format; return whether nothing of it is left."""
    rules = [child for child in element.children if child.name == "cfRule"]
    ours = [rule for rule in rules if _is_ours(rule)]
    if ours and len(ours) == len(rules):
        edits.append(Edit(element.start, element.end, b""))
        return True
    edits.extend(Edit(rule.start, rule.end, b"") for rule in ours)
    return False


def _priority(rule: Element) -> int:
    number = rule.attributes.get("priority", "0")
    return whole_number(number) if number.isdigit() else 0
