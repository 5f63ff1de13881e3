"""Why rows are refused: errors that pass, values that other rows give up, and reasons that many rows share.

A refusal that would meet every row alike settles them together, and one that met every row so far ends the run: it is
not tried again row by row. No I/O here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from importer.model import Change
from importer.portal import BatchResult, PortalFault, Refused
from importer.sending.matching import suspects
from schemas.message import message
from schemas.property import Property
from schemas.ticket_object import TICKET

PASSING = frozenset({"INTERNAL_ERROR", "RATE_LIMIT", "RATE_LIMITS", "CONFLICT", "LOCKED"})
"""Categories of a row's error that may be gone at the next try."""
UNWRITABLE = frozenset({"PROPERTY_DOESNT_EXIST", "PROPERTY_ARCHIVED", "READ_ONLY_VALUE", "CALCULATED_PROPERTY"})
"""Codes of problems that a property has whatever the value and the ticket."""
ALL_ROWS = 200
"""So many rows refused for one reason, and no other row: all others would be."""
PROBES = 3
"""Rows of a refused batch that are sent alone before it is divided, while no row was taken yet."""
ALL_PROBES = 6
"""So many rows refused alone for the reason of their batches, spread over them, speak for the rest of these."""

_TAKEN = "already has that value"
"""What a refusal says of a unique value. Source: observed answers of HubSpot."""

Reason = tuple[str, ...]
_Values = frozenset[tuple[str, str]]


def passes(faults: Sequence[PortalFault]) -> bool:
    """Return whether all that is said against a row may be gone at the next try."""
    return bool(faults) and all(
        fault.category in PASSING and not fault.problems and _TAKEN not in fault.text for fault in faults
    )


def reason_of(faults: Iterable[PortalFault]) -> Reason:
    """Return what is alike in refusals of several rows: properties and codes, or words without numbers and quotes."""
    reasons: set[str] = set()
    for fault in faults:
        told = {f"{one.name} {one.code or _alike(one.text)}" for one in fault.problems}
        reasons |= told or {f"{fault.category} {_alike(fault.text)}"}
    return tuple(sorted(reasons))


def _alike(words: str) -> str:
    return re.sub(r"\"[^\"]*\"|'[^']*'|[0-9]+", "#", words)


def sharing(changes: Sequence[Change], refusal: BatchResult) -> list[Change]:
    """Return the rows that a refusal settles all at once; none where one row may be to blame and another not.

    It names a property that cannot be written at all, or a value that each row sends. A stage and a pipeline depend on
    the ticket, and so does what is missing beside the values sent.
    """
    named = [problem for fault in refusal.faults for problem in fault.problems if problem.name]
    shut = {one.name for one in named if one.code in UNWRITABLE} - {TICKET.stage, TICKET.pipeline}
    if shut:
        return [change for change in changes if not shut.isdisjoint(change.after)]
    for one in named:
        values = {change.after.get(one.name) for change in changes}
        fits = one.name not in {TICKET.stage, TICKET.pipeline} and not one.code.startswith("MISSING")
        if fits and len(values) == 1 and None not in values:
            return list(changes)
    return []


def may_concern_all(refusal: BatchResult) -> bool:
    """Return whether a refused batch may have been refused for what all rows have in common, but its size."""
    return refusal.status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE and not any(one.is_missing for one in refusal.faults)


