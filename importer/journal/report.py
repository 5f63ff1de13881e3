"""Reports: what became of every row, as queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from heapq import nsmallest

import orjson

from importer.findings import Finding
from importer.journal.connection import JournalFile, dump, load_messages, load_values
from importer.model import Change, Difference, Status, Trace, Values
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


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Findings that are equal but for their rows: the first of them, how many there are, and their first rows."""

    first: Finding
    count: int
    rows: tuple[int, ...]


class Report:
    """What became of every row, as queries."""

    def __init__(self, file: JournalFile) -> None:
        self._file = file

    def count_cells(self, status: Status) -> tuple[int, int]:
        """Return how many cells of rows with this status were given a new value, and how many emptied."""
        found = self._file.db.execute(
            "SELECT coalesce(sum(each.value <> ''), 0), coalesce(sum(each.value = ''), 0) "
            "FROM planned, json_each(changes) AS each WHERE status = ?",
            (str(status),),
        ).fetchone()
        return int(found[0]), int(found[1])

    def outcomes(self, *, sent_between: tuple[int, int] | None = None) -> Iterator[RowOutcome]:
        """Yield every row in order; with `sent_between`, those of the plan alone after one row, up to another."""
        where = "" if sent_between is None else "WHERE plan.row > ? AND plan.row <= ?"
        for row, key, ticket, status, same_as, notices in self._file.db.execute(
            "SELECT rows.row, key, coalesce(rows.ticket, plan.ticket), status, same_as, notices "
            f"FROM rows LEFT JOIN plan ON plan.row = rows.row {where} ORDER BY rows.row",
            sent_between or (),
        ):
            yield RowOutcome(row, key, ticket, Status(status) if status else None, same_as, load_messages(notices))

    def rows_with(self, *statuses: Status) -> frozenset[int]:
        """Return the numbers of the rows with one of these statuses."""
        marks = ", ".join("?" * len(statuses))
        found = self._file.db.execute(f"SELECT row FROM rows WHERE status IN ({marks})", [*map(str, statuses)])
        return frozenset(row for (row,) in found)

    def statuses(self) -> Iterator[tuple[int, str, str | None, int | None, str | None]]:
        """Yield (row, key, status, same_as, notices as stored) of every row in order.

        The same as `outcomes` where a million rows are gone through, of which few have notices: plain tuples
        as the database gives them, in a quarter of the time. `load_messages` reads the notices.
        """
        after = -1
        query = "SELECT row, key, status, same_as, notices FROM rows WHERE row > ? ORDER BY row LIMIT 10000"
        # In portions, so that no cursor is left open where the reader stops early and the journal is closed.
        while found := self._file.db.execute(query, (after,)).fetchall():
            yield from found
            after = found[-1][0]

    def notice_groups(self, *, limit: int) -> list[tuple[tuple[Message, ...], int, int]]:
        """Return what is said of rows that are not wrong: (notices, first row, how many rows have the same)."""
        found = self._file.db.execute(
            "SELECT notices, min(row), count(*) FROM rows WHERE notices IS NOT NULL GROUP BY notices "
            "ORDER BY min(row) LIMIT ?",
            (limit,),
        )
        return [(notices, row, count) for text, row, count in found if (notices := load_messages(text))]

    def findings(self, *, limit: int = -1) -> Iterator[Finding]:
        """Yield findings, those of the file first, then by row and column."""
        for row, position, header, name, key, value, code, text, line in self._file.db.execute(
            "SELECT f.row, position, header, property, f.key, value, code, message, rows.line "
            "FROM findings AS f LEFT JOIN rows ON rows.row = f.row ORDER BY f.row, position, number LIMIT ?",
            (limit,),
        ):
            yield Finding(code, Message.from_json(orjson.loads(text)), row, position, header, name, key, value, line)

    def count_findings(self) -> dict[str, int]:
        """Return how many findings there are of each code."""
        return dict(
            self._file.db.execute("SELECT code, count(*) FROM findings GROUP BY code ORDER BY 2 DESC, 1").fetchall()
        )

    def changes(self, *statuses: Status) -> Iterator[Change]:
        """Yield the changes of rows with one of these statuses (all, where none is named), in row order."""
        where = f"WHERE status IN ({', '.join('?' * len(statuses))})" if statuses else ""
        for row, key, ticket, before, after in self._file.db.execute(
            f"SELECT row, key, ticket, before, changes FROM planned {where} ORDER BY row",
            [str(one) for one in statuses],
        ):
            yield Change(row, key, ticket, load_values(before), load_values(after))

    def written(self) -> Iterator[tuple[Change, Values]]:
        """Yield what may stand in the portal by this run: each change that was confirmed, or sent and not confirmed.

        With it what the portal made of the values, where that differs from what was sent. A batch that left counts as
        sent, though the run was killed before its answer was noted. The ticket is the plan's, though it lives on in
        another one by now: the values before are its own.
        """
        for row, key, ticket, before, after, returned in self._file.db.execute(
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
        for row, key, ticket, after, returned in self._file.db.execute(
            "SELECT row, key, ticket, changes, returned FROM planned WHERE returned IS NOT NULL ORDER BY row"
        ):
            yield Change(row, key, ticket, {}, load_values(after)), load_values(returned)

    def wanted(self) -> Iterator[tuple[int, str, str | None, Values]]:
        """Yield (row, key, ticket, what the sheet says) of every row that passed validation."""
        for row, key, ticket, wanted in self._file.db.execute(
            "SELECT sheet.row, key, coalesce(rows.ticket, plan.ticket), wanted FROM sheet "
            "JOIN rows ON rows.row = sheet.row LEFT JOIN plan ON plan.row = sheet.row "
            "WHERE wanted <> '{}' ORDER BY sheet.row"
        ):
            yield row, key, ticket, orjson.loads(wanted)

    def subjects(self) -> Iterator[tuple[int, str]]:
        """Yield what the sheet calls the tickets of its rows: (row, name), where it has a name for them."""
        yield from self._file.db.execute(
            "SELECT row, json_extract(wanted, '$.subject') AS name FROM sheet WHERE name <> '' ORDER BY row"
        )

    def subject(self, row: int) -> str:
        """Return what the sheet calls the ticket of a row; empty where it has no name for it."""
        query = "SELECT json_extract(wanted, '$.subject') FROM sheet WHERE row = ?"
        found = self._file.db.execute(query, (row,)).fetchone()
        return (found and found[0]) or ""

    def traces(self, tickets: Collection[str]) -> Iterator[Trace]:
        """Yield what this run knows of some tickets (record IDs): what it wanted, what it wrote, what came of it."""
        for ticket, status, *stored in self._file.db.execute(
            "SELECT coalesce(rows.ticket, plan.ticket) AS ticket, status, wanted, "
            "iif(plan.row IS NULL, NULL, coalesce(changes, wanted)), returned, pending FROM rows "
            "LEFT JOIN plan ON plan.row = rows.row LEFT JOIN sheet ON sheet.row = rows.row "
            "WHERE coalesce(rows.ticket, plan.ticket) IS NOT NULL ORDER BY rows.row"
        ):
            if ticket in tickets:
                wanted, changes, returned = map(load_values, stored[:3])
                pending = orjson.loads(stored[3]) if stored[3] else {}
                yield Trace(ticket, Status(status) if status else None, wanted, changes, returned, pending)

    def add_differences(self, differences: Iterable[Difference]) -> None:
        """Remember cells that the portal holds otherwise than the sheet."""
        with self._file.writing():
            self._file.db.executemany(
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
        for row, position, header, name, key, sheet, portal, reason, at, by, run, text in self._file.db.execute(
            "SELECT row, position, header, property, key, sheet, portal, reason, changed_at, changed_by, run, message "
            "FROM differences ORDER BY row, position, number"
        ):
            words = Message.from_json(orjson.loads(text))
            yield Difference(row, position, header, name, key, sheet, portal, reason, at, by, run, words)

    def remarks(self, *, limit: int = -1) -> Iterator[Finding]:
        """Yield findings and, as findings of the code `differs`, the cells that differ; by row and column."""
        for row, position, header, name, key, value, code, text, _, line in self._file.db.execute(
            "SELECT one.*, rows.line FROM ("
            "SELECT row, position, header, property, key, value, code, message, number FROM findings UNION ALL "
            "SELECT row, position, header, property, key, sheet, 'differs', message, number FROM differences"
            ") AS one LEFT JOIN rows ON rows.row = one.row ORDER BY 1, 2, 9 LIMIT ?",
            (limit,),
        ):
            yield Finding(code, Message.from_json(orjson.loads(text)), row, position, header, name, key, value, line)

    def remark_groups(self, *, rows: int = 50, limit: int = -1) -> Iterator[FindingGroup]:
        """Yield the remarks, those told once that say the same of the same column and value; by their first rows.

        rows: how many rows of a group are named at most.
        """
        for row, position, header, name, key, value, code, text, line, count, places in self._file.db.execute(
            "SELECT min(one.row), position, header, property, one.key, value, code, message, rows.line, count(*), "
            "group_concat(one.row) FROM ("
            "SELECT row, position, header, property, key, value, code, message FROM findings UNION ALL "
            "SELECT row, position, header, property, key, sheet, 'differs', message FROM differences"
            ") AS one LEFT JOIN rows ON rows.row = one.row "
            "GROUP BY code, message, position, header, value, one.row IS NULL ORDER BY 1, 2, code LIMIT ?",
            (limit,),
        ):
            words = Message.from_json(orjson.loads(text))
            first = Finding(code, words, row, position, header, name, key, value, line)
            yield FindingGroup(first, count, tuple(nsmallest(rows, map(int, places.split(",")))) if places else ())

    def remarked_cells(self) -> list[tuple[int, int]]:
        """Return the cells that have remarks, (row, position)."""
        return self._file.db.execute(
            "SELECT row, position FROM findings WHERE row > 0 AND position IS NOT NULL UNION "
            "SELECT row, position FROM differences WHERE position IS NOT NULL ORDER BY 1, 2"
        ).fetchall()

    def count_remarks(self) -> int:
        """Return how many remarks there are."""
        found = self._file.db.execute(
            "SELECT (SELECT count(*) FROM findings) + (SELECT count(*) FROM differences)"
        ).fetchone()
        return int(found[0])
