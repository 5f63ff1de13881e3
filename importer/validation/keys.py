"""Key cells: which ticket a row means. A record ID is digits; a unique property's value is what its type takes."""

from __future__ import annotations

import re
from dataclasses import replace

from importer.model import KeyColumn
from schemas.cells import Converter, Kind, Problem, Reading, Result, shown
from schemas.message import message
from schemas.property import PortalSchema, Property
from schemas.types.record_id import RecordIdConverter
from schemas.values import make_converter, type_of


def key_converter(column: KeyColumn, portal: PortalSchema, reading: Reading) -> Converter:
    """Return what turns the cells of the key column into keys as they are sent."""
    if column.id_property is None:
        return RecordIdConverter()
    definition = portal.properties.get(column.property_name) or Property(
        column.property_name, column.header, "string", "text", unique=True
    )
    # A key is one line whatever the form field: outer white space is no part of it.
    single_line = replace(definition, field_type="text", text_hint="") if type_of(definition).is_text else definition
    return UniqueKeyConverter(make_converter(single_line, portal, reading))


class UniqueKeyConverter(Converter):
    """Reads the values of a unique property that name tickets."""

    def __init__(self, converter: Converter) -> None:
        self._converter = converter
        self.code = converter.code
        self.codes = (*converter.codes, "precision_lost")

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return the key, or why there is none; what a spreadsheet has shortened names nothing any more."""
        if kind is Kind.TEXT and re.fullmatch(r"[0-9](?:[.,][0-9]+)?E\+[0-9]{2,3}", text.strip()):
            return Problem(
                "precision_lost",
                message(
                    '"{value}" is a number that a spreadsheet has shortened, so its last digits are lost; format the '
                    "column as text and fill in the keys again",
                    value=shown(text),
                ),
            )
        return self._converter(text, kind)
