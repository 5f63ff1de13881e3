"""Texts that are to change a ticket, and may not be meant: spoiled ones, and signs that are read as HTML.

In:  planned changes. Out: rows that are refused, and notices.
"""

from __future__ import annotations

import re

from importer.findings import Finding
from importer.model import Change, Columns, Outcome, Status
from schemas.forms import is_text
from schemas.message import Message, count_message
from schemas.spoiled import spoiled
from schemas.types.text import is_html

_TAG = re.compile(
    r"</?(?:a|b|blockquote|br|code|div|em|font|h[1-6]|hr|i|img|li|ol|p|pre|s|span|strong|sub|sup|t[dhr]|table|tbody|thead|u"
    r"|ul)\b[^<>]*>",
    re.IGNORECASE,
)


class TextDoubts:
    """Looks through the texts of planned changes.

    delimited: the sheet is delimited text. allow_spoiled: `--allow-spoiled`.
    """

    def __init__(self, columns: Columns, *, delimited: bool, allow_spoiled: bool) -> None:
        self._columns = columns
        self._delimited = delimited
        self._refuses = not allow_spoiled
        texts = [one.definition for one in columns.values if is_text(one.definition)]
        self._names = {one.name for one in texts}
        self._rich = {one.name for one in texts if is_html(one)}
        self._plain: dict[str, int] = {}

    def refused(self, change: Change) -> Outcome | None:
        """Return the outcome of a row with spoiled texts; None where it may be sent."""
        findings: list[Finding] = []
        for name in self._names & change.after.keys():
            value = change.after[name]
            text = spoiled(value, delimited=self._delimited) if self._refuses else None
            if text is not None:
                findings.append(
                    self._columns.finding("spoiled_text", text, row=change.row, key=change.key, name=name, value=value)
                )
            elif name in self._rich and "<" in value and not _TAG.search(value):
                self._plain[name] = self._plain.get(name, 0) + 1
        if not findings:
            return None
        findings.sort(key=lambda one: one.position or 0)
        return Outcome(change.row, Status.INVALID, tuple(findings), ticket=change.ticket)

    def notices(self) -> list[Message]:
        """Return what people should know of the plan's texts."""
        return [
            count_message(
                "{column}: {count} text holds <, and HubSpot reads this property as HTML: what follows may not be "
                "shown; write &lt; for the sign itself.",
                "{column}: {count} texts hold <, and HubSpot reads this property as HTML: what follows may not be "
                "shown; write &lt; for the sign itself.",
                count,
                column=f'"{column.header}"',
            )
            for name, count in self._plain.items()
            if (column := self._columns.column_of(name)) is not None
        ]
