"""A run's journal: one SQLite file that remembers what was read, what was planned, what was sent, what was answered.

The journal is the spine between the two halves of a run: the plan is written into it before the question, each batch
is noted before it leaves and after its answer. A preview, a resume, an undo and a report are queries of it.

Nobody else knows SQL. Writes are committed with `synchronous=FULL`, so that what was noted outlives a power cut
(https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import orjson

from importer.errors import FileError, JournalLost
from importer.findings import Finding
from importer.records import Change, CheckedRow, Difference, Outcome, Status, Trace, Values
from schemas.message import Message, message

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE rows (
    row INTEGER PRIMARY KEY,      -- as the spreadsheet shows it
    key TEXT NOT NULL,            -- as it is sent
    folded TEXT NOT NULL,         -- the key as the portal compares it
    ticket TEXT,                  -- record ID, once a read or an answer told it
    wanted TEXT NOT NULL,         -- {property: value}: what the sheet says
    pending TEXT,                 -- {property: {pipeline: value}}
    modified TEXT,                -- when the sheet was made, as far as the row tells
    before TEXT,                  -- {property: value}: the portal's values of what changes
    changes TEXT,                 -- {property: value}: what is sent
    returned TEXT,                -- {property: value}: what the portal made of it, where that differs
    status TEXT,                  -- NULL: undecided
    same_as INTEGER,              -- the row whose fate it shares
    batch INTEGER,
    notices TEXT                  -- messages
);
CREATE INDEX rows_by_batch ON rows (batch) WHERE batch IS NOT NULL;
CREATE INDEX rows_by_twin ON rows (same_as) WHERE same_as IS NOT NULL;
CREATE TABLE findings (
    number INTEGER PRIMARY KEY,
    row INTEGER, position INTEGER, header TEXT, property TEXT, key TEXT, value TEXT,
    code TEXT NOT NULL, message TEXT NOT NULL
);
CREATE INDEX findings_by_row ON findings (row);
CREATE TABLE differences (
    number INTEGER PRIMARY KEY,
    row INTEGER NOT NULL, position INTEGER, header TEXT, property TEXT NOT NULL, key TEXT NOT NULL,
    sheet TEXT NOT NULL, portal TEXT NOT NULL, reason TEXT NOT NULL,
    changed_at TEXT, changed_by TEXT, run TEXT, message TEXT NOT NULL
);
CREATE TABLE batches (
    number INTEGER PRIMARY KEY,
    state TEXT NOT NULL DEFAULT 'planned',   -- planned, sent, answered
    sent_at TEXT, answered_at TEXT
);
CREATE TABLE answers (
    number INTEGER PRIMARY KEY,
    batch INTEGER, at TEXT NOT NULL, inputs INTEGER NOT NULL, status INTEGER, correlation TEXT, problem TEXT
);
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes sent together; `was_sent` tells that it may have reached the portal already."""

    number: int
    changes: tuple[Change, ...]
    was_sent: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a batch: it leaves, is answered, or some of its rows get their outcome.

    `at`: ISO 8601, UTC. `answer`: (inputs, HTTP status or None, correlation ID, problem).
    """

    batch: int
    at: str
    sent: bool = False
    answer: tuple[int, int | None, str | None, str | None] | None = None
    outcomes: tuple[Outcome, ...] = ()


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
class ColumnTotals:
    """What a plan does to one property: cells to change, cells to clear, and some samples (before, after)."""

    property_name: str
    changed: int
    cleared: int
    samples: tuple[tuple[str, str], ...]


def _dump(value: object) -> str:
    """Return JSON as text: SQLite's JSON functions do not take it as bytes."""
    return orjson.dumps(value).decode()


def _dump_messages(messages: Sequence[Message]) -> str | None:
    return _dump([one.to_json() for one in messages]) if messages else None


def _load_messages(stored: str | None) -> tuple[Message, ...]:
    return tuple(Message.from_json(one) for one in orjson.loads(stored)) if stored else ()


