"""Deliver one batch: send it, prove each row's outcome, divide it where it is refused, read back what is silent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any

from importer.batcher import make_inputs, without_overlap
from importer.causes import PROBES, CommonCause, GivenUp, may_concern_all, passes, reason_of, sharing, spread
from importer.errors import ImportTicketsError, Unavailable
from importer.journal import Batch
from importer.notebook import Notebook
from importer.outcomes import OutcomeWriter
from importer.portal import Answer, Halted, Missing, Portal, PortalFault, Refused, StopSignal, Ticket
from importer.portal.retries import MAX_REPEATS, MAX_TIME_S, wait_s
from importer.portal.waiting import pause
from importer.proof import (
    ALL_HELD,
    Held,
    Proof,
    compare,
    confirms_all,
    examine,
    is_about_another,
    suspects,
)
from importer.records import Change, Outcome, Values
from importer.second_look import look_again
from importer.splitter import blames_rows, concerns_request, divide
from schemas.message import message
from schemas.property import Property

PENDING_WAITS_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Waits before what the portal says it is still working on is read back again: for as long as a batch is tried."""
_JITTER = random.Random()  # noqa: S311 - jitter
READ_BACK_REPEATS = 2
"""Repeats of a read-back after an update that failed again and again, and of a part of such an update."""
MOST_PARTS_LOST = 7
"""Requests about one batch that failed to the end without an answer between, after which it is divided no further."""


@dataclass(slots=True)
class Line:
    """What all deliveries of one sending share.

    `settled` is told, once that is in the journal, how many rows were updated of which nothing else is to be said, and
    of all other outcomes.
    """

    notebook: Notebook
    portal: Portal
    write: OutcomeWriter
    halt: StopSignal
    settled: Callable[[int, Sequence[Outcome]], None]
    answered: Callable[[], None]
    fresh_until: float
    """Seconds since 1970 until which the plan is taken for what the portal holds."""
    causes: CommonCause
    given_up: GivenUp
    later: dict[int, tuple[Batch, list[Change]]] = field(default_factory=dict)
    """Rows that are sent once all batches were, by the number of their batch."""
    may_postpone: bool = True
    """Whether rows may be left until then; if not, this is then."""

    def postpone(self, batch: Batch, changes: Sequence[Change]) -> None:
        """Leave rows of a batch until all others were sent."""
        if changes:
            self.later.setdefault(batch.number, (batch, []))[1].extend(changes)

    @property
    def id_property(self) -> str | None:
        """The unique property whose values the keys are; None for record IDs."""
        return self.write.columns.key.id_property

    @property
    def definitions(self) -> Mapping[str, Property]:
        """The portal's properties by name."""
        return self.write.schema.properties