def spread(changes: Sequence[Change], count: int) -> list[Change]:
    """Return `count` of the changes from all over them."""
    return [changes[(2 * number + 1) * len(changes) // (2 * count)] for number in range(min(count, len(changes)))]


@dataclass(slots=True)
class CommonCause:
    """Whether every row so far was refused for one reason. `total`: rows of the run; 0 where nobody said."""

    total: int = 0
    is_ruled_out: bool = False
    """Whether something else became of some row."""
    _reason: Reason = ()
    _settled: int = 0
    _suspected: int = 0
    _probes: int = 0

    @property
    def is_open(self) -> bool:
        """Whether all rows may yet turn out to be refused for one reason."""
        return not self.is_ruled_out and self.total > ALL_ROWS

    @property
    def rows(self) -> int:
        """Rows that were refused, alone or together with others."""
        return min(max(self._settled, self._suspected), self.total)

    @property
    def is_certain(self) -> bool:
        """Whether there is one reason for every row so far, and these are enough to speak for the rest."""
        if not self.is_open or self.rows < ALL_ROWS:
            return False
        return self._settled >= ALL_ROWS or self._probes >= ALL_PROBES

    def note(self, refused: int, reason: Reason) -> None:
        """Note rows that were refused for a reason."""
        self._settled += refused
        if self._reason and reason != self._reason:
            self.is_ruled_out = True
        self._reason = reason

    def note_probe(self, suspected: int) -> None:
        """Note that one more row of a refused batch was refused alone, and how many rows of that are new here."""
        self._probes += 1
        self._suspected += suspected

    def stop_if_certain(self, answer: BatchResult) -> None:
        """Raise Refused where one reason met every row so far, and that is enough of them. `answer`: the latest."""
        if not self.is_certain:
            return
        told = [f"{one.name}: {one.text}" for fault in answer.faults for one in fault.problems]
        told += [fault.text for fault in answer.faults]
        text = message(
            "The portal refused all of the first {count} rows for one reason: {text}. The others are not "
            "sent. Fix the cause, then continue with `import-tickets resume`.",
            count=self.rows,
            text=told[0] if told else "?",
        )
        raise Refused(text, answer)

    def rule_out(self, *, rows: int = 1) -> None:
        """Note that this many rows ended otherwise."""
        self.is_ruled_out = self.is_ruled_out or rows > 0


@dataclass(slots=True)
class Blocked:
    """Values that something on the way to the portal (a firewall) lets no row send, whatever its ticket."""

    _refused: dict[_Values, Sequence[PortalFault]] = field(default_factory=dict)
    _tried: set[_Values] = field(default_factory=set)

    def note(self, change: Change, refusal: BatchResult) -> None:
        """Note that all were refused that spoke for the rows that send the same."""
        self._refused[_values(change)] = refusal.faults

    def among(self, changes: Sequence[Change]) -> dict[int, Sequence[PortalFault]]:
        """Return by row why those are refused that send just what was refused of all that spoke for them."""
        if not self._refused:
            return {}
        return {one.row: self._refused[key] for one in changes if (key := _values(one)) in self._refused}

    def speakers(self, changes: Sequence[Change], refusal: BatchResult) -> list[Change]:
        """Return rows to send alone, since they speak for many of those refused that send the same.

        Each values are spoken for once, and none any more once a speaker was taken: then few rows are to blame.
        """
        is_page = any(fault.is_foreign for fault in refusal.faults)
        if not is_page or not may_concern_all(refusal) or self._tried - self._refused.keys():
            return []
        values, count = Counter(map(_values, changes)).most_common(1)[0]
        if count < max(2 * ALL_PROBES, len(changes) / 4) or values in self._tried:
            return []
        self._tried.add(values)
        return spread([one for one in changes if _values(one) == values], ALL_PROBES)


def _values(change: Change) -> _Values:
    return frozenset(change.after.items())


@dataclass(slots=True)
class GivenUp:
    """Unique values that rows of the sheet give up: another row that wants one may have it once they were sent.

    `ask`: returns, for a property, the values before of all rows that change it, folded.
    """

    ask: Callable[[str], frozenset[str]]
    _known: dict[str, frozenset[str]] = field(default_factory=dict)

    def frees(self, change: Change, faults: Sequence[PortalFault], definitions: Mapping[str, Property]) -> bool:
        """Return whether a row is refused for a unique value that another row of the sheet gives up."""
        names = [name for name in change.after if name in definitions and definitions[name].unique]
        return bool(faults) and all(any(self._is_freed(change, fault, name) for name in names) for fault in faults)

    def _is_freed(self, change: Change, fault: PortalFault, name: str) -> bool:
        value = change.after[name]
        if not value or not (_TAKEN in fault.text or suspects([change], [fault]) or _names(fault, name)):
            return False
        if name not in self._known:
            self._known[name] = self.ask(name)
        return value.strip().casefold() in self._known[name]


def _names(fault: PortalFault, name: str) -> bool:
    return name in {problem.name for problem in fault.problems}
