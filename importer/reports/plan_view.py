"""The plan as people see it before they are asked: what would change, by property, and what that would cost.

Made from the journal once the plan is written into it; a dry run and a real one show the same.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from importer.journal import Journal
from importer.model import Columns, Status
from importer.reports.column_plan import FLOWS_SHOWN, ColumnPlan, ExampleRow, ValueForms, column_plans, example_row
from schemas.message import Message
from schemas.property import PortalSchema
from schemas.ticket_object import TICKET

MOST_ROWS_BY_YES = 100
"""With more rows than these, a portal marked as production wants its name typed."""
MIN_ROWS_FOR_CLEARED_COLUMN = 2
"""From how many rows on a column of nothing but empty cells is worth a line of its own."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the plan would take: requests, seconds at the allowed rate, and the share (0 to 1) of the day's calls."""

    requests: int
    seconds: float
    daily_share: float | None = None
    reads: int = 0
    """Reads among the requests to come: of batches that leave when the plan is old."""


@dataclass(frozen=True, slots=True)
class PlanView:
    """The plan in numbers and samples. Conflicts count as invalid, too."""

    file: str
    sheet: str | None
    portal: Message | None
    rows_to_update: int
    unchanged: int
    invalid: int
    conflicts: int
    columns: tuple[ColumnPlan, ...]
    forecast: Forecast
    stage_moves: int = 0
    closing: int = 0
    """Tickets that go to a closed stage."""
    stageless: int = 0
    """Tickets that go to another pipeline, and the sheet names no stage of it."""
    owner_changes: int = 0
    notices: tuple[Message, ...] = ()
    undone_run: str | None = None
    """The run that an undo would take back."""
    compared: bool = True
    """Whether the values before are known; where not, nobody knows what of this is a change."""
    example: ExampleRow | None = None
    """One ticket with all that changes on it, where there are more of them than changes are shown."""
    time_zone: str = ""
    """Whose clocks the moments are shown by; empty where none are shown."""

    @property
    def total(self) -> int:
        """How many rows the sheet has."""
        return self.rows_to_update + self.unchanged + self.invalid

    @property
    def cells_changed(self) -> int:
        """Cells that would get a new value."""
        return sum(one.changed for one in self.columns)

    @property
    def cells_cleared(self) -> int:
        """Cells that would be emptied."""
        return sum(one.cleared for one in self.columns)


def make_plan_view(
    journal: Journal,
    schema: PortalSchema,
    columns: Columns,
    *,
    forecast: Forecast,
    portal: Message | None = None,
    notices: Sequence[Message] = (),
    cleared_by_word: Collection[str] = (),
    time_zone: str | None = None,
) -> PlanView:
    """Return the view of the plan that `journal` holds.

    To be called once the plan is written: rows with changes are those to send, invalid and unchanged ones have their
    status or repeat another row. `portal` is what it is called; `notices` are said below the table.
    `cleared_by_word` are properties whose cells say that they clear: such columns are not empty.
    `time_zone` is that of the person; None for the portal's.
    Where the run did not read values before (`--no-diff`), moves and new owners count by what the sheet says.
    """
    record = journal.record
    zone = time_zone or schema.time_zone
    forms = ValueForms(schema, zone)
    headers = {one.definition.name: one.header for one in columns.values}
    plans = column_plans(journal, forms, headers)
    suspects = {one.name for one in plans if not one.changed}.difference(cleared_by_word)
    blank = _blank_everywhere(journal, suspects) if suspects and not record.parent else set()
    counts = journal.rows.count_by_status()
    total = sum(counts.values())
    invalid = counts.get(Status.INVALID, 0)
    moves = _count_moves(journal, schema)
    return PlanView(
        file=Path(record.file).name,
        sheet=record.sheet,
        portal=portal,
        rows_to_update=moves.tickets,
        unchanged=total - invalid - moves.tickets - counts.get(Status.NOT_SENT, 0),
        invalid=invalid,
        conflicts=journal.plan.count_conflicts(),
        columns=tuple(replace(one, cleared_everywhere=one.name in blank) for one in plans),
        forecast=forecast,
        stage_moves=moves.stage,
        closing=moves.closing,
        stageless=moves.stageless,
        owner_changes=moves.owner,
        notices=tuple(notices),
        undone_run=record.parent,
        compared=record.diff,
        example=_example(journal, headers, forms) if moves.tickets > FLOWS_SHOWN else None,
        time_zone=zone if any(one.has_moments for one in plans) else "",
    )


def _example(journal: Journal, headers: Mapping[str, str], forms: ValueForms) -> ExampleRow | None:
    with contextlib.closing(journal.plan.changes()) as changes:
        first = next((one for one in changes if one.after), None)
    if first is None:
        return None
    return example_row(first, journal.report.subject(first.row), headers, forms, compared=journal.record.diff)


def _blank_everywhere(journal: Journal, suspects: set[str]) -> set[str]:
    """Return which of these properties the sheet leaves empty on every row that passed validation."""
    seen: Counter[str] = Counter()
    filled: set[str] = set()
    for _, _, _, wanted in journal.report.wanted():
        for name in suspects & wanted.keys():
            seen[name] += 1
            if wanted[name]:
                filled.add(name)
    return {name for name in suspects - filled if seen[name] >= MIN_ROWS_FOR_CLEARED_COLUMN}


class _Moves(NamedTuple):
    """How many tickets would change at all, move stage, close, get another owner."""

    tickets: int
    stage: int
    closing: int
    owner: int
    stageless: int


def _count_moves(journal: Journal, schema: PortalSchema) -> _Moves:
    closed = {stage.id for pipeline in schema.pipelines for stage in pipeline.stages if stage.closed}
    tickets = stages = closing = owners = stageless = 0
    for change in journal.plan.changes():
        tickets += bool(change.after)
        owners += TICKET.owner in change.after
        stage = change.after.get(TICKET.stage)
        if stage:
            stages += 1
            closing += stage in closed and change.before.get(TICKET.stage) not in closed
        stageless += TICKET.pipeline in change.after and not stage
    return _Moves(tickets, stages, closing, owners, stageless)
