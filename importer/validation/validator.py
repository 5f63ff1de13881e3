"""Rows of a table to values in HubSpot's form, and to findings for every cell that cannot be one.

In:  a table in chunks, the columns that were recognised, the portal's schema.
Out: per chunk the good rows, the rows that fail, and all their findings. A row with any finding is invalid.

Each distinct text of a column is converted once, and its value judged once by the pandera schema (`column_reader`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import repeat
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from importer.errors import UsageError
from importer.findings import Finding, column_letter
from importer.loader.own import data_chunks
from importer.loader.table import Chunk, Table
from importer.model import CheckedRow, Columns, Policy, ValueColumn, Values
from importer.template.edits import Edits
from importer.validation.ambiguity import AMBIGUOUS, Survey
from importer.validation.clear_word import Place, without_clear_word
from importer.validation.column import ColumnReader, Judge, ReadColumn, column_texts, no_judge
from importer.validation.keys import key_converter
from importer.validation.shown import LongTexts, Precision, languages, without_unseen
from importer.validation.stages import NOTHING, PendingStage, StageReader, Waiting
from schemas import ticket
from schemas.cells import FunctionConverter, Kind, Problem, Reading, Result
from schemas.date_format import compile_date_format
from schemas.message import Message, message
from schemas.property import STAGE, PortalSchema
from schemas.types.datetime import DatetimeConverter, moment_text
from schemas.types.number import style_of
from schemas.values import make_converter

CHUNK_SIZE = 5_000
"""Rows judged at a time: enough for work by columns, few enough that they stay in the processor's cache."""
_NO_SHOWN_ZEROS = frozenset({"number", "date", "datetime", "bool", "enumeration"})
"""Types for which a number cell means its number, not the leading zeros that its format shows."""


@dataclass
class CheckedChunk:
    """What became of some rows. `invalid` holds (row, key); blank rows are neither there nor among `rows`."""

    invalid: list[tuple[int, str]]
    findings: list[Finding]
    lines: list[tuple[int, int]]
    """(row, line) where a row of a delimited file begins on a line of another number."""
    _make_rows: Callable[[], list[CheckedRow]]

    @cached_property
    def rows(self) -> list[CheckedRow]:
        """The rows that passed. They are made of the columns when they are first asked for."""
        return self._make_rows()


