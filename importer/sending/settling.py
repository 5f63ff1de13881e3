"""Settle the rows of a batch by what the portal answered, or shows when it is asked, and note it in the journal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from importer.errors import Unavailable
from importer.journal import Batch
from importer.model import Change, Outcome, Values
from importer.portal import BatchResult, Missing, Portal, PortalFault, Refused, StopSignal, Ticket
from importer.portal.clock import pause
from importer.portal.retries import MAX_REPEATS
from importer.sending.causes import Blocked, CommonCause, GivenUp
from importer.sending.group_commit import GroupCommit
from importer.sending.matching import (
    ALL_HELD,
    Held,
    Matches,
    compare,
    confirms_all,
    is_about_another,
    match_results,
    suspects,
)
from importer.sending.outcomes import OutcomeWriter
from importer.sending.refused_cells import RefusedCells
from importer.sending.second_look import look_again, shows_just
from schemas.property import Property

PENDING_WAITS_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Waits before what the portal says it is still working on is read back again: for as long as a batch is tried."""
READ_BACK_REPEATS = 2
"""Repeats of a read-back after an update that failed again and again, and of a part of such an update."""


@dataclass(slots=True, kw_only=True)
class SendContext:
    """What all deliveries of one sending share.

    `settled` is called once outcomes are in the journal: with the number of rows that were updated without a remark,
    and all other outcomes.
    """

    commits: GroupCommit
    portal: Portal
    write: OutcomeWriter
    halt: StopSignal
    settled: Callable[[int, Sequence[Outcome]], None]
    answered: Callable[[], None]
    fresh_until: float
    """Seconds since 1970 until which the plan is taken for what the portal holds."""
    overwrite: bool
    """Whether a row is sent though the portal changed its cells after that."""
    refused_cells: RefusedCells
    causes: CommonCause
    given_up: GivenUp
    blocked: Blocked = field(default_factory=Blocked)
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
class Settling(ABC):
    """What has become of the rows of one batch.

    `lost`: rows that the portal could not be asked about until the bounds were reached.
    """

    context: SendContext
    batch: Batch
    lost: int = 0
    was_answered: bool = False
    """Whether the portal answered to any part of it."""
    _before: Mapping[int, Values] | None = None
    """The portal's values before the plan, by row, once somebody has asked for them."""
    _doubtful: dict[int, Change] = field(default_factory=dict)
    """Rows that may have been written by a request without an answer, and have no outcome yet."""

    @abstractmethod
    async def _refuse(
        self, faults: Mapping[int, Sequence[PortalFault]], changes: Sequence[Change], answer: BatchResult
    ) -> None:
        """Settle rows that the portal refused: whoever sends them knows how."""

    # --- outcomes -----------------------------------------------------------------------------------------------

    async def _settle_answered(self, changes: Sequence[Change], answer: BatchResult) -> None:
        """Settle rows by what an accepted answer proves, and read back those it proves nothing of."""
        if confirms_all(answer, changes, self.context.definitions):  # the usual case
            self.context.causes.rule_out()
            self._settle(updated=tuple([change.row for change in changes]), inputs=len(changes), answer=answer)
            return
        matches = match_results(answer, changes, id_property=self.context.id_property)
        left_out = {change.row for change in matches.left_out}
        silent: list[Change] = []
        strays: list[Change] = []
        refused: dict[int, Sequence[PortalFault]] = {}
        outcomes: list[Outcome] = []
        for change in changes:
            record, faults = matches.written.get(change.row), matches.blamed.get(change.row, ())
            if record is None:
                if change.row in left_out or _is_to_be_seen(answer, faults):
                    silent.append(change)
                else:
                    refused[change.row] = faults
            elif is_about_another(change, record, id_property=self.context.id_property):
                strays.append(change)
            elif (held := self._compare(change, record.properties)).is_all:
                outcomes.append(self.context.write.updated(change, record.id, held, warnings=record.warnings))
            else:
                silent.append(change)
        self._settle(outcomes, inputs=len(changes), answer=answer)
        self._doubt([*strays, *silent])
        self.context.causes.rule_out(rows=len(changes) - len(refused))
        await self._refuse(refused, changes, answer)
        if strays:
            await self._settle_strays(strays, answer, matches)
        if silent:
            await self._read_back(silent, answer, matches)

    async def _settle_strays(self, changes: Sequence[Change], answer: BatchResult, matches: Matches) -> None:
        """Settle rows whose result is about another ticket: the portal says whether theirs was merged into it."""
        found = await self._look_up(changes)
        if found is None:
            self._give_up(changes, answer)
            return
        outcomes = []
        for change in changes:
            ticket, record = found[change.row], matches.written[change.row]
            if isinstance(ticket, Ticket):
                outcomes.append(self.context.write.other_ticket(change, record.id))
            elif ticket.new_id == record.id and (held := self._compare(change, record.properties)).is_all:
                outcomes.append(self.context.write.updated(change, record.id, held))
            else:
                outcomes.append(self.context.write.missing(change, ticket))
        self._settle(outcomes)

    async def _read_back(self, changes: Sequence[Change], answer: BatchResult, matches: Matches) -> None:
        """Settle rows by what the portal holds now; waiting first where it is still working on them."""
        for wait in PENDING_WAITS_S if answer.working else ():
            await pause(self.context.portal.clock, wait, self.context.halt)
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
            faults = [fault for fault in matches.blamed.get(change.row, ()) if not fault.is_missing]
            faults = faults or [fault for fault in matches.nameless if suspects([change], [fault])]
            faults = faults or ([] if change.row in matches.written else list(matches.nameless))
            if isinstance(ticket, Missing):
                outcomes.append(self.context.write.missing(change, ticket))
            elif faults:
                outcomes.append(self.context.write.rejected(change, faults))
            else:
                held, was_told = self._compare(change, ticket.properties), change.row in matches.written
                outcomes.append(self.context.write.not_held(change, ticket.id, held, was_told=was_told, answer=answer))
        self._settle(outcomes)

    def _compare(self, change: Change, values: Values) -> Held:
        """Return what the portal shows of a row's values, against what was sent and what was there before."""
        if change.after.items() <= values.items():
            return ALL_HELD
        if self._before is None:
            self._before = self.context.commits.values_before(self.batch.number)
        return compare(change, self._before.get(change.row, {}), values, self.context.definitions)

    async def _settle_lost(self, changes: Sequence[Change], answer: BatchResult, *, is_silent: bool = True) -> None:
        """Settle rows whose request had no answer that can be read (or none that settles them), again and again."""
        found = await self._look_up(changes, repeats=READ_BACK_REPEATS) or {}
        undecided = self._settle_confirmed(changes, found, answer)
        missing = {
            change.row: one
            for change in undecided
            if isinstance(one := found.get(change.row), Missing) and one.kind != "unreadable"
        }
        self._settle(self.context.write.missing(one, missing[one.row]) for one in undecided if one.row in missing)
        self._give_up([change for change in undecided if change.row not in missing], answer, is_silent=is_silent)

    def _give_up(self, changes: Sequence[Change], answer: BatchResult, *, is_silent: bool = True) -> None:
        """Settle rows of which the portal could not be asked, or did not answer to: a resume tries again."""
        self.lost += len(changes) if is_silent else 0
        self._settle(self.context.write.unavailable(change, answer) for change in changes)

    async def _look_first(self, changes: Sequence[Change], *, stale: bool) -> list[Change]:
        """Settle what needs no sending; return the other changes.

        Rows that left in an earlier life of the run may have arrived, others may hold by now what they ask for. Where
        the plan is stale, a cell that the portal changed since keeps its row from being sent.
        """
        before = self.context.commits.values_before(self.batch.number) if stale else {}
        found = await self._look_up(changes, before=before)
        if found is None:
            self._give_up(changes, BatchResult(None))
            return []
        self._before = before or None
        judged = [self._judge(change, found[change.row], before.get(change.row)) for change in changes]
        left = [one for one in judged if isinstance(one, Change)]
        self._settle(one for one in judged if isinstance(one, Outcome))
        self.context.commits.note_renewed(self.batch.number, _renewed(changes, left, before))
        self._before = None  # it is another by now
        return left

    def _judge(self, change: Change, ticket: Ticket | Missing, before: Values | None) -> Change | Outcome:
        """Return what is left to send of a row, or what has become of it. before: as planned, where the plan is old."""
        write, was_sent = self.context.write, self.batch.was_sent
        if isinstance(ticket, Missing):
            return write.missing(change, ticket)
        if before and not was_sent and shows_just(change, before, ticket, self.context.id_property):
            return change._replace(before=before)  # the usual case
        look = None
        if before is not None:
            look = look_again(change, before, ticket, self.context.definitions, self.context.id_property)
        held = self._compare(change, ticket.properties)
        if held.is_all and was_sent:
            return write.updated(change, ticket.id, held)
        if held.is_all and not held.formed and not (look and look.has_other_key):
            return write.nothing_to_send(change)
        if look is None:
            return change
        if look.is_as_planned:
            return change if was_sent else look.left  # what is there by now may be our own
        if not self.context.overwrite or look.has_other_key:
            return write.conflicting(change, look)
        left = change._replace(before=look.before) if was_sent else look.left
        return left._replace(before={name: look.moved.get(name, value) for name, value in left.before.items()})

    def _settle_confirmed(
        self, changes: Sequence[Change], found: Mapping[int, Ticket | Missing], answer: BatchResult
    ) -> list[Change]:
        """Settle the rows whose ticket holds what was sent; return the others."""
        confirmed: dict[int, Outcome] = {}
        for change in changes:
            ticket = found.get(change.row)
            if isinstance(ticket, Ticket) and (held := self._compare(change, ticket.properties)).is_all:
                confirmed[change.row] = self.context.write.updated(change, ticket.id, held, answer=answer)
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
        names = sorted(wanted | {self.context.id_property} if before and self.context.id_property else wanted)
        found: dict[int, Ticket | Missing] = {}
        by_id = [c for c in changes if c.ticket or self.context.id_property is None]
        by_key = [c for c in changes if not (c.ticket or self.context.id_property is None)]
        for group, id_property in ((by_id, None), (by_key, self.context.id_property)):
            if group:
                keys = {c.row: (c.ticket or c.key) if id_property is None else c.key for c in group}
                try:
                    tickets = await self.context.portal.find_tickets(
                        list(keys.values()),
                        id_property=id_property,
                        properties=names,
                        stop=self.context.halt,
                        repeats=repeats,
                    )
                except (Unavailable, Refused):
                    return None
                found |= {row: tickets[key] for row, key in keys.items()}
        return found

    # --- the journal --------------------------------------------------------------------------------------------

    def _doubt(self, changes: Iterable[Change]) -> None:
        self._doubtful.update({change.row: change for change in changes})

    def _settle(
        self,
        outcomes: Iterable[Outcome] = (),
        *,
        updated: tuple[int, ...] = (),
        inputs: int = 0,
        answer: BatchResult | None = None,
    ) -> None:
        """Note outcomes in the journal, with the answer to `inputs` rows that gave them; then report them."""
        noted, updated, renewed = self.context.refused_cells.tell(tuple(outcomes), updated)
        self.context.commits.note_renewed(self.batch.number, renewed)
        if noted or updated or answer is not None:
            self.context.commits.note(
                self.batch.number,
                inputs=inputs,
                answer=answer,
                updated=updated,
                outcomes=noted,
                then=partial(self.context.settled, len(updated), noted) if noted or updated else None,
            )
        if self._doubtful:
            for row in (*updated, *(outcome.row for outcome in noted)):
                self._doubtful.pop(row, None)

    def _clear_doubt(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._doubtful.pop(change.row, None)


def _renewed(changes: Sequence[Change], left: Sequence[Change], before: Mapping[int, Values]) -> tuple[Change, ...]:
    """Return those that ask for less than they did, or overwrite something else than was planned."""
    asked = {change.row: change.after for change in changes}
    return tuple(
        change
        for change in left
        if len(change.after) < len(asked[change.row]) or (change.before and change.before != before.get(change.row))
    )


def _is_to_be_seen(answer: BatchResult, faults: Iterable[PortalFault]) -> bool:
    """Return whether errors of a row leave open what became of it: the portal is at it, or its ticket is gone."""
    return not answer.settled or any(fault.is_missing for fault in faults)
