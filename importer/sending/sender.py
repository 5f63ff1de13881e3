"""Send the journal's batches through the portal, many in flight, and note for every row what became of it.

A row is `updated` only if the portal says so for its trace ID or ID, or holds what was sent when it is read back.
The journal is written before a request leaves and after its answer came; nothing else remembers.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from importer.errors import Interrupted, JournalLost, TooManyFailures, Unavailable
from importer.journal import Batch, Journal
from importer.model import Columns, Outcome, Status
from importer.portal import Event, Halted, OnEvent, Portal, StopSignal
from importer.portal.limits import MOST_IN_FLIGHT
from importer.sending.causes import CommonCause, GivenUp
from importer.sending.delivery import Delivery
from importer.sending.group_commit import GroupCommit
from importer.sending.outcomes import OutcomeWriter
from importer.sending.refused_cells import RefusedCells
from importer.sending.settling import SendContext
from schemas.message import count_message, message
from schemas.property import PortalSchema

__all__ = ["StopSignal", "send"]

FRESH_S = 60.0
"""How long a plan is taken for what the portal holds, where nobody was asked meanwhile."""
AHEAD = 40
"""Batches that are noted in the journal and wait for their turn to leave, besides those in flight: so none waits for
the disk. Where a run is killed, they are read back as if they had left."""
FIRST, LATER_S = 32, 0.005
"""How many batches are read before the first one leaves; the others follow one by one, this many seconds apart."""
GRACE_S = 25.0
"""Whoever asked to stop waits so long for the answers to what is in flight; reporting takes some seconds more."""
DOWN_AFTER = 3
"""Batches in a row that ended without an answer, after which the portal is taken for down."""


async def send(
    journal: Journal,
    portal: Portal,
    *,
    columns: Columns,
    schema: PortalSchema,
    on_event: OnEvent | None = None,
    stop: StopSignal | None = None,
    total: int = 0,
    planned_at: datetime | None = None,
    look_again: bool = False,
    overwrite: bool = False,
    cell_by_cell: bool = False,
    max_failures: int | None = None,
) -> None:
    """Send every open batch of the journal.

    total: how many rows there are to send, for progress. planned_at: when the values were read that the changes were
    made from. Later than a minute after that, and at once with `look_again` (somebody was asked meanwhile, or the run
    is resumed), each batch is checked against them before it leaves, and rows that the portal changed meanwhile are
    `conflict`; with `overwrite` they are sent, and what they overwrite is noted as the values before. None: they are
    sent over whatever there is.
    cell_by_cell: a cell that the portal refuses keeps no other cell of its row from being sent.
    max_failures: stop once this many rows were refused.
    Batches that were sent before are read back first.
    Raises Interrupted once `stop` is set and what is in flight is noted, if that leaves anything to do; Unauthorized,
    MissingScope, DailyLimit, Unavailable and Refused likewise. What has no outcome then is sent by the next call.
    """
    portal.time_zone = schema.time_zone
    journal.may_have_sent = True
    fresh_s = -math.inf if look_again else FRESH_S
    fresh_until = math.inf if planned_at is None else planned_at.timestamp() + fresh_s
    sending = _Sending(
        journal,
        portal,
        OutcomeWriter(columns, schema),
        on_event=on_event,
        total=total,
        fresh_until=fresh_until,
        overwrite=overwrite,
        cell_by_cell=cell_by_cell,
        max_failures=max_failures,
    )
    await sending.run(stop or StopSignal())


class _Sending:
    """One call of `send`: the batches, the workers that take them, and why they stop."""

    def __init__(
        self,
        journal: Journal,
        portal: Portal,
        write: OutcomeWriter,
        *,
        on_event: OnEvent | None,
        total: int,
        fresh_until: float,
        overwrite: bool,
        cell_by_cell: bool,
        max_failures: int | None,
    ) -> None:
        self._journal = journal
        self._portal = portal
        self._on_event = on_event
        self._total = total
        self._halt = StopSignal()
        self._commits = GroupCommit(journal)
        self._context = SendContext(
            commits=self._commits,
            portal=portal,
            write=write,
            halt=self._halt,
            settled=self._count,
            answered=self._note_sign_of_life,
            fresh_until=fresh_until,
            overwrite=overwrite,
            refused_cells=RefusedCells(cell_by_cell=cell_by_cell),
            causes=CommonCause(total),
            given_up=GivenUp(journal.batches.values_given_up),
        )
        self._failure: BaseException | None = None
        self._counts: Counter[Status] = Counter()
        self._lost_in_a_row = 0
        self._max_failures = max_failures
        self._was_cut_short = False

    async def run(self, stop: StopSignal) -> None:
        """Send all; see `send`."""
        forget = stop.listen(self._halt.set)
        batches = self._journal.batches.open()
        try:
            await self._send_all(batches, self._journal.batches.count_open(), stop)
            await self._send_later(stop)
        except JournalLost as lost:
            self._failure = self._failure or lost
        finally:
            forget()
        if isinstance(self._failure, TooManyFailures) and next(self._journal.batches.open(), None) is None:
            return  # nothing was left to keep back
        if self._failure is not None:
            raise self._failure
        if stop.is_set and (self._was_cut_short or next(self._journal.batches.open(), None) is not None):
            raise Interrupted

    async def _send_all(self, batches: Iterator[Batch], count: int, stop: StopSignal) -> None:
        workers = [
            asyncio.ensure_future(self._work(batches, number)) for number in range(min(MOST_IN_FLIGHT + AHEAD, count))
        ]
        with _deadline_after(stop, workers):
            await asyncio.gather(*workers, return_exceptions=True)
        await self._commits.flush()

    async def _send_later(self, stop: StopSignal) -> None:
        """Send the rows that were left until all others were sent, as often as that brings any of them further."""
        context = self._context
        while context.later and not self._halt.is_set:
            left = [replace(batch, changes=tuple(rows), was_sent=False) for batch, rows in context.later.values()]
            context.later.clear()
            updated = self._counts[Status.UPDATED]
            await self._send_all(iter(left), len(left), stop)
            context.may_postpone = self._counts[Status.UPDATED] > updated

    async def _work(self, batches: Iterator[Batch], number: int) -> None:
        """Take one batch after another until none is left, or a stop is asked for."""
        if number >= FIRST:
            await asyncio.sleep((number - FIRST + 1) * LATER_S)
        while not self._halt.is_set and (batch := next(batches, None)) is not None:
            delivery = Delivery(self._context, batch)
            try:
                await delivery.run()
                if delivery.lost and not delivery.was_answered:
                    self._note_lost_batch()
            except Halted:
                self._was_cut_short = True
                return
            except asyncio.CancelledError:
                self._was_cut_short = True
                raise
            except BaseException as error:
                self._failure = self._failure or error
                self._halt.set()  # the others note their answers, then run() raises this
                raise

    def _note_sign_of_life(self) -> None:
        self._lost_in_a_row = 0

    def _note_lost_batch(self) -> None:
        self._lost_in_a_row += 1
        if self._lost_in_a_row >= DOWN_AFTER:
            raise Unavailable(
                message(
                    "The portal failed to answer {count} batches in a row, so it seems to be down. Continue later "
                    "with `import-tickets resume`.",
                    count=self._lost_in_a_row,
                )
            )

    def _count(self, updated: int, outcomes: Sequence[Outcome]) -> None:
        """Tell how far the sending is."""
        self._counts[Status.UPDATED] += updated
        self._counts.update(outcome.status for outcome in outcomes)
        self._stop_at_most_failures(self._counts[Status.FAILED])
        if self._on_event is not None:
            limits = self._portal.limits
            self._on_event(
                Event(
                    "rows",
                    done=self._counts.total(),
                    updated=self._counts[Status.UPDATED],
                    failed=self._counts[Status.FAILED],
                    total=self._total,
                    requests=self._portal.stats.update,
                    daily=limits.daily or None,
                    daily_remaining=limits.daily_remaining if limits.daily else None,
                    requests_a_second=limits.requests_a_second,
                )
            )

    def _stop_at_most_failures(self, failed: int) -> None:
        """Send nothing more, not even the rest of a refused batch, once as many rows were refused as is allowed."""
        if self._max_failures is None or failed < self._max_failures or self._failure is not None:
            return
        self._failure = TooManyFailures(
            count_message(
                "{count} row was refused, the limit set by --max-failures: the rest is not sent. The messages "
                "say what is wrong; `import-tickets resume` sends the rest.",
                "{count} rows were refused, the limit set by --max-failures: the rest is not sent. The messages "
                "say what is wrong; `import-tickets resume` sends the rest.",
                failed,
            )
        )
        self._halt.set()


@contextmanager
def _deadline_after(stop: StopSignal, workers: Sequence[asyncio.Future[None]]) -> Iterator[None]:
    """Cancel those that still wait for an answer some time after somebody asked to stop: their rows are in doubt."""
    loop = asyncio.get_running_loop()
    alarms: list[asyncio.TimerHandle] = []

    def cancel() -> None:
        for worker in workers:
            worker.cancel()

    def begin() -> None:
        loop.call_soon_threadsafe(lambda: alarms.append(loop.call_later(GRACE_S, cancel)))

    forget = stop.listen(begin)
    try:
        yield
    finally:
        forget()
        for alarm in alarms:
            alarm.cancel()
