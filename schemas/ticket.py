"""Property definitions as a pandera schema: what a sheet's cells must be for the portal to take them.

In:  a portal's definitions.
Out: a `DataFrameSchema`. Its parsers turn the cells of each column into values in HubSpot's form, its checks refuse
what cannot be one, and bear our codes: `schema.validate(frame, lazy=True)` returns the values, or raises pandera's
`SchemaErrors`, whose `failure_cases` name column, row and code of each wrong cell; `explain` adds the words.

Only column checks that answer for every cell are used: pandera names row and column for those, always. It does not for
checks on whole frames or checks that answer once, and with `coerce` it names a cell twice.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from typing import Any, Self
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.backends.pandas.components import ColumnBackend
from pandera.errors import FailureCaseMetadata, SchemaError, SchemaErrorReason, SchemaErrors

from schemas.cells import CELLS, KINDS, Cells, Converter, Kind, Problem, Reading, Refused, shown
from schemas.column import ColumnReader, StageReader, collect_proofs, is_doubtful, refused_places
from schemas.forms import is_text
from schemas.message import Message, count_message, message
from schemas.property import PortalSchema, Property, Rule
from schemas.rules import Clock, RuleCheck, make_checks
from schemas.ticket_object import TICKET
from schemas.types.option import StageConverter
from schemas.types.record_id import RecordIdConverter
from schemas.types.text import MAX_LENGTH
from schemas.values import make_converter

__all__ = ["Reading", "cell_column", "explain", "frame_schema", "judge", "property_column", "ticket_schema"]

_SAMPLE = 1_000
"""Values that show whether those of a column repeat."""
KNOWN_LIMIT = 100_000
"""Distinct values that don't fit at once whose verdict a check remembers."""

Problems = Mapping[int, Mapping[int, Sequence[Problem]]]
"""By column and place, why a cell is refused."""


def ticket_schema(
    portal: PortalSchema, reading: Reading | None = None, *, now: datetime | None = None
) -> pa.DataFrameSchema:
    """Return the schema of a frame of tickets: its columns are properties, by name; any of them may be absent.

    reading: how texts are read; in the portal's time zone where it is left out. A column whose cells could be read in
    two ways is read as its own other cells prove, each time that a frame is validated.
    now: the moment by which rules about periods are judged; the current one where it is left out.
    Raises ValueError or LookupError for a time zone or locale that is not known.
    """
    reading = reading or Reading(time_zone=portal.time_zone)
    columns: dict[Hashable, pa.Column] = {
        name: property_column(definition, portal, reading, now=now, is_whole=True)
        for name, definition in portal.properties.items()
        if not definition.read_only
    }
    columns[TICKET.record_id] = cell_column(RecordIdConverter(), is_whole=True)
    return frame_schema(columns, stage=TICKET.stage, pipeline=TICKET.pipeline)


def frame_schema(
    columns: Mapping[Hashable, pa.Column], *, stage: Hashable = None, pipeline: Hashable = None
) -> pa.DataFrameSchema:
    """Return the schema of a frame with these columns; `stage` and `pipeline` are the labels of those, if any."""
    pairs = pa.Parser(_pair_stages(columns[pipeline], stage, pipeline)) if {stage, pipeline} <= columns.keys() else None
    return pa.DataFrameSchema(dict(columns), parsers=pairs)


def property_column(
    definition: Property, portal: PortalSchema, reading: Reading, *, now: datetime | None = None, is_whole: bool = False
) -> pa.Column:
    """Return the column of a property, for a `frame_schema`, which tells its failure cases.

    is_whole: a frame holds all of its cells, so it is read as they prove.
    """
    if definition.name == TICKET.stage:
        reader: ColumnReader | StageReader = StageReader(StageConverter(portal.pipelines, reading))
    else:
        reader = ColumnReader(make_converter(definition, portal, reading))
    clock = Clock(now or datetime.now(UTC), ZoneInfo(reading.time_zone))
    return _column(reader, list(_judgements(definition, reading, clock)), is_whole=is_whole)


def cell_column(converter: Converter, *, is_whole: bool = False) -> pa.Column:
    """Return a column of cells that a converter reads, and nothing else is asked of."""
    return _column(ColumnReader(converter), [], is_whole=is_whole)


def reader_of(column: pa.Column) -> ColumnReader | StageReader:
    """Return what reads the cells of a column."""
    reader: ColumnReader | StageReader = column.metadata["reader"]
    return reader


def judge(
    schema: pa.DataFrameSchema, cells: Mapping[int, Cells]
) -> tuple[dict[int, list[str]], dict[int, dict[int, list[Problem]]]]:
    """Validate cells by column, and return their values with what is wrong with them, by column and place.

    A check or parser that raises is a bug of ours and no verdict about a cell: RuntimeError, with the check's code.
    """
    found: dict[int, dict[int, list[Problem]]] = {}
    frame = pd.DataFrame({column: pd.Series(list(one.texts), dtype=object) for column, one in cells.items()})
    frame.attrs[_KINDS] = _Kinds({column: one.kind for column, one in cells.items()})
    try:
        frame = schema.validate(frame, lazy=True, inplace=True)
    except SchemaErrors as errors:
        frame = errors.data
        for column, row, problem in problems_in(errors):
            found.setdefault(column, {}).setdefault(row, []).append(problem)
    return {column: frame[column].to_numpy().tolist() for column in cells}, found


def problems_in(errors: SchemaErrors) -> Iterator[tuple[Any, Any, Problem]]:
    """Yield column, row label and problem of each failure case."""
    for error in errors.schema_errors:
        column, check = error.column_name, error.check
        if error.reason_code is not SchemaErrorReason.DATAFRAME_CHECK or error.failure_cases is None:
            raise RuntimeError(
                f"the check {getattr(check, 'name', check)} of column {column} failed: {error}"
            ) from error
        judgement = errors.schema.columns[column].metadata["judgements"][error.check_index]
        cases = (error.failure_cases[name].tolist() for name in ("index", "failure_case"))
        for row, value in zip(*cases, strict=True):
            if isinstance(value, Refused) and value.problem is not None:
                yield column, row, value.problem
            else:
                yield column, row, Problem(judgement.code, judgement.explain(value))


def explain(errors: SchemaErrors) -> pd.DataFrame:
    """Return what is wrong with a frame: row, column, code, value and message of each cell. Row labels are unique."""
    lines = [
        (row, column, problem.code, str(errors.data.loc[row, column]), str(problem.text))
        for column, row, problem in problems_in(errors)
    ]
    return pd.DataFrame(lines, columns=["row", "column", "code", "value", "message"])


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check of one column is made of: a code that names it, and words for a value that fails it."""

    code: str
    fits: Callable[[pd.Series], pd.Series]
    explain: Callable[[str], Message]
    doubts: Doubts | None = None


class _Column(pa.Column):
    """A column whose failure cases are told by the frame it is part of, and not by itself."""


class _ColumnBackend(ColumnBackend):
    """pandera's own, without the tables of failure cases that it makes twice a column before it makes the frame's."""

    def failure_cases_metadata(self, schema_name: str, schema_errors: list[SchemaError]) -> FailureCaseMetadata:
        del schema_name, schema_errors
        return FailureCaseMetadata(failure_cases=None, message={}, error_counts={})


_Column.register_backend(pd.DataFrame, _ColumnBackend)


def _column(reader: ColumnReader | StageReader, judgements: list[Judgement], *, is_whole: bool) -> pa.Column:
    judgements = [*(_reading_of(code, reader) for code in reader.converter.codes), *judgements]
    return _Column(
        None,
        parsers=pa.Parser(_parser(reader, is_whole=is_whole)),
        checks=[pa.Check(one.fits, name=one.code, ignore_na=False) for one in judgements],
        nullable=True,
        required=False,
        metadata={"judgements": judgements, "reader": reader},
    )


# --- parsers ----------------------------------------------------------------------------------------------------------


def _parser(reader: ColumnReader | StageReader, *, is_whole: bool) -> Callable[[pd.Series], pd.Series]:
    def parse(column: pd.Series) -> pd.Series:
        cells = _cells(column)
        if is_whole and reader.converter.way is not None:  # as another frame proved
            reader.converter.way = None
            reader.forget()
        values = reader.read(cells)
        if is_whole and is_doubtful(reader):
            proofs: dict[str, str] = {}
            found: Sequence[Any] = cells.texts  # a stage may stand with its row's pipeline
            texts = [one if isinstance(one, str) else one[1] for one in found]
            collect_proofs(reader.converter, Cells(texts, cells.kind), proofs)
            if len(proofs) == 1:
                reader.converter.way = next(iter(proofs))
                reader.forget()
                values = reader.read(cells)
        # As objects, for pandas would take texts for its own kind, which knows no classes of them.
        return pd.Series(values, index=column.index, dtype=object)

    return parse


def _pair_stages(column: pa.Column, stage: Hashable, pipeline: Hashable) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return what puts each stage cell together with the pipeline of its row."""
    reader = reader_of(column)

    def pair(frame: pd.DataFrame) -> pd.DataFrame:
        if stage not in frame or pipeline not in frame:
            return frame
        pipelines = [None if isinstance(one, Refused) else one for one in reader.read(_cells(frame[pipeline]))]
        stages = _cells(frame[stage]).texts
        frame[stage] = pd.Series(list(zip(pipelines, stages, strict=True)), frame.index, dtype=object)
        return frame

    return pair


