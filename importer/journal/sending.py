"""Sending: batches noted before they leave and after their answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson

from importer.journal.plan import PlanNotes
from importer.records import Change, Outcome


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


class SendingNotes(PlanNotes):
    """Notes of what was sent and answered."""

    def open_batches(self) -> Iterator[Batch]:
        """Yield the batches that have rows without an outcome, in order, each read when it is taken."""
        numbers = self._db.execute(
            "SELECT number, state FROM batches WHERE state <> 'answered' ORDER BY number"
        ).fetchall()
        for number, state in numbers:
            rows = self._db.execute(
                "SELECT row, key, ticket, before, changes FROM rows WHERE batch = ? AND status IS NULL ORDER BY row",
                (number,),
            ).fetchall()
            values = orjson.loads("[" + ",".join([f"[{row[3] or '{}'},{row[4]}]" for row in rows]) + "]")
            changes = tuple(
                Change(row, key, ticket, before, after, number)
                for (row, key, ticket, _, _), (before, after) in zip(rows, values, strict=True)
            )
            if changes:
                yield Batch(number, changes, was_sent=state == "sent")

    def note_progress(self, steps: Iterable[Progress]) -> None:
        """Note steps of several batches, in order and all at once: one commit.

        Raises JournalLost where it cannot be written.
        """
        with self._writing():
            for step in steps:
                self._note_step(step)

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
        with self._writing():
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
        with self._writing():
            self._insert_answer((batch, at, inputs, status, correlation, problem))

    def _insert_answer(self, answer: tuple[object, ...]) -> None:
        self._db.execute(
            "INSERT INTO answers (batch, at, inputs, status, correlation, problem) VALUES (?, ?, ?, ?, ?, ?)", answer
        )

    def note_outcomes(self, batch: int, outcomes: Iterable[Outcome], *, at: str) -> None:
        """Note what became of rows of a batch; it is answered once none of its rows is undecided."""
        outcomes = list(outcomes)
        with self._writing():
            self._decide(outcomes)
            self._close_batch(batch, at)

    def _close_batch(self, batch: int, at: str) -> None:
        self._db.execute(
            "UPDATE batches SET state = 'answered', answered_at = ? WHERE number = ? "
            "AND NOT EXISTS (SELECT 1 FROM rows WHERE batch = ? AND status IS NULL)",
            (at, batch, batch),
        )

    def count_update_requests(self) -> int:
        """Return how many requests left as far as is noted here: those answered or given up, and those in flight."""
        found = self._db.execute(
            "SELECT (SELECT COUNT(*) FROM answers) + (SELECT COUNT(*) FROM batches WHERE state = 'sent' "
            "AND number NOT IN (SELECT batch FROM answers))"
        ).fetchone()
        return int(found[0])

    def retry_unavailable(self) -> int:
        """Make rows that failed as `unavailable` or `unconfirmed` undecided again; return how many."""
        codes = "('unavailable', 'unconfirmed')"
        with self._writing():
            rows = self._db.execute(
                f"SELECT DISTINCT r.row, r.batch FROM rows r JOIN findings f ON f.row = r.row "
                f"WHERE r.status = 'failed' AND f.code IN {codes}"
            ).fetchall()
            self._db.executemany(f"DELETE FROM findings WHERE row = ? AND code IN {codes}", ((r,) for r, _ in rows))
            self._db.executemany("UPDATE rows SET status = NULL, notices = NULL WHERE row = ?", ((r,) for r, _ in rows))
            self._db.executemany("UPDATE batches SET state = 'sent' WHERE number = ?", {(b,) for _, b in rows})
        return len(rows)
