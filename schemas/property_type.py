"""What a type of property is to the program: one record a type, in its own file of `schemas.types`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from schemas.cells import Converter, Reading
from schemas.property import PortalSchema, Property

Same = Callable[[str, str], bool]
"""Says whether two texts, neither of them empty, mean the same value."""

SheetCell = str | int | float | bool | date | datetime | None
"""What a cell of a workbook that we make holds."""

Scaled = Decimal | date | datetime
"""A value that has a place on a scale; a datetime has its zone."""


def option_names(definition: Property, _: PortalSchema) -> Iterable[str]:
    """Return the values and labels of a property's own options."""
    return [name for option in definition.options for name in (option.value, option.label)]


def _as_text(value: str, _: ZoneInfo) -> SheetCell:
    return value


@dataclass(frozen=True, slots=True)
class PropertyType:
    """One type of property: how its cells are read, when two values are the same, and how it looks in a workbook."""

    converter: Callable[[Property, PortalSchema, Reading], Converter]
    """Makes what reads the cells of a column. Its `codes` are checks of the column."""
    comparer: Callable[[Property], Same]
    """Makes what compares two values of a property, in whatever form each of them is written."""
    is_text: bool = False
    """Whether values are free text."""
    is_moment: bool = False
    """Whether values are moments, which are read in a time zone and searched for in milliseconds."""
    by_locale: bool = False
    """Whether cells of text mean something else in another locale."""
    keeps_zeros: bool = False
    """Whether a number cell means the leading zeros that its format shows."""
    has_names: bool = False
    """Whether values stand for things with names, which may get other names, or give theirs to another thing."""
    shows_labels: bool = True
    """Whether people see the labels of the options, where a definition has some."""
    cell: Callable[[str, ZoneInfo], SheetCell] = _as_text
    """Returns what a cell holds for a value, so that reading the cell gives the value again."""
    cell_format: Callable[[Property], str] = lambda _: "@"
    """Returns the number format of a column. Source: ECMA-376 part 1, 18.8.30."""
    scale: Callable[[str], Scaled | None] | None = None
    """Makes of a value what can be put in order, of types whose values have one."""
    width: int = 24
    """Characters that a column is wide."""
    input_rule: Literal["", "true or false", "number", "date"] = ""
    """What a spreadsheet is to ask for when a cell is edited."""
    has_parts: Callable[[Property], bool] = lambda _: False
    """Says whether a value of a property consists of parts that can be added or taken away: options, lines."""
    has_unlisted_options: Callable[[Property], bool] = lambda _: False
    """Says whether values are of options that the definition does not list: teams, brands, users."""
    takes: Callable[[Property, PortalSchema, str], bool] = lambda _, __, ___: True
    """Says whether the portal still takes a value that it once held: options and stages may be gone by now."""
    names: Callable[[Property, PortalSchema], Iterable[str]] = option_names
    """Returns the words that stand for values of a property, where there is a list of them."""
    tidy: Callable[[str], str] | None = None
    """Returns a value that a portal holds as it is written today; None where all are."""
