"""What ends the work on a package: the results then go elsewhere."""

from __future__ import annotations

from schemas.message import Message, message


class NotUnderstood(Exception):
    """The file has a shape that cannot be annotated without risk; nothing of it was touched.

    Never leaves this package: the results go beside. `reason` is a whole sentence.
    """

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


def not_as_usual(part: str | None = None) -> NotUnderstood:
    """Return the error for XML of a shape that no spreadsheet program writes. part: the sheet's own where None."""
    if part is None:
        return NotUnderstood(message("The XML of the sheet is not as workbooks have it."))
    return NotUnderstood(message("The part {name} of the workbook is not XML as workbooks have it.", name=part))
