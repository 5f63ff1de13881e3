"""What an answer proves about the rows that were sent: which were written, which are blamed, which it leaves out.

Rows are found by trace ID, then by ID or unique value, never by position. Whatever contradicts itself proves nothing,
and its rows are read back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from importer.model import Change, Values, fold_key
from importer.portal import BatchResult, PortalFault, Record
from schemas.forms import holds, keeps
from schemas.property import Property


@dataclass(frozen=True, slots=True)
class Matches:
    """What an answer says of the changes that were sent.

    `written`: by row, the record that the answer gives for it. `blamed`: by row, the faults that name it. `left_out`:
    rows that have neither, or both. `nameless`: faults that name no row at all.
    """

    written: Mapping[int, Record]
    blamed: Mapping[int, tuple[PortalFault, ...]]
    left_out: tuple[Change, ...]
    nameless: tuple[PortalFault, ...]


class Rows:
    """The rows of one request, found by what an answer may call them."""

    def __init__(self, changes: Sequence[Change], *, id_property: str | None) -> None:
        self._id_property = id_property
        self._changes = changes
        self._by_trace = {change.trace_id: change for change in changes}

    @cached_property
    def _by_key(self) -> dict[str, Change]:
        return {fold_key(change.key, self._id_property): change for change in self._changes}

    @cached_property
    def _by_ticket(self) -> dict[str, Change]:
        known = {fold_key(change.ticket, None): change for change in self._changes if change.ticket}
        return self._by_key | known if self._id_property is None else known

    def of_record(self, record: Record) -> Change | None:
        """Return the row that a result is about; None where it is of no row, or its marks contradict each other.

        By the trace ID alone it may be about another ticket than the row's: see `is_about_another`.
        """
        by_trace = self._by_trace.get(record.trace_id)
        if by_trace is not None and by_trace.ticket == record.id:
            return by_trace  # the usual case
        by_id = self._by_ticket.get(fold_key(record.id, None))
        if by_id is None and self._id_property is not None:
            by_id = self._by_key.get(fold_key(record.properties.get(self._id_property, ""), self._id_property))
        if by_trace is not None and by_id is not None and by_trace is not by_id:
            return None
        return by_trace or by_id

    def of_fault(self, fault: PortalFault) -> list[Change]:
        """Return the rows that a fault names."""
        found = [
            *(self._by_trace.get(one) for one in fault.trace_ids),
            *(
                self._by_key.get(fold_key(one, self._id_property)) or self._by_ticket.get(fold_key(one, None))
                for one in fault.ids
            ),
        ]
        return list({change.row: change for change in found if change is not None}.values())


def match_results(answer: BatchResult, changes: Sequence[Change], *, id_property: str | None) -> Matches:
    """Return what an accepted answer proves. Every row is in exactly one of `written`, `blamed` alone, `left_out`."""
    rows = Rows(changes, id_property=id_property)
    written: dict[int, Record] = {}
    doubtful: set[int] = set()
    for record in answer.results:
        change = rows.of_record(record)
        if change is not None and written.setdefault(change.row, record) != record:
            doubtful.add(change.row)  # two results that contradict each other
    doubtful |= _sharing_a_ticket(changes, written, id_property=id_property)
    blamed: dict[int, list[PortalFault]] = {}
    nameless: list[PortalFault] = []
    for fault in answer.faults:
        named = rows.of_fault(fault)
        for change in named:
            blamed.setdefault(change.row, []).append(fault)
        if not named and not fault.ids and not fault.trace_ids:
            nameless.append(fault)
    doubtful |= written.keys() & blamed.keys()
    return Matches(
        written={row: record for row, record in written.items() if row not in doubtful},
        blamed={row: tuple(faults) for row, faults in blamed.items()},
        left_out=tuple(c for c in changes if c.row in doubtful or (c.row not in written and c.row not in blamed)),
        nameless=tuple(nameless),
    )


def _sharing_a_ticket(changes: Sequence[Change], written: Mapping[int, Record], *, id_property: str | None) -> set[int]:
    """Return rows of other unique values, and of tickets nobody knows yet, whose results are all about one ticket."""
    unknown = [c for c in changes if c.ticket is None and c.row in written] if id_property is not None else []
    times = Counter(written[change.row].id for change in unknown)
    return {change.row for change in unknown if times[written[change.row].id] > 1}


def is_about_another(change: Change, record: Record, *, id_property: str | None) -> bool:
    """Return whether a result that bears a row's mark is about another ticket than the plan's."""
    expected = change.ticket or (change.key if id_property is None else None)
    if expected is not None:
        return fold_key(record.id, None) != fold_key(expected, None)
    shown = record.properties.get(id_property or "")
    renamed = id_property in change.after
    return bool(shown) and not renamed and fold_key(shown or "", id_property) != fold_key(change.key, id_property)


def confirms_all(answer: BatchResult, changes: Sequence[Change], definitions: Mapping[str, Property]) -> bool:
    """Return whether an answer says of every row, by its trace ID and ID, that it holds what was sent.

    So it is nearly always, and then nothing else is to be found out: no records are made of its entries.
    """
    entries = answer.results.entries
    if answer.faults or not answer.settled or len(entries) != len(changes):
        return False
    left = {change.trace_id: change for change in changes}
    for entry in entries:
        trace_id, values = entry.get("objectWriteTraceId"), entry.get("properties")
        change = left.pop(trace_id, None) if type(trace_id) is str else None
        if change is None or change.ticket is None or entry.get("id") != change.ticket:
            return False
        if type(values) is not dict or entry.get("warnings") or not _holds_all(change.after, values, definitions):
            return False
    return not left


def _holds_all(sent: Values, shown: Mapping[str, Any], definitions: Mapping[str, Property]) -> bool:
    """Return whether properties, as an answer has them, mean what was sent: null is "", and a moment any text of it."""
    if sent.items() <= shown.items():
        return True
    for name, value in sent.items():
        current = shown.get(name, False)  # no JSON value of a property
        if current == value:
            continue
        if (current is not None and type(current) is not str) or not holds(definitions.get(name), value, current or ""):
            return False
    return True


@dataclass(frozen=True, slots=True)
class Held:
    """What an answer, or a read, shows of the values that a row sent, where that is not just what was sent.

    `formed`: texts in the portal's own form. `other`: values that mean something else. `unseen`: properties that are
    not shown at all, which is not the same as empty.
    """

    formed: Values = field(default_factory=dict)
    other: Values = field(default_factory=dict)
    unseen: tuple[str, ...] = ()

    @property
    def is_all(self) -> bool:
        """Whether the ticket is shown to hold everything that was sent."""
        return not self.other and not self.unseen


ALL_HELD = Held()


def compare(change: Change, before: Values, values: Values, definitions: Mapping[str, Property]) -> Held:
    """Return what `values`, as the portal shows them, prove of a change.

    before: the values as the plan found them, as far as it did.
    """
    if change.after.items() <= values.items():
        return ALL_HELD  # the usual case
    formed: dict[str, str] = {}
    other: dict[str, str] = {}
    unseen: list[str] = []
    for name, sent in change.after.items():
        if name not in values:
            unseen.append(name)
            continue
        definition, shown = definitions.get(name), values[name]
        if holds(definition, sent, shown):
            continue
        (formed if keeps(definition, sent, shown, before.get(name)) else other)[name] = shown
    return Held(formed, other, tuple(unseen))


def suspects(changes: Sequence[Change], faults: Iterable[PortalFault]) -> list[Change]:
    """Return the rows that send a value which a refusal quotes for its property; all that send it, or none."""
    quoted = [(problem.name, problem.text) for fault in faults for problem in fault.problems if problem.name]
    return [
        change
        for change in changes
        if any(name in change.after and _quotes(text, change.after[name]) for name, text in quoted)
    ]


def _quotes(text: str, value: str) -> bool:
    return bool(value) and (text.startswith(value + " ") or f'"{value}"' in text or f" {value} " in text)
