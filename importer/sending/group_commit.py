"""Write to the journal in groups: all that comes up between two commits is one commit.

A commit waits for the disk, and on slow disks one for every batch would take longer than the portal does. So after a
commit there is a pause, the longer the slower the disk is, and what comes up meanwhile waits for its end. A batch that
is to leave waits for its note; what became of rows is noted on the way, and shown only once it is on disk.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from importer.errors import JournalGone, JournalLost
from importer.journal import Journal, Progress, dump
from importer.journal.run_record import now
from importer.model import Change, Outcome, Values
from importer.portal import BatchResult

PAUSE = 80
"""How many times longer a pause is than the commit before it: the journal takes little more of the time."""
LONGEST_PAUSE_S = 0.3
"""No progress is shown, and no batch leaves that is not noted yet, while a pause lasts."""

Told = Callable[[], None]


class GroupCommit:
    """Writes into the journal of a run that is sending."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._steps: list[Progress] = []
        self._told: list[Told] = []
        self._written: asyncio.Future[None] | None = None
        self._due: asyncio.Handle | None = None
        self._next_at = 0.0
        self._failure: Exception | None = None

    def values_before(self, batch: int) -> dict[int, Values]:
        """Return the portal's values, before the plan, of what the rows of a batch change; by row."""
        return self._journal.batches.values_before(batch)

    async def note_leaving(self, batch: int) -> None:
        """Note that a batch is about to leave; return once that is on disk. Raises JournalLost."""
        self._put(Progress(batch, now(), "sent"))
        await self.written()

    def note_renewed(self, batch: int, changes: tuple[Change, ...]) -> None:
        """Note that rows of a batch ask for less than was planned, the rest being there by now, or overwrite more."""
        if changes:
            self._put(Progress(batch, now(), renewed=changes))

    def note_kept(self, batch: int) -> None:
        """Note that a batch did not leave after all."""
        self._put(Progress(batch, now(), "planned"))

    def note(
        self,
        batch: int,
        *,
        inputs: int = 0,
        answer: BatchResult | None = None,
        updated: tuple[int, ...] = (),
        outcomes: tuple[Outcome, ...] = (),
        then: Told | None = None,
    ) -> None:
        """Note what came back for `inputs` rows of a batch, and what became of rows; `then` is called once it is so.

        updated: rows of which nothing is to be said but that they are. Where it cannot be written, the next
        `note_leaving` or `written` raises that.
        """
        words = None
        if answer is not None:
            said = "; ".join([fault.text for fault in answer.faults[:3]]) or str(answer.problem or "")
            told = dump(dict(answer.told)) if answer.told else None
            words = (inputs, answer.status, answer.correlation_id or None, said or None, told)
        if then is not None:
            self._told.append(then)
        self._put(Progress(batch, now(), None, words, updated, outcomes))

    async def written(self) -> None:
        """Return once all that was noted until now is on disk. Raises JournalLost."""
        if self._failure is not None:
            raise self._failure
        if self._written is not None:
            await asyncio.shield(self._written)

    async def flush(self) -> None:
        """Write at once, without a pause, and return. Raises JournalLost.

        What could not be written before is tried once more: the disk may have room by now. Where it has none, the
        journal goes on in memory, from what is on disk: an answer that was not noted there leaves its rows in doubt,
        and a resume asks the portal. Of a journal that is gone nobody will ever ask: all that is known counts.
        """
        if self._due is not None:
            self._write()
        if self._failure is not None and self._steps:
            steps, self._steps = self._steps, []
            try:
                self._journal.batches.note(steps)
            except JournalLost as lost:
                self._journal.go_on_in_memory(lost)
                is_gone = isinstance(lost, JournalGone)
                self._journal.batches.note([one for one in steps if is_gone or one.state == "planned"])
        await self.written()

    def _put(self, step: Progress) -> None:
        self._steps.append(step)
        if self._written is None and self._failure is None:
            loop = asyncio.get_running_loop()
            self._written = loop.create_future()
            pause_s = self._next_at - loop.time()
            # Not at once though there is no pause: more may come up in this turn of the loop.
            self._due = loop.call_later(pause_s, self._write) if pause_s > 0 else loop.call_soon(self._write)

    def _write(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        steps, self._steps = self._steps, []
        told, self._told = self._told, []
        written, self._written = self._written, None
        assert written is not None
        began = time.perf_counter()
        try:
            self._journal.batches.note(steps)
        except Exception as error:  # noqa: BLE001 - whoever waits for it raises it
            self._failure = error
            self._steps = steps + self._steps
            written.set_exception(error)
            written.exception()  # it may be that nobody waits
            return
        took_s = time.perf_counter() - began
        self._next_at = asyncio.get_running_loop().time() + min(LONGEST_PAUSE_S, PAUSE * took_s)
        for tell in told:
            tell()
        written.set_result(None)
