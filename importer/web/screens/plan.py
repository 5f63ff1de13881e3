"""Plan: what would be done, cell by cell; nothing is sent before somebody says so here."""

from __future__ import annotations

import asyncio
import json
import tempfile
from dataclasses import replace
from pathlib import Path

from nicegui import ui
from nicegui.events import GenericEventArguments
from starlette.responses import RedirectResponse

from importer.errors import ImportTicketsError, reason_of
from importer.jobs.plan import save_plan
from importer.jobs.stored_run import stored_columns
from importer.reports.column_plan import ColumnPlan, ValueForms, column_plans
from importer.reports.plan_text import PlanText
from importer.reports.plan_view import PlanView
from importer.reports.text import grouped, status_words
from importer.web.frame import Screen, place_of, to
from importer.web.grid import grid_options
from importer.web.runs import Run
from importer.web.work import Work
from schemas.message import Message, count_message, message

FIRST = 10
ROOM = 40
"""Characters of each side of a change."""


def add(work: Work) -> None:
    @ui.page("/plan")
    def plan() -> RedirectResponse | None:
        run = work.run
        if run is None or run.plan is None:
            return to(place_of(run))
        _Plan(work, run, run.plan).draw()
        return None


def _left_of(work: Work, run: Run, plan: PlanView) -> PlanView:
    """Return the plan without the rows that were sent first."""
    with work.state.open_journal(run.run_id) as journal:
        schema = stored_columns(journal.record)[0]
        headers = {one.property_name: one.header for one in journal.record.columns}
        columns = column_plans(journal, ValueForms(schema, plan.time_zone or schema.time_zone), headers)
        return replace(plan, columns=columns, rows_to_update=journal.plan.count_rows())


