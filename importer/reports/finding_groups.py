"""Equal findings, listed once with their cells: `16 cells: C166, C212, C583, ...`."""

from __future__ import annotations

from collections.abc import Iterable

from importer.findings import Finding, column_letter
from importer.journal import FindingGroup, Journal
from schemas.message import Message, Translations, count_message, message

GROUPS_SHOWN = 20
"""How many kinds of findings the terminal lists; the spreadsheet has them all."""
NAMED_CELLS = 3
"""Cells of equal findings that are named."""


def first_groups(journal: Journal) -> list[FindingGroup]:
    """Return the first groups of what is wrong, or differs, in a run."""
    return list(journal.report.remark_groups(rows=NAMED_CELLS, limit=GROUPS_SHOWN))


def group_findings(findings: Iterable[Finding]) -> list[FindingGroup]:
    """Return findings grouped as the journal groups them, in the order of their first ones."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for one in findings:
        key = (one.code, repr(one.text.to_json()), one.position, one.header, one.value, one.row is None)
        groups.setdefault(key, []).append(one)
    return [
        FindingGroup(same[0], len(same), tuple(one.row for one in same if one.row is not None))
        for same in groups.values()
    ]


def where(group: FindingGroup, translations: Translations) -> str:
    """Return the cells of a group, or its rows where they are whole ones; empty for a file."""

    def say(text: Message) -> str:
        return text.render(translations)

    first = group.first
    if first.row is None:
        return ""
    if group.count > 1:
        rows = group.rows[:NAMED_CELLS]
        names = [str(row) if first.position is None else f"{column_letter(first.position)}{row}" for row in rows]
        places = ", ".join([*names, *(["..."] if group.count > len(names) else [])])
        if first.position is None:
            return say(count_message("{count} row: {rows}", "{count} rows: {rows}", group.count, rows=places))
        return say(count_message("{count} cell: {cells}", "{count} cells: {cells}", group.count, cells=places))
    if first.cell is None:
        return say(message("row {row}", row=first.row))
    return f"{first.cell} {say(message('(line {line})', line=first.line))}" if first.line else first.cell
