"""One job in a thread of its own, and the person as the job sees one: its questions wait for the page.

The jobs are those of the command line, with their plan, question, guard rails, journal, limits and reports.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from importer.errors import ImportTicketsError
from importer.findings import Finding
from importer.jobs.context import Context
from importer.jobs.finish import break_off
from importer.jobs.options import PortalAccess, Result
from importer.jobs.state import StateFolder
from importer.journal import FindingGroup, Journal, RunRecord
from importer.journal.run_record import now
from importer.model import Status
from importer.portal.clock import StopSignal
from importer.portal.events import Event
from importer.reports.plan_view import PlanView
from schemas.message import Message, message

Phase = Literal["working", "asking", "done"]
Explain = Callable[[Exception], ImportTicketsError]
JobCall = Callable[[Context], Coroutine[Any, Any, Result]]


@dataclass(frozen=True, slots=True)
class WatchedFolder(StateFolder):
    """The state folder, which tells the ID of the run whose journal is begun."""

    on_run: Callable[[str], object] = str

    def create_journal(self, record: RunRecord) -> Journal:
        """Make the journal of a new run, and tell its ID."""
        journal = StateFolder.create_journal(self, record)
        self.on_run(journal.record.id)
        return journal


@dataclass(slots=True)
class Run:
    """A job under way, or done. The page reads its fields; only the job's thread writes them."""

    kind: Literal["run", "resume", "undo", "reconcile"]
    access: PortalAccess
    state: StateFolder
    lang: str
    explain: Explain
    file: Path | None = None
    run_id: str = ""
    phase: Phase = "working"
    notices: list[Message] = field(default_factory=list)
    findings: Sequence[Finding] = ()
    finding_count: int = 0
    plan: PlanView | None = None
    question: Message | None = None
    may_send_some: bool = False
    """Whether the question may be answered with a number of rows."""
    name: str = ""
    """What has to be typed for a yes, if anything."""
    rows: int = 0
    """How many rows the question is about."""
    questions: int = 0
    """How many were asked."""
    left_out: set[int] = field(default_factory=set)
    """Rows of the plan that were unticked; they are left out once the question is answered."""
    was_agreed: bool = False
    event: Event | None = None
    waiting: Event | None = None
    outcomes: Sequence[tuple[int, str, Status | None, Message | None]] = ()
    """What became of the rows that were sent first: (row, key, status, why it was refused)."""
    result: Result | None = None
    changes: int = 0
    """Counts up with whatever happens, so that a page knows when to draw itself again."""
    stop: StopSignal = field(default_factory=StopSignal)
    _answers: queue.SimpleQueue[int] = field(default_factory=queue.SimpleQueue)
    _thread: threading.Thread | None = None

    @property
    def can_ask(self) -> bool:
        """Whether somebody is there to answer: whoever opened the page."""
        return True

    def begin(self, job: JobCall) -> None:
        """Do the job in a thread of its own."""
        self._thread = threading.Thread(target=self._work, args=(job,), name="job", daemon=True)
        self._thread.start()

    def _work(self, job: JobCall) -> None:
        began = now()
        context = Context(
            self.access, WatchedFolder(self.state.home, on_run=self._note_run), self, self.stop, self.lang
        )
        try:
            self.result = asyncio.run(job(context))
        except ImportTicketsError as error:
            self.result = break_off(error, self.state, file=self.file, dry_run=False, since=began)
        except Exception as error:  # noqa: BLE001 - a traceback is kept in a file, not shown
            self.result = break_off(self.explain(error), self.state, file=self.file, dry_run=False, since=began)
        finally:
            self.phase = "done"
            self.changes += 1

    def _note_run(self, run_id: str) -> None:
        self.run_id = run_id

    # --- what the job shows and asks -----------------------------------------------------------------------------

    def say(self, text: Message) -> None:
        """Keep a notice for the page."""
        self.notices.append(text)
        self.changes += 1

    def show_findings(self, groups: Sequence[FindingGroup], *, total: int, file: str, sheet: str | None) -> None:
        """Keep the first findings, and how many there are."""
        del file, sheet
        self.findings, self.finding_count = [one.first for one in groups], total

    def show_plan(self, plan: PlanView) -> None:
        self.plan = plan

    def ask(self, question: Message) -> bool:
        """Wait for the page to say yes or no."""
        return self.ask_name(question, "")

    def ask_name(self, question: Message, name: str) -> bool:
        """Wait for the page to say yes, which takes the name typed whole."""
        with self.state.open_journal(self.run_id) as journal:
            rows = journal.plan.count_rows()
        return self._ask(question, rows, name, may_send_some=False) > 0

    def ask_rows(self, question: Message, rows: int, name: str = "") -> int:
        """Wait for the page to say how many of the rows are to be sent."""
        return self._ask(question, rows, name, may_send_some=True)

    def _ask(self, question: Message, rows: int, name: str, *, may_send_some: bool) -> int:
        self.question, self.rows, self.name, self.may_send_some = question, rows, name, may_send_some
        self.questions += 1
        self.phase = "asking"
        self.changes += 1
        answer = 0 if self.stop.is_set else self._answers.get()
        if answer:
            self.leave_out()
            self.event = None  # how far the rows before the question came says nothing of those after it
        self.phase = "working"
        self.was_agreed = self.was_agreed or answer > 0
        self.changes += 1
        return answer

    def show_outcomes(self, outcomes: Sequence[tuple[int, str, Status | None, Message | None]]) -> None:
        """Keep what became of the rows that were sent first."""
        self.outcomes = outcomes

    def progress(self, event: Event) -> None:
        """Keep how far the work is, and why it waits."""
        if event.kind == "waiting":
            self.waiting = event
        elif event.kind in {"read", "rows"}:
            self.event, self.waiting = event, None
        self.changes += 1

    # --- what the page says --------------------------------------------------------------------------------------

    def answer(self, rows: int) -> None:
        """Answer the question: so many rows; 0 is no."""
        if self.phase == "asking":
            self._answers.put(rows)

    @property
    def may_leave_out(self) -> bool:
        """Whether single rows of the plan may be unticked."""
        return self.kind == "run" and self.phase == "asking"

    def leave_out(self) -> None:
        """Take the rows that were unticked out of the plan; nothing else is under way then."""
        if self.left_out:
            with self.state.open_journal(self.run_id) as journal:
                journal.rows.leave_out(self.left_out, message("left out on the page"))
            self.left_out.clear()

    def leave(self) -> None:
        """Ask the job to stop once what is in flight is finished."""
        self.stop.set()
        self.changes += 1
        self.answer(0)

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait for the end of the job."""
        if self._thread is not None:
            self._thread.join(timeout_s)
