"""What an answer proves about the rows that were sent: which were written, which are blamed, which it leaves out.

Rows are found by trace ID, then by ID or unique value, never by position. Whatever contradicts itself proves nothing,
and its rows are read back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from importer.batcher import fold_key
from importer.portal import Answer, PortalFault, Record
from importer.records import Change
from schemas.property import Property
from schemas.values import same_value


@dataclass(frozen=True, slots=True)
class Proof:
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
        """Return the row that a result is about; None where it is of no row, or its marks contradict each other."""
        by_trace = self._by_trace.get(record.trace_id)
        if by_trace is not None and by_trace.ticket == record.id:
            return by_trace  # as nearly always
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


def examine(answer: Answer, changes: Sequence[Change], *, id_property: str | None) -> Proof:
    """Return what an accepted answer proves. Every row is in exactly one of `written`, `blamed` alone, `left_out`."""
    rows = Rows(changes, id_property=id_property)
    written: dict[int, Record] = {}
    for record in answer.results:
        change = rows.of_record(record)
        if change is not None:
            written.setdefault(change.row, record)
    blamed: dict[int, list[PortalFault]] = {}
    nameless: list[PortalFault] = []
    for fault in answer.faults:
        named = rows.of_fault(fault)
        for change in named:
            blamed.setdefault(change.row, []).append(fault)
        if not named and not fault.ids and not fault.trace_ids:
            nameless.append(fault)
    doubtful = written.keys() & blamed.keys()
    return Proof(
        written={row: record for row, record in written.items() if row not in doubtful},
        blamed={row: tuple(faults) for row, faults in blamed.items()},
        left_out=tuple(c for c in changes if c.row in doubtful or (c.row not in written and c.row not in blamed)),
        nameless=tuple(nameless),
    )


def confirms_all(answer: Answer, changes: Sequence[Change]) -> bool:
    """Return whether an answer says of every row, by its trace ID and ID, that it holds just what was sent.

    So it is nearly always, and then nothing else is to be found out: no record is looked at but in C.
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
        if type(values) is not dict or not change.after.items() <= values.items():
            return False
    return not left


def holds(definition: Property | None, wanted: str, current: str) -> bool:
    """Return whether a ticket holds what a cell asks for; `;A` asks that A be among the current options."""
    if current == wanted:
        return True
    if wanted.startswith(";") and definition is not None and definition.is_multiple:
        return {one for one in wanted.split(";") if one} <= set(current.split(";"))
    return same_value(definition, wanted, current)


def differences(
    change: Change, values: Mapping[str, str], definitions: Mapping[str, Property], *, absent: bool
) -> dict[str, str]:
    """Return the values that are not what the change asks for, by property.

    absent: whether a property that `values` lacks counts, as it does where all were asked for.
    """
    if change.after.items() <= values.items():
        return {}  # as nearly always
    return {
        name: values.get(name, "")
        for name, wanted in change.after.items()
        if (absent or name in values) and not holds(definitions.get(name), wanted, values.get(name, ""))
    }


def conflicts(
    change: Change, before: Mapping[str, str], current: Mapping[str, str], definitions: Mapping[str, Property]
) -> dict[str, str]:
    """Return the current values of cells that are neither as the plan found them nor as the change asks, by property.

    before: as the plan found them; empty where that is not known, and then there are none.
    """
    return {
        name: current.get(name, "")
        for name, found in before.items()
        if not same_value(definitions.get(name), found, current.get(name, ""))
        and not holds(definitions.get(name), change.after[name], current.get(name, ""))
    }


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
