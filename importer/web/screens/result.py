"""Result: what became of the rows, the workbook to take away, and the way back."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from nicegui import ui
from starlette.responses import RedirectResponse

from importer.errors import ImportTicketsError, Interrupted, NotConfirmed, reason_of
from importer.jobs.options import Result
from importer.jobs.run_list import show_run
from importer.jobs.stored_run import stored_columns
from importer.model import Status
from importer.reports.html import write_html
from importer.reports.text import status_words
from importer.web.frame import Screen, place_of, to
from importer.web.open_file import open_file
from importer.web.runs import Run
from importer.web.uploads import is_upload
from importer.web.work import Work
from schemas.message import Message, message

ROWS = (
    (Status.UPDATED, "good"),
    (Status.MATCHES, "good"),
    (Status.DIFFERS, "warn"),
    (Status.UNCHANGED, ""),
    (Status.INVALID, "bad"),
    (Status.FAILED, "bad"),
    (Status.NOT_SENT, "warn"),
)
"""Statuses with the colour of their number."""


def add(work: Work) -> None:
    @ui.page("/result")
    def result() -> RedirectResponse | None:
        run = work.run
        if run is None or run.result is None:
            return to(place_of(run) if run is not None and run.phase != "done" else "/history")
        _Result(work, run, run.result).draw()
        return None


class _Result(Screen):
    """Totals, downloads, what to do next."""

    def __init__(self, work: Work, run: Run, result: Result) -> None:
        super().__init__(work)
        self.run = run
        self.result = result
        self.run_id = str(result.summary.get("run_id") or "")

    def draw(self) -> None:
        with self.frame("/result", self.title()):
            if self.is_paused:
                self.text(message("The other rows were not sent. Continue this run whenever you like."))
            elif self.is_declined and self.result.error is not None:
                self.text(self.result.error.text)
            else:
                self.error(self.result.error)
            rows = self.result.summary["rows"]
            counts = [(rows.get(str(status).replace(" ", "_"), 0), status, kind) for status, kind in ROWS]
            usual = Status.MATCHES if self.run.kind == "reconcile" else Status.UPDATED
            self.numbers(
                *(
                    (count, status_words(status, count, was_undo=self.result.was_undo), kind)
                    for count, status, kind in counts
                    if count or status == usual
                )
            )
            self.notices(self.run.notices)
            self.downloads()
            self.next_steps()
            self.problems()
            if self.run_id:
                self.text(message("Run {run}", run=self.run_id), "p", "soft")

    @property
    def is_paused(self) -> bool:
        """Whether the person stopped the sending."""
        return isinstance(self.result.error, Interrupted)

    @property
    def is_declined(self) -> bool:
        """Whether the plan was left without a yes, for another file or another check: that's no failure."""
        return isinstance(self.result.error, NotConfirmed)

    def title(self) -> Message:
        """Return how it ended."""
        if self.run.kind == "reconcile" and self.result.error is None:
            return message("The file beside the portal, as it is now")
        if self.result.exit_code == 0:
            is_idle = self.run.kind == "run" and not self.run.was_agreed
            return message("Nothing had to be changed") if is_idle else message("Done")
        if self.is_paused:
            return message("Paused")
        if self.is_declined:
            return message("Nothing was sent")
        if self.result.error is not None:
            return message("It did not finish")
        if self.run.kind == "run" and not self.run.was_agreed:
            return message("Nothing was sent")
        return message("Done, but not every row is as the sheet has it")

    def downloads(self) -> None:
        """Offer the workbook and the page."""
        if not self.run_id:
            return
        report = self.result.report
        stays = report is not None and not is_upload(self.work.state, report)
        with ui.element("div").classes("strip"):
            if report is not None:
                self.button(message("Download {file}", file=report.name), lambda: self.hand_out(report))
                if stays:
                    self.button(message("Open {file}", file=report.name), lambda: self.open(report), second=True)
            self.button(message("Download the report as a page"), self.page, second=True)
        if stays:
            self.text(message("The results are in {path}.", path=str(report)), "p", "soft")

    def hand_out(self, path: Path) -> None:
        """Let the browser save a file."""
        try:
            ui.download.content(path.read_bytes(), path.name)
        except OSError as error:
            ui.notify(self.words(reason_of(error)), type="negative")

    def open(self, path: Path) -> None:
        """Open a file of this machine in the program that it is opened with."""
        if not open_file(path):
            text = message(
                "No program was found that opens {file}. It is in {folder}.", file=path.name, folder=str(path.parent)
            )
            ui.notify(self.words(text), type="negative")

    async def page(self) -> None:
        """Make the page of the run, and let the browser save it."""

        def make() -> bytes:
            with tempfile.TemporaryDirectory() as folder, self.work.state.open_journal(self.run_id) as journal:
                schema, _ = stored_columns(journal.record)
                path = Path(folder) / "report.html"
                write_html(journal, path, self.work.words, schema=schema)
                return path.read_bytes()

        ui.download.content(await asyncio.to_thread(make), f"{self.run_id}.html", "text/html")

    def next_steps(self) -> None:
        """Offer to undo, to go on, to begin anew."""
        with ui.element("div").classes("strip"):
            if self.run_id:
                try:
                    info = show_run(self.work.state, self.run_id).info
                except ImportTicketsError:
                    info = None
                if info is not None and info.can_resume:
                    self.button(message("Continue this run"), lambda: self.resume(self.run_id))
                if info is not None and info.can_undo:
                    self.button(message("Undo this run"), self.undo, second=True)
            if self.work.file is not None and self.run.kind != "reconcile":
                text = message("Compare {file} with the portal", file=self.work.file.name)
                self.button(text, self.compare, second=True)
            self.go(message("Another spreadsheet"), "/file", second=True)

    def undo(self) -> None:
        """Plan to undo the run; it is asked before anything is sent."""
        self.work.start_undo(self.run_id)
        ui.navigate.to("/problems")

    def compare(self) -> None:
        """Find out where the portal and the file differ by now; nothing is sent."""
        self.work.start_reconcile()
        ui.navigate.to("/problems")

    def problems(self) -> None:
        """Show the first rows that something is wrong with."""
        if not self.run_id:
            return
        try:
            details = show_run(self.work.state, self.run_id)
        except ImportTicketsError as error:
            self.error(error)
            return
        if details.findings:
            self.text(message("What was wrong"), "h2")
            self.table((message("Where"), message("What is wrong")), self.finding_rows(details.findings))
