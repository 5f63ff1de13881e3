"""The plan as people see it before they are asked: what would change, by property, and what that would cost.

Made from the journal once the plan is written into it; a dry run and a real one show the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from importer.journal import ColumnTotals, Journal
from importer.labels import Labels
from importer.model import Columns, Status
from schemas.message import Message
from schemas.property import PortalSchema
from schemas.ticket_object import TICKET

MOST_ROWS_BY_YES = 100
"""With more rows than these, a portal marked as production wants its name typed."""
SAMPLES_SHOWN = 3
_SAMPLES_READ = 20
"""Of these, the first that differ from each other are shown."""

MIN_ROWS_FOR_CLEARED_COLUMN = 2
"""From how many rows on a column of nothing but empty cells is worth a line of its own."""


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """What the plan does to one property. Samples are (before, after) by label; before is None where not known."""

    header: str
    changed: int
    cleared: int
    samples: tuple[tuple[str | None, str], ...] = ()
    cleared_everywhere: bool = False
    """The column is empty on every valid row, so that the plan clears the property wherever it holds something."""


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
) -> PlanView:
    """Return the view of the plan that `journal` holds.

    To be called once the plan is written: rows with changes are those to send, invalid and unchanged ones have their
    status or repeat another row. `portal` is what it is called; `notices` are said below the table.
    `cleared_by_word` are properties whose cells say that they clear: such columns are not empty.
    Where the run did not read values before (`--no-diff`), moves and new owners count by what the sheet says.
    """
    record = journal.record
    labels = Labels(schema)
    headers = {one.definition.name: one.header for one in columns.values}
    totals = journal.plan.column_totals(samples=_SAMPLES_READ)
    suspects = {one.property_name for one in totals if not one.changed}.difference(cleared_by_word)
    undone_run = record.parent
    blank = _blank_everywhere(journal, suspects) if suspects and not undone_run else set()
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
        columns=tuple(_view_column(one, headers, labels, blank, compared=record.diff) for one in totals),
        forecast=forecast,
        stage_moves=moves.stage,
        closing=moves.closing,
        stageless=moves.stageless,
        owner_changes=moves.owner,
        notices=tuple(notices),
        undone_run=undone_run,
    )


def _view_column(
    totals: ColumnTotals, headers: dict[str, str], labels: Labels, blank: set[str], *, compared: bool
) -> ColumnPlan:
    name = totals.property_name
    samples: Iterable[tuple[str | None, str]] = (labels.change(name, *one) for one in totals.samples)
    if not compared:
        samples = ((None, labels.value(name, after)) for _, after in totals.samples)
    return ColumnPlan(
        header=headers.get(name) or labels.header(name),
        changed=totals.changed,
        cleared=totals.cleared,
        samples=tuple(dict.fromkeys(samples))[:SAMPLES_SHOWN],
        cleared_everywhere=name in blank,
    )


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