class Journal:
    """The journal of one run. Open it with `create` or `open`; close it, or use it as a context manager."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._db = connection

    @classmethod
    def create(cls, folder: Path, run_id: str, meta: Mapping[str, Any]) -> Journal:
        """Make the journal `folder/run_id.sqlite3`, mode 0600 in a folder 0700, and note `meta`.

        Raises FileError where the folder cannot be written, and FileExistsError where the run exists.
        """
        path = folder / f"{run_id}.sqlite3"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.name == "posix":
                folder.chmod(0o700)
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            journal = cls(path, _connect(path))
            journal._db.executescript(_SCHEMA)
            journal.note(**meta)
        except FileExistsError:
            raise
        except (OSError, sqlite3.Error) as error:
            raise FileError(
                message(
                    "The journal {path} cannot be written ({reason}). Make room, or set IMPORT_TICKETS_HOME to a "
                    "folder that can be written.",
                    path=str(path),
                    reason=str(error),
                )
            ) from error
        return journal

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Open an existing journal.

        Raises FileError where there is none, or it is no journal.
        """
        if not path.is_file():
            raise FileError(message("There is no journal {path}.", path=str(path)))
        try:
            journal = cls(path, _connect(path))
            journal.meta("id")
        except (sqlite3.Error, KeyError) as error:
            raise FileError(
                message("{path} is not a journal of a run ({reason}).", path=str(path), reason=str(error))
            ) from error
        return journal

    def close(self) -> None:
        """Close the file; nothing is pending."""
        self._db.close()

    def __enter__(self) -> Self:
        """Return the journal itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    # --- the run as a whole -------------------------------------------------------------------------------------

    def note(self, **values: Any) -> None:
        """Remember facts of the run by name; values as JSON has them."""
        with self._db:
            self._db.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)", [(name, _dump(value)) for name, value in values.items()]
            )

    def meta(self, name: str) -> Any:
        """Return a fact of the run. Raises KeyError where it was never noted."""
        found = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        if found is None:
            raise KeyError(name)
        return orjson.loads(found[0])

    @property
    def state(self) -> str:
        """How far the run is: reading, planned, refused, sending, stopped, interrupted or finished."""
        return str(self.meta("state"))

    def all_meta(self) -> dict[str, Any]:
        """Return all facts of the run."""
        return {name: orjson.loads(value) for name, value in self._db.execute("SELECT name, value FROM meta")}

    # --- what was read ------------------------------------------------------------------------------------------

    def add_rows(self, rows: Iterable[CheckedRow], *, fold_keys: bool) -> None:
        """Remember rows that passed validation. `fold_keys`: the portal compares keys without case."""
        with self._db:
            self._db.executemany(
                "INSERT INTO rows (row, key, folded, wanted, pending, modified) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (
                        one.row,
                        one.key,
                        one.key.casefold() if fold_keys else one.key,
                        _dump(dict(one.wanted)),
                        _dump({name: dict(by) for name, by in one.pending.items()}) if one.pending else None,
                        one.modified,
                    )
                    for one in rows
                ),
            )

    def add_invalid_rows(self, rows: Iterable[tuple[int, str]]) -> None:
        """Remember rows (number, key) that failed validation."""
        with self._db:
            self._db.executemany(
                "INSERT INTO rows (row, key, folded, wanted, status) VALUES (?, ?, '', '{}', 'invalid')", rows
            )

    def add_findings(self, findings: Iterable[Finding]) -> None:
        """Remember findings in the order given."""
        with self._db:
            self._insert_findings(findings)

    def _insert_findings(self, findings: Iterable[Finding]) -> None:
        self._db.executemany(
            "INSERT INTO findings (row, position, header, property, key, value, code, message) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (f.row, f.position, f.header, f.property_name, f.key, f.value, f.code, _dump(f.text.to_json()))
                for f in findings
            ),
        )

    def shared_keys(self) -> Iterator[list[tuple[int, str, str]]]:
        """Yield, per key that several undecided rows bear, those rows: (row, key, wanted and pending as stored)."""
        groups = self._db.execute(
            "SELECT folded FROM rows WHERE status IS NULL GROUP BY folded HAVING count(*) > 1 ORDER BY min(row)"
        ).fetchall()
        if groups:
            self._db.execute("CREATE INDEX IF NOT EXISTS rows_by_key ON rows (folded)")
        for (folded,) in groups:
            yield self._db.execute(
                "SELECT row, key, wanted || coalesce(pending, '') FROM rows WHERE folded = ? AND status IS NULL "
                "ORDER BY row",
                (folded,),
            ).fetchall()

    # --- the plan -----------------------------------------------------------------------------------------------

    def undecided(self, chunk: int = 10_000) -> Iterator[list[CheckedRow]]:
        """Yield the rows without a status and without a batch, in order, at most `chunk` at a time."""
        after = -1
        while True:
            found = self._db.execute(
                "SELECT row, key, wanted, pending, modified FROM rows "
                "WHERE row > ? AND status IS NULL AND same_as IS NULL AND changes IS NULL ORDER BY row LIMIT ?",
                (after, chunk),
            ).fetchall()
            if not found:
                return
            after = found[-1][0]
            yield [
                CheckedRow(row, key, orjson.loads(wanted), orjson.loads(pending) if pending else {}, modified)
                for row, key, wanted, pending, modified in found
            ]

    def plan_changes(self, changes: Iterable[Change]) -> None:
        """Remember what is to be sent."""
        with self._db:
            self._db.executemany(
                "UPDATE rows SET ticket = ?, before = ?, changes = ? WHERE row = ?",
                ((c.ticket, _dump(dict(c.before)), _dump(dict(c.after)), c.row) for c in changes),
            )

    def decide(self, outcomes: Iterable[Outcome]) -> None:
        """Remember what became of rows, with their findings and notices."""
        outcomes = list(outcomes)
        with self._db:
            self._decide(outcomes)

    def _decide(self, outcomes: Sequence[Outcome]) -> None:
        self._db.executemany(
            "UPDATE rows SET status = ?, ticket = coalesce(?, ticket), notices = ?, returned = ? WHERE row = ?",
            (
                (
                    str(o.status),
                    o.ticket,
                    _dump_messages(o.notices),
                    _dump(dict(o.returned)) if o.returned else None,
                    o.row,
                )
                for o in outcomes
            ),
        )
        self._insert_findings(finding for o in outcomes for finding in o.findings)

    def refuse_rows(self, findings: Sequence[Finding]) -> None:
        """Make the rows that these findings name invalid."""
        with self._db:
            self._db.executemany("UPDATE rows SET status = 'invalid' WHERE row = ?", {(f.row,) for f in findings})
            self._insert_findings(findings)

    def join_twins(self, twins: Iterable[tuple[int, int]]) -> None:
        """Remember rows that repeat another: (row, the row whose fate it shares)."""
        with self._db:
            self._db.executemany("UPDATE rows SET same_as = ? WHERE row = ?", ((first, row) for row, first in twins))

    def column_totals(self, *, samples: int = 3, status: Status | None = None) -> list[ColumnTotals]:
        """Return what the plan (or what was done, with a status) does to each property, most cells first."""
        totals = self._db.execute(
            "SELECT each.key, sum(each.value <> ''), sum(each.value = '') FROM rows, json_each(rows.changes) AS each "
            "WHERE rows.status IS ? GROUP BY each.key ORDER BY count(*) DESC, each.key",
            (status and str(status),),
        ).fetchall()
        return [
            ColumnTotals(name, changed, cleared, self._samples(name, samples, status))
            for name, changed, cleared in totals
        ]

    def _samples(self, name: str, count: int, status: Status | None) -> tuple[tuple[str, str], ...]:
        path = f'$."{name}"'
        found = self._db.execute(
            "SELECT json_extract(before, ?), json_extract(changes, ?) FROM rows "
            "WHERE changes IS NOT NULL AND json_extract(changes, ?) IS NOT NULL AND status IS ? ORDER BY row LIMIT ?",
            (path, path, path, status and str(status), count),
        )
        return tuple((before or "", after) for before, after in found)

    def count_planned_cells(self) -> tuple[int, int]:
        """Return how many cells the plan would give a new value, and how many it would empty."""
        found = self._db.execute(
            "SELECT coalesce(sum(each.value <> ''), 0), coalesce(sum(each.value = ''), 0) "
            "FROM rows, json_each(rows.changes) AS each WHERE rows.status IS NULL"
        ).fetchone()
        return int(found[0]), int(found[1])

    def count_planned_rows(self) -> int:
        """Return how many rows the plan would send."""
        found = self._db.execute("SELECT count(*) FROM rows WHERE changes IS NOT NULL AND status IS NULL").fetchone()
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
        found = self._db.execute(
            "SELECT count(*) FROM rows WHERE status IS NULL AND same_as IS NULL AND changes IS NULL"
        ).fetchone()
        return int(found[0])

    def make_batches(self, size: int) -> int:
        """Give each change that has no batch yet one of at most `size`, in row order; return how many there are."""
        with self._db:
            last = self._db.execute("SELECT coalesce(max(number), 0) FROM batches").fetchone()[0]
            rows = self._db.execute(
                "SELECT row FROM rows WHERE changes IS NOT NULL AND status IS NULL AND batch IS NULL ORDER BY row"
            ).fetchall()
            self._db.executemany(
                "UPDATE rows SET batch = ? WHERE row = ?",
                ((last + 1 + index // size, row) for index, (row,) in enumerate(rows)),
            )
            count = -(-len(rows) // size)
            self._db.executemany("INSERT INTO batches (number) VALUES (?)", ((last + 1 + n,) for n in range(count)))
        return int(self._db.execute("SELECT count(*) FROM batches WHERE state <> 'answered'").fetchone()[0])

    # --- sending ------------------------------------------------------------------------------------------------

    def open_batches(self) -> Iterator[Batch]:
        """Yield the batches that have rows without an outcome, in order, each read when it is taken."""
        numbers = self._db.execute(
            "SELECT number, state FROM batches WHERE state <> 'answered' ORDER BY number"
        ).fetchall()
        for number, state in numbers:
            rows = self._db.execute(
                "SELECT row, key, ticket, before, changes FROM rows WHERE batch = ? AND status IS NULL ORDER BY row",
                (number,),
            )
            changes = tuple(
                Change(row, key, ticket, orjson.loads(before or "{}"), orjson.loads(after), number)
                for row, key, ticket, before, after in rows
            )
            if changes:
                yield Batch(number, changes, was_sent=state == "sent")

    def note_progress(self, steps: Iterable[Progress]) -> None:
        """Note steps of several batches, in order and all at once: one commit.

        Raises JournalLost where it cannot be written.
        """
        try:
            with self._db:
                for step in steps:
                    self._note_step(step)
        except sqlite3.Error as error:
            raise JournalLost(
                message(
                    "The journal {path} cannot be written ({reason}). Make room, then go on with "
                    "`import-tickets resume`.",
                    path=str(self.path),
                    reason=str(error),
                )
            ) from error

    def _note_step(self, step: Progress) -> None:
        if step.sent:
            self._db.execute("UPDATE batches SET state = 'sent', sent_at = ? WHERE number = ?", (step.at, step.batch))
        if step.answer is not None:
            self._insert_answer((step.batch, step.at, *step.answer))
        if step.outcomes:
            self._decide(step.outcomes)
            self._close_batch(step.batch, step.at)

    def note_sent(self, batch: int, *, at: str) -> None:
        """Note that a batch is about to leave. After this, only the portal knows whether it arrived."""
        with self._db:
            self._db.execute("UPDATE batches SET state = 'sent', sent_at = ? WHERE number = ?", (at, batch))

    def note_answer(
        self,
        batch: int,
        *,
        at: str,
        inputs: int,
        status: int | None,
        correlation: str | None = None,
        problem: str | None = None,
    ) -> None:
        """Note one answer of the portal, or its lack (`status` None), to a request about `inputs` rows of `batch`."""
        with self._db:
            self._insert_answer((batch, at, inputs, status, correlation, problem))

    def _insert_answer(self, answer: tuple[object, ...]) -> None:
        self._db.execute(
            "INSERT INTO answers (batch, at, inputs, status, correlation, problem) VALUES (?, ?, ?, ?, ?, ?)", answer
        )

    def note_outcomes(self, batch: int, outcomes: Iterable[Outcome], *, at: str) -> None:
        """Note what became of rows of a batch; it is answered once none of its rows is undecided."""
        outcomes = list(outcomes)
        with self._db:
            self._decide(outcomes)
            self._close_batch(batch, at)

    def _close_batch(self, batch: int, at: str) -> None:
        self._db.execute(
            "UPDATE batches SET state = 'answered', answered_at = ? WHERE number = ? "
            "AND NOT EXISTS (SELECT 1 FROM rows WHERE batch = ? AND status IS NULL)",
            (at, batch, batch),
        )

    def retry_unavailable(self) -> int:
        """Make rows that failed as `unavailable` or `unconfirmed` undecided again; return how many."""
        codes = "('unavailable', 'unconfirmed')"
        with self._db:
            rows = self._db.execute(
                f"SELECT DISTINCT r.row, r.batch FROM rows r JOIN findings f ON f.row = r.row "
                f"WHERE r.status = 'failed' AND f.code IN {codes}"
            ).fetchall()
            self._db.executemany(f"DELETE FROM findings WHERE row = ? AND code IN {codes}", ((r,) for r, _ in rows))
            self._db.executemany("UPDATE rows SET status = NULL, notices = NULL WHERE row = ?", ((r,) for r, _ in rows))
            self._db.executemany("UPDATE batches SET state = 'sent' WHERE number = ?", {(b,) for _, b in rows})
        return len(rows)

    # --- reports ------------------------------------------------------------------------------------------------

    def settle_twins(self) -> None:
        """Give rows that repeat another their status: unchanged, or that row's where it ended badly or was compared."""
        with self._db:
            self._db.execute(
                "UPDATE rows SET status = (SELECT CASE "
                "WHEN first.status IN ('invalid', 'failed', 'not sent', 'matches', 'differs') THEN first.status "
                "ELSE 'unchanged' END FROM rows AS first WHERE first.row = rows.same_as) "
                "WHERE same_as IS NOT NULL"
            )

    def close_undecided(self, status: Status, *, only_changes: bool = False) -> int:
        """Give every row without a status this one; return how many."""
        more = " AND changes IS NOT NULL" if only_changes else ""
        with self._db:
            return self._db.execute(
                f"UPDATE rows SET status = ? WHERE status IS NULL AND same_as IS NULL{more}",
                (str(status),),
            ).rowcount

    def reopen(self, status: Status) -> int:
        """Make rows with this status undecided again (`not sent` ones at a resume); return how many."""
        with self._db:
            return self._db.execute("UPDATE rows SET status = NULL WHERE status = ?", (str(status),)).rowcount

    def count_by_status(self) -> dict[str, int]:
        """Return how many rows have which status; undecided ones under ""."""
        return dict(self._db.execute("SELECT coalesce(status, ''), count(*) FROM rows GROUP BY 1").fetchall())

    def count_cells(self, status: Status) -> tuple[int, int]:
        """Return how many cells of rows with this status were given a new value, and how many emptied."""
        found = self._db.execute(
            "SELECT coalesce(sum(each.value <> ''), 0), coalesce(sum(each.value = ''), 0) "
            "FROM rows, json_each(rows.changes) AS each WHERE rows.status = ?",
            (str(status),),
        ).fetchone()
        return int(found[0]), int(found[1])

    def outcomes(self) -> Iterator[RowOutcome]:
        """Yield every row in order."""
        for row, key, ticket, status, same_as, notices in self._db.execute(
            "SELECT row, key, ticket, status, same_as, notices FROM rows ORDER BY row"
        ):
            yield RowOutcome(row, key, ticket, Status(status) if status else None, same_as, _load_messages(notices))

    def findings(self, *, limit: int = -1) -> Iterator[Finding]:
        """Yield findings, those of the file first, then by row and column."""
        for row, position, header, name, key, value, code, text in self._db.execute(
            "SELECT row, position, header, property, key, value, code, message FROM findings "
            "ORDER BY row, position, number LIMIT ?",
            (limit,),
        ):
            yield Finding(code, Message.from_json(orjson.loads(text)), row, position, header, name, key, value)

    def count_findings(self) -> dict[str, int]:
        """Return how many findings there are of each code."""
        return dict(self._db.execute("SELECT code, count(*) FROM findings GROUP BY code ORDER BY 2 DESC, 1").fetchall())

    def changes(self, *statuses: Status) -> Iterator[Change]:
        """Yield the changes of rows with one of these statuses (all, where none is named), in row order."""
        where = f"AND status IN ({', '.join('?' * len(statuses))})" if statuses else ""
        for row, key, ticket, before, after, batch in self._db.execute(
            f"SELECT row, key, ticket, before, changes, batch FROM rows WHERE changes IS NOT NULL {where} ORDER BY row",
            [str(one) for one in statuses],
        ):
            yield Change(row, key, ticket, _load_values(before), _load_values(after), batch or 0)

    def shared_tickets(self) -> list[list[tuple[int, str]]]:
        """Return, per ticket that several rows would change, those rows: (row, key). Keys may differ and yet meet."""
        tickets = self._db.execute(
            "SELECT ticket FROM rows WHERE changes IS NOT NULL AND ticket IS NOT NULL AND status IS NULL "
            "GROUP BY ticket HAVING count(*) > 1 ORDER BY min(row)"
        ).fetchall()
        return [
            self._db.execute(
                "SELECT row, key FROM rows WHERE ticket = ? AND changes IS NOT NULL AND status IS NULL ORDER BY row",
                one,
            ).fetchall()
            for one in tickets
        ]

    def planned(self) -> Iterator[Change]:
        """Yield the changes that nothing has become of yet, in row order."""
        for row, key, ticket, before, after in self._db.execute(
            "SELECT row, key, ticket, before, changes FROM rows WHERE changes IS NOT NULL AND status IS NULL "
            "AND same_as IS NULL ORDER BY row"
        ):
            yield Change(row, key, ticket, _load_values(before), _load_values(after))

    def written(self) -> Iterator[tuple[Change, Values]]:
        """Yield what may stand in the portal by this run: each change that was confirmed, or sent and not confirmed.

        With it what the portal made of the values, where that differs from what was sent. A batch that left counts as
        sent, though the run was killed before its answer was noted.
        """
        for row, key, ticket, before, after, batch, returned in self._db.execute(
            "SELECT row, key, ticket, before, changes, batch, returned FROM rows WHERE changes IS NOT NULL AND "
            "(status = 'updated' OR status = 'failed' AND EXISTS (SELECT 1 FROM findings AS f WHERE f.row = rows.row "
            "AND f.code IN ('unavailable', 'unconfirmed')) OR status IS NULL AND batch IN "
            "(SELECT number FROM batches WHERE state <> 'planned')) ORDER BY row"
        ):
            change = Change(row, key, ticket, _load_values(before), _load_values(after), batch or 0)
            yield change, _load_values(returned)

    def wanted(self) -> Iterator[tuple[int, str, str | None, Values]]:
        """Yield (row, key, ticket, what the sheet says) of every row that passed validation."""
        for row, key, ticket, wanted in self._db.execute(
            "SELECT row, key, ticket, wanted FROM rows WHERE wanted <> '{}' ORDER BY row"
        ):
            yield row, key, ticket, orjson.loads(wanted)

    def traces(self, tickets: Collection[str]) -> Iterator[Trace]:
        """Yield what this run knows of some tickets (record IDs): what it wanted, what it wrote, what came of it."""
        for ticket, status, wanted, before, after, returned in self._db.execute(
            "SELECT ticket, status, wanted, before, changes, returned FROM rows WHERE ticket IS NOT NULL ORDER BY row"
        ):
            if ticket in tickets:
                values = (_load_values(one) for one in (wanted, before, after, returned))
                yield Trace(ticket, Status(status) if status else None, *values)

    # --- a reconciliation ---------------------------------------------------------------------------------------

    def add_differences(self, differences: Iterable[Difference]) -> None:
        """Remember cells that the portal holds otherwise than the sheet."""
        with self._db:
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
                        _dump(one.text.to_json()),
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
        for row, position, header, name, key, value, code, text, _ in self._db.execute(
            "SELECT row, position, header, property, key, value, code, message, number FROM findings UNION ALL "
            "SELECT row, position, header, property, key, sheet, 'differs', message, number FROM differences "
            "ORDER BY 1, 2, 9 LIMIT ?",
            (limit,),
        ):
            yield Finding(code, Message.from_json(orjson.loads(text)), row, position, header, name, key, value)

    def count_remarks(self) -> int:
        """Return how many remarks there are."""
        found = self._db.execute(
            "SELECT (SELECT count(*) FROM findings) + (SELECT count(*) FROM differences)"
        ).fetchone()
        return int(found[0])


def _load_values(stored: str | None) -> Values:
    values: Values = orjson.loads(stored) if stored else {}
    return values


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection
