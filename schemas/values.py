"""The types of properties by their names, how cells become their values, and when two values mean the same.

No I/O, and no pandas: a converter takes one cell; `schemas.column` keeps the results by distinct text. A new type is
one file of `schemas.types` and one line here.
"""

from __future__ import annotations

from collections.abc import Mapping

from schemas.cells import Converter, Reading
from schemas.property import PortalSchema, Property
from schemas.property_type import PropertyType, Same
from schemas.ticket_object import TICKET
from schemas.types.boolean import BOOLEAN
from schemas.types.datetime import DATE, DATETIME
from schemas.types.number import NUMBER
from schemas.types.option import ENUMERATION, OWNER_ID, PIPELINE_ID, STAGE_ID
from schemas.types.text import TEXT

TYPES: Mapping[str, PropertyType] = {
    "string": TEXT,
    "number": NUMBER,
    "bool": BOOLEAN,
    "date": DATE,
    "datetime": DATETIME,
    "enumeration": ENUMERATION,
}
"""By the type that a definition names."""

_BY_NAME: Mapping[str, PropertyType] = {TICKET.owner: OWNER_ID, TICKET.pipeline: PIPELINE_ID, TICKET.stage: STAGE_ID}


def type_of(definition: Property) -> PropertyType:
    """Return the type of a property; one that is not known is text."""
    if definition.is_owner:
        return OWNER_ID
    return _BY_NAME.get(definition.name) or TYPES.get(definition.type, TEXT)


def make_converter(definition: Property, portal: PortalSchema, reading: Reading) -> Converter:
    """Return what turns the cells of a column into values of `definition`.

    Raises ValueError for a locale or date format that is not known, LookupError for such a time zone.
    A stage depends on its row's pipeline: see `schemas.types.option.StageConverter`.
    """
    return type_of(definition).converter(definition, portal, reading)


def make_comparer(definition: Property | None) -> Same | None:
    """Return what says whether two texts, neither of them empty, mean the same value of a property.

    Numbers are compared as decimals, dates as days, datetimes as instants, several options as sets, unique properties
    without case, text whatever its line breaks are and after what the portal's rules normalise. None: other texts are
    other values.
    """
    return None if definition is None else type_of(definition).comparer(definition)


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
