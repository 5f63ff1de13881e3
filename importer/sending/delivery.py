"""Deliver one batch: send it, prove each row's outcome, divide it where it is refused, read back what is silent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from importer.errors import ImportTicketsError
from importer.model import Change, Outcome
from importer.portal import BatchResult, Halted, PortalFault, Refused
from importer.portal.clock import pause
from importer.portal.retries import MAX_REPEATS, MAX_TIME_S, wait_s
from importer.sending.batches import make_inputs, without_overlap
from importer.sending.bisect import blames_rows, concerns_request, divide
from importer.sending.causes import PROBES, may_concern_all, passes, reason_of, sharing, spread
from importer.sending.matching import (
    Matches,
    match_results,
)
from importer.sending.settling import READ_BACK_REPEATS, Settling
from schemas.message import message

_JITTER = random.Random()  # noqa: S311 - jitter
MOST_REFUSED = 7
"""Requests about one batch that were refused before any row of it was taken (itself, its halves and their quarters),
after which its rows are sent one by one: dividing on would cost two requests a row."""
MOST_PARTS_LOST = 7
"""Requests about one batch that failed to the end without an answer between, after which it is divided no further."""


@dataclass(slots=True)
class Delivery(Settling):
    """One batch on its way."""

    _is_noted: bool = False
    _parts_lost: int = 0
    _refused: int = 0
    _was_taken: bool = False
    """How many requests about it were refused, and whether any was accepted."""
    _flying: set[int] = field(default_factory=set)
    """First rows of requests that left and have no end yet."""
    _repeats: int = 0
    _since: float = 0.0
    """How often rows were sent again for errors that pass, and since when."""

    async def run(self) -> None:
        """Deliver all changes of the batch and note their outcomes.

        Raises Halted, and what the portal raises; rows that have no outcome then stay open in the journal, except
        those that may have been written: they are noted as unconfirmed, which a resume reads back.
        """
        changes = list(self.batch.changes)
        self._settle(self.context.write.nothing_to_send(change) for change in changes if not change.after)
        changes = [change for change in changes if change.after]
        is_kept = False
        try:
            stale = self.context.portal.clock.time() > self.context.fresh_until
            if changes and (self.batch.was_sent or stale):
                changes = await self._look_first(changes, stale=stale)
            for group in without_overlap(changes, id_property=self.context.id_property):
                await self._deliver(group)
        except (ImportTicketsError, Halted, asyncio.CancelledError):
            # What is neither on its way nor doubtful was turned away, or never left.
            is_kept = not self._flying
            raise
        finally:
            doubtful = list(self._doubtful.values())
            self._settle(self.context.write.in_doubt(change) for change in doubtful)
            is_kept = is_kept or self.batch.number in self.context.later
            if self._is_noted and is_kept and not self.batch.was_sent:
                self.context.commits.note_kept(self.batch.number)

    async def _deliver(self, changes: Sequence[Change], *, is_part: bool = False) -> None:
        """Send changes, and divide them where they are refused, until each has its outcome."""
        refusal = await self._attempt(changes, is_part=is_part)
        if refusal is not None:
            await self._part(changes, refusal)

    async def _attempt(self, changes: Sequence[Change], *, is_part: bool) -> BatchResult | None:
        """Send changes once and settle them; return the answer, with nothing settled, if they are to be divided.

        They are where they were refused, or at a resume got no answer. is_part: they were refused together with others.
        """
        if not self._is_noted:  # before a turn is waited for, not after: so the turn is used at once
            self._is_noted = True
            await self.context.commits.note_leaving(self.batch.number)
        first = changes[0].row
        try:
            answer = await self.context.portal.update(
                make_inputs(changes, id_property=self.context.id_property),
                is_part=is_part,
                stop=self.context.halt,
                repeats=READ_BACK_REPEATS if self._parts_lost else MAX_REPEATS,
                on_leave=lambda: self._flying.add(first),
                on_doubt=lambda: self._doubt(changes),
            )
        except (ImportTicketsError, Halted):
            self._flying.discard(first)
            raise
        self._flying.discard(first)
        if answer.accepted or answer.refused:
            self._parts_lost, self.was_answered = 0, True
            self.context.answered()
        if answer.accepted:
            self._was_taken = True
            await self._settle_answered(changes, answer)
            return None
        self._settle((), inputs=len(changes), answer=answer)
        if answer.refused:
            self._refused += 1
            self._clear_doubt(changes)
            return answer
        self._parts_lost += 1
        if self.batch.was_sent and len(changes) > 1 and self._parts_lost < MOST_PARTS_LOST:
            return answer
        await self._settle_lost(changes, answer)
        return None

    async def _part(self, changes: Sequence[Change], refusal: BatchResult) -> None:
        """Settle refused changes: those that are named, alone or alike are rejected, the others sent again in parts."""
        if not refusal.refused:
            middle = len(changes) // 2
            await _both(*(self._deliver(part, is_part=True) for part in (changes[:middle], changes[middle:])))
            return
        if concerns_request(refusal):
            text = refusal.faults[0].text
            raise Refused(message("The portal refused the request itself: {text}", text=text), refusal)
        named = match_results(refusal, changes, id_property=self.context.id_property).blamed
        missing = [one for one in changes if any(fault.is_missing for fault in named.get(one.row, ()))]
        if missing or (len(changes) == 1 and any(fault.is_missing for fault in refusal.faults)):
            self.context.causes.rule_out()
            await self._read_back(missing or changes, refusal, Matches({}, {}, (), refusal.faults))
            if rest := [one for one in changes if one not in missing] if missing else ():
                await self._deliver(rest, is_part=True)
            return
        if len(changes) == 1:
            await self._refuse({changes[0].row: refusal.faults}, changes, refusal)
            return
        await self._part_by_cause(changes, refusal, named)

    async def _part_by_cause(
        self, changes: Sequence[Change], refusal: BatchResult, named: Mapping[int, Sequence[PortalFault]]
    ) -> None:
        """Settle several refused changes, of which the refusal names some, or all, or none."""
        blocked = self.context.blocked
        if not named or len(named) == len(changes):
            named = {change.row: refusal.faults for change in sharing(changes, refusal)}
        named = named or blocked.among(changes)
        if not named and (speakers := blocked.speakers(changes, refusal)):
            changes = await self._hear(speakers, changes, refusal)
            named = blocked.among(changes)
        if not named:
            await self._probe(changes, refusal)
            return
        await self._refuse(named, changes, refusal)
        left = [change for change in changes if change.row not in named]
        if left:
            await self._deliver(left, is_part=True)

    async def _hear(self, speakers: Sequence[Change], changes: Sequence[Change], refusal: BatchResult) -> list[Change]:
        """Send alone, until one is taken, some refused rows that send the same; return those not sent."""
        left = list(changes)
        for one in speakers:
            left.remove(one)
            again = await self._attempt([one], is_part=True)
            if again is None:
                return left
            await self._part([one], again)
        self.context.blocked.note(speakers[-1], refusal)
        return left

    async def _divide(self, changes: Sequence[Change], refusal: BatchResult) -> None:
        """Send refused changes again in two parts, and so on; or one by one, as long as nothing is taken anyhow."""
        if self._refused >= MOST_REFUSED and not self._was_taken:
            await self._send_singly(changes, refusal)
            return
        first, second = divide(changes, refusal)
        again = await self._attempt(first, is_part=True)
        if again is not None:
            await _both(self._part(first, again), self._deliver(second, is_part=True))
        elif len(second) > 1 and blames_rows(refusal):
            await self._part(second, refusal)  # all of `first` was taken: what was refused is in here
        else:
            await self._deliver(second, is_part=True)  # a row alone is sent for the portal's words about it

    async def _send_singly(self, changes: Sequence[Change], refusal: BatchResult) -> None:
        """Send refused changes one by one until some row of the batch is taken, then the others as usual."""
        left, was_refused = list(changes), False
        while len(left) > 1 and not self._was_taken:
            one = left.pop()
            again = await self._attempt([one], is_part=True)
            if again is not None:
                was_refused = True
                await self._part([one], again)
                if alike := self.context.blocked.among(left):
                    await self._refuse(alike, left, again)
                    left = [one for one in left if one.row not in alike]
        if left and (was_refused or len(left) == 1):
            await self._deliver(left, is_part=True)
        elif left:
            await self._part(left, refusal)  # what was refused is still in here

    async def _probe(self, changes: Sequence[Change], refusal: BatchResult) -> None:
        """Divide refused changes; but as long as no row of the run was taken, send some of them alone first.

        Where these are refused for the same reason, the others wait until every batch was tried: maybe there is one
        reason for all rows, and then none of them is sent row by row. Raises Refused once that is certain.
        """
        causes, left, held = self.context.causes, list(changes), list[tuple[Change, BatchResult]]()
        may_be_all = causes.is_open and self.context.may_postpone and may_concern_all(refusal)
        for change in spread(changes, PROBES) if may_be_all else ():
            left.remove(change)
            again = await self._attempt([change], is_part=True)
            if again is not None:
                held.append((change, again))
            if again is None or reason_of(again.faults) != reason_of(refusal.faults):
                causes.rule_out()
            if causes.is_ruled_out:
                break
            causes.note_probe(len(changes) if len(held) == 1 else 0)
            if causes.is_certain or len(held) == PROBES:
                self.context.postpone(self.batch, left)
                for one, again in held:
                    await self._part([one], again)
                return
        if len(left) == 1 or held:
            await self._deliver(left, is_part=True)
        else:
            await self._divide(left, refusal)
        for change, _ in held:
            await self._deliver([change], is_part=True)  # it was refused when all were, so it deserves another try

    async def _refuse(
        self, faults: Mapping[int, Sequence[PortalFault]], changes: Sequence[Change], answer: BatchResult
    ) -> None:
        """Settle rows that the portal refused; those whose reason may pass are sent again, now or in the end."""
        rejected: list[Outcome] = []
        passing: list[Change] = []
        freed: list[Change] = []
        lessened: list[Change] = []
        for change in changes:
            if (told := faults.get(change.row)) is None:
                continue
            if answer.accepted and passes(told):
                passing.append(change)
            elif self.context.may_postpone and self.context.given_up.frees(change, told, self.context.definitions):
                freed.append(change)
            else:
                refusal = self.context.write.rejected(change, told)
                if (less := self.context.refused_cells.take_out(change, told, refusal)) is not None:
                    lessened.append(less)
                else:
                    rejected.append(refusal)
                    self.context.causes.note(1, reason_of(told))
        self._settle(rejected)
        if passing or freed or lessened:
            self.context.causes.rule_out()
        self.context.postpone(self.batch, freed)
        self.context.causes.stop_if_certain(answer)
        if passing:
            await self._send_again(passing, faults, answer)
        if lessened:
            await self._deliver(lessened, is_part=True)

    async def _send_again(
        self, changes: Sequence[Change], faults: Mapping[int, Sequence[PortalFault]], answer: BatchResult
    ) -> None:
        """Send rows again whose error may pass, within the bounds of a batch; then they are `unavailable`."""
        clock = self.context.portal.clock
        self._since = self._since or clock.tick()
        wait = wait_s(None, self._repeats, rng=_JITTER)
        self._doubtful.update({change.row: change for change in changes})
        if self._repeats >= MAX_REPEATS or clock.tick() - self._since + wait > MAX_TIME_S:
            first = faults[changes[0].row][0]
            words = message("{what}: {reason}", what=first.category, reason=first.text)
            await self._settle_lost(changes, replace(answer, problem=words), is_silent=False)
            return
        self._repeats += 1
        self.context.portal.stats.retried += 1
        await pause(clock, wait, self.context.halt)
        await self._deliver(changes, is_part=True)


async def _both(one: Coroutine[Any, Any, None], other: Coroutine[Any, Any, None]) -> None:
    """Run both side by side to their ends, so that no request is cut off; then raise what went wrong, if anything."""
    for end in await asyncio.gather(one, other, return_exceptions=True):
        if end is not None:
            raise end
