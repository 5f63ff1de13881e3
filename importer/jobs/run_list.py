"""The runs kept on this machine: list them, show one, remove old ones.

In:  the journals of the state folder.
Out: what a person wants to know of each, with the command that goes on with it or takes it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from importer.errors import FileError, UsageError
from importer.findings import Finding
from importer.jobs.state import StateFolder
from importer.journal import ColumnTotals, Journal
from importer.journal.run_record import UNFINISHED
from importer.model import Status
from schemas.message import Message, message

FIRST_FINDINGS = 10
DAMAGED = "damaged"
CHECKED_BYTES = 32_000_000
"""A journal up to this size is checked to its last page when runs are listed, a larger one when it is shown."""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One run. `state`: how far it is (see the journal), or `damaged`; `counts`: rows by status."""

    id: str
    started_at: str = ""
    finished_at: str = ""
    kind: str = ""
    file: str = ""
    sheet: str | None = None
    portal_id: str = ""
    base_url: str = ""
    portal_option: str = ""
    """What names its portal on the command line."""
    dry_run: bool = False
    state: str = DAMAGED
    counts: Mapping[str, int] = field(default_factory=dict)
    exit_code: int | None = None
    can_undo: bool = False
    """Whether it changed something that can be put back, and in a list: that is not put back yet."""
    parent: str | None = None

    @property
    def can_resume(self) -> bool:
        """Whether `resume` would go on with it."""
        return self.state in UNFINISHED

    @property
    def next_command(self) -> str | None:
        """The command that goes on with the run, or takes it back; None where neither is possible."""
        if self.can_resume:
            return f"import-tickets resume {self.id}{self.portal_option}"
        return f"import-tickets undo {self.id}{self.portal_option}" if self.can_undo else None

    def as_json(self) -> dict[str, Any]:
        return {
            "run_id": self.id,
            "kind": self.kind,
            "file": self.file,
            "sheet": self.sheet,
            "portal": {"id": self.portal_id, "base_url": self.base_url},
            "dry_run": self.dry_run,
            "state": self.state,
            "rows": {str(status).replace(" ", "_"): self.counts.get(status, 0) for status in Status},
            "exit_code": self.exit_code,
            "started_at": self.started_at,
            "finished_at": self.finished_at or None,
            "undo_of": self.parent,
            "next": self.next_command,
        }


def list_runs(state: StateFolder) -> Iterator[RunInfo]:
    """Yield the runs kept, newest first; one whose journal is not as it was written is `damaged`."""
    undone = set()
    for run_id in state.run_ids():
        info = RunInfo(run_id)
        try:
            with state.open_journal(run_id) as journal:
                info = read_info(journal, run_id)
                if journal.path.stat().st_size <= CHECKED_BYTES:
                    journal.check()
        except (FileError, OSError):
            info = replace(info, state=DAMAGED, can_undo=False)
        if info.id in undone:  # what undoes a run comes before it
            info = replace(info, can_undo=False)
        elif info.kind == "undo" and info.can_undo and info.parent and not info.can_resume:
            undone.add(info.parent)
        yield info


def read_info(journal: Journal, run_id: str) -> RunInfo:
    """Return what the journal of a run says of it."""
    record = journal.record
    portal = record.portal
    counts = journal.rows.count_by_status()
    return RunInfo(
        id=run_id,
        started_at=record.started_at,
        finished_at=record.finished_at or "",
        kind=record.kind,
        file=record.file,
        sheet=record.sheet,
        portal_id=portal.portal_id,
        base_url=portal.base_url or "",
        portal_option=portal.option,
        dry_run=record.dry_run,
        state=record.state,
        counts=counts,
        exit_code=record.exit_code,
        can_undo=record.can_undo and counts.get(Status.UPDATED, 0) > 0,
        parent=record.parent,
    )


def latest_undoable(state: StateFolder) -> str:
    """Return the latest run that changed something, is no undo, and was not undone yet.

    Raises UsageError where there is none.
    """
    for run in list_runs(state):
        if run.kind == "run" and run.can_undo:
            return run.id
    raise UsageError(
        message(
            "There is no run to undo: every run on this machine that changed something is already undone, or was made "
            "with --no-diff."
        ),
        code="nothing_to_do",
    )


