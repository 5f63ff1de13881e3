"""Record IDs: whole numbers, which spreadsheets like to shorten."""

from __future__ import annotations

import re
from collections.abc import Sequence

from schemas.cells import Converter, Kind, Problem, Result, shown
from schemas.lines import Lines
from schemas.message import message

_RECORD_ID = Lines("[1-9][0-9]{0,18}")
_SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{1,3}")


class RecordIdConverter(Converter):
    """Reads record IDs."""

    code = "invalid_id"
    codes = ("invalid_id",)

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
            message('"{value}" isn\'t a record ID, which is a whole number such as 25012345678', value=shown(text)),
        )
