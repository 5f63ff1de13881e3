"""The plan: what is to change on which ticket, and what it comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import orjson

from importer.findings import Finding
from importer.garbage import not_collected
from importer.journal.connection import dump, dump_messages, seal_of
from importer.journal.rows import RowNotes
from importer.model import Change, CheckedRow, Outcome, Status

CHUNK = 2_000
"""Rows that are read at a time."""
EMPTY = '""'
"""What an emptied cell is in JSON: where this is nowhere in it, no cell is emptied."""
FEW_STRETCHES = 0.2
"""Rows are found by their stretches where there are so few of them beside the rows; else each by its number."""
_UNDECIDED = "status IS NULL AND same_as IS NULL AND NOT EXISTS (SELECT 1 FROM plan WHERE plan.row = rows.row)"


@dataclass(frozen=True, slots=True)
class ColumnTotals:
    """What a plan does to one property: cells to change, cells to clear, and some samples (before, after)."""

    property_name: str
    changed: int
    cleared: int
    samples: tuple[tuple[str, str], ...]


def stretches(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Return (first, last) of each stretch of row numbers that follow each other."""
    if not rows:
        return []
    ends = [place for place, (row, following) in enumerate(pairwise(rows)) if following != row + 1]
    return [(rows[start], rows[end]) for start, end in zip([0, *(end + 1 for end in ends)], [*ends, -1], strict=True)]