def undone_by(state: StateFolder, run_id: str) -> RunInfo | None:
    """Return the latest run that undid `run_id`, in part at least, and was not undone itself."""
    return next((run for run in list_runs(state) if run.kind == "undo" and run.can_undo and run.parent == run_id), None)


@dataclass(frozen=True, slots=True)
class RunDetails:
    """One run in full: cells by property, requests, why it stopped, its first findings."""

    info: RunInfo
    columns: tuple[ColumnTotals, ...]
    cells: tuple[int, int]
    """Cells that were given a new value, and that were emptied (dry run: would be)."""
    requests: Mapping[str, int]
    findings: tuple[Finding, ...]
    finding_count: int
    stop: Message | None
    report: str | None

    def as_json(self) -> dict[str, Any]:
        return {
            **self.info.as_json(),
            "cells": {"changed": self.cells[0], "cleared": self.cells[1]},
            "columns": [
                {"property": one.property_name, "changed": one.changed, "cleared": one.cleared} for one in self.columns
            ],
            "requests": dict(self.requests),
            "stopped": str(self.stop) if self.stop else None,
            "errors": [
                {"row": one.row, "cell": one.cell, "column": one.header, "code": one.code, "message": str(one.text)}
                for one in self.findings
            ],
            "error_count": self.finding_count,
            "report": self.report,
        }


def show_run(state: StateFolder, run_id: str) -> RunDetails:
    """Return one run in full. Raises UsageError where there is none of that name, FileError for a damaged one."""
    with state.open_journal(run_id) as journal:
        journal.check()
        info = read_info(journal, run_id)
        record = journal.record
        status = Status.WOULD_UPDATE if info.dry_run else Status.UPDATED
        return RunDetails(
            info=info,
            columns=tuple(journal.plan.column_totals(status=status)),
            cells=journal.report.count_cells(status),
            requests=record.requests,
            findings=tuple(journal.report.findings(limit=FIRST_FINDINGS)),
            finding_count=sum(journal.report.count_findings().values()),
            stop=record.stop,
            report=record.report,
        )


@dataclass(frozen=True, slots=True)
class Purge:
    """What a purge would remove. `unfinished`: old runs that `resume` could still go on with."""

    old: tuple[RunInfo, ...]
    unfinished: tuple[RunInfo, ...]


def plan_purge(state: StateFolder, *, older_than_days: int, now: datetime | None = None) -> Purge:
    """Return the runs that began more than this many days ago; damaged journals go by their file's date."""
    limit = (now or datetime.now(UTC)) - timedelta(days=older_than_days)
    old = [one for one in list_runs(state) if _began(one, state) < limit]
    return Purge(
        tuple(one for one in old if not one.can_resume),
        tuple(one for one in old if one.can_resume),
    )


def _began(run: RunInfo, state: StateFolder) -> datetime:
    try:
        return datetime.fromisoformat(run.started_at)
    except ValueError:
        path = _journal_path(state, run.id)
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else datetime.now(UTC)


def purge_runs(state: StateFolder, runs: Iterable[RunInfo]) -> tuple[list[str], list[str]]:
    """Remove the journals of these runs; return the IDs removed, and those spared since they are in use."""
    removed, spared = [], []
    for run in runs:
        try:
            with _hold(run, state):
                _remove(_journal_path(state, run.id))
        except (FileError, OSError):
            spared.append(run.id)
        else:
            removed.append(run.id)
    return removed, spared


def _hold(run: RunInfo, state: StateFolder) -> AbstractContextManager[None]:
    """Hold the lock of the run's file, so that no run is being written to the journal. Raises FileError `file_busy`."""
    return state.lock_file(Path(run.file).resolve()) if run.file else nullcontext()


def _remove(journal: Path) -> None:
    """Remove a journal with its write-ahead log. The log goes first: alone, it would be taken for another's."""
    for name in (f"{journal.name}-wal", f"{journal.name}-shm", journal.name):
        journal.with_name(name).unlink(missing_ok=True)


def _journal_path(state: StateFolder, run_id: str) -> Path:
    return state.runs / f"{run_id}.sqlite3"
