"""What was read: rows that passed validation, rows that did not, findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from importer.findings import Finding
from importer.journal.connection import JournalFile, dump
from importer.model import CheckedRow, fold_key


class RowNotes(JournalFile):
    """Notes of what was read, and of what became of rows."""

    def add_rows(self, rows: Iterable[CheckedRow], *, fold_keys: bool) -> None:
        """Remember rows that passed validation. `fold_keys`: the portal may compare keys without case."""
        rows = list(rows)
        with self._writing():
            self._db.executemany(
                "INSERT INTO rows (row, key, folded) VALUES (?, ?, ?)",
                [(one.row, one.key, _folded(one.key) if fold_keys else None) for one in rows],
            )
            self._db.executemany(
                "INSERT INTO sheet (row, wanted, pending, modified, typed, alike) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (
                        one.row,
                        dump(dict(one.wanted)),
                        _dump_pending(one),
                        one.modified,
                        one.typed or None,
                        dump(dict(one.alike)) if one.alike else None,
                    )
                    for one in rows
                ],
            )

    def add_invalid_rows(self, rows: Iterable[tuple[int, str]], *, fold_keys: bool) -> None:
        """Remember rows (number, key) that failed validation."""
        with self._writing():
            self._db.executemany(
                "INSERT INTO rows (row, key, folded, status) VALUES (?, ?, ?, 'invalid')",
                [(row, key, _folded(key) if fold_keys else None) for row, key in rows],
            )

    def note_lines(self, lines: Iterable[tuple[int, int]]) -> None:
        """Remember the lines of the file on which rows begin, (row, line), where they are others than the rows."""
        with self._writing():
            self._db.executemany("UPDATE rows SET line = ? WHERE row = ?", ((line, row) for row, line in lines))

    def add_findings(self, findings: Iterable[Finding]) -> None:
        """Remember findings in the order given."""
        with self._writing():
            self._insert_findings(findings)

    def _insert_findings(self, findings: Iterable[Finding]) -> None:
        self._db.executemany(
            "INSERT INTO findings (row, position, header, property, key, value, code, message) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (f.row, f.position, f.header, f.property_name, f.key, f.value, f.code, dump(f.text.to_json()))
                for f in findings
            ),
        )

    def shared_keys(self) -> Iterator[list[tuple[int, str, str]]]:
        """Yield, per key that several rows bear, those rows: (row, key, wanted and pending as stored).

        Of a row that failed validation the values are not known: "invalid" stands in their place. Keys that only such
        rows bear are left out.
        """
        groups = self._db.execute(
            "SELECT key FROM rows WHERE key <> '' GROUP BY 1 "
            "HAVING count(*) > 1 AND sum(status IS NULL) > 0 ORDER BY min(row)"
        ).fetchall()
        if groups:
            self._db.execute("CREATE INDEX IF NOT EXISTS rows_by_key ON rows (key)")
        for group in groups:
            yield self._db.execute(
                "SELECT rows.row, key, iif(status IS NULL, wanted || coalesce(pending, ''), 'invalid') FROM rows "
                " LEFT JOIN sheet ON sheet.row = rows.row WHERE key = ? ORDER BY rows.row",
                group,
            ).fetchall()

    def alike_keys(self) -> list[str]:
        """Return the keys of undecided rows that a portal which compares without case would take for another row's."""
        found = self._db.execute(
            "WITH open AS (SELECT key, coalesce(folded, key) AS folded FROM rows "
            "WHERE status IS NULL AND same_as IS NULL) "
            "SELECT key FROM open WHERE folded IN (SELECT folded FROM open GROUP BY 1 HAVING count(*) > 1)"
        )
        return [key for (key,) in found]


def _dump_pending(row: CheckedRow) -> str | None:
    return dump({name: dict(by) for name, by in row.pending.items()}) if row.pending else None


def _folded(key: str) -> str | None:
    """Return a key without case and in one normal form, where that is another text."""
    folded = fold_key(key, "a unique property")
    return folded if folded != key else None
