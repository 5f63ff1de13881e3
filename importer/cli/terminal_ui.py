"""The terminal, as the jobs see whoever sits at it: what they show there and ask."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from importer.cli.questions import Questions
from importer.errors import NotConfirmed
from importer.journal import FindingGroup
from importer.model import Status
from importer.reports.plan_view import PlanView
from importer.reports.terminal import Terminal
from importer.reports.text import duration
from schemas.message import Message, Translations, message
from schemas.ticket_object import TICKET

if TYPE_CHECKING:
    from importer.jobs.options import Result
    from importer.portal.events import Event
    from importer.reports.progress import Progress
    from importer.reports.summary import Summary


UNSAID_WAIT_S = 1.5
"""How long the portal may keep us waiting before anything is drawn without a word about it."""


class TerminalUi:
    """Shows on standard error, and asks where standard input and standard error are a terminal."""

    def __init__(self, translations: Translations, *, quiet: bool, verbose: bool) -> None:
        self.terminal = Terminal(translations, quiet=quiet)
        self._questions = Questions(self.terminal.screen)
        self._verbose = verbose
        self._open_bars = ExitStack()
        self._bar: Progress | None = None
        self._bar_is_for = ""
        self._silent_until = 0.0
        self._unseen_plan: PlanView | None = None
        self._said: list[Message] = []

    @property
    def can_ask(self) -> bool:
        """Whether somebody is there to answer."""
        try:
            return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
        except (OSError, ValueError):  # closed
            return False

    def say(self, text: Message) -> None:
        """Show a notice, once: a run that begins anew with a corrected file has the same to say."""
        self._close_bar()
        if text not in self._said:
            self._said.append(text)
            self.terminal.say(text)

    def show_findings(self, groups: Sequence[FindingGroup], *, total: int, file: str, sheet: str | None) -> None:
        """Show the first groups of findings of a file, and how many findings there are."""
        self._close_bar()
        title = message('{file}, sheet "{sheet}":', file=file, sheet=sheet) if sheet else message("{file}:", file=file)
        self.terminal.show_findings(groups, count=total, title=title)

    def show_plan(self, plan: PlanView) -> None:
        self._close_bar()
        if self.terminal.quiet:
            self._unseen_plan = plan  # shown where somebody is asked about it
        else:
            self.terminal.show_plan(plan)

    def offer_errors(self, file: str) -> None:
        """Let the next question be answered with the errors written into the sheet, and nothing sent."""
        self._show_before_asking()
        self.terminal.show_fact(
            message("Type e to write the errors into {file} and change nothing in HubSpot.", file=file)
        )
        self._questions.offers_errors = True

    def ask(self, question: Message) -> bool:
        """Ask a question that yes or no answers."""
        self._show_before_asking()
        return self._questions.ask(question)

    def ask_each(self, questions: Sequence[Message]) -> list[bool]:
        """Ask one question after the other; the person may skip the rest."""
        self._close_bar()
        return self._questions.ask_each(questions)

    def ask_rows(self, question: Message, rows: int, name: str = "") -> int:
        """Ask a question that yes, no or a number answers; return how many of the rows are to be sent."""
        self._show_before_asking()
        rows = self._questions.ask_rows(question, rows, name)
        self._questions.offers_errors = False
        return rows

    def _show_before_asking(self) -> None:
        """Show the plan that `--quiet` left out: nobody is asked about what they have not seen."""
        self._close_bar()
        if self._unseen_plan is not None:
            self.terminal.show_plan(self._unseen_plan)
            self._unseen_plan = None

    def show_outcomes(self, outcomes: Sequence[tuple[int, str, Status | None, Message | None]]) -> None:
        """Show what became of some rows."""
        self._close_bar()
        self.terminal.show_outcomes(outcomes)

    def ask_name(self, question: Message, name: str) -> bool:
        """Ask a question to which only `name`, typed whole, is a yes."""
        self._show_before_asking()
        return self._questions.ask_name(question, name)

    def progress(self, event: Event) -> None:
        """Show how far the work is."""
        if self.terminal.quiet:
            return
        if event.kind == "waiting":
            wait_s = (event.until - datetime.now(UTC)).total_seconds() if event.until else 0.0
            if event.reason is not None and (self._verbose or (self._bar is None and self._is_worth_saying(wait_s))):
                self.terminal.say(
                    message("Waiting {seconds} s: {reason}", seconds=max(1, round(wait_s)), reason=event.reason)
                )
            if self._bar is not None:
                self._bar.wait(wait_s, event.reason)
                self._bar.allow(event.requests_a_second * TICKET.batch_size)
            return
        if event.kind == "read":
            self._open_bar("read", message("Reading current values"), event.total)
        elif event.kind == "rows":
            self._open_bar("rows", message("Updating"), event.total)
        if self._bar is not None and event.kind in {"read", "rows"}:
            share = None
            if event.daily and event.daily_remaining is not None:
                share = 1 - event.daily_remaining / event.daily
            self._bar.allow(event.requests_a_second * TICKET.batch_size)
            self._bar.update(event.done, failed=event.failed, daily_share=share)

    def _is_worth_saying(self, wait_s: float) -> bool:
        """Whether a wait is long enough to be mentioned, and the last mention long enough ago."""
        now = time.monotonic()
        if wait_s < UNSAID_WAIT_S or now < self._silent_until:
            return False
        self._silent_until = now + wait_s
        return True

    def show_result(self, result: Result) -> None:
        """Show how a job ended: why it stopped early, what became of the rows, where to look, what to do next."""
        self._close_bar()
        if result.error is not None:
            self.terminal.show_error(result.error)
        summary = dict(result.summary)
        if isinstance(result.error, NotConfirmed) and result.error.answered:
            return
        if summary["run_id"] and (summary["rows"]["total"] or result.error is None):
            report = result.report
            self.terminal.show_summary(summary, report=report.name if report else None, was_undo=result.was_undo)
        if result.page is not None:
            self.terminal.show_fact(message("Page: {path}", path=str(result.page)))
        if result.undo_command and not result.next_commands:
            self.terminal.show_fact(message("To undo: {command}", command=result.undo_command))
        if summary["run_id"] and self._verbose:
            self.terminal.say(_effort(summary))
        for command in result.next_commands:
            self.terminal.show_next(command)

    def _open_bar(self, what: str, title: Message, total: int) -> None:
        if self._bar_is_for == what:
            return
        self._close_bar()
        self._bar = self._open_bars.enter_context(self.terminal.progress(title, total=total or None))
        self._bar_is_for = what

    def _close_bar(self) -> None:
        self._open_bars.close()
        self._bar = None
        self._bar_is_for = ""


def _effort(summary: Summary) -> Message:
    """Return what a run took, for who asked for more."""
    began, ended = (datetime.fromisoformat(summary[name]) for name in ("started_at", "finished_at"))
    requests = summary["requests"]
    return message(
        "Run {run}, {time}; batch requests: {read} read, {update} update, {retried} repeated, {limited} rate-limited",
        run=summary["run_id"],
        read=requests["read"],
        update=requests["update"],
        retried=requests["retried"],
        limited=requests["rate_limited"],
        time=duration((ended - began).total_seconds()),
    )
