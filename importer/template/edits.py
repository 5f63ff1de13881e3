"""Which cells of a template were edited; the others are neither judged nor sent.

In:  the values that the cells of some rows mean, and the values they were made from.
Out: the cells that are as they were.

A cell that was never edited may hold what the portal itself would refuse today: an option that is gone, an owner who
has left, a text that breaks a newer rule. That isn't an edit, so it makes no row invalid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from importer.findings import Finding
from importer.loader.fingerprint import Fingerprint
from importer.loader.own import data_chunks
from importer.loader.table import Table
from importer.model import Columns, KeyColumn, ValueColumn
from importer.template.cells import make_cell
from importer.validation.cells import typed_cells
from schemas.cells import Kind, Reading, Refused, shows_nothing
from schemas.column import ColumnReader
from schemas.message import message
from schemas.property import PortalSchema
from schemas.ticket_object import TICKET
from schemas.types.datetime import parse_moment
from schemas.types.text import TextConverter
from schemas.values import make_converter, same_value, type_of

_SECOND = timedelta(seconds=1)

Place = tuple[int, int]
"""A row's index in its chunk, and the column's position."""


class Edits:
    """Tells edited cells from those that are as the template had them."""

    def __init__(self, fingerprint: Fingerprint, columns: Columns) -> None:
        places = {name: number for number, name in enumerate(fingerprint.names)}
        self._tickets = fingerprint.tickets
        self._columns = [
            _Column(one, places[one.definition.name], fingerprint)
            for one in columns.values
            if one.definition.name in places
        ]
        by_name = {one.column.definition.name: one.column.position for one in self._columns}
        self._stage, self._pipeline = by_name.get(TICKET.stage), by_name.get(TICKET.pipeline)

    def kept(
        self, keys: Sequence[str], read: Mapping[int, Sequence[str]], texts: Callable[[int], Sequence[str]]
    ) -> set[Place]:
        """Return the cells of a chunk that were not edited.

        keys: the record ID of each row. read: what the cells mean, by position. texts: the cells of a column as typed.
        A stage counts as edited where its pipeline is: it must fit the new one.
        """
        rows = [self._tickets.get(key or "") for key in keys]
        found: set[Place] = set()
        for one in self._columns:
            position = one.column.position
            found.update((place, position) for place in one.kept(rows, read[position], texts))
        if self._stage is not None and self._pipeline is not None:
            found -= {(place, self._stage) for place in range(len(rows)) if (place, self._pipeline) not in found}
        return found


class _Column:
    """One column of a template."""

    def __init__(self, column: ValueColumn, number: int, fingerprint: Fingerprint) -> None:
        self.column = column
        self._number = number
        self._zone = ZoneInfo(fingerprint.time_zone)
        self._labels = fingerprint.shown.get(column.definition.name, {})
        definition = column.definition
        self._is_choice = bool(self._labels or definition.options) or type_of(definition).has_names
        self._text = TextConverter(definition)
        self._same: dict[tuple[str, str], bool] = {}

    def kept(
        self, rows: Sequence[tuple[str, ...] | None], read: Sequence[str], texts: Callable[[int], Sequence[str]]
    ) -> list[int]:
        """Return the places whose cells are as they were."""
        number = self._number
        typed = texts(self.column.position) if self._is_choice or Refused in set(map(type, read)) else ()
        found = []
        for place, (row, value) in enumerate(zip(rows, read, strict=True)):
            if row is None:
                continue
            held = row[number]
            is_refused = type(value) is Refused
            if not is_refused and (value == held or self._means_the_same(value, held)):
                found.append(place)
                continue
            # What stood for the value may stand for nothing, or for another one, by now.
            is_doubtful = is_refused or self._is_choice
            if is_doubtful and self._is_as_written(typed[place].strip(), held):
                found.append(place)
        return found

    def _means_the_same(self, value: str, held: str) -> bool:
        if not value and shows_nothing(held):
            return True
        pair = (value, held)
        if pair not in self._same:
            if len(self._same) > 50_000:
                self._same.clear()
            definition = self.column.definition
            if type_of(definition).is_moment:
                self._same[pair] = _within_a_second(value, held)
            elif not type_of(definition).is_text:
                self._same[pair] = same_value(definition, value, held)
            else:
                self._same[pair] = value == self._text(held, Kind.TEXT)
        return self._same[pair]

    def _is_as_written(self, typed: str, held: str) -> bool:
        """Whether a cell has the text that stood for a value, whatever that text means by now."""
        cell = self._labels.get(held) or make_cell(self.column.definition, held, None, self._zone)
        if isinstance(cell, bool):  # as a cell of its kind or as the word, where labels are crossed
            return typed.casefold() == held.casefold()
        return typed == ("" if cell is None else str(cell).strip())


def _within_a_second(value: str, held: str) -> bool:
    """Return whether two moments are the same to the second: spreadsheets drop parts of one when they save."""
    moment, before = parse_moment(value), parse_moment(held)
    return moment is not None and before is not None and abs(moment - before) < _SECOND


def read_only_edits(
    table: Table,
    key: KeyColumn,
    look_only: Sequence[ValueColumn],
    fingerprint: Fingerprint,
    schema: PortalSchema,
    reading: Reading,
) -> Iterator[Finding]:
    """Yield a finding for each edited cell of a template's read-only columns: it must not seem to be sent.

    look_only: those columns. The table is read once more, but for nothing else.
    """
    readers = {one.position: ColumnReader(make_converter(one.definition, schema, reading)) for one in look_only}
    edits = Edits(fingerprint, Columns(key, tuple(look_only), table.header_row))
    text = message("HubSpot fills this in itself; the edit cannot be sent. Put the value back, or use --skip-read-only")
    for chunk in data_chunks(table, [key.position, *readers]) if readers else ():
        keys = [typed.strip() for typed in chunk.columns[key.position]]
        typed = {position: chunk.columns[position] for position in readers}
        read = {
            position: one.read(typed_cells(typed[position], chunk.kinds.get(position)))
            for position, one in readers.items()
        }
        kept = edits.kept(keys, read, typed.__getitem__)
        for place, (row, ticket) in enumerate(zip(chunk.rows, keys, strict=True)):
            if ticket not in fingerprint.tickets:
                continue
            for one in look_only:
                if (place, one.position) not in kept:
                    yield Finding(
                        "read_only_property",
                        text,
                        row,
                        one.position,
                        one.header,
                        one.definition.name,
                        ticket,
                        typed[one.position][place],
                    )