class _Plan(Screen):
    """Numbers, flows of each column, every cell, and the question."""

    def __init__(self, work: Work, run: Run, plan: PlanView) -> None:
        super().__init__(work)
        self.run = run
        self.plan = _left_of(work, run, plan) if run.outcomes else plan
        self.ticks: list[ui.checkbox] = []
        self.senders: list[ui.button] = []
        self.all_sender: ui.button | None = None
        self.name: ui.input | None = None

    def draw(self) -> None:
        with self.frame("/plan", self.title()):
            plan = self.plan
            self.numbers(
                (plan.cells_changed, message("cells get another value"), ""),
                (plan.cells_cleared, message("cells are erased"), "bad" if plan.cells_cleared else ""),
                (plan.unchanged, message("rows stay as they are"), ""),
            )
            self.sent_before()
            self.notices([*self.run.notices, *plan.notices])
            self.flows()
            if self.run.phase == "asking":
                self.question()
                self.follow()
            else:
                is_done = self.run.phase == "done"
                with ui.element("section").classes("card"):
                    self.text(message("This plan is no longer open."))
                    self.go(
                        message("See the result") if is_done else message("See how far it is"),
                        "/result" if is_done else place_of(self.run),
                    )
            if plan.columns:
                self.grid()

    def title(self) -> Message:
        """Return what is to be done, as a title."""
        if self.plan.undone_run:
            return message("Put back what run {run} changed?", run=self.plan.undone_run)
        return count_message(
            "One ticket would change", "{count} tickets would change", self.run.rows or self.plan.rows_to_update
        )

    def sent_before(self) -> None:
        """Show what became of the rows that were sent first."""
        if not self.run.outcomes:
            return
        self.text(message("Result of the first rows"), "h2")
        self.table(
            (message("Row"), message("Ticket"), message("Status"), message("Message")),
            [
                (str(row), key, self.words(status_words(status)) if status else "", self.words(why) if why else "")
                for row, key, status, why in self.run.outcomes
            ],
            numbers=(0,),
        )

    def flows(self) -> None:
        """Show what happens to each column."""
        if not self.plan.columns:
            return
        self.text(message("By column"), "h2")
        self.table(
            (message("Column"), message("Changed"), message("Erased"), message("Most often")),
            [
                (one.header, grouped(one.changed, self._words), grouped(one.cleared, self._words), self.often(one))
                for one in self.plan.columns
            ],
            numbers=(1, 2),
        )

    def often(self, column: ColumnPlan) -> str:
        """Return what is changed into what most often, a line each."""
        return "\n".join(PlanText(self._words, arrow="→").details(column, ROOM))

    def question(self) -> None:
        """Ask, with the erasures ticked off first."""
        with ui.element("section").classes("card"):
            if self.run.question is not None:
                self.text(self.run.question, "h2")
            for column in self.plan.columns:
                if column.cleared:
                    text = count_message(
                        'Yes, erase one value of "{column}"',
                        'Yes, erase {count} values of "{column}"',
                        column.cleared,
                        column=column.header,
                    )
                    self.ticks.append(ui.checkbox(self.words(text), on_change=self.allow))
            if self.run.name:
                text = message('Type "{name}" to say yes', name=self.run.name)
                self.name = ui.input(self.words(text), on_change=self.allow).props("outlined autocomplete=off")
            with ui.element("div").classes("strip"):
                self.go(message("Back"), "/history" if self.plan.undone_run else "/problems", second=True)
                if self.run.may_send_some and self.run.rows > FIRST:
                    first = message("Send the first {count}", count=FIRST)
                    self.senders.append(self.button(first, lambda: self.send(FIRST), second=True))
                self.all_sender = self.button(self.every(), lambda: self.send(self.run.rows))
                self.senders.append(self.all_sender)
                if self.run.may_leave_out:
                    self.button(message("Save as a plan file"), self.save, second=True)
        self.allow()

    def every(self) -> Message:
        """Return what the button says that sends all rows that are ticked."""
        count = self.run.rows - len(self.run.left_out)
        if self.plan.undone_run:
            return count_message("Put it back", "Put all {count} back", count)
        return count_message("Send it", "Send all {count}", count)

    def tick(self, event: GenericEventArguments) -> None:
        """Note that a row is to be sent, or not."""
        if not self.run.may_leave_out:
            return
        row = int(event.args["data"]["row"])
        (self.run.left_out.discard if event.args["data"]["send"] else self.run.left_out.add)(row)
        if self.all_sender is not None:
            self.all_sender.set_text(self.words(self.every()))
        self.allow()
        event.sender.run_grid_method("refreshInfiniteCache")  # type: ignore[attr-defined]

    async def save(self) -> None:
        """Hand out the plan as a file, that somebody else may look at, approve and apply."""

        def make() -> tuple[bytes, str]:
            self.run.leave_out()
            with tempfile.TemporaryDirectory() as folder, self.work.state.open_journal(self.run.run_id) as journal:
                path = Path(folder) / f"{Path(journal.record.file).stem}.plan.xlsx"
                save_plan(journal, path, self.work.state, self.work.words)
                return path.read_bytes(), path.name

        try:
            ui.download.content(*await asyncio.to_thread(make))
        except (ImportTicketsError, OSError) as error:
            text = error.text if isinstance(error, ImportTicketsError) else reason_of(error)
            ui.notify(self.words(text), type="negative")

    def allow(self) -> None:
        """Let the plan be sent once every erasure is ticked off."""
        for button in self.senders:
            button.set_enabled(self.is_allowed)

    @property
    def is_allowed(self) -> bool:
        """Whether every erasure is ticked off, and the name typed that a live account asks for."""
        is_named = self.name is None or str(self.name.value or "").strip() == self.run.name
        return is_named and len(self.run.left_out) < self.run.rows and all(one.value for one in self.ticks)

    def send(self, rows: int) -> None:
        """Say yes, for this many rows."""
        if self.is_allowed:
            self.run.answer(rows)

    def grid(self) -> None:
        """Show every cell before and after; they are fetched as they are looked at."""
        self.text(message("Every cell"), "h2")
        chosen: dict[str, str] = {}

        def narrow(**wish: str) -> None:
            chosen.update(wish)
            ui.run_javascript(f"window.planFilter = {json.dumps({k: v for k, v in chosen.items() if v})}")
            grid.run_grid_method("purgeInfiniteCache")

        headers = {"": self.words(message("every column"))}
        headers |= self.names()
        with ui.element("div").classes("strip"):
            find = ui.input(self.words(message("Find")), on_change=lambda event: narrow(text=event.value or ""))
            find.props("outlined dense debounce=300")
            ui.select(
                headers,
                value="",
                label=self.words(message("Column")),
                on_change=lambda event: narrow(name=event.value),
            ).props("outlined dense")
            ui.checkbox(
                self.words(message("only erased cells")),
                on_change=lambda event: narrow(erased="true" if event.value else ""),
            )
        if self.run.may_leave_out:
            self.text(message("A row that is unticked is left out."), "p", "soft")
        options = grid_options(self.words, may_leave_out=self.run.may_leave_out)
        grid = ui.aggrid(options, auto_size_columns=False).classes("plan-grid")
        grid.on("cellValueChanged", self.tick)

    def names(self) -> dict[str, str]:
        """Return the columns of the run: property name -> header."""
        with self.work.state.open_journal(self.run.run_id) as journal:
            return {one.property_name: one.header for one in journal.record.columns}
