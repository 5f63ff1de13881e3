"""Rows of a table to values in HubSpot's form, and to findings for every cell that cannot be one.

In:  a table in chunks, the columns that were recognised, the portal's schema.
Out: per chunk the good rows, the rows that fail, and all their findings. A row with any finding is invalid.

A chunk is one frame of cells, which the pandera schema reads and judges (`schemas.ticket`): each distinct text of a
column once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice, repeat
from typing import Any, Protocol
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import numpy.typing as npt

from importer.errors import UsageError
from importer.findings import NOT_KNOWN, Finding, column_letter
from importer.loader.own import data_chunks
from importer.loader.table import Chunk, Table
from importer.model import CheckedRow, Columns, Policy, ValueColumn, Values
from importer.validation.ambiguity import AmbiguousColumns
from importer.validation.cells import column_texts, typed_cells
from importer.validation.keys import key_converter
from importer.validation.shown import LongTexts, Precision, languages, without_unseen
from importer.validation.words import Place, without_word
from schemas import ticket
from schemas.cells import CELLS, Cells, FunctionConverter, Kind, Nearest, Problem, Reading, Refused, Result, quoted
from schemas.column import StageChoices, is_doubtful
from schemas.date_format import compile_date_format
from schemas.message import Message, message
from schemas.property import PortalSchema
from schemas.ticket import Problems
from schemas.ticket_object import TICKET
from schemas.types.datetime import DatetimeConverter, moment_text
from schemas.types.number import NumberConverter, style_of
from schemas.values import type_of

NOTHING: Mapping[str, Values] = {}
CHUNK_SIZE = 20_000
"""Rows judged at a time: enough that what pandera does once a column does not count, few enough for little memory."""


class UneditedCells(Protocol):
    """Knows which cells of a file are as they were when it was made: a template does."""

    def kept(
        self, keys: Sequence[str], read: Mapping[int, Sequence[str]], texts: Callable[[int], Sequence[str]]
    ) -> set[Place]:
        """Return the unedited cells of a chunk. See `importer.template.edits.Edits.kept`."""
        ...


class Validation:
    """The validation of one table: iterate it for chunks, then look at `notices`.

    Raises UsageError for an unknown locale, date format or time zone.
    """

    def __init__(
        self,
        table: Table,
        columns: Columns,
        schema: PortalSchema,
        reading: Reading,
        *,
        edits: UneditedCells | None = None,
        chunk_size: int = CHUNK_SIZE,
    ) -> None:
        check_reading(reading)
        self.edits = edits
        self._long = LongTexts()
        self._languages = {} if reading.locale else languages(table, columns)
        self._table = table
        self.columns = columns
        self.blank_does_nothing = frozenset(
            one.position for one in columns.values if reading.blank == "keep" or one.policy is not Policy.OVERWRITE
        )
        """Positions of columns whose blank cells leave their property alone."""
        self.clear_word = reading.clear_word
        self.cleared_by_word: set[str] = set()
        """Properties of columns in which a cell holds the clear word; complete once the table was read."""
        self._chunk_size = chunk_size
        self._by_position: dict[int, ValueColumn] = {one.position: one for one in columns.values}
        definitions = {position: one.definition for position, one in self._by_position.items()}
        self._unjudged = ticket.unknown_rules(definitions, reading)
        checked: dict[Hashable, Any] = {
            position: ticket.property_column(definition, schema, replace(self._by(reading, position), blank="clear"))
            for position, definition in definitions.items()
        }
        checked[columns.key.position] = ticket.cell_column(key_converter(columns.key, schema, reading))
        if columns.modified is not None:
            converter = _modified_converter(self._by(reading, columns.modified.position))
            checked[columns.modified.position] = ticket.cell_column(converter)
        by_name = {one.name: position for position, one in definitions.items()}
        self.stage_position = by_name.get(TICKET.stage)
        """The stage column."""
        pipeline = by_name.get(TICKET.pipeline)
        self.stages_wait = self.stage_position is not None and pipeline is None and bool(schema.pipelines)
        """Whether stages wait for the tickets' pipelines, as the sheet names none."""
        self._schema = ticket.frame_schema(checked, stage=self.stage_position, pipeline=pipeline)
        self._readers = {position: ticket.reader_of(checked[position]) for position in definitions}
        self._ambiguous = AmbiguousColumns(self._readers)

    def _by(self, reading: Reading, position: int) -> Reading:
        """Return how the texts of a column are to be read: in its own language, where it names one."""
        return replace(reading, locale=self._languages.get(position, reading.locale))

    @cached_property
    def _foreign(self) -> dict[int, Mapping[int, str]]:
        """By position, {row: sign} of number cells that are shown in another currency than their property's.

        They are judged as texts with that sign.
        """
        found: dict[int, Mapping[int, str]] = {}
        for position, reader in self._readers.items():
            if isinstance(converter := reader.converter, NumberConverter) and converter.signs:
                shown = {form.currency for form in self._table.formats.get(position, ())} - {""}
                if foreign := {sign for sign in shown if converter.is_foreign(sign)}:
                    cells = self._table.currency_cells(position)
                    found[position] = {row: sign for row, sign in cells.items() if sign in foreign}
        return found

    @cached_property
    def precisions(self) -> dict[int, tuple[str, Precision]]:
        """By position, how finely datetime columns show their moments, with the property's name."""
        return {
            position: (one.definition.name, Precision(converter, self._table.formats.get(position, frozenset())))
            for position, one in self._by_position.items()
            if position in self._readers
            and isinstance(converter := self._readers[position].converter, DatetimeConverter)
        }

    def __iter__(self) -> Iterator[CheckedChunk]:
        chunks = self._chunks(self._positions)
        pending = list(islice(chunks, 2))
        is_whole = len(pending) == 1
        while pending:
            yield CheckedChunk(self, pending.pop(0), is_whole=is_whole)
            pending = pending or list(islice(chunks, 1))

    def _chunks(self, positions: Sequence[int]) -> Iterator[Chunk]:
        return map(without_unseen, data_chunks(self._table, positions, self._chunk_size))

    @cached_property
    def _positions(self) -> list[int]:
        positions = [self.columns.key.position, *self._by_position]
        return positions if self.columns.modified is None else [*positions, self.columns.modified.position]

    @property
    def notices(self) -> list[Message]:
        """What people should know of how the table was read; complete once it was."""
        found = [
            message(
                "{place}: texts are read as in {locale}, the language of its cells' format; --locale names another.",
                place=self._place(position),
                locale=language,
            )
            for position, language in self._languages.items()
            if position in self._by_position
        ]
        for position, proof in sorted(self._ambiguous.settled.items()):
            notice = self._ambiguous.readers[position].converter.way_notice(self._place(position), proof)
            if notice is not None:
                found.append(notice)
        found += [
            message(
                "The portal's rule {rule} on {property} cannot be checked here; the portal applies it when rows "
                "are sent.",
                rule=rule.type,
                property=definition.label,
            )
            for definition, rule in self._unjudged
        ]
        found += [
            message(
                "{place}: its options are kept elsewhere, so its values were not checked; the portal decides on them.",
                place=self._place(position),
            )
            for position, one in sorted(self._by_position.items())
            if type_of(one.definition).has_unlisted_options(one.definition)
        ]
        found += [
            message(
                "{place}: names are those of the portal's owners and their teams; IDs of others were not checked, the "
                "portal decides on them.",
                place=self._place(position),
            )
            for position, one in sorted(self._by_position.items())
            if one.definition.has_more_options
        ]
        found += self._long.notices()
        found += [doubt.notice(self._place(position)) for position, doubt in ticket.doubts(self._schema)]
        return found

    def _place(self, position: int) -> str:
        return f'{column_letter(position)} "{self._by_position[position].header}"'

    def judge(self, chunk: Chunk, *, is_whole: bool) -> tuple[dict[int, list[str]], Problems]:
        """Return the values of a chunk's columns, and what is wrong with its cells. `is_whole`: it is all there is."""
        cells = {position: self._cells(chunk, position) for position in self._positions}
        while True:
            values, problems = ticket.judge(self._schema, cells)
            doubtful = [
                position
                for position, reader in self._readers.items()
                if self._ambiguous.is_open(position) and is_doubtful(reader)
            ]
            if not doubtful:
                return values, problems
            self._ambiguous.settle(doubtful, [chunk] if is_whole else self._chunks(doubtful))

    def _cells(self, chunk: Chunk, position: int) -> Cells:
        kinds = chunk.kinds.get(position)
        column = self._by_position.get(position)
        if position == self.columns.key.position:
            texts = column_texts(chunk, position, keeps_zeros=self.columns.key.id_property is not None)
        elif column is None:
            texts = _modified_texts(chunk.columns[position], kinds)
        else:
            texts = column_texts(chunk, position, keeps_zeros=type_of(column.definition).keeps_zeros)
            if type_of(column.definition).is_text:
                self._long.note(chunk, position)
        cells = typed_cells(texts, kinds)
        if signs := self._foreign.get(position):
            rows = zip(chunk.rows, cells.texts, strict=True)
            as_text = CELLS[Kind.TEXT]
            texts = [as_text(f"{signs[row]} {cell}") if row in signs else cell for row, cell in rows]
            return Cells(texts, cells.kind)
        return cells


