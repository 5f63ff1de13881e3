"""History: the runs of this machine; an unfinished one can go on, one that changed something can be undone."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from nicegui import ui

from importer.jobs.run_list import RunInfo, list_runs
from importer.reports.text import kind_words, listed, local_moment, state_word, status_count
from importer.web.frame import Screen, Text, named, titled
from importer.web.work import Work
from schemas.message import Message, message

SHOWN = 50
TITLES = (message("Run"), message("File"), message("Portal"), message("State"), message("Rows"), message("Next"))


def add(work: Work) -> None:
    @ui.page("/history")
    def history() -> None:
        _History(work).draw()


class _History(Screen):
    """A row for each run."""

    def __init__(self, work: Work) -> None:
        super().__init__(work)
        self.offered: set[str] = set()
        """Files that are offered to be compared: each with its latest run."""

    def draw(self) -> None:
        runs = list(islice(list_runs(self.work.state), SHOWN))
        with self.frame("/history", message("Runs on this machine")):
            if self.work.account is None:
                with ui.element("div").classes("note strip"):
                    self.text(message("Connect to the account of a run to resume or undo it."))
                    self.go(message("Connect"), "/connect", second=True)
            if not runs:
                self.text(message("There are no runs on this machine yet."))
                return
            with ui.element("div").classes("wide").props("tabindex=0 role=group"), ui.element("table").classes("sheet"):
                with ui.element("thead"), ui.element("tr"):
                    for title in TITLES:
                        self.text(title, "th").props("scope=col")
                with ui.element("tbody"):
                    for run in runs:
                        self.row(run)

    def row(self, run: RunInfo) -> None:
        """Show one run, with what can be done about it."""
        was_undo = run.kind == "undo"
        told = [
            status_count(status, count, was_undo=was_undo) for status, count in run.counts.items() if status and count
        ]
        kind = self.words(kind_words(run.kind, dry_run=run.dry_run))
        name, portal, state = Path(run.file).name, run.portal_id or run.base_url, self.words(state_word(run.state))
        with ui.element("tr"):
            when = self.words(local_moment(run.started_at))
            texts = (f"{when}\n{run.id} ({kind})", name, portal, state, self.words(listed(told)) if told else "")
            for title, text in zip(TITLES, texts, strict=False):
                titled(Text("td", text), self.words(title))
            with ui.element("td"), ui.element("div").classes("strip"):
                if self.work.account is not None and not self.work.is_sending:
                    if run.can_resume:
                        self.act(run, message("Continue"))
                    elif run.can_undo:
                        self.act(run, message("Undo"), second=True)
                    if run.kind == "run" and run.file not in self.offered and Path(run.file).is_file():
                        self.offered.add(run.file)
                        self.compare(run)

    def act(self, run: RunInfo, text: Message, *, second: bool = False) -> None:
        """Add the button that goes on with a run, or takes it back."""
        name = self.words(message("{verb}: run {run}", verb=text, run=run.id))

        def begin() -> None:
            if run.can_resume:
                self.work.start_resume(run.id)
            else:
                self.work.start_undo(run.id)
            ui.navigate.to("/sending" if run.can_resume else "/problems")

        named(self.button(text, begin, second=second), name)

    def compare(self, run: RunInfo) -> None:
        """Add the button that finds out where the portal and the file of a run differ by now."""
        file = Path(run.file)

        def begin() -> None:
            self.work.use_file(file)
            self.work.start_reconcile()
            ui.navigate.to("/problems")

        name = self.words(message("Compare {file} with the portal: run {run}", file=file.name, run=run.id))
        named(self.button(message("Compare"), begin, second=True), name)
