"""Key cells: which ticket a row means. A record ID is digits; a unique property's value is what its type takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from importer.model import KeyColumn
from schemas.cells import Converter, Kind, Problem, Reading, Result, shown
from schemas.lines import Lines
from schemas.message import message
from schemas.property import PortalSchema, Property
from schemas.values import make_converter

_RECORD_ID = Lines("[1-9][0-9]{0,18}")
_SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{1,3}")


def key_converter(column: KeyColumn, portal: PortalSchema, reading: Reading) -> Converter:
    """Return what turns the cells of the key column into keys as they are sent."""
    if column.id_property is None:
        return RecordIdConverter()
    definition = portal.properties.get(column.property_name) or Property(
        column.property_name, column.header, "string", "text", unique=True
    )
    # A key is one line whatever the form field: outer white space is no part of it.
    single_line = replace(definition, field_type="text", text_hint="") if definition.type == "string" else definition
    return UniqueKeyConverter(make_converter(single_line, portal, reading))


class RecordIdConverter(Converter):
    """Reads record IDs."""

    code = "invalid_id"

    def convert_all(self, texts: Sequence[str], kind: Kind) -> list[str | None] | None:
        """Return the cells that are record IDs as they stand."""
        if kind not in {Kind.TEXT, Kind.NUMBER}:
            return None
        return _RECORD_ID.matching(texts)

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return the digits, or why they are no record ID."""
        bare = text.strip()
        if kind in {Kind.TEXT, Kind.NUMBER} and _RECORD_ID.matches(bare):
            return bare
        if _SHORTENED.fullmatch(bare):
            return Problem(
                self.code,
                message(
                    '"{value}" is an ID that a spreadsheet has shortened, so its last digits are lost; format the '
                    "column as text (or as a number without decimals) and fill in the IDs again",
                    value=shown(text),
                ),
            )
        if re.fullmatch("0[0-9]*", bare):
            return Problem(
                self.code,
                message(
                    '"{value}" begins with a zero, and a record ID never does; check the column', value=shown(text)
                ),
            )
        return Problem(
            self.code,
            message('"{value}" is not a record ID, which is a whole number such as 25012345678', value=shown(text)),
        )


class UniqueKeyConverter(Converter):
    """Reads the values of a unique property that name tickets."""

    def __init__(self, converter: Converter) -> None:
        self._converter = converter
        self.code = converter.code

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
