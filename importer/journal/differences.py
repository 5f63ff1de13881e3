"""A reconciliation: the cells in which the sheet and the portal differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orjson

from importer.findings import Finding
from importer.journal.connection import dump
from importer.journal.report import ReportNotes
from importer.model import Difference
from schemas.message import Message


class DifferenceNotes(ReportNotes):
    """Notes of a reconciliation."""

    def add_differences(self, differences: Iterable[Difference]) -> None:
        """Remember cells that the portal holds otherwise than the sheet."""
        with self._writing():
            self._db.executemany(
                "INSERT INTO differences (row, position, header, property, key, sheet, portal, reason, changed_at, "
                "changed_by, run, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (
                        one.row,
                        one.position,
                        one.header,
                        one.property_name,
                        one.key,
                        one.sheet,
                        one.portal,
                        one.reason,
                        one.changed_at,
                        one.changed_by,
                        one.run,
                        dump(one.text.to_json()),
                    )
                    for one in differences
                ),
            )

    def differences(self) -> Iterator[Difference]:
        """Yield the cells that differ, by row and column."""
        for row, position, header, name, key, sheet, portal, reason, at, by, run, text in self._db.execute(
            "SELECT row, position, header, property, key, sheet, portal, reason, changed_at, changed_by, run, message "
            "FROM differences ORDER BY row, position, number"
        ):
            words = Message.from_json(orjson.loads(text))
            yield Difference(row, position, header, name, key, sheet, portal, reason, at, by, run, words)

    def remarks(self, *, limit: int = -1) -> Iterator[Finding]:
        """Yield findings and, as findings of the code `differs`, the cells that differ; by row and column."""
        for row, position, header, name, key, value, code, text, _, line in self._db.execute(
            "SELECT one.*, rows.line FROM ("
            "SELECT row, position, header, property, key, value, code, message, number FROM findings UNION ALL "
            "SELECT row, position, header, property, key, sheet, 'differs', message, number FROM differences"
            ") AS one LEFT JOIN rows ON rows.row = one.row ORDER BY 1, 2, 9 LIMIT ?",
            (limit,),
        ):
            yield Finding(code, Message.from_json(orjson.loads(text)), row, position, header, name, key, value, line)

    def remarked_cells(self) -> list[tuple[int, int]]:
        """Return the cells that have remarks, (row, position)."""
        return self._db.execute(
            "SELECT row, position FROM findings WHERE row > 0 AND position IS NOT NULL UNION "
            "SELECT row, position FROM differences WHERE position IS NOT NULL ORDER BY 1, 2"
        ).fetchall()

    def count_remarks(self) -> int:
        """Return how many remarks there are."""
        found = self._db.execute(
            "SELECT (SELECT count(*) FROM findings) + (SELECT count(*) FROM differences)"
        ).fetchone()
        return int(found[0])