def _modified_texts(texts: Sequence[str], kinds: npt.NDArray[np.uint8] | None) -> Sequence[str]:
    """Return cells that say when rows were last modified, to the precision that they show.

    A workbook's cells keep seconds that they do not show: where none has any, the column shows minutes.
    """
    places = [] if kinds is None else np.flatnonzero(kinds == Kind.DATETIME).tolist()
    if not places or not all(texts[place].endswith(":00") for place in places):
        return texts
    shown = list(texts)
    for place in places:
        shown[place] = shown[place].removesuffix(":00")
    return shown


def check_reading(reading: Reading) -> None:
    """Raise UsageError for an unknown locale, date format or time zone, naming the option."""
    locale, date_format = reading.locale, reading.date_format
    try:
        if locale:
            style_of(locale)
    except (ValueError, LookupError, OSError) as error:
        raise UsageError(_unknown_locale(locale or "", str(error))) from error
    try:
        if date_format:
            compile_date_format(date_format)
    except (ValueError, LookupError, OSError) as error:
        raise UsageError(
            message(
                "{option} {value} is not understood: {reason}.",
                option="--date-format",
                value=date_format or "",
                reason=str(error),
            )
        ) from error
    try:
        ZoneInfo(reading.time_zone)
    except (ValueError, LookupError, OSError) as error:  # the option's, or the portal's
        raise UsageError(_unknown_zone(reading.time_zone)) from error