class PlanNotes(RowNotes):
    """Notes of the plan."""

    def undecided(self, chunk: int = 10_000) -> Iterator[list[CheckedRow]]:
        """Yield the rows without a status and without a batch, in order, at most `chunk` at a time."""
        after = -1
        while True:
            found = self._db.execute(
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

    def plan_changes(self, changes: Iterable[Change]) -> None:
        """Remember what is to be sent."""
        changes = list(changes)
        with self._writing():
            self._db.executemany(
                "INSERT OR REPLACE INTO plan (row, ticket, before, changes) VALUES (?1, ?2, ?3, "
                "nullif(?4, (SELECT wanted FROM sheet WHERE row = ?1)))",
                [(one.row, one.ticket, dump(dict(one.before)), dump(dict(one.after))) for one in changes],
            )
            self._db.executemany(
                "UPDATE rows SET key = ? WHERE row = ?",  # another normal form, in which the portal knows it
                [(one.key, one.row) for one in changes if not one.key.isascii()],
            )

    def decide(self, outcomes: Iterable[Outcome]) -> None:
        """Remember what became of rows, with their findings and notices."""
        outcomes = list(outcomes)
        with self._writing():
            self._decide(outcomes)

    def _decide(self, outcomes: Iterable[Outcome]) -> None:
        plain: dict[Status, list[int]] = {}
        eloquent: list[Outcome] = []
        for outcome in outcomes:
            if outcome.ticket or outcome.notices or outcome.returned or outcome.findings:
                eloquent.append(outcome)
            else:
                plain.setdefault(outcome.status, []).append(outcome.row)
        for status, rows in plain.items():  # as nearly always: all rows of a batch in one statement
            self._give_status(status, rows)
        self._db.executemany(
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
        self._insert_findings(finding for o in eloquent for finding in o.findings)

    def _give_status(self, status: Status, rows: Sequence[int]) -> None:
        """Note what became of rows of which nothing else is to be said."""
        update = (
            "UPDATE rows SET status = ?, notices = NULL, returned = NULL, "
            "seal = iif(ticket IS NULL, NULL, seal_of(row, ticket, NULL)) WHERE row "
        )
        found = stretches(rows)
        if len(found) <= len(rows) * FEW_STRETCHES:
            self._db.executemany(f"{update}BETWEEN ? AND ?", [(str(status), *one) for one in found])
        else:
            self._db.execute(f"{update}IN (SELECT value FROM json_each(?))", (str(status), dump(rows)))

    def moves_of(self, name: str) -> Iterator[tuple[int, str, str]]:
        """Yield (row, value before, value asked for) of the open rows that change a property from one to another."""
        yield from self._db.execute(
            "SELECT row, json_extract(before, '$.' || ?1) AS held, json_extract(changes, '$.' || ?1) AS asked "
            "FROM planned WHERE status IS NULL AND before IS NOT NULL AND held <> '' AND asked <> '' ORDER BY row",
            (dump(name),),
        )

    def refuse_rows(self, findings: Sequence[Finding]) -> None:
        """Make the rows that these findings name invalid."""
        with self._writing():
            self._db.executemany("UPDATE rows SET status = 'invalid' WHERE row = ?", {(f.row,) for f in findings})
            self._insert_findings(findings)

    def join_twins(self, twins: Iterable[tuple[int, int]]) -> None:
        """Remember rows that repeat another: (row, the row whose fate it shares). They are sent no more."""
        twins = list(twins)
        with self._writing():
            self._db.executemany("UPDATE rows SET same_as = ? WHERE row = ?", ((first, row) for row, first in twins))
            self._db.executemany("DELETE FROM plan WHERE row = ?", ((row,) for row, _ in twins))

    def column_totals(self, *, samples: int = 3, status: Status | None = None) -> list[ColumnTotals]:
        """Return what the plan (or what was done, with a status) does to each property, most cells first."""
        changed, cleared = self._count_cells(status)
        totals = changed + cleared
        return [
            ColumnTotals(name, changed[name], cleared[name], self._samples(name, samples, status))
            for name in sorted(totals, key=lambda name: (-totals[name], name))
        ]

    def _count_cells(self, status: Status | None) -> tuple[Counter[str], Counter[str]]:
        """Return how many cells the changes of rows with a status give a value, and how many they empty, by property.

        SQLite would sort the cells to count them, which takes twice as long, and more the more rows there are.
        """
        changed: Counter[str] = Counter()
        cleared: Counter[str] = Counter()
        found = self._db.execute("SELECT changes FROM planned WHERE status IS ?", (status and str(status),))
        with not_collected():
            while part := found.fetchmany(CHUNK):
                text = "[" + ",".join([changes for (changes,) in part]) + "]"
                values = orjson.loads(text)
                changed.update(chain.from_iterable(values))
                if EMPTY in text:
                    cleared.update([name for one in values for name, value in one.items() if not value])
        changed.subtract(cleared)
        return changed, cleared

    def _samples(self, name: str, count: int, status: Status | None) -> tuple[tuple[str, str], ...]:
        path = f'$."{name}"'
        found = self._db.execute(
            "SELECT json_extract(before, ?), json_extract(changes, ?) FROM planned "
            "WHERE json_extract(changes, ?) IS NOT NULL AND status IS ? ORDER BY row LIMIT ?",
            (path, path, path, status and str(status), count),
        )
        return tuple((before or "", after) for before, after in found)

    def count_planned_cells(self) -> tuple[int, int]:
        """Return how many cells the plan would give a new value, and how many it would empty."""
        found = self._db.execute(
            "SELECT coalesce(sum(each.value <> ''), 0), coalesce(sum(each.value = ''), 0) "
            "FROM planned, json_each(changes) AS each WHERE status IS NULL"
        ).fetchone()
        return int(found[0]), int(found[1])

    def count_planned_rows(self) -> int:
        """Return how many rows the plan would send."""
        found = self._db.execute(
            "SELECT count(*) FROM plan JOIN rows ON rows.row = plan.row WHERE status IS NULL"
        ).fetchone()
        return int(found[0])

    def count_blocking_rows(self) -> int:
        """Return how many rows are invalid for another reason than a conflict, which keeps no other row back."""
        found = self._db.execute(
            "SELECT count(*) FROM rows WHERE status = 'invalid' AND EXISTS "
            "(SELECT 1 FROM findings AS f WHERE f.row = rows.row AND f.code <> 'conflict')"
        ).fetchone()
        return int(found[0])

    def count_conflicts(self) -> int:
        """Return how many rows are left out because of a conflict."""
        found = self._db.execute(
            "SELECT count(*) FROM rows WHERE status = 'invalid' AND EXISTS "
            "(SELECT 1 FROM findings AS f WHERE f.row = rows.row AND f.code = 'conflict')"
        ).fetchone()
        return int(found[0])

    def count_undecided(self) -> int:
        """Return how many rows are neither decided nor planned nor repeat another."""
        found = self._db.execute(f"SELECT count(*) FROM rows WHERE {_UNDECIDED}").fetchone()
        return int(found[0])

    def make_batches(self, size: int) -> int:
        """Give each change that has no batch yet one of at most `size`, in row order; return how many there are."""
        with self._writing():
            number, after = self._db.execute("SELECT coalesce(max(number), 0), max(last) FROM batches").fetchone()
            rows = self._db.execute(
                "SELECT plan.row FROM plan JOIN rows ON rows.row = plan.row "
                "WHERE plan.row > ? AND status IS NULL ORDER BY plan.row",
                (-1 if after is None else after,),
            ).fetchall()
            groups = [rows[start : start + size] for start in range(0, len(rows), size)]
            self._db.executemany(
                "INSERT INTO batches (number, first, last, digest) VALUES (?, ?, ?, ?)",
                [
                    (*batch, self._digest(*batch))
                    for batch in ((number + place, group[0][0], group[-1][0]) for place, group in enumerate(groups, 1))
                ],
            )
        return int(self._db.execute("SELECT count(*) FROM batches WHERE state <> 'answered'").fetchone()[0])

    def _digest(self, number: int, first: int, last: int) -> str:
        """Return the digest of a batch's place and of all that was planned of its rows."""
        found = self._db.execute(
            "SELECT plan.row, key, plan.ticket, before, coalesce(changes, wanted) FROM plan "
            "JOIN rows ON rows.row = plan.row LEFT JOIN sheet ON sheet.row = plan.row "
            "WHERE plan.row BETWEEN ? AND ? ORDER BY plan.row",
            (first, last),
        )
        return seal_of(number, first, last, *found)

    def _altered_rows(self) -> int | None:
        for *batch, digest in self._db.execute("SELECT number, first, last, digest FROM batches ORDER BY number"):
            if self._digest(*batch) != digest:
                return int(batch[1])
        found = self._db.execute(
            "SELECT row FROM rows WHERE (ticket IS NOT NULL OR returned IS NOT NULL) "
            "AND seal IS NOT seal_of(row, ticket, returned) ORDER BY row"
        ).fetchone()
        return int(found[0]) if found else None