@dataclass(slots=True)
class Delivery:
    """One batch on its way. `lost`: rows that the portal could not be asked about until the bounds were reached."""

    line: Line
    batch: Batch
    lost: int = 0
    was_answered: bool = False
    """Whether the portal answered to any part of it."""
    _parts_lost: int = 0
    _is_noted: bool = False
    _flying: set[int] = field(default_factory=set)
    """First rows of requests that left and have no end yet."""
    _before: Mapping[int, Values] | None = None
    """The portal's values before the plan, by row, once somebody has asked for them."""
    _repeats: int = 0
    _since: float = 0.0
    """How often rows were sent again for errors that pass, and since when."""
    _doubtful: dict[int, Change] = field(default_factory=dict)
    """Rows that may have been written by a request without an answer, and have no outcome yet."""

    async def run(self) -> None:
        """Deliver all changes of the batch and note their outcomes.

        Raises Halted, and what the portal raises; rows that have no outcome then stay open in the journal, except
        those that may have been written: they are noted as unconfirmed, which a resume reads back.
        """
        changes = list(self.batch.changes)
        self._settle(self.line.write.nothing_to_send(change) for change in changes if not change.after)
        changes = [change for change in changes if change.after]
        is_kept = False
        try:
            stale = self.line.portal.clock.time() > self.line.fresh_until
            if changes and (self.batch.was_sent or stale):
                changes = await self._look_first(changes, stale=stale)
            for group in without_overlap(changes, id_property=self.line.id_property):
                await self._deliver(group)
        except (ImportTicketsError, Halted, asyncio.CancelledError):
            # What is neither on its way nor doubtful was turned away, or never left.
            is_kept = not self._flying
            raise
        finally:
            doubtful = list(self._doubtful.values())
            self._settle(self.line.write.in_doubt(change) for change in doubtful)
            is_kept = is_kept or self.batch.number in self.line.later
            if self._is_noted and is_kept and not self.batch.was_sent:
                self.line.notebook.note_kept(self.batch.number)

    # --- sending ------------------------------------------------------------------------------------------------

    async def _deliver(self, changes: Sequence[Change], *, is_part: bool = False) -> None:
        """Send changes, and divide them where they are refused, until each has its outcome."""
        refusal = await self._attempt(changes, is_part=is_part)
        if refusal is not None:
            await self._part(changes, refusal)

    async def _attempt(self, changes: Sequence[Change], *, is_part: bool) -> Answer | None:
        """Send changes once and settle them; return the answer, with nothing settled, if they are to be divided.

        They are where they were refused, or at a resume got no answer. is_part: they were refused together with others.
        """
        await self._note_leaving()
        first = changes[0].row
        try:
            answer = await self.line.portal.update(
                make_inputs(changes, id_property=self.line.id_property),
                is_part=is_part,
                stop=self.line.halt,
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
            self.line.answered()
        if answer.accepted:
            await self._settle_answered(changes, answer)
            return None
        self._settle((), inputs=len(changes), answer=answer)
        if answer.refused:
            self._clear_doubt(changes)
            return answer
        self._parts_lost += 1
        if self.batch.was_sent and len(changes) > 1 and self._parts_lost < MOST_PARTS_LOST:
            return answer
        await self._settle_lost(changes, answer)
        return None

    async def _part(self, changes: Sequence[Change], refusal: Answer) -> None:
        """Settle refused changes: those that are named, alone or alike are rejected, the others sent again in parts."""
        if not refusal.refused:
            middle = len(changes) // 2
            await _both(*(self._deliver(part, is_part=True) for part in (changes[:middle], changes[middle:])))
            return
        if concerns_request(refusal):
            text = refusal.faults[0].text
            raise Refused(message("The portal refused the request itself: {text}", text=text), refusal)
        named = examine(refusal, changes, id_property=self.line.id_property).blamed
        missing = [one for one in changes if any(fault.is_missing for fault in named.get(one.row, ()))]
        if missing or (len(changes) == 1 and any(fault.is_missing for fault in refusal.faults)):
            self.line.causes.rule_out()
            await self._read_back(missing or changes, refusal, Proof({}, {}, (), refusal.faults))
            if rest := [one for one in changes if one not in missing] if missing else ():
                await self._deliver(rest, is_part=True)
            return
        if len(changes) == 1:
            await self._refuse({changes[0].row: refusal.faults}, changes, refusal)
            return
        if not named or len(named) == len(changes):
            named = {change.row: refusal.faults for change in sharing(changes, refusal)}
        if not named:
            await self._probe(changes, refusal)
            return
        await self._refuse(named, changes, refusal)
        left = [change for change in changes if change.row not in named]
        if left:
            await self._deliver(left, is_part=True)

    async def _divide(self, changes: Sequence[Change], refusal: Answer) -> None:
        """Send refused changes again in two parts, and so on."""
        first, second = divide(changes, refusal)
        again = await self._attempt(first, is_part=True)
        if again is not None:
            await _both(self._part(first, again), self._deliver(second, is_part=True))
        elif len(second) > 1 and blames_rows(refusal):
            await self._part(second, refusal)  # all of `first` was taken: what was refused is in here
        else:
            await self._deliver(second, is_part=True)  # a row alone is sent for the portal's words about it

    async def _probe(self, changes: Sequence[Change], refusal: Answer) -> None:
        """Divide refused changes; but as long as no row of the run was taken, send some of them alone first.

        Where these are refused for the same reason, the others wait until every batch was tried: maybe there is one
        reason for all rows, and then none of them is sent row by row. Raises Refused once that is certain.
        """
        causes, left, held = self.line.causes, list(changes), list[tuple[Change, Answer]]()
        may_be_all = causes.is_open and self.line.may_postpone and may_concern_all(refusal)
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
                self.line.postpone(self.batch, left)
                await self._settle_probes(held)
                return
        if len(left) == 1 or held:
            await self._deliver(left, is_part=True)
        else:
            await self._divide(left, refusal)
        for change, _ in held:
            await self._deliver([change], is_part=True)  # it was refused when all were, so it deserves another try

    async def _settle_probes(self, probes: Sequence[tuple[Change, Answer]]) -> None:
        for change, refusal in probes:
            await self._part([change], refusal)

    async def _refuse(
        self, faults: Mapping[int, Sequence[PortalFault]], changes: Sequence[Change], answer: Answer
    ) -> None:
        """Settle rows that the portal refused; those whose reason may pass are sent again, now or in the end."""
        rejected: list[Outcome] = []
        passing: list[Change] = []
        freed: list[Change] = []
        for change in changes:
            if (told := faults.get(change.row)) is None:
                continue
            if answer.accepted and passes(told):
                passing.append(change)
            elif self.line.may_postpone and self.line.given_up.frees(change, told, self.line.definitions):
                freed.append(change)
            else:
                rejected.append(self.line.write.rejected(change, told))
                self.line.causes.note(1, reason_of(told))
        self._settle(rejected)
        if passing or freed:
            self.line.causes.rule_out()
        self.line.postpone(self.batch, freed)
        self._stop_if_all_alike(answer)
        if passing:
            await self._send_again(passing, faults, answer)

    async def _send_again(
        self, changes: Sequence[Change], faults: Mapping[int, Sequence[PortalFault]], answer: Answer
    ) -> None:
        """Send rows again whose error may pass, within the bounds of a batch; then they are `unavailable`."""
        clock = self.line.portal.clock
        self._since = self._since or clock.tick()
        wait = wait_s(None, self._repeats, rng=_JITTER)
        self._doubtful.update({change.row: change for change in changes})
        if self._repeats >= MAX_REPEATS or clock.tick() - self._since + wait > MAX_TIME_S:
            fault = faults[changes[0].row][0]
            words = f"{fault.category}: {fault.text}"
            await self._settle_lost(changes, replace(answer, problem=words), is_silent=False)
            return
        self._repeats += 1
        self.line.portal.stats.retried += 1
        await pause(clock, wait, self.line.halt)
        await self._deliver(changes, is_part=True)

    def _stop_if_all_alike(self, answer: Answer) -> None:
        """Raise Refused where one reason met every row so far, and that is enough of them."""
        if self.line.causes.is_certain:
            told = [f"{one.name}: {one.text}" for fault in answer.faults for one in fault.problems]
            told += [fault.text for fault in answer.faults]
            text = message(
                "The portal refused all of the first {count} rows for one reason: {text}. The others are not sent. "
                "Fix the cause, then go on with `import-tickets resume`.",
                count=self.line.causes.rows,
                text=told[0] if told else "?",
            )
            raise Refused(text, answer)

    # --- outcomes -----------------------------------------------------------------------------------------------

    async def _settle_answered(self, changes: Sequence[Change], answer: Answer) -> None:
        """Settle rows by what an accepted answer proves, and read back those it proves nothing of."""
        if confirms_all(answer, changes):  # as nearly always
            self.line.causes.rule_out()
            self._settle(updated=tuple([change.row for change in changes]), inputs=len(changes), answer=answer)
            return
        proof = examine(answer, changes, id_property=self.line.id_property)
        left_out = {change.row for change in proof.left_out}
        silent: list[Change] = []
        strays: list[Change] = []
        refused: dict[int, Sequence[PortalFault]] = {}
        outcomes: list[Outcome] = []
        for change in changes:
            record, faults = proof.written.get(change.row), proof.blamed.get(change.row, ())
            if record is None:
                if change.row in left_out or _is_to_be_seen(answer, faults):
                    silent.append(change)
                else:
                    refused[change.row] = faults
            elif is_about_another(change, record, id_property=self.line.id_property):
                strays.append(change)
            elif (held := self._compare(change, record.properties)).is_all:
                outcomes.append(self.line.write.updated(change, record.id, held, warnings=record.warnings))
            else:
                silent.append(change)
        self._settle(outcomes, inputs=len(changes), answer=answer)
        self._doubt([*strays, *silent])
        self.line.causes.rule_out(rows=len(changes) - len(refused))
        await self._refuse(refused, changes, answer)
        if strays:
            await self._settle_strays(strays, answer, proof)
        if silent:
            await self._read_back(silent, answer, proof)

    async def _settle_strays(self, changes: Sequence[Change], answer: Answer, proof: Proof) -> None:
        """Settle rows whose result is about another ticket: the portal says whether theirs was merged into it."""
        found = await self._look_up(changes)
        if found is None:
            self._give_up(changes, answer)
            return
        outcomes = []
        for change in changes:
            ticket, record = found[change.row], proof.written[change.row]
            if isinstance(ticket, Ticket):
                outcomes.append(self.line.write.other_ticket(change, record.id))
            elif ticket.new_id == record.id and (held := self._compare(change, record.properties)).is_all:
                outcomes.append(self.line.write.updated(change, record.id, held))
            else:
                outcomes.append(self.line.write.missing(change, ticket))
        self._settle(outcomes)

    async def _read_back(self, changes: Sequence[Change], answer: Answer, proof: Proof) -> None:
        """Settle rows by what the portal holds now; waiting first where it is still working on them."""
        for wait in PENDING_WAITS_S if answer.working else ():
            await pause(self.line.portal.clock, wait, self.line.halt)
            changes = self._settle_confirmed(changes, await self._look_up(changes) or {}, answer)
            if not changes:
                return
        found = await self._look_up(changes)
        if found is None:
            self._give_up(changes, answer)
            return
        outcomes = []
        for change in self._settle_confirmed(changes, found, answer):
            ticket = found[change.row]
            faults = [fault for fault in proof.blamed.get(change.row, ()) if not fault.is_missing]
            faults = faults or [fault for fault in proof.nameless if suspects([change], [fault])]
            faults = faults or ([] if change.row in proof.written else list(proof.nameless))
            if isinstance(ticket, Missing):
                outcomes.append(self.line.write.missing(change, ticket))
            elif faults:
                outcomes.append(self.line.write.rejected(change, faults))
            else:
                held, was_told = self._compare(change, ticket.properties), change.row in proof.written
                outcomes.append(self.line.write.not_held(change, ticket.id, held, was_told=was_told, answer=answer))
        self._settle(outcomes)

    def _compare(self, change: Change, values: Values) -> Held:
        """Return what the portal shows of a row's values, against what was sent and what was there before."""
        if change.after.items() <= values.items():
            return ALL_HELD
        if self._before is None:
            self._before = self.line.notebook.values_before(self.batch.number)
        return compare(change, self._before.get(change.row, {}), values, self.line.definitions)

    async def _settle_lost(self, changes: Sequence[Change], answer: Answer, *, is_silent: bool = True) -> None:
        """Settle rows whose request had no answer that can be read (or none that settles them), again and again."""
        found = await self._look_up(changes, repeats=READ_BACK_REPEATS) or {}
        undecided = self._settle_confirmed(changes, found, answer)
        missing = {
            change.row: one
            for change in undecided
            if isinstance(one := found.get(change.row), Missing) and one.kind != "unreadable"
        }
        self._settle(self.line.write.missing(one, missing[one.row]) for one in undecided if one.row in missing)
        self._give_up([change for change in undecided if change.row not in missing], answer, is_silent=is_silent)

    def _give_up(self, changes: Sequence[Change], answer: Answer, *, is_silent: bool = True) -> None:
        """Settle rows of which the portal could not be asked, or did not answer to: a resume tries again."""
        self.lost += len(changes) if is_silent else 0
        self._settle(self.line.write.unavailable(change, answer) for change in changes)

    async def _look_first(self, changes: Sequence[Change], *, stale: bool) -> list[Change]:
        """Settle what needs no sending; return the other changes.

        Rows that left in an earlier life of the run may have arrived, others may hold by now what they ask for. Where
        the plan is stale, a cell that the portal changed since keeps its row from being sent.
        """
        before = self.line.notebook.values_before(self.batch.number) if stale else {}
        found = await self._look_up(changes, before=before)
        if found is None:
            self._give_up(changes, Answer(None))
            return []
        judged = [self._judge(change, found[change.row], before.get(change.row)) for change in changes]
        left = [one for one in judged if isinstance(one, Change)]
        self._settle(one for one in judged if isinstance(one, Outcome))
        self.line.notebook.note_less(self.batch.number, _narrowed(changes, left))
        return left

    def _judge(self, change: Change, ticket: Ticket | Missing, before: Values | None) -> Change | Outcome:
        """Return what is left to send of a row, or what has become of it. before: as planned, where the plan is old."""
        write, was_sent = self.line.write, self.batch.was_sent
        if isinstance(ticket, Missing):
            return write.missing(change, ticket)
        look = None
        if before is not None:
            look = look_again(change, before, ticket, self.line.definitions, self.line.id_property)
        held = self._compare(change, ticket.properties)
        if held.is_all and was_sent:
            return write.updated(change, ticket.id, held)
        if held.is_all and not held.formed and not (look and look.has_other_key):
            return write.nothing_to_send(change)
        if look is None:
            return change
        if not look.is_as_planned:
            return write.conflicting(change, look)
        return change if was_sent else look.left  # what is there by now may be our own

    def _settle_confirmed(
        self, changes: Sequence[Change], found: Mapping[int, Ticket | Missing], answer: Answer
    ) -> list[Change]:
        """Settle the rows whose ticket holds what was sent; return the others."""
        confirmed: dict[int, Outcome] = {}
        for change in changes:
            ticket = found.get(change.row)
            if isinstance(ticket, Ticket) and (held := self._compare(change, ticket.properties)).is_all:
                confirmed[change.row] = self.line.write.updated(change, ticket.id, held, answer=answer)
        self._settle(confirmed.values())
        return [change for change in changes if change.row not in confirmed]

    async def _look_up(
        self,
        changes: Sequence[Change],
        *,
        repeats: int = MAX_REPEATS,
        before: Mapping[int, Values] = MappingProxyType({}),
    ) -> dict[int, Ticket | Missing] | None:
        """Return what the portal holds of each row now: by record ID where it is known, else by the key.

        before: what the plan was made from, by row, where that is looked at again, and whether the key is still the
        ticket's. None where the portal cannot be asked.
        """
        wanted = {name for change in changes for name in (*change.after, *before.get(change.row, ()))}
        names = sorted(wanted | {self.line.id_property} if before and self.line.id_property else wanted)
        found: dict[int, Ticket | Missing] = {}
        by_id = [c for c in changes if c.ticket or self.line.id_property is None]
        by_key = [c for c in changes if not (c.ticket or self.line.id_property is None)]
        for group, id_property in ((by_id, None), (by_key, self.line.id_property)):
            if group:
                keys = {c.row: (c.ticket or c.key) if id_property is None else c.key for c in group}
                try:
                    tickets = await self.line.portal.find_tickets(
                        list(keys.values()),
                        id_property=id_property,
                        properties=names,
                        stop=self.line.halt,
                        repeats=repeats,
                    )
                except (Unavailable, Refused):
                    return None
                found |= {row: tickets[key] for row, key in keys.items()}
        return found

    # --- the journal --------------------------------------------------------------------------------------------

    async def _note_leaving(self) -> None:
        """Note, before the first request leaves, that the batch may be with the portal from now on.

        It is noted before a turn is waited for, not after: so the turn is used at once.
        """
        if not self._is_noted:
            self._is_noted = True
            await self.line.notebook.note_leaving(self.batch.number)

    def _doubt(self, changes: Iterable[Change]) -> None:
        self._doubtful.update({change.row: change for change in changes})

    def _settle(
        self,
        outcomes: Iterable[Outcome] = (),
        *,
        updated: tuple[int, ...] = (),
        inputs: int = 0,
        answer: Answer | None = None,
    ) -> None:
        """Note outcomes in the journal, with the answer to `inputs` rows that told them; once noted, tell of them."""
        noted = tuple(outcomes)
        if noted or updated or answer is not None:
            self.line.notebook.note(
                self.batch.number,
                inputs=inputs,
                answer=answer,
                updated=updated,
                outcomes=noted,
                then=partial(self.line.settled, len(updated), noted) if noted or updated else None,
            )
        if self._doubtful:
            for row in (*updated, *(outcome.row for outcome in noted)):
                self._doubtful.pop(row, None)

    def _clear_doubt(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._doubtful.pop(change.row, None)


def _narrowed(changes: Sequence[Change], left: Sequence[Change]) -> tuple[Change, ...]:
    """Return those that ask for less than they did."""
    asked = {change.row: change.after for change in changes}
    return tuple(change for change in left if len(change.after) < len(asked[change.row]))


def _is_to_be_seen(answer: Answer, faults: Iterable[PortalFault]) -> bool:
    """Return whether errors of a row leave open what became of it: the portal is at it, or its ticket is gone."""
    return not answer.settled or any(fault.is_missing for fault in faults)


async def _both(one: Coroutine[Any, Any, None], other: Coroutine[Any, Any, None]) -> None:
    """Run both side by side to their ends, so that no request is cut off; then raise what went wrong, if anything."""
    for end in await asyncio.gather(one, other, return_exceptions=True):
        if end is not None:
            raise end