def _unknown_zone(zone: str) -> Message:
    if near := Nearest(sorted(available_timezones()))(zone, limit=1):
        return message("The time zone {zone} is not known here; did you mean {near}?", zone=zone, near=quoted(near))
    return message("The time zone {zone} is not known here; name another one with --timezone.", zone=zone)


def _unknown_locale(locale: str, reason: str) -> Message:
    from babel import localedata

    names = [name.replace("_", "-") for name in localedata.locale_identifiers()]
    if near := Nearest(names)(locale, limit=1):
        return message("There is no locale {locale}; did you mean {near}?", locale=locale, near=quoted(near))
    return message("{option} {value} is not understood: {reason}.", option="--locale", value=locale, reason=reason)


def _modified_converter(reading: Reading) -> FunctionConverter:
    datetimes = DatetimeConverter(reading)

    def convert(text: str, kind: Kind) -> Result:
        moment = datetimes.last_covered(text, kind)
        return moment if isinstance(moment, Problem) else moment_text(moment)

    return FunctionConverter(datetimes.code, datetimes.codes, convert)


class CheckedChunk:
    """What became of some rows.

    `invalid` holds (row, key); blank rows are neither there nor among `rows`. `lines` holds (row, line) where a row of
    a delimited file begins on a line of another number. A place is a row's index in the chunk.
    """

    def __init__(self, validation: Validation, chunk: Chunk, *, is_whole: bool) -> None:
        self._validation = validation
        self._columns = validation.columns
        self._cleared: set[Place] = set()
        positions = [one.position for one in self._columns.values]
        chunk, self._kept = without_word(chunk, NOT_KNOWN, positions)
        if validation.clear_word:
            chunk, self._cleared = without_word(chunk, validation.clear_word, positions)
            validation.cleared_by_word |= {
                one.definition.name
                for one in self._columns.values
                for _, position in self._cleared
                if position == one.position
            }
        self._chunk = chunk
        self._rows = chunk.rows
        self._values, self._problems = validation.judge(chunk, is_whole=is_whole)
        self._keys = self._values[self._columns.key.position]
        if validation.edits is not None:
            self._kept |= validation.edits.kept(
                self._keys, self._values, lambda position: column_texts(chunk, position, keeps_zeros=True)
            )
        self._bad: set[int] = set()
        self._headers = {
            one.position: (one.header, one.definition.name)
            for one in (*self._columns.values, *filter(None, [self._columns.modified]))
        }
        key = self._columns.key
        self._headers[key.position] = (key.header, key.property_name)
        self._blank = self._blank_places()
        self.lines = self._moved_lines()
        self.findings: list[Finding] = []
        told, strays = self._take_loader_findings()
        self._judge_keys(told)
        self._judge_values(told)
        self.findings.sort(key=lambda one: (one.row or 0, -1 if one.position is None else one.position))
        self.invalid = sorted([(self._rows[place], self._key_text(place)) for place in self._bad] + strays)

    def _moved_lines(self) -> list[tuple[int, int]]:
        """Return (row, line) of rows that begin on a line of another number: breaks within cells stand before them."""
        lines = self._chunk.lines
        if lines is None or lines == self._rows:
            return []
        return [(row, line) for row, line in zip(self._rows, lines, strict=True) if row != line]

    # --- what is wrong ------------------------------------------------------------------------------------------

    def _blank_places(self) -> set[int]:
        """Return the places of rows in which every cell is empty."""
        if "" not in self._keys:
            return set()
        blank = {place for place, key in enumerate(self._keys) if key == ""}
        blank -= {place for place, _ in self._cleared}
        for position in self._headers:
            texts, kinds = self._chunk.columns[position], self._chunk.kinds.get(position)
            blank -= {place for place in blank if texts[place].strip()}
            if kinds is not None:
                blank.difference_update(np.flatnonzero(kinds >= Kind.ERROR).tolist())
        return blank

    def _take_loader_findings(self) -> tuple[set[tuple[int, int]], list[tuple[int, str]]]:
        """Take over what the loader found; return the cells it names, and rows that it left out."""
        told: set[tuple[int, int]] = set()
        strays: dict[int, str] = {}
        places = {row: place for place, row in enumerate(self._rows)} if self._chunk.findings else {}
        for finding in self._chunk.findings:
            place = places.get(finding.row or 0)
            if place is None:
                if finding.row is not None:
                    strays[finding.row] = finding.key or ""
                self.findings.append(finding)
                continue
            self._bad.add(place)
            header, name = (
                self._headers.get(finding.position, (finding.header, None))
                if finding.position is not None
                else (None, None)
            )
            if finding.position is not None:
                told.add((place, finding.position))
            self.findings.append(
                replace(
                    finding,
                    header=finding.header or header,
                    property_name=finding.property_name or name,
                    key=finding.key or self._key_text(place),
                )
            )
        return told, list(strays.items())

    def _judge_keys(self, told: set[tuple[int, int]]) -> None:
        position = self._columns.key.position
        if "" in self._keys:
            for place, key in enumerate(self._keys):
                if key == "" and place not in self._blank and (place, position) not in told:
                    text = message("the row names no ticket; fill in its key, or empty the whole row")
                    self._add(place, position, "missing_key", text)

    def _judge_values(self, told: set[tuple[int, int]]) -> None:
        """Take over what is wrong with cells that hold something, where the loader did not report it already."""
        for position, wrong in self._problems.items():
            for place in sorted(wrong):
                if place in self._blank or (place, position) in told or (place, position) in self._kept:
                    continue
                for problem in wrong[place]:
                    if problem.code == "cannot_clear" and self._does_nothing(place, position):
                        continue
                    self._add(place, position, problem.code, problem.text)

    def _does_nothing(self, place: int, position: int) -> bool:
        """Whether a blank cell leaves its property alone."""
        return position in self._validation.blank_does_nothing and (place, position) not in self._cleared

    def _add(self, place: int, position: int, code: str, text: Message) -> None:
        self._bad.add(place)
        header, name = self._headers[position]
        typed = self._chunk.columns[position][place]
        row = self._rows[place]
        self.findings.append(Finding(code, text, row, position, header, name, self._key_text(place), typed))

    def _key_text(self, place: int) -> str:
        key = self._keys[place]
        return self._chunk.columns[self._columns.key.position][place].strip() if type(key) is Refused else key

    # --- what is right ------------------------------------------------------------------------------------------

    @cached_property
    def rows(self) -> list[CheckedRow]:
        """The rows that passed. They are made of the columns when they are first asked for."""
        pending = self._pending()
        wanted = self._wanted(pending)
        for place, position in self._kept:
            name = self._headers[position][1]
            wanted[place].pop(name, None)
            if name in pending[place]:
                pending[place] = NOTHING
        column = self._columns.modified
        modified: Sequence[str | None] = [None] * len(self._rows) if column is None else self._values[column.position]
        # Every row goes through this loop and the one in _wanted: nothing in them that most rows do not need.
        good = [
            CheckedRow(row, key, values, choices, moment or None, typed if choices else "", alike)
            for row, key, values, choices, moment, typed, alike in zip(
                self._rows, self._keys, wanted, pending, modified, self._stages_typed(), self._last_alike(), strict=True
            )
        ]
        left_out = self._bad | self._blank
        return [row for place, row in enumerate(good) if place not in left_out] if left_out else good

    def _last_alike(self) -> Iterable[Values]:
        """Return by place, for each property whose cell shows no whole moment, the last one it would show alike."""
        columns = {
            name: precision.last_alike(
                self._chunk.columns[position], self._chunk.kinds.get(position), self._values[position]
            )
            for position, (name, precision) in self._validation.precisions.items()
        }
        if not columns:
            return repeat({}, len(self._rows))
        lines = zip(*columns.values(), strict=True)
        return ({name: last for name, last in zip(columns, line, strict=True) if last} for line in lines)

    def _stages_typed(self) -> Sequence[str]:
        position = self._validation.stage_position
        return [""] * len(self._rows) if position is None else self._chunk.columns[position]

    def _pending(self) -> list[Mapping[str, Values]]:
        """Return by place the stages that wait for the ticket's pipeline; NOTHING where none does."""
        position = self._validation.stage_position
        if position is None or StageChoices not in set(map(type, self._values[position])):
            return [NOTHING] * len(self._rows)
        return [
            {TICKET.stage: stage.by_pipeline} if isinstance(stage, StageChoices) else NOTHING
            for stage in self._values[position]
        ]

    def _wanted(self, pending: Sequence[Mapping[str, Values]]) -> list[dict[str, str]]:
        """Return for every place the values that are settled."""
        waits = self._validation.stages_wait
        columns = [one for one in self._columns.values if not (waits and one.definition.name == TICKET.stage)]
        names = [one.definition.name for one in columns]
        cells = [self._values[one.position] for one in columns]
        lines: Iterable[tuple[str, ...]] = zip(*cells, strict=True) if cells else iter([()] * len(self._rows))
        # `strict` would be looked at once a row; the lines are as long as the names by their making.
        wanted: list[dict[str, str]] = [dict(zip(names, values)) for values in lines]  # noqa: B905
        keeping = self._validation.blank_does_nothing
        if keeping:
            kept = {one.definition.name for one in columns if one.position in keeping}
            wanted = [{n: value for n, value in one.items() if value != "" or n not in kept} for one in wanted]
            for place, position in self._cleared:
                wanted[place][self._headers[position][1]] = ""
        stages = self._validation.stage_position
        if stages is not None:
            keeps_stage = stages in keeping
            for one, choices, stage in zip(wanted, pending, self._values[stages], strict=True):
                if choices is not NOTHING:
                    one.pop(TICKET.stage, None)
                elif waits and (stage or not keeps_stage):
                    one[TICKET.stage] = stage
        return wanted
