"""Property definitions as a pandera schema: what a frame of ticket values must be for the portal to take it.

In:  definitions by column, a portal.
Out: a `DataFrameSchema` that judges a frame whose columns are those of the sheet and whose cells are values in
HubSpot's form, "" where a value is to be cleared, None where a cell could not be converted. Its checks bear our codes.

Only column checks that answer for every cell are used: pandera names row and column for those, always. It does not for
checks on whole frames or checks that answer once, and with `coerce` it names a cell twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaError, SchemaErrorReason, SchemaErrors

from schemas.cells import Reading, shown
from schemas.message import Message, count_message, message
from schemas.moments import parse_day
from schemas.property import OWNER, PIPELINE, STAGE, PortalSchema, Property, Rule
from schemas.rules import Clock, RuleCheck, Verdict, make_checks
from schemas.text import MAX_LENGTH

__all__ = ["Failure", "Reading", "build_schema", "doubts", "failures", "unknown_rules"]

KNOWN_LIMIT = 100_000
"""Distinct values whose verdict a check remembers."""

_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check of one column is made of: a code that names it, and words for a value that fails it."""

    code: str
    judge: Callable[[pd.Series], Any]
    """Returns for every cell of a column whether it passes."""
    explain: Callable[[str], Message]
    doubts: Doubts | None = None

    def as_check(self) -> pa.Check:
        """Return the pandera check."""
        return pa.Check(self.judge, name=self.code, ignore_na=False)


class EachValue:
    """A judgement of single values, made for whole columns: each distinct value is judged once, and remembered."""

    def __init__(self, fits: Callable[[str], bool], *, unread: bool = True) -> None:
        self._fits = fits
        self._unread = unread
        self._known: dict[str | None, bool] = {}
        self._forget()

    def _forget(self) -> None:
        self._known = {"": True, None: self._unread}

    def __call__(self, column: pd.Series) -> pd.Series:
        """Return for every cell whether its value fits; cleared values do."""
        values = column.array.tolist()
        if len(self._known) > KNOWN_LIMIT:
            self._forget()
        known = self._known
        for value in set(values).difference(known):
            known[value] = self._fits(value)
        return pd.Series([known[value] for value in values], index=column.index, dtype=bool)


@dataclass(frozen=True, slots=True)
class Failure:
    """One cell that a check refused."""

    row: int
    position: int
    code: str
    value: str | None
    text: Message


@dataclass
class Doubts:
    """How many cells of a column a rule leaves in doubt; the portal decides on them."""

    rule: RuleCheck
    count: int = 0
    sample: str = ""

    def notice(self, place: str) -> Message:
        """Return the words for the person."""
        return count_message(
            '{place}: one cell, "{sample}", may break the rule {rule}; the portal decides.',
            '{place}: {count} cells, such as "{sample}", may break the rule {rule}; the portal decides.',
            self.count,
            place=place,
            sample=shown(self.sample),
            rule=self.rule.bound,
        )


def build_schema(
    definitions: Mapping[int, Property], portal: PortalSchema, reading: Reading, *, now: datetime | None = None
) -> pa.DataFrameSchema:
    """Return the schema of a frame of values: its columns are the positions of `definitions`.

    now: the moment by which rules about periods are judged; the current one where it is left out.
    Raises ValueError or LookupError for a time zone that nobody knows.
    """
    clock = Clock(now or datetime.now(UTC), ZoneInfo(reading.time_zone))
    return pa.DataFrameSchema(
        {
            position: _column(list(_judgements(definition, portal, reading, clock)))
            for position, definition in definitions.items()
        }
    )


def _column(judgements: list[Judgement]) -> pa.Column:
    checks = [judgement.as_check() for judgement in judgements]
    return pa.Column(None, checks=checks, nullable=True, metadata={"judgements": judgements})


