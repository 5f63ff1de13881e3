"""Values in HubSpot's own form: how the cells of each property type become them, and when two of them mean the same.

No I/O, and no pandas: a converter takes one cell; the validator keeps the results by distinct text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial

from schemas.cells import Converter, Reading
from schemas.property import OWNER, PIPELINE, PortalSchema, Property, Rule
from schemas.rules import normalise
from schemas.types.boolean import BooleanConverter
from schemas.types.datetime import DateConverter, DatetimeConverter, parse_day, parse_moment
from schemas.types.number import NumberConverter
from schemas.types.option import OptionConverter, OptionsConverter, OwnerConverter, PipelineConverter
from schemas.types.text import TextConverter, line_breaks


def make_converter(definition: Property, portal: PortalSchema, reading: Reading) -> Converter:
    """Return what turns the cells of a column into values of `definition`; a type that is not known is text.

    Raises ValueError for a locale or date format that nobody knows, LookupError for such a time zone.
    A stage depends on its row's pipeline: see `schemas.types.option.StageConverter`.
    """
    if definition.is_owner or definition.name == OWNER:
        owner = OwnerConverter(portal)
        return OptionsConverter(definition, owner) if definition.is_multiple else owner
    if definition.name == PIPELINE:
        return PipelineConverter(portal.pipelines, reading)
    if definition.type == "enumeration":
        option = OptionConverter(definition, reading)
        return OptionsConverter(definition, option) if definition.is_multiple else option
    if definition.type == "number":
        return NumberConverter(definition, reading, portal.currency)
    if definition.type == "bool":
        return BooleanConverter(definition, reading)
    if definition.type == "date":
        return DateConverter(reading)
    if definition.type == "datetime":
        return DatetimeConverter(reading)
    return TextConverter(definition)


Same = Callable[[str, str], bool]


def make_comparer(definition: Property | None) -> Same | None:
    """Return what tells whether two texts, neither of them empty, mean the same value of a property.

    Numbers are compared as decimals, dates as days, datetimes as instants, several options as sets, unique properties
    without case, text whatever its line breaks are and after what the portal's rules normalise. None: other texts are
    other values.
    """
    if definition is None:
        return None
    if definition.type == "number":
        return _same_decimal
    if definition.type == "date":
        return _same_day
    if definition.type == "datetime":
        return _same_moment
    if definition.is_multiple:
        return _same_parts
    if definition.type == "bool":
        return _same_word
    rules = definition.rules if any(rule.normalizes for rule in definition.rules) else ()
    if rules:
        return partial(_same_normalised, rules, definition.unique)
    return _same_unique if definition.unique else _same_text


def same_value(definition: Property | None, left: str | None, right: str | None) -> bool:
    """Return whether two values of a property mean the same, in whatever form each of them is written.

    See `make_comparer`; None and "" are the same.
    """
    left, right = left or "", right or ""
    if left == right:
        return True
    if not left or not right:
        return False
    same = make_comparer(definition)
    return same is not None and same(left, right)


def is_plain_day(value: str) -> bool:
    """Return whether a date is written as we send it, so that another text of this form is another day."""
    return len(value) == _DAY_LENGTH and value[4] == value[7] == "-"


_DAY_LENGTH, _MOMENT_LENGTH = len("2026-03-04"), len("2026-03-04T12:30:00.000Z")


def _same_day(left: str, right: str) -> bool:
    if is_plain_day(left) and is_plain_day(right):
        return left == right
    day = parse_day(left)
    return day is not None and day == parse_day(right)


def _same_moment(left: str, right: str) -> bool:
    if _is_plain_moment(left) and _is_plain_moment(right):
        return left == right
    moment = parse_moment(left)
    return moment is not None and moment == parse_moment(right)


def _is_plain_moment(value: str) -> bool:
    return len(value) == _MOMENT_LENGTH and value[10] == "T" and value[19] == "." and value[23] == "Z"


def _same_word(left: str, right: str) -> bool:
    return left.casefold() == right.casefold()


def _same_text(left: str, right: str) -> bool:
    return line_breaks(left) == line_breaks(right)


def _same_unique(left: str, right: str) -> bool:
    return line_breaks(left).casefold() == line_breaks(right).casefold()


def _same_normalised(rules: Sequence[Rule], unique: bool, left: str, right: str) -> bool:  # noqa: FBT001
    left, right = line_breaks(left), line_breaks(right)
    return (unique and _same_word(left, right)) or normalise(rules, left) == normalise(rules, right)


@lru_cache(maxsize=10_000)
def _same_parts(left: str, right: str) -> bool:
    return _parts(left) == _parts(right)


def _same_decimal(left: str, right: str) -> bool:
    try:
        return Decimal(left) == Decimal(right)
    except InvalidOperation:
        return False


def _parts(value: str) -> set[str]:
    return {part for part in value.split(";") if part}