class Validation:
    """The validation of one table: iterate it for chunks, then look at `notices`.

    Raises UsageError for a locale, date format or time zone that nobody knows.
    """

    def __init__(
        self,
        table: Table,
        columns: Columns,
        schema: PortalSchema,
        reading: Reading,
        *,
        edits: Edits | None = None,
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
        self._checks = ticket.build_schema(definitions, schema, replace(reading, blank="clear"))
        self._unjudged = ticket.unknown_rules(definitions, reading)
        self._readers = {
            position: ColumnReader(
                make_converter(definition, schema, self._by(reading, position)), self._judge_of(position)
            )
            for position, definition in definitions.items()
            if definition.name != STAGE
        }
        self._key_reader = ColumnReader(key_converter(columns.key, schema, reading))
        modified = columns.modified.position if columns.modified else -1
        self._modified_reader = ColumnReader(_modified_converter(self._by(reading, modified)))
        self.stage_position = next((place for place, one in definitions.items() if one.name == STAGE), None)
        """The stage column."""
        self._stages = StageReader(columns, schema, reading, self._judge_of(self.stage_position))
        stages = {} if self.stage_position is None else {self.stage_position: self._stages}
        self._survey = Survey({**self._readers, **stages})

    def _by(self, reading: Reading, position: int) -> Reading:
        """Return how the texts of a column are to be read: in its own language, where it names one."""
        return replace(reading, locale=self._languages.get(position, reading.locale))

    @cached_property
    def precisions(self) -> dict[int, tuple[str, Precision]]:
        """By position, what tells how finely datetime columns show their moments, with the property's name."""
        return {
            position: (one.definition.name, Precision(converter, self._table.formats.get(position, frozenset())))
            for position, one in self._by_position.items()
            if position in self._readers
            and isinstance(converter := self._readers[position].converter, DatetimeConverter)
        }

    def _judge_of(self, position: int | None) -> Judge:
        return no_judge if position is None else partial(ticket.refusals, self._checks, position)

    def __iter__(self) -> Iterator[CheckedChunk]:
        """Yield the checked chunks of the table, in order."""
        chunks = self._chunks(self._positions)
        chunk = next(chunks, None)
        is_whole = True
        while chunk is not None:
            following = next(chunks, None)
            is_whole = is_whole and following is None
            checked = _ChunkCheck(self, chunk, is_whole=is_whole).run()
            yield checked
            is_whole = False
            chunk = following

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
        for position, proof in sorted(self._survey.settled.items()):
            notice = self._survey.readers[position].converter.way_notice(self._place(position), proof)
            if notice is not None:
                found.append(notice)
        found += [
            message(
                "The portal's rule {rule} on {property} is not known here; the portal judges by it.",
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
            if one.definition.has_unknown_options
        ]
        found += self._long.notices()
        found += [doubt.notice(self._place(position)) for position, doubt in ticket.doubts(self._checks)]
        return found

    def _place(self, position: int) -> str:
        return f'{column_letter(position)} "{self._by_position[position].header}"'

    def read_columns(self, chunk: Chunk, *, is_whole: bool) -> dict[int, ReadColumn]:
        """Return the values of all columns of a chunk but the stage's. `is_whole`: the chunk is all there is."""
        read = {position: self._read(chunk, position, reader) for position, reader in self._readers.items()}
        doubtful = [position for position, column in read.items() if self._is_doubtful(position, column)]
        if doubtful:
            self._survey.settle(doubtful, [chunk] if is_whole else self._chunks(doubtful))
            read |= {position: self._read(chunk, position, self._readers[position]) for position in doubtful}
        return read

    def _is_doubtful(self, position: int, column: ReadColumn) -> bool:
        return self._survey.is_open(position) and any(one.code in AMBIGUOUS for one in column.problems.values())

    def _read(self, chunk: Chunk, position: int, reader: ColumnReader) -> ReadColumn:
        column = self._by_position.get(position)
        keeps_zeros = column is None or column.definition.type not in _NO_SHOWN_ZEROS
        texts = column_texts(chunk, position, keeps_zeros=keeps_zeros)
        self._long.note(texts, chunk.rows, position)
        return reader.read(texts, chunk.kinds.get(position))

    def read_keys(self, chunk: Chunk) -> ReadColumn:
        """Return the keys of a chunk."""
        position = self.columns.key.position
        texts = column_texts(chunk, position, keeps_zeros=self.columns.key.id_property is not None)
        return self._key_reader.read(texts, chunk.kinds.get(position))

    def read_modified(self, chunk: Chunk) -> ReadColumn | None:
        """Return, where the sheet says when its rows were last modified, up to which moment.

        A workbook's cells keep seconds that they do not show: where none has any, the column shows minutes.
        """
        column = self.columns.modified
        if column is None:
            return None
        texts, kinds = list(column_texts(chunk, column.position)), chunk.kinds.get(column.position)
        if kinds is not None:
            places = np.flatnonzero(kinds == Kind.DATETIME).tolist()
            if all(texts[place].endswith(":00") for place in places):
                for place in places:
                    texts[place] = texts[place].removesuffix(":00")
        return self._modified_reader.read(texts, kinds)

    def read_stages(
        self, chunk: Chunk, read: Mapping[int, ReadColumn], *, is_whole: bool
    ) -> tuple[ReadColumn, Waiting]:
        """Return the stages of a chunk, and those that wait for their pipeline."""
        column, waiting = self._stages.read(chunk, read)
        position = self._stages.position
        if position is None or not self._is_doubtful(position, column):
            return column, waiting
        self._survey.settle([position], [chunk] if is_whole else self._chunks([position]))
        return self._stages.read(chunk, read)

    @property
    def waiting_stage(self) -> int | None:
        """The stage column where its stages wait for the tickets' pipelines, as the sheet names none."""
        return self._stages.position if self._stages.waits else None


def check_reading(reading: Reading) -> None:
    """Raise UsageError for a locale, date format or time zone that nobody knows, naming the option."""
    try:
        option, value = "--locale", reading.locale
        if value:
            style_of(value)
        option, value = "--date-format", reading.date_format
        if value:
            compile_date_format(value)
    except (ValueError, LookupError, OSError) as error:
        raise UsageError(
            message(
                "{option} {value} is not understood: {reason}.", option=option, value=value or "", reason=str(error)
            )
        ) from error
    try:
        ZoneInfo(reading.time_zone)
    except (ValueError, LookupError, OSError) as error:  # the option's, or the portal's
        raise UsageError(
            message("The time zone {zone} is not known here; name another one with --timezone.", zone=reading.time_zone)
        ) from error


def _modified_converter(reading: Reading) -> FunctionConverter:
    datetimes = DatetimeConverter(reading)

    def convert(text: str, kind: Kind) -> Result:
        moment = datetimes.last_covered(text, kind)
        return moment if isinstance(moment, Problem) else moment_text(moment)

    return FunctionConverter(datetimes.code, convert)


class _ChunkCheck:
    """One chunk while it is judged. A place is a row's index in the chunk."""

    def __init__(self, validation: Validation, chunk: Chunk, *, is_whole: bool) -> None:
        self._validation = validation
        self._columns = validation.columns
        self._cleared: set[Place] = set()
        if validation.clear_word:
            positions = [one.position for one in self._columns.values]
            chunk, self._cleared = without_clear_word(chunk, validation.clear_word, positions)
            validation.cleared_by_word |= {
                one.definition.name
                for one in self._columns.values
                for _, position in self._cleared
                if position == one.position
            }
        self._chunk = chunk
        self._rows = chunk.rows
        self._keys = validation.read_keys(chunk)
        self._read = validation.read_columns(chunk, is_whole=is_whole)
        self._pending: Waiting = list
        self._stage_position = validation.stage_position
        if self._stage_position is not None:
            self._read[self._stage_position], self._pending = validation.read_stages(
                chunk, self._read, is_whole=is_whole
            )
        self._modified = validation.read_modified(chunk)
        self._kept: set[tuple[int, int]] = set()
        if validation.edits is not None:
            self._kept = validation.edits.kept(
                self._keys.cells, self._read, lambda position: column_texts(chunk, position, keeps_zeros=True)
            )
        self._findings: list[Finding] = []
        self._bad: set[int] = set()
        self._headers = {
            one.position: (one.header, one.definition.name)
            for one in (*self._columns.values, *filter(None, [self._columns.modified]))
        }
        key = self._columns.key
        self._headers[key.position] = (key.header, key.property_name)

    def run(self) -> CheckedChunk:
        blank = self._blank_places()
        told, strays = self._take_loader_findings()
        self._judge_keys(blank, told)
        self._judge_values(blank, told)
        if self._modified is not None:
            position = self._columns.modified.position if self._columns.modified else 0
            for place, problem in self._modified.problems.items():
                self._add(place, position, problem.code, problem.text)
        invalid = [(self._rows[place], self._key_text(place)) for place in sorted(self._bad)] + strays
        invalid.sort()
        self._findings.sort(key=lambda one: (one.row or 0, -1 if one.position is None else one.position))
        return CheckedChunk(invalid, self._findings, self._moved_lines(), lambda: self._good_rows(blank))

    def _moved_lines(self) -> list[tuple[int, int]]:
        """Return (row, line) of rows that begin on a line of another number: breaks within cells stand before them."""
        lines = self._chunk.lines
        if lines is None or lines == self._rows:
            return []
        return [(row, line) for row, line in zip(self._rows, lines, strict=True) if row != line]

    # --- what is wrong ------------------------------------------------------------------------------------------

    def _blank_places(self) -> set[int]:
        """Return the places of rows in which every cell is empty."""
        if "" not in self._keys.cells:
            return set()
        blank = {place for place, key in enumerate(self._keys.cells) if key == ""}
        blank -= {place for place, _ in self._cleared}
        for position in self._headers:
            texts, kinds = self._chunk.columns[position], self._chunk.kinds.get(position)
            blank -= {place for place in blank if texts[place].strip()}
            if kinds is not None:
                blank.difference_update(np.flatnonzero(kinds >= Kind.ERROR).tolist())
        return blank

    def _take_loader_findings(self) -> tuple[set[tuple[int, int]], list[tuple[int, str]]]:
        """Take over what the loader found; return the cells it tells of, and rows that it left out."""
        told: set[tuple[int, int]] = set()
        strays: dict[int, str] = {}
        places = {row: place for place, row in enumerate(self._rows)} if self._chunk.findings else {}
        for finding in self._chunk.findings:
            place = places.get(finding.row or 0)
            if place is None:
                if finding.row is not None:
                    strays[finding.row] = finding.key or ""
                self._findings.append(finding)
                continue
            self._bad.add(place)
            header, name = (
                self._headers.get(finding.position, (finding.header, None))
                if finding.position is not None
                else (None, None)
            )
            if finding.position is not None:
                told.add((place, finding.position))
            self._findings.append(
                replace(
                    finding,
                    header=finding.header or header,
                    property_name=finding.property_name or name,
                    key=finding.key or self._key_text(place),
                )
            )
        return told, list(strays.items())

    def _judge_keys(self, blank: set[int], told: set[tuple[int, int]]) -> None:
        position = self._columns.key.position
        for place, problem in self._keys.problems.items():
            self._add(place, position, problem.code, problem.text)
        if "" in self._keys.cells:
            for place, key in enumerate(self._keys.cells):
                if key == "" and place not in blank and (place, position) not in told:
                    text = message("the row names no ticket; fill in its key, or empty the whole row")
                    self._add(place, position, "missing_key", text)

    def _judge_values(self, blank: set[int], told: set[tuple[int, int]]) -> None:
        """Take over what is wrong with the cells that somebody meant, where the loader did not tell it already."""
        for position, column in self._read.items():
            wrong = {place: [problem] for place, problem in column.problems.items()} | column.refused
            for place in sorted(wrong):
                if place in blank or (place, position) in told or (place, position) in self._kept:
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
        self._findings.append(Finding(code, text, row, position, header, name, self._key_text(place), typed))

    def _key_text(self, place: int) -> str:
        key = self._keys.cells[place]
        return key if key is not None else self._chunk.columns[self._columns.key.position][place].strip()

    # --- what is right ------------------------------------------------------------------------------------------

    def _good_rows(self, blank: set[int]) -> list[CheckedRow]:
        waiting = self._pending()
        wanted, pending = self._wanted(waiting)
        for place, position in self._kept:
            name = self._headers[position][1]
            wanted[place].pop(name, None)
            if name in pending[place]:
                pending[place] = NOTHING
        modified = self._modified.cells if self._modified is not None else [None] * len(self._rows)
        # Every row goes through this loop and the one in _wanted: nothing in them that most rows do not need.
        good = [
            CheckedRow(row, key or "", values, choices, moment or None, typed if choices else "", alike)
            for row, key, values, choices, moment, typed, alike in zip(
                self._rows,
                self._keys.cells,
                wanted,
                pending,
                modified,
                self._stages_typed(waiting),
                self._last_alike(),
                strict=True,
            )
        ]
        left_out = self._bad | blank
        return [row for place, row in enumerate(good) if place not in left_out] if left_out else good

    def _last_alike(self) -> Iterable[Values]:
        """Return by place, for each property whose cell shows no whole moment, the last one it would show alike."""
        columns = {
            name: precision.last_alike(
                self._chunk.columns[position], self._chunk.kinds.get(position), self._read[position].cells
            )
            for position, (name, precision) in self._validation.precisions.items()
        }
        if not columns:
            return repeat({}, len(self._rows))
        lines = zip(*columns.values(), strict=True)
        return ({name: last for name, last in zip(columns, line, strict=True) if last} for line in lines)

    def _stages_typed(self, waiting: Sequence[PendingStage]) -> Sequence[str]:
        if self._stage_position is None or not waiting:
            return [""] * len(self._rows)
        return column_texts(self._chunk, self._stage_position)

    def _wanted(self, waiting: list[PendingStage]) -> tuple[list[dict[str, str]], list[PendingStage]]:
        """Return for every place the values that are settled, and the stage that waits for the ticket's pipeline."""
        unsettled = self._validation.waiting_stage
        columns = [one for one in self._columns.values if one.position != unsettled]
        names = [one.definition.name for one in columns]
        cells: list[Any] = [self._read[one.position].cells for one in columns]
        lines = zip(*cells, strict=True) if cells else iter([()] * len(self._rows))
        # `strict` would be looked at once a row; the lines are as long as the names by their making.
        wanted: list[dict[str, str]] = [dict(zip(names, values)) for values in lines]  # noqa: B905
        keeping = self._validation.blank_does_nothing
        if keeping:
            kept = {one.definition.name for one in columns if one.position in keeping}
            wanted = [{n: value for n, value in one.items() if value != "" or n not in kept} for one in wanted]
            for place, position in self._cleared:
                wanted[place][self._headers[position][1]] = ""
        if unsettled is None and not waiting:
            return wanted, [NOTHING] * len(wanted)
        pending = waiting or [NOTHING] * len(wanted)
        stages = [] if self._stage_position is None else self._read[self._stage_position].cells
        keeps_stage = self._stage_position in keeping
        for one, choices, stage in zip(wanted, pending, stages, strict=True):
            if choices is not NOTHING:
                one.pop(STAGE, None)
            elif unsettled is not None and (stage or not keeps_stage):
                one[STAGE] = stage or ""
        return wanted, pending
