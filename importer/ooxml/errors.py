"""What ends the work on a package: the results then go elsewhere."""

from __future__ import annotations

from schemas.message import Message


class NotUnderstood(Exception):
    """The file has a shape that cannot be annotated without risk; nothing of it was touched.

    Never leaves this package: the results go beside. `reason` is a whole sentence.
    """

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason
