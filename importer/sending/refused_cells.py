"""Rows that are sent without the cells that the portal refused, where a cell keeps no other from being sent.

In:  a change, and what the portal said of its cells.
Out: the change without them; and in the end its outcome, which says of each of them why it was refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from importer.model import Change, Outcome, Status
from importer.portal import PortalFault
from schemas.ticket_object import TICKET

TRIED_AGAIN = frozenset({"unavailable", "unconfirmed"})
"""Codes of rows that a resume sends again."""


class RefusedCells:
    """The rows of one sending that lost cells on the way.

    cell_by_cell: whether a cell that the portal refuses keeps no other cell of its row from being sent; else every
    refused row stays whole.
    """

    def __init__(self, *, cell_by_cell: bool) -> None:
        self._cell_by_cell = cell_by_cell
        self._rows: dict[int, tuple[Change, Outcome]] = {}

    def take_out(self, change: Change, faults: Sequence[PortalFault], refusal: Outcome) -> Change | None:
        """Return what is left to send of a row; None where it is refused as a whole.

        refusal: what is to be said of the cells, beside those refused before.
        """
        less = _without_refused(change, faults) if self._cell_by_cell else None
        if less is not None:
            if earlier := self._rows.get(change.row):
                refusal = replace(refusal, findings=(*earlier[1].findings, *refusal.findings))
            self._rows[change.row] = less, refusal
        return less

    def tell(
        self, outcomes: Sequence[Outcome], updated: tuple[int, ...]
    ) -> tuple[tuple[Outcome, ...], tuple[int, ...], tuple[Change, ...]]:
        """Return outcomes that also say which cells were refused, rows that are just updated, and what was sent.

        Only with its outcome does a row ask for less than was planned; one that a resume tries again stays whole.
        """
        if not self._rows:
            return tuple(outcomes), updated, ()
        told: list[Outcome] = []
        sent: list[Change] = []
        for one in (*outcomes, *(Outcome(row, Status.UPDATED) for row in updated if row in self._rows)):
            if one.row not in self._rows or TRIED_AGAIN.intersection(finding.code for finding in one.findings):
                told.append(one)
                continue
            change, refusal = self._rows[one.row]
            sent.append(change)
            findings = (*refusal.findings, *one.findings)
            told.append(replace(one, findings=findings, ticket=one.ticket or refusal.ticket))
        return tuple(told), tuple(row for row in updated if row not in self._rows), tuple(sent)


def _without_refused(change: Change, faults: Sequence[PortalFault]) -> Change | None:
    """Return a change without the cells that a refusal names; None where it says nothing of cells, or of all of them.

    A pipeline and its stage go together.
    """
    named = [{problem.name for problem in fault.problems} & change.after.keys() for fault in faults]
    if not named or not all(named):
        return None
    refused = set().union(*named)
    if not refused.isdisjoint({TICKET.pipeline, TICKET.stage}):
        refused |= {TICKET.pipeline, TICKET.stage}
    left = {name: value for name, value in change.after.items() if name not in refused}
    before = {name: value for name, value in change.before.items() if name not in refused}
    return change._replace(before=before, after=left) if left else None
