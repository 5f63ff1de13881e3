"""Rows that name one ticket: twins where they say the same, else an error on each of them.

Keys are compared as the portal does: trimmed, unique text without case. Values are compared after conversion.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from importer.findings import Finding, column_letter
from importer.records import Columns
from schemas.message import message

if TYPE_CHECKING:
    from importer.journal import Journal

SHOWN_ROWS = 10


def find_twins(journal: Journal, columns: Columns) -> tuple[list[tuple[int, int]], list[Finding]]:
    """Return the rows that repeat an earlier one, as (row, that row), and a finding for each that contradicts others.

    Call it once all rows are in the journal.
    """
    twins: list[tuple[int, int]] = []
    findings: list[Finding] = []
    for group in journal.shared_keys():
        first, *others = group
        if all(wanted == first[2] for _, _, wanted in others):
            twins += [(row, first[0]) for row, _, _ in others]
        else:
            findings += _contradictions([(row, key) for row, key, _ in group], columns)
    return twins, findings


def _contradictions(rows: Sequence[tuple[int, str]], columns: Columns) -> list[Finding]:
    key = columns.key
    letter = column_letter(key.position)
    found = []
    for row, value in rows:
        others = [f"{letter}{other}" for other, _ in rows if other != row]
        listed = ", ".join(others[:SHOWN_ROWS]) + (", …" if len(others) > SHOWN_ROWS else "")
        text = message(
            'the same ticket "{key}" as {cells}, with other values; keep one of the rows', key=value, cells=listed
        )
        found.append(Finding("duplicate_key", text, row, key.position, key.header, key.property_name, value, value))
    return found
