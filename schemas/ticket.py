"""Property definitions as a pandera schema: what a frame of ticket values must be for the portal to take it.

In:  definitions by column, a portal.
Out: a `DataFrameSchema` that judges a frame whose columns are those of the sheet and whose cells are values in
HubSpot's form, "" where a value is to be cleared, None where a cell could not be converted. Its checks bear our codes.

Only column checks that answer for every cell are used: pandera names row and column for those, always. It does not for
checks on whole frames or checks that answer once, and with `coerce` it names a cell twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pandera.pandas as pa

from schemas.cells import Problem, Reading, shown
from schemas.message import Message, count_message, message
from schemas.property import OWNER, PIPELINE, STAGE, PortalSchema, Property, Rule
from schemas.rules import Clock, RuleCheck, Verdict, make_checks
from schemas.types.text import MAX_LENGTH

__all__ = ["Reading", "build_schema", "doubts", "refusals", "unknown_rules"]

KNOWN_LIMIT = 100_000
"""Distinct values whose verdict a check remembers."""

_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?"
_DAY = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_MOMENT = rf"{_DAY}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}\.[0-9]{{3}}Z"

Judge = Callable[[pd.Series], Any]
"""Returns for every cell of a column whether it passes."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check of one column is made of: a code that names it, and words for a value that fails it."""

    code: str
    judge: Judge
    explain: Callable[[str], Message]
    doubts: Doubts | None = None
    is_form: bool = False
    """Whether it judges HubSpot's form for the type, and not what the portal asks of this property besides."""

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
        values = column.to_numpy().tolist()
        if len(self._known) > KNOWN_LIMIT:
            self._forget()
        for value in dict.fromkeys(values):
            if value not in self._known:
                self._known[value] = self._fits(value)
        return pd.Series(list(map(self._known.__getitem__, values)), index=column.index, dtype=bool)


class Pattern:
    """A judgement of values by a pattern: of all of them at once, and one by one where that fails."""

    def __init__(self, pattern: str) -> None:
        self._one = re.compile(pattern)
        # Possessive, so that a long column is gone through once and without a stack.
        self._all = re.compile(rf"(?:(?:{pattern})?\n)*+")

    def __call__(self, column: pd.Series) -> pd.Series:
        """Return for every cell whether it is empty or matches; cells that could not be read do not."""
        values = column.to_numpy().tolist()
        lines = "\n".join([value or "" for value in values]) + "\n"
        if lines.count("\n") == len(values) and self._all.fullmatch(lines):
            return column.notna() if None in values else _all_pass(column)
        fits = [value is not None and (not value or self._one.fullmatch(value) is not None) for value in values]
        return pd.Series(fits, index=column.index, dtype=bool)


def _fits_length(column: pd.Series) -> pd.Series:
    values = column.to_numpy().tolist()
    if None not in values and max(map(len, values), default=0) <= MAX_LENGTH:
        return _all_pass(column)
    return pd.Series([value is not None and len(value) <= MAX_LENGTH for value in values], index=column.index)


def _all_pass(column: pd.Series) -> pd.Series:
    return pd.Series(np.ones(len(column), dtype=bool), index=column.index)


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


def refusals(
    schema: pa.DataFrameSchema, position: int, values: Sequence[str | None], *, is_proven: bool = False
) -> dict[int, list[Problem]]:
    """Return what the checks of a column say of the values that they refuse, by index.

    is_proven: the values are in HubSpot's form beyond doubt, as the converter that made them looked for nothing else;
    they are not judged by that once more.
    The schema's checks are put to its columns one by one: `schema.validate` would call the same ones, and then draw up
    reports of its own, which cost more than all checks of a chunk together.
    A check that raises is a bug of ours and no verdict about a cell: RuntimeError, with the check's code.
    """
    column = schema.columns[position]
    judgements = column.metadata["judgements"]
    asked = [pair for pair in zip(column.checks, judgements, strict=True) if not (is_proven and pair[1].is_form)]
    found: dict[int, list[Problem]] = {}
    # As objects, for pandas would take texts for its own kind, which turns None into NaN.
    cells = pd.Series(np.array(values, dtype=object), dtype=object) if asked else None
    for check, judgement in asked:
        try:
            result = check(cells)
        except Exception as error:
            raise RuntimeError(f"the check {judgement.code} of column {position} failed: {error!r}") from error
        if not result.check_passed:
            for index in result.failure_cases.index.tolist():
                problem = Problem(judgement.code, judgement.explain(values[index] or ""))
                found.setdefault(index, []).append(problem)
    return found


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
    code, judge, words = _form(definition, portal)
    yield Judgement(
        code, judge, lambda value: Message(words.template, {**words.values, "value": shown(value)}), is_form=True
    )
    if definition.name in {PIPELINE, STAGE} and reading.blank == "clear":
        yield Judgement(
            "cannot_clear",
            lambda column: column != "",
            lambda _: message("this property cannot be empty; fill the cell, or leave the column out"),
        )
    for rule in make_checks(definition.rules, clock)[0]:
        yield _rule_check(rule)


def _rule_check(rule: RuleCheck) -> Judgement:
    found = Doubts(rule)

    def fits(value: str) -> bool:
        verdict = rule.judge(value)
        if verdict is Verdict.DOUBTFUL:
            found.count += 1
            found.sample = found.sample or value
        return verdict is not Verdict.BROKEN

    return Judgement("rule_violation", EachValue(fits), rule.violation, found)


def _form(definition: Property, portal: PortalSchema) -> tuple[str, Judge, Message]:
    """Return the code, the judge and the words for a value that is not in HubSpot's form for its type."""
    if definition.is_owner or definition.name == OWNER:
        known = {owner.id for owner in portal.owners} if portal.owners_known and not definition.is_multiple else None
        judge: Judge = EachValue(known.__contains__, unread=False) if known else _was_read
        return "invalid_owner", judge, message('"{value}" is no owner')
    if definition.type == "enumeration":
        return "invalid_option", _among_options(definition), message('"{value}" is not an option')
    if definition.type == "number":
        return "invalid_number", Pattern(_NUMBER), message('"{value}" is not a number')
    if definition.type == "bool":
        words = message('"{value}" is neither true nor false')
        return "invalid_boolean", EachValue({"true", "false"}.__contains__, unread=False), words
    if definition.type == "date":
        return "invalid_date", Pattern(_DAY), message('"{value}" is no date')
    if definition.type == "datetime":
        return "invalid_datetime", Pattern(_MOMENT), message('"{value}" is no date and time')
    words = message(
        '"{value}" and so on is longer than the {limit} characters that HubSpot keeps; shorten it', limit=MAX_LENGTH
    )
    return "too_long", _fits_length, words


def _among_options(definition: Property) -> Judge:
    allowed = {option.value for option in definition.options}
    if not allowed or definition.name in {PIPELINE, STAGE}:
        return _was_read
    if definition.is_multiple:
        return EachValue(
            lambda value: value in allowed or allowed.issuperset(value.removeprefix(";").split(";")), unread=False
        )
    return EachValue(allowed.__contains__, unread=False)


def _was_read(column: pd.Series) -> pd.Series:
    return column.notna()
