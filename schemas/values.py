"""Values in HubSpot's own form: how the cells of each property type become them, and when two of them mean the same.

No I/O, and no pandas: a converter takes one cell; the validator keeps the results by distinct text.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from schemas.booleans import BooleanConverter
from schemas.cells import Converter, Reading
from schemas.choices import OptionConverter, OptionsConverter, OwnerConverter, PipelineConverter
from schemas.moments import DateConverter, DatetimeConverter, parse_day, parse_moment
from schemas.numbers import NumberConverter
from schemas.property import OWNER, PIPELINE, PortalSchema, Property
from schemas.rules import normalise
from schemas.text import TextConverter, line_breaks


def make_converter(definition: Property, portal: PortalSchema, reading: Reading) -> Converter:
    """Return what turns the cells of a column into values of `definition`; a type that is not known is text.

    Raises ValueError for a locale or date format that nobody knows, LookupError for such a time zone.
    A stage depends on its row's pipeline: see `schemas.choices.StageConverter`.
    """
    if definition.is_owner or definition.name == OWNER:
        owner = OwnerConverter(portal)
        return OptionsConverter(definition, owner) if definition.is_multiple else owner
    if definition.name == PIPELINE:
        return PipelineConverter(portal.pipelines)
    if definition.type == "enumeration":
        option = OptionConverter(definition, reading)
        return OptionsConverter(definition, option) if definition.is_multiple else option
    if definition.type == "number":
        return NumberConverter(definition, reading)
    if definition.type == "bool":
        return BooleanConverter(definition, reading)
    if definition.type == "date":
        return DateConverter(reading)
    if definition.type == "datetime":
        return DatetimeConverter(reading)
    return TextConverter(definition)


def same_value(definition: Property | None, left: str | None, right: str | None) -> bool:
    """Return whether two values of a property mean the same, in whatever form each of them is written.

    Numbers are compared as decimals, dates as days, datetimes as instants, several options as sets, unique properties
    without case, text whatever its line breaks are and after what the portal's rules normalise; None and "" are the
    same.
    """
    left, right = left or "", right or ""
    if left == right:
        return True
    if not left or not right or definition is None:
        return False
    if definition.type == "number":
        return _same_decimal(left, right)
    if definition.type == "date":
        day = parse_day(left)
        return day is not None and day == parse_day(right)
    if definition.type == "datetime":
        moment = parse_moment(left)
        return moment is not None and moment == parse_moment(right)
    if definition.is_multiple:
        return _parts(left) == _parts(right)
    if definition.type == "bool":
        return left.casefold() == right.casefold()
    left, right = line_breaks(left), line_breaks(right)
    if left == right or (definition.unique and left.casefold() == right.casefold()):
        return True
    if any(rule.normalizes for rule in definition.rules):
        return normalise(definition.rules, left) == normalise(definition.rules, right)
    return False


def _same_decimal(left: str, right: str) -> bool:
    try:
        return Decimal(left) == Decimal(right)
    except InvalidOperation:
        return False


def _parts(value: str) -> set[str]:
    return {part for part in value.split(";") if part}
