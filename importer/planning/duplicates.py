"""Rows that name one ticket: twins where they say the same, else an error on each of them.

Rows are found by their keys' text, and again where the portal answered with one ticket for several: it alone knows
whether it compares with or without case. Values are compared after conversion.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from importer.findings import Finding, column_letter
from importer.model import Columns
from schemas.message import message

if TYPE_CHECKING:
    from importer.journal import Journal

SHOWN_ROWS = 10


Group = Sequence[tuple[int, str, str]]
"""Rows of one ticket: (row, key, what it wants, as stored)."""


def join_twins(journal: Journal, groups: Iterable[Group], columns: Columns) -> None:
    """Note in the journal which rows of these groups repeat an earlier one, and refuse those that contradict others."""
    twins, findings = find_twins(groups, columns)
    journal.plan.join_twins(twins)
    journal.rows.refuse(findings)


def find_twins(groups: Iterable[Group], columns: Columns) -> tuple[list[tuple[int, int]], list[Finding]]:
    """Return the rows that repeat an earlier one, as (row, that row), and a finding for each that contradicts."""
    twins: list[tuple[int, int]] = []
    findings: list[Finding] = []
    for group in groups:
        first, *others = group
        if all(wanted == first[2] for _, _, wanted in others):
            twins += [(row, first[0]) for row, _, _ in others]
        else:
            findings += _contradictions([(row, key) for row, key, _ in group], columns)
    return twins, findings


def _contradictions(rows: Sequence[tuple[int, str]], columns: Columns) -> list[Finding]:
    letter = column_letter(columns.key.position)
    found = []
    for row, value in rows:
        others = [f"{letter}{other}" for other, _ in rows if other != row]
        listed = ", ".join(others[:SHOWN_ROWS]) + (", …" if len(others) > SHOWN_ROWS else "")
        text = message(
            'the same ticket "{key}" as {cells}, with other values; keep one of the rows', key=value, cells=listed
        )
        found.append(columns.key_finding("duplicate_key", text, row=row, key=value))
    return found
