"""Reports: what became of every row, as queries."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import orjson

from importer.findings import Finding
from importer.journal.batches import SendingNotes
from importer.journal.connection import load_messages, load_values
from importer.model import Change, Status, Trace, Values
from schemas.message import Message


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """One row as the report shows it. `status` is None while nothing is decided."""

    row: int
    key: str
    ticket: str | None
    status: Status | None
    same_as: int | None
    notices: tuple[Message, ...]


class ReportNotes(SendingNotes):
    """Queries that reports are made of."""

    def settle_twins(self) -> None:
        """Give rows that repeat another their status: unchanged, or that row's where it ended badly or was compared."""
        with self._writing():
            self._db.execute(
                "UPDATE rows SET status = (SELECT CASE "
                "WHEN first.status IN ('invalid', 'failed', 'not sent', 'matches', 'differs') THEN first.status "
                "ELSE 'unchanged' END FROM rows AS first WHERE first.row = rows.same_as) "
                "WHERE same_as IS NOT NULL"
            )

    def close_undecided(self, status: Status, *, only_changes: bool = False) -> int:
        """Give every row without a status this one; return how many."""
        more = " AND row IN (SELECT row FROM plan)" if only_changes else ""
        with self._writing():
            return self._db.execute(
                f"UPDATE rows SET status = ? WHERE status IS NULL AND same_as IS NULL{more}",
                (str(status),),
            ).rowcount

    def reopen(self, status: Status) -> int:
        """Make rows with this status undecided again (`not sent` ones at a resume); return how many."""
        with self._writing():
            return self._db.execute("UPDATE rows SET status = NULL WHERE status = ?", (str(status),)).rowcount

    def count_by_status(self) -> dict[str, int]:
        """Return how many rows have which status; undecided ones under ""."""
        return dict(self._db.execute("SELECT coalesce(status, ''), count(*) FROM rows GROUP BY 1").fetchall())

    def count_cells(self, status: Status) -> tuple[int, int]:
        """Return how many cells of rows with this status were given a new value, and how many emptied."""
        found = self._db.execute(
            "SELECT coalesce(sum(each.value <> ''), 0), coalesce(sum(each.value = ''), 0) "
            "FROM planned, json_each(changes) AS each WHERE status = ?",
            (str(status),),
        ).fetchone()
        return int(found[0]), int(found[1])

    def outcomes(self) -> Iterator[RowOutcome]:
        """Yield every row in order."""
        for row, key, ticket, status, same_as, notices in self._db.execute(
            "SELECT rows.row, key, coalesce(rows.ticket, plan.ticket), status, same_as, notices "
            "FROM rows LEFT JOIN plan ON plan.row = rows.row ORDER BY rows.row"
        ):
            yield RowOutcome(row, key, ticket, Status(status) if status else None, same_as, load_messages(notices))

    def fates(self) -> Iterator[tuple[int, str, str | None, int | None, str | None]]:
        """Yield (row, key, status, same_as, notices as stored) of every row in order.

        The same as `outcomes` where a million rows are gone through, of which few have something to tell: plain tuples
        as the database gives them, in a quarter of the time. `load_messages` reads the notices.
        """
        after = -1
        query = "SELECT row, key, status, same_as, notices FROM rows WHERE row > ? ORDER BY row LIMIT 10000"
        # In portions, so that no cursor is left open where the reader stops early and the journal is closed.
        while found := self._db.execute(query, (after,)).fetchall():
            yield from found
            after = found[-1][0]

    def findings(self, *, limit: int = -1) -> Iterator[Finding]:
        """Yield findings, those of the file first, then by row and column."""
        for row, position, header, name, key, value, code, text, line in self._db.execute(
            "SELECT f.row, position, header, property, f.key, value, code, message, rows.line "
            "FROM findings AS f LEFT JOIN rows ON rows.row = f.row ORDER BY f.row, position, number LIMIT ?",
            (limit,),
        ):
            yield Finding(code, Message.from_json(orjson.loads(text)), row, position, header, name, key, value, line)

    def count_findings(self) -> dict[str, int]:
        """Return how many findings there are of each code."""
        return dict(self._db.execute("SELECT code, count(*) FROM findings GROUP BY code ORDER BY 2 DESC, 1").fetchall())

    def changes(self, *statuses: Status) -> Iterator[Change]:
        """Yield the changes of rows with one of these statuses (all, where none is named), in row order."""
        where = f"WHERE status IN ({', '.join('?' * len(statuses))})" if statuses else ""
        for row, key, ticket, before, after in self._db.execute(
            f"SELECT row, key, ticket, before, changes FROM planned {where} ORDER BY row",
            [str(one) for one in statuses],
        ):
            yield Change(row, key, ticket, load_values(before), load_values(after))

    def shared_tickets(self) -> list[list[tuple[int, str, str]]]:
        """Return, per ticket that several rows name, those rows: (row, key, wanted and pending as stored).

        Keys may differ, and the portal answer with one ticket for all of them.
        """
        found = self._db.execute(
            "WITH open AS (SELECT rows.row AS row, key, coalesce(rows.ticket, plan.ticket) AS ticket FROM rows "
            "LEFT JOIN plan ON plan.row = rows.row WHERE same_as IS NULL AND (status IS NULL OR status = 'unchanged')) "
            "SELECT ticket, open.row, key, wanted || coalesce(pending, '') FROM open "
            "JOIN sheet ON sheet.row = open.row "
            "WHERE ticket IN (SELECT ticket FROM open GROUP BY ticket HAVING count(*) > 1) ORDER BY open.row"
        )
        groups: dict[str, list[tuple[int, str, str]]] = {}
        for ticket, *row in found:
            groups.setdefault(ticket, []).append((row[0], row[1], row[2]))
        return list(groups.values())

    def planned(self) -> Iterator[Change]:
        """Yield the changes that nothing has become of yet, in row order."""
        for row, key, ticket, before, after in self._db.execute(
            "SELECT row, key, ticket, before, changes FROM planned WHERE status IS NULL "
            "AND same_as IS NULL ORDER BY row"
        ):
            yield Change(row, key, ticket, load_values(before), load_values(after))

    def written(self) -> Iterator[tuple[Change, Values]]:
        """Yield what may stand in the portal by this run: each change that was confirmed, or sent and not confirmed.

        With it what the portal made of the values, where that differs from what was sent. A batch that left counts as
        sent, though the run was killed before its answer was noted. The ticket is the plan's, though it lives on in
        another one by now: the values before are its own, and nobody else's.
        """
        for row, key, ticket, before, after, returned in self._db.execute(
            "SELECT planned.row, key, coalesce(plan.ticket, planned.ticket), planned.before, planned.changes, returned "
            "FROM planned JOIN plan ON plan.row = planned.row WHERE "
            "status = 'updated' OR status = 'failed' AND EXISTS (SELECT 1 FROM findings AS f WHERE f.row = planned.row "
            "AND f.code IN ('unavailable', 'unconfirmed', 'not_kept', 'other_ticket', 'unreadable_property')) "
            "OR status IS NULL AND 'planned' <> "
            "(SELECT state FROM batches WHERE first <= planned.row ORDER BY first DESC LIMIT 1) ORDER BY planned.row"
        ):
            change = Change(row, key, ticket, load_values(before), load_values(after))
            yield change, load_values(returned)

    def formed(self) -> Iterator[tuple[Change, Values]]:
        """Yield the changes of which the portal made texts in its own form, and those texts by property."""
        for row, key, ticket, after, returned in self._db.execute(
            "SELECT row, key, ticket, changes, returned FROM planned WHERE returned IS NOT NULL ORDER BY row"
        ):
            yield Change(row, key, ticket, {}, load_values(after)), load_values(returned)

    def wanted(self) -> Iterator[tuple[int, str, str | None, Values]]:
        """Yield (row, key, ticket, what the sheet says) of every row that passed validation."""
        for row, key, ticket, wanted in self._db.execute(
            "SELECT sheet.row, key, coalesce(rows.ticket, plan.ticket), wanted FROM sheet "
            "JOIN rows ON rows.row = sheet.row LEFT JOIN plan ON plan.row = sheet.row "
            "WHERE wanted <> '{}' ORDER BY sheet.row"
        ):
            yield row, key, ticket, orjson.loads(wanted)

    def traces(self, tickets: Collection[str]) -> Iterator[Trace]:
        """Yield what this run knows of some tickets (record IDs): what it wanted, what it wrote, what came of it."""
        for ticket, status, *stored in self._db.execute(
            "SELECT coalesce(rows.ticket, plan.ticket) AS ticket, status, wanted, "
            "iif(plan.row IS NULL, NULL, coalesce(changes, wanted)), returned, pending FROM rows "
            "LEFT JOIN plan ON plan.row = rows.row LEFT JOIN sheet ON sheet.row = rows.row "
            "WHERE coalesce(rows.ticket, plan.ticket) IS NOT NULL ORDER BY rows.row"
        ):
            if ticket in tickets:
                wanted, changes, returned = map(load_values, stored[:3])
                pending = orjson.loads(stored[3]) if stored[3] else {}
                yield Trace(ticket, Status(status) if status else None, wanted, changes, returned, pending)
