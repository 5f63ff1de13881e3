"""Sending: batches noted before they leave and after their answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import orjson

from importer.journal.connection import JournalFile, dump, load_values, seal_of
from importer.journal.rows import Rows
from importer.model import Change, Outcome, Status, Values

_NOTHING: Values = MappingProxyType({})
CHECKPOINT_PAGES = 4000
"""Pages of the write-ahead log after which SQLite copies them into the file, here instead of its 1000: what is sent
touches a page several times within some seconds, and a commit that copies takes as long as five. Source: SQLite,
PRAGMA wal_autocheckpoint."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes sent together; `was_sent`: it may have reached the portal already.

    The values before are left in the journal (`values_before`): few batches are asked for them.
    """

    number: int
    changes: tuple[Change, ...]
    was_sent: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a batch: it leaves, is answered, or some of its rows get their outcome.

    `at`: ISO 8601, UTC. `state`: `sent`, before it leaves; `planned`, where it did not leave after all. `answer`:
    (inputs, HTTP status or None, correlation ID, problem, what it says of the batch as JSON). `updated`: rows that were
    confirmed as they were sent. `renewed`: changes that are not as planned any more, with their values before.
    """

    batch: int
    at: str
    state: Literal["sent", "planned"] | None = None
    answer: tuple[int, int | None, str | None, str | None, str | None] | None = None
    updated: tuple[int, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    renewed: tuple[Change, ...] = ()


class BatchAnswer(NamedTuple):
    """One answer of the portal to (a part of) a batch. `told`: what it says of itself, by the portal's names."""

    batch: int
    first: int
    last: int
    at: str
    inputs: int
    status: int | None
    correlation: str | None
    problem: str | None
    told: Mapping[str, Any]


class Batches:
    """What was sent, and what was answered."""

    def __init__(self, file: JournalFile, rows: Rows) -> None:
        self._file = file
        self._rows = rows

    def make(self, size: int, *, last: int | None = None) -> int:
        """Give each change that has no batch yet one of at most `size`, in row order; return how many there are.

        last: rows after this one get none.
        """
        with self._file.writing():
            number, after = self._file.db.execute("SELECT coalesce(max(number), 0), max(last) FROM batches").fetchone()
            rows = self._file.db.execute(
                "SELECT plan.row FROM plan JOIN rows ON rows.row = plan.row "
                "WHERE plan.row > ?1 AND (?2 IS NULL OR plan.row <= ?2) AND status IS NULL ORDER BY plan.row",
                (-1 if after is None else after, last),
            ).fetchall()
            groups = [rows[start : start + size] for start in range(0, len(rows), size)]
            self._file.db.executemany(
                "INSERT INTO batches (number, first, last, digest) VALUES (?, ?, ?, ?)",
                [
                    (*batch, self._digest(*batch))
                    for batch in ((number + place, group[0][0], group[-1][0]) for place, group in enumerate(groups, 1))
                ],
            )
        return int(self._file.db.execute("SELECT count(*) FROM batches WHERE state <> 'answered'").fetchone()[0])

    def _digest(self, number: int, first: int, last: int) -> str:
        """Return the digest of a batch's place and of all that was planned of its rows."""
        found = self._file.db.execute(
            "SELECT plan.row, key, plan.ticket, before, coalesce(changes, wanted) FROM plan "
            "JOIN rows ON rows.row = plan.row LEFT JOIN sheet ON sheet.row = plan.row "
            "WHERE plan.row BETWEEN ? AND ? ORDER BY plan.row",
            (first, last),
        )
        return seal_of(number, first, last, *found)

    def _renew_digests(self, numbers: Collection[int]) -> None:
        """Seal batches anew whose plan was cut down."""
        for number in numbers:
            found = self._file.db.execute("SELECT number, first, last FROM batches WHERE number = ?", (number,))
            digest = self._digest(*found.fetchone())
            self._file.db.execute("UPDATE batches SET digest = ? WHERE number = ?", (digest, number))

    def find_altered_row(self) -> int | None:
        """Return the first row that is not as it was noted; None where all are."""
        for *batch, digest in self._file.db.execute("SELECT number, first, last, digest FROM batches ORDER BY number"):
            if self._digest(*batch) != digest:
                return int(batch[1])
        found = self._file.db.execute(
            "SELECT row FROM rows WHERE (ticket IS NOT NULL OR returned IS NOT NULL) "
            "AND seal IS NOT seal_of(row, ticket, returned) ORDER BY row"
        ).fetchone()
        return int(found[0]) if found else None

    def open(self) -> Iterator[Batch]:
        """Yield the batches that have rows without an outcome, in order, each read when it is taken."""
        self._file.db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        batches = self._file.db.execute(
            "SELECT number, first, last, state FROM batches WHERE state <> 'answered' ORDER BY number"
        ).fetchall()
        for number, first, last, state in batches:
            rows = self._file.db.execute(
                "SELECT row, key, ticket, changes FROM planned WHERE row BETWEEN ? AND ? AND status IS NULL "
                "ORDER BY row",
                (first, last),
            ).fetchall()
            values = orjson.loads("[" + ",".join([row[3] for row in rows]) + "]")
            changes = tuple(
                [
                    Change(row, key, ticket, _NOTHING, after)
                    for (row, key, ticket, _), after in zip(rows, values, strict=True)
                ]
            )
            if changes:
                yield Batch(number, changes, was_sent=state == "sent")

    def in_doubt(self) -> list[Change]:
        """Return the undecided changes of batches that may have left."""
        found = self._file.db.execute(
            "SELECT planned.row, key, ticket, changes FROM batches JOIN planned ON planned.row BETWEEN first AND last "
            "WHERE state = 'sent' AND status IS NULL AND same_as IS NULL ORDER BY planned.row"
        )
        return [Change(row, key, ticket, _NOTHING, load_values(after)) for row, key, ticket, after in found]

    def count_open(self) -> int:
        """Return how many batches have rows without an outcome."""
        found = self._file.db.execute("SELECT count(*) FROM batches WHERE state <> 'answered'").fetchone()
        return int(found[0])

    def values_before(self, batch: int) -> dict[int, Values]:
        """Return the portal's values, before the plan, of what the rows of a batch change; by row."""
        found = self._file.db.execute(
            "SELECT row, before FROM plan JOIN batches ON row BETWEEN first AND last WHERE number = ?", (batch,)
        )
        return {row: load_values(before) for row, before in found}

    def values_given_up(self, name: str) -> frozenset[str]:
        """Return the values before, folded, of a property in all rows that change it and were not refused."""
        found = self._file.db.execute(
            "SELECT DISTINCT json_extract(before, '$.' || ?1) FROM planned WHERE before IS NOT NULL "
            "AND json_extract(before, '$.' || ?1) <> '' AND coalesce(status, '') NOT IN ('failed', 'invalid') "
            "AND json_extract(changes, '$.' || ?1) IS NOT NULL",
            (dump(name),),
        )
        return frozenset(str(value).strip().casefold() for (value,) in found)

    def note(self, steps: Iterable[Progress]) -> None:
        """Note steps of several batches, in order and all at once: one commit.

        Raises JournalLost where it cannot be written.
        """
        steps = list(steps)
        states = [(one.state, one.at, one.batch) for one in steps if one.state]
        answers = [(one.batch, one.at, *one.answer) for one in steps if one.answer is not None]
        updated = [row for one in steps for row in one.updated]
        outcomes = [outcome for one in steps for outcome in one.outcomes]
        closing = [(one.at, one.batch, len(one.updated)) for one in steps if one.updated or one.outcomes]
        with self._file.writing():
            self._file.db.executemany("UPDATE batches SET state = ?, sent_at = ? WHERE number = ?", states)
            self._insert_answers(answers)
            self._file.db.executemany(
                "UPDATE plan SET before = ?, changes = ? WHERE row = ?",
                [(dump(dict(c.before)), dump(dict(c.after)), c.row) for one in steps for c in one.renewed],
            )
            self._renew_digests({one.batch for one in steps if one.renewed})
            if updated:
                self._rows.write_status(Status.UPDATED, updated)
            if outcomes:
                self._rows.write_outcomes(outcomes)
            self._close(closing)

    def _insert_answers(self, answers: Sequence[tuple[object, ...]]) -> None:
        self._file.db.executemany(
            "INSERT INTO answers (batch, at, inputs, status, correlation, problem, told) VALUES (?, ?, ?, ?, ?, ?, ?)",
            answers,
        )

    def answers(self, *, unsettled: bool = False) -> Iterator[BatchAnswer]:
        """Yield the portal's answers to updates, in order; `unsettled`: those alone that say they are not complete."""
        where = "WHERE json_extract(told, '$.status') <> 'COMPLETE'" if unsettled else ""
        for batch, first, last, at, inputs, status, correlation, problem, told in self._file.db.execute(
            "SELECT batch, first, last, at, inputs, status, correlation, problem, told FROM answers "
            f"JOIN batches ON batches.number = batch {where} ORDER BY answers.number"
        ):
            yield BatchAnswer(
                batch, first, last, at, inputs, status, correlation, problem, orjson.loads(told) if told else {}
            )

    def _close(self, batches: Sequence[tuple[str, int, int]]) -> None:
        """Note as answered those of these batches that have no row without an outcome.

        Each is (when, number, rows that have just been given one): where those are all there are, none is looked at.
        """
        self._file.db.executemany(
            "UPDATE batches SET state = 'answered', answered_at = ?1 WHERE number = ?2 AND (last - first + 1 = ?3 "
            "OR NOT EXISTS (SELECT 1 FROM rows WHERE row BETWEEN first AND last AND status IS NULL "
            "AND EXISTS (SELECT 1 FROM plan WHERE plan.row = rows.row)))",
            batches,
        )

    def count_update_requests(self) -> int:
        """Return how many requests left as far as is noted here: those answered or given up, and those in flight."""
        found = self._file.db.execute(
            "SELECT (SELECT COUNT(*) FROM answers) + (SELECT COUNT(*) FROM batches WHERE state = 'sent' "
            "AND number NOT IN (SELECT batch FROM answers))"
        ).fetchone()
        return int(found[0])

    def count_unavailable(self) -> int:
        """Return how many rows with a change failed as `unavailable`, so that a resume tries them again."""
        found = self._file.db.execute(
            "SELECT count(DISTINCT f.row) FROM findings AS f JOIN plan ON plan.row = f.row WHERE f.code = 'unavailable'"
        ).fetchone()
        return int(found[0])

    def retry_unavailable(self) -> int:
        """Make rows that failed as `unavailable` or `unconfirmed` undecided again; return how many."""
        codes = "('unavailable', 'unconfirmed')"
        with self._file.writing():
            rows = self._file.db.execute(
                f"SELECT DISTINCT r.row, (SELECT number FROM batches WHERE first <= r.row ORDER BY first DESC LIMIT 1) "
                f"FROM rows AS r JOIN findings AS f ON f.row = r.row WHERE r.status = 'failed' AND f.code IN {codes} "
                "AND EXISTS (SELECT 1 FROM plan WHERE plan.row = r.row)"
            ).fetchall()
            self._file.db.executemany(
                f"DELETE FROM findings WHERE row = ? AND code IN {codes}", ((r,) for r, _ in rows)
            )
            self._file.db.executemany(
                "UPDATE rows SET status = NULL, notices = NULL WHERE row = ?", ((r,) for r, _ in rows)
            )
            self._file.db.executemany("UPDATE batches SET state = 'sent' WHERE number = ?", {(b,) for _, b in rows})
        return len(rows)