def failures(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> Iterator[Failure]:
    """Yield every cell of `frame` that a check refuses, each check once.

    A check that raises is a bug of ours and no verdict about a cell: its error is raised here.
    """
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as found:
        for error in found.schema_errors:
            yield from _failures(error)


def _failures(error: SchemaError) -> Iterator[Failure]:
    if error.reason_code is not SchemaErrorReason.DATAFRAME_CHECK:
        cause = error.check_output if isinstance(error.check_output, Exception) else error
        raise RuntimeError(f"the check {error.check!r} of column {error.schema.name!r} failed: {error}") from cause
    judgement: Judgement = error.schema.metadata["judgements"][error.check_index]
    cases = error.failure_cases
    for row, value in zip(cases["index"].tolist(), cases["failure_case"].tolist(), strict=True):
        text = value if isinstance(value, str) else None
        yield Failure(int(row), int(error.schema.name), judgement.code, text, judgement.explain(text or ""))


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


def _judgements(definition: Property, portal: PortalSchema, reading: Reading, clock: Clock) -> Iterator[Judgement]:
    code, fits, text = _form(definition, portal)
    if fits is not None:
        yield Judgement(code, EachValue(fits, unread=False), lambda value: _explain(text, value))
    else:
        yield Judgement(code, lambda column: column.notna(), lambda value: _explain(text, value))
    if definition.name in {PIPELINE, STAGE} and reading.blank == "clear":
        yield Judgement(
            "cannot_clear",
            lambda column: column != "",
            lambda _: message("this property cannot be empty; fill the cell, or leave the column out"),
        )
    for rule in make_checks(definition.rules, clock)[0]:
        yield _rule_check(rule)


def _explain(words: Message, value: str) -> Message:
    return Message(words.template, {**words.values, "value": shown(value)})


def _rule_check(rule: RuleCheck) -> Judgement:
    found = Doubts(rule)

    def fits(value: str) -> bool:
        verdict = rule.judge(value)
        if verdict is Verdict.DOUBTFUL:
            found.count += 1
            found.sample = found.sample or value
        return verdict is not Verdict.BROKEN

    return Judgement("rule_violation", EachValue(fits), rule.violation, found)


def _form(definition: Property, portal: PortalSchema) -> tuple[str, Callable[[str], bool] | None, Message]:
    """Return the code, the test and the words for a value that is not in HubSpot's form for its type."""
    if definition.is_owner or definition.name == OWNER:
        known = {owner.id for owner in portal.owners} if portal.owners_known and not definition.is_multiple else None
        return "invalid_owner", known.__contains__ if known else None, message('"{value}" is no owner')
    if definition.type == "enumeration":
        allowed = {option.value for option in definition.options}
        words = message('"{value}" is not an option')
        if not allowed or definition.name in {PIPELINE, STAGE}:
            return "invalid_option", None, words
        if definition.is_multiple:
            return "invalid_option", lambda value: set(_options(value)) <= allowed or value in allowed, words
        return "invalid_option", allowed.__contains__, words
    forms: dict[str, tuple[str, Callable[[str], bool], Message]] = {
        "number": (
            "invalid_number",
            lambda value: _PLAIN_NUMBER.fullmatch(value) is not None,
            message('"{value}" is not a number'),
        ),
        "bool": ("invalid_boolean", {"true", "false"}.__contains__, message('"{value}" is neither true nor false')),
        "date": ("invalid_date", _is_day, message('"{value}" is no date')),
        "datetime": (
            "invalid_datetime",
            lambda value: _MOMENT.fullmatch(value) is not None and _is_day(value[:10]),
            message('"{value}" is no date and time'),
        ),
    }
    return forms.get(
        definition.type,
        (
            "too_long",
            lambda value: len(value) <= MAX_LENGTH,
            message('"{value}" is longer than the {limit} characters that HubSpot keeps', limit=MAX_LENGTH),
        ),
    )


def _is_day(value: str) -> bool:
    return len(value) == len("2026-03-04") and parse_day(value) is not None


def _options(value: str) -> list[str]:
    return value.removeprefix(";").split(";")
