"""What was read: rows that passed validation, rows that did not, findings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise

import orjson

from importer.findings import Finding
from importer.journal.connection import JournalFile, dump, dump_messages
from importer.model import CheckedRow, Outcome, Status, fold_key
from schemas.message import Message

FEW_STRETCHES = 0.2
"""Rows are found by their stretches where there are so few of them beside the rows; else each by its number."""
_UNDECIDED = "status IS NULL AND same_as IS NULL AND NOT EXISTS (SELECT 1 FROM plan WHERE plan.row = rows.row)"


def stretches(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Return (first, last) of each stretch of row numbers that follow each other."""
    if not rows:
        return []
    ends = [place for place, (row, following) in enumerate(pairwise(rows)) if following != row + 1]
    return [(rows[start], rows[end]) for start, end in zip([0, *(end + 1 for end in ends)], [*ends, -1], strict=True)]


class Rows:
    """What was read, and what became of it."""

    def __init__(self, file: JournalFile) -> None:
        self._file = file

    def add(self, rows: Iterable[CheckedRow], *, fold_keys: bool) -> None:
        """Remember rows that passed validation. `fold_keys`: the portal may compare keys without case."""
        rows = list(rows)
        with self._file.writing():
            self._file.db.executemany(
                "INSERT INTO rows (row, key, folded) VALUES (?, ?, ?)",
                [(one.row, one.key, _folded(one.key) if fold_keys else None) for one in rows],
            )
            self._file.db.executemany(
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

    def add_invalid(self, rows: Iterable[tuple[int, str]], *, fold_keys: bool) -> None:
        """Remember rows (number, key) that failed validation."""
        with self._file.writing():
            self._file.db.executemany(
                "INSERT INTO rows (row, key, folded, status) VALUES (?, ?, ?, 'invalid')",
                [(row, key, _folded(key) if fold_keys else None) for row, key in rows],
            )

    def add_left_out(self, rows: Iterable[tuple[int, str]], reason: Message) -> None:
        """Remember rows (number, key) that the user left out."""
        with self._file.writing():
            self._file.db.executemany(
                "INSERT INTO rows (row, key, status, left_out, notices) VALUES (?, ?, 'not sent', 1, ?)",
                [(row, key, dump_messages([reason])) for row, key in rows],
            )

    def leave_out_after(self, row: int, reason: Message) -> None:
        """Leave out all rows after this one, whatever was found of them."""
        with self._file.writing():
            for table in ("findings", "plan"):
                self._file.db.execute(f"DELETE FROM {table} WHERE row > ?", (row,))
            self._file.db.execute(
                "UPDATE rows SET status = 'not sent', left_out = 1, same_as = NULL, notices = ? WHERE row > ?",
                (dump_messages([reason]), row),
            )

    def leave_out(self, rows: Collection[int], reason: Message) -> None:
        """Leave out rows of the plan, and those that say the same of their tickets, whatever was found of them."""
        chosen = dump(sorted(rows))
        among = "IN (SELECT value FROM json_each(?))"
        with self._file.writing():
            for table in ("findings", "plan"):
                self._file.db.execute(f"DELETE FROM {table} WHERE row {among}", (chosen,))
            self._file.db.execute(
                "UPDATE rows SET status = 'not sent', left_out = 1, same_as = NULL, notices = ? "
                f"WHERE status IS NULL AND (row {among} OR same_as {among})",
                (dump_messages([reason]), chosen, chosen),
            )

    def count_left_out(self) -> int:
        """Return how many rows the user left out."""
        return int(self._file.db.execute("SELECT count(*) FROM rows WHERE left_out = 1").fetchone()[0])

    def note_lines(self, lines: Iterable[tuple[int, int]]) -> None:
        """Remember the lines of the file on which rows begin, (row, line), where they are others than the rows."""
        with self._file.writing():
            self._file.db.executemany("UPDATE rows SET line = ? WHERE row = ?", ((line, row) for row, line in lines))

    def add_findings(self, findings: Iterable[Finding]) -> None:
        """Remember findings in the order given."""
        with self._file.writing():
            self.insert_findings(findings)

    def shared_keys(self) -> Iterator[list[tuple[int, str, str]]]:
        """Yield, per key that several rows bear, those rows: (row, key, wanted and pending as stored).

        Of a row that failed validation the values are not known: "invalid" stands in their place. Keys that only such
        rows bear are left out.
        """
        groups = self._file.db.execute(
            "SELECT key FROM rows WHERE key <> '' AND left_out IS NULL GROUP BY 1 "
            "HAVING count(*) > 1 AND sum(status IS NULL) > 0 ORDER BY min(row)"
        ).fetchall()
        if groups:
            self._file.db.execute("CREATE INDEX IF NOT EXISTS rows_by_key ON rows (key)")
        for group in groups:
            yield self._file.db.execute(
                "SELECT rows.row, key, iif(status IS NULL, wanted || coalesce(pending, ''), 'invalid') FROM rows "
                " LEFT JOIN sheet ON sheet.row = rows.row WHERE key = ? AND left_out IS NULL ORDER BY rows.row",
                group,
            ).fetchall()

    def alike_keys(self) -> list[str]:
        """Return the keys of undecided rows that a portal which compares without case would take for another row's."""
        found = self._file.db.execute(
            "WITH open AS (SELECT key, coalesce(folded, key) AS folded FROM rows "
            "WHERE status IS NULL AND same_as IS NULL) "
            "SELECT key FROM open WHERE folded IN (SELECT folded FROM open GROUP BY 1 HAVING count(*) > 1)"
        )
        return [key for (key,) in found]

    def undecided(self, chunk: int = 10_000) -> Iterator[list[CheckedRow]]:
        """Yield the rows without a status and without a batch, in order, at most `chunk` at a time."""
        after = -1
        while True:
            found = self._file.db.execute(
                f"SELECT rows.row, key, wanted, pending, modified, typed, alike FROM rows "
                f"JOIN sheet ON sheet.row = rows.row WHERE rows.row > ? AND {_UNDECIDED} ORDER BY rows.row LIMIT ?",
                (after, chunk),
            ).fetchall()
            if not found:
                return
            after = found[-1][0]
            values = orjson.loads("[" + ",".join([one[2] for one in found]) + "]")
            yield [
                CheckedRow(
                    row,
                    key,
                    wanted,
                    orjson.loads(pending) if pending else {},
                    modified,
                    typed or "",
                    orjson.loads(alike) if alike else {},
                )
                for (row, key, _, pending, modified, typed, alike), wanted in zip(found, values, strict=True)
            ]

    def count_undecided(self) -> int:
        """Return how many rows are neither decided nor planned nor repeat another."""
        found = self._file.db.execute(f"SELECT count(*) FROM rows WHERE {_UNDECIDED}").fetchone()
        return int(found[0])

    def decide(self, outcomes: Iterable[Outcome]) -> None:
        """Remember what became of rows, with their findings and notices."""
        outcomes = list(outcomes)
        with self._file.writing():
            self.write_outcomes(outcomes)

    def refuse(self, findings: Sequence[Finding]) -> None:
        """Make the rows that these findings name invalid."""
        with self._file.writing():
            self._file.db.executemany("UPDATE rows SET status = 'invalid' WHERE row = ?", {(f.row,) for f in findings})
            self.insert_findings(findings)

    def close_undecided(self, status: Status, *, only_changes: bool = False) -> int:
        """Give every row without a status this one; return how many."""
        more = " AND row IN (SELECT row FROM plan)" if only_changes else ""
        with self._file.writing():
            return self._file.db.execute(
                f"UPDATE rows SET status = ? WHERE status IS NULL AND same_as IS NULL{more}",
                (str(status),),
            ).rowcount

    def reopen(self, status: Status) -> int:
        """Make rows with this status undecided again (`not sent` ones at a resume); return how many."""
        with self._file.writing():
            return self._file.db.execute(
                "UPDATE rows SET status = NULL WHERE status = ? AND left_out IS NULL", (str(status),)
            ).rowcount

    def settle_twins(self) -> None:
        """Give rows that repeat another their status: unchanged, or that row's where it ended badly or was compared."""
        with self._file.writing():
            self._file.db.execute(
                "UPDATE rows SET status = (SELECT CASE "
                "WHEN first.status IN ('invalid', 'failed', 'not sent', 'matches', 'differs') THEN first.status "
                "ELSE 'unchanged' END FROM rows AS first WHERE first.row = rows.same_as) "
                "WHERE same_as IS NOT NULL"
            )

    def count_by_status(self) -> dict[str, int]:
        """Return how many rows have which status; undecided ones under ""."""
        return dict(self._file.db.execute("SELECT coalesce(status, ''), count(*) FROM rows GROUP BY 1").fetchall())

    # --- within a transaction of the caller

    def insert_findings(self, findings: Iterable[Finding]) -> None:
        """Note findings in the order given."""
        self._file.db.executemany(
            "INSERT INTO findings (row, position, header, property, key, value, code, message) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (f.row, f.position, f.header, f.property_name, f.key, f.value, f.code, dump(f.text.to_json()))
                for f in findings
            ),
        )

    def write_outcomes(self, outcomes: Iterable[Outcome]) -> None:
        """Note what became of rows."""
        plain: dict[Status, list[int]] = {}
        eloquent: list[Outcome] = []
        for outcome in outcomes:
            if outcome.ticket or outcome.notices or outcome.returned or outcome.findings:
                eloquent.append(outcome)
            else:
                plain.setdefault(outcome.status, []).append(outcome.row)
        for status, rows in plain.items():  # the usual case: all rows of a batch in one statement
            self.write_status(status, rows)
        self._file.db.executemany(
            "UPDATE rows SET status = ?1, ticket = coalesce(?2, ticket), notices = ?3, returned = ?4, "
            "seal = seal_of(row, coalesce(?2, ticket), ?4) WHERE row = ?5",
            (
                (
                    str(o.status),
                    o.ticket,
                    dump_messages(o.notices),
                    dump(dict(o.returned)) if o.returned else None,
                    o.row,
                )
                for o in eloquent
            ),
        )
        self.insert_findings(finding for o in eloquent for finding in o.findings)

    def write_status(self, status: Status, rows: Sequence[int]) -> None:
        """Note what became of rows of which nothing else is to be said."""
        update = (
            "UPDATE rows SET status = ?, notices = NULL, returned = NULL, "
            "seal = iif(ticket IS NULL, NULL, seal_of(row, ticket, NULL)) WHERE row "
        )
        found = stretches(rows)
        if len(found) <= len(rows) * FEW_STRETCHES:
            self._file.db.executemany(f"{update}BETWEEN ? AND ?", [(str(status), *one) for one in found])
        else:
            self._file.db.execute(f"{update}IN (SELECT value FROM json_each(?))", (str(status), dump(rows)))


def _dump_pending(row: CheckedRow) -> str | None:
    return dump({name: dict(by) for name, by in row.pending.items()}) if row.pending else None


def _folded(key: str) -> str | None:
    """Return a key without case and in one normal form, where that is another text."""
    folded = fold_key(key, "a unique property")
    return folded if folded != key else None