def _cells(column: pd.Series) -> Cells:
    """Return a column as cells: as they are where `judge` made it, else as a workbook's cells would be read."""
    values = column.to_numpy(dtype=object).tolist()
    kinds = column.attrs.get(_KINDS)
    return Cells(list(map(_cell, values))) if kinds is None else Cells(values, kinds[column.name])


_KINDS = "import-tickets: kinds"
"""The key among a frame's attributes of what kind the plain texts of its columns are."""


class _Kinds(dict[Hashable, Kind]):
    def __deepcopy__(self, _: object) -> Self:
        return self  # pandas copies the attributes of a frame for each of its columns, again and again


_CELL_CLASSES = {*KINDS, Refused, tuple}


def _cell(value: Any) -> Any:
    if type(value) in _CELL_CLASSES:
        return value
    if value is None or value is pd.NA or value is pd.NaT or value != value:  # noqa: PLR0124 - only NaN is not itself
        return ""
    if isinstance(value, bool | np.bool_):
        return CELLS[Kind.BOOL]("TRUE" if value else "FALSE")
    if isinstance(value, int | np.integer):
        return CELLS[Kind.NUMBER](int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        return CELLS[Kind.NUMBER](f"{number:.15g}" if abs(number) < 10**15 else f"{number:.0f}")
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            return value.isoformat()
        if value.time() == time_of_day():
            return CELLS[Kind.DATE](f"{value:%Y-%m-%d}")
        return CELLS[Kind.DATETIME](value.isoformat(" ", timespec="milliseconds" if value.microsecond else "seconds"))
    return CELLS[Kind.DATE](value.isoformat()) if isinstance(value, date) else str(value)


# --- checks -----------------------------------------------------------------------------------------------------------


def _reading_of(code: str, reader: ColumnReader | StageReader) -> Judgement:
    """Return the judgement that no cell was refused with a code when it was read."""

    def fits(column: pd.Series) -> pd.Series:
        passes = _all_pass(column)
        passes.iloc[[place for place, refused in reader.refused.items() if refused == code]] = False
        return passes

    return Judgement(code, fits, lambda value: message('"{value}" cannot be read', value=shown(value)))


def each_value(fits: Callable[[str], bool], otherwise: Callable[[str], bool]) -> Callable[[pd.Series], pd.Series]:
    """Return a check of single values, made for whole columns: a value passes that fits, or passes `otherwise`.

    Blank cells pass, and so do those that another check refuses since they could not be read.
    """
    odd: dict[str, bool] = {}

    def judge_column(column: pd.Series) -> pd.Series:
        values = column.to_numpy().tolist()
        for place in refused_places(values):
            values[place] = ""
        some = values[:_SAMPLE]
        if len(set(some)) * 2 < len(some):
            distinct = dict.fromkeys(values)
            verdicts = dict(zip(distinct, map(fits, distinct), strict=True))
            passes = np.fromiter(map(verdicts.__getitem__, values), dtype=bool, count=len(values))
        else:
            passes = np.fromiter(map(fits, values), dtype=bool, count=len(values))
        for place in np.flatnonzero(~passes).tolist():
            value = values[place]
            if value not in odd:
                odd[value] = not value or otherwise(value)
            passes[place] = odd[value]
        if len(odd) > KNOWN_LIMIT:
            odd.clear()
        return pd.Series(passes, index=column.index)

    return judge_column


def _fits_length(column: pd.Series) -> pd.Series:
    values: list[str] = column.to_numpy().tolist()
    if max(map(len, values), default=0) <= MAX_LENGTH:
        return _all_pass(column)
    return pd.Series([len(one) <= MAX_LENGTH for one in values], index=column.index)


def _all_pass(column: pd.Series) -> pd.Series:
    return pd.Series(np.ones(len(column), dtype=bool), index=column.index)


def _judgements(definition: Property, reading: Reading, clock: Clock) -> Iterator[Judgement]:
    if is_text(definition):
        yield Judgement("too_long", _fits_length, _too_long)
    if definition.name in {TICKET.pipeline, TICKET.stage} and reading.blank == "clear":
        yield Judgement(
            "cannot_clear",
            lambda column: column != "",
            lambda _: message("this property cannot be empty; fill the cell, or leave the column out"),
        )
    for rule in make_checks(definition.rules, clock)[0]:
        yield _rule_check(rule)


def _too_long(value: str) -> Message:
    return message(
        '"{value}" and so on is longer than the {limit} characters that HubSpot keeps; shorten it',
        value=shown(value),
        limit=MAX_LENGTH,
    )


def _rule_check(rule: RuleCheck) -> Judgement:
    found = Doubts(rule)

    def is_in_doubt(value: str) -> bool:
        if rule.judge.lenient(value):
            found.count += 1
            found.sample = found.sample or value
            return True
        return False

    return Judgement("rule_violation", each_value(rule.judge.strict, is_in_doubt), rule.violation, found)


@dataclass
class Doubts:
    """How many distinct values of a column a rule leaves in doubt; the portal decides on them."""

    rule: RuleCheck
    count: int = 0
    sample: str = ""

    def __deepcopy__(self, _: object) -> Self:
        """Return the tally itself: pandera copies columns, and a copy would not be counted in."""
        return self

    def notice(self, place: str) -> Message:
        """Return the words for the person."""
        return count_message(
            '{place}: "{sample}" may break the rule {rule}; the portal decides.',
            '{place}: {count} values, such as "{sample}", may break the rule {rule}; the portal decides.',
            self.count,
            place=place,
            sample=shown(self.sample),
            rule=self.rule.bound,
        )


def doubts(schema: pa.DataFrameSchema) -> Iterator[tuple[int, Doubts]]:
    """Yield, by column, what rules left in doubt since the schema was built."""
    for position, column in schema.columns.items():
        for judgement in column.metadata["judgements"]:
            if judgement.doubts is not None and judgement.doubts.count:
                yield int(position), judgement.doubts


def unknown_rules(definitions: Mapping[int, Property], reading: Reading) -> list[tuple[Property, Rule]]:
    """Return the rules that cannot be judged here, with their properties."""
    clock = Clock(datetime.now(UTC), ZoneInfo(reading.time_zone))
    return [
        (definition, rule) for definition in definitions.values() for rule in make_checks(definition.rules, clock)[1]
    ]
