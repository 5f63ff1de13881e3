"""What can be wrong with a cell, a row, a header or a file: the one list of codes, and the record that bears one.

A finding is data: collected, stored, shown; never raised.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.message import Message


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong, at the place where the user will click.

    `text` says what is wrong and how to mend it, without the place: the place is prefixed where it is shown.
    """

    code: str
    text: Message
    row: int | None = None
    """As the spreadsheet shows it; None for the file as a whole."""
    position: int | None = None
    """The column, counted from 0 as the sheet has it."""
    header: str | None = None
    property_name: str | None = None
    key: str | None = None
    value: str | None = None
    """The cell as typed."""

    @property
    def cell(self) -> str | None:
        """The cell's address as the spreadsheet shows it, `D7`."""
        if self.row is None or self.position is None:
            return None
        return f"{column_letter(self.position)}{self.row}"


def column_letter(position: int) -> str:
    """Return the letters of a column counted from 0: 0 is A, 26 is AA."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
