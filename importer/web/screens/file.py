"""File: which spreadsheet."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from nicegui import ui
from starlette.responses import RedirectResponse

from importer.jobs.corrections import choices
from importer.jobs.run_list import list_runs
from importer.loader.formats import SPREADSHEETS
from importer.reports.text import listed, state_word, status_count
from importer.template.ticket_query import Choice
from importer.web.frame import Screen, to
from importer.web.receive import ROUTE
from importer.web.uploads import is_upload
from importer.web.work import Work
from schemas.message import message
from schemas.ticket_object import TICKET

RECENT = 5
RUNS_READ = 30
CHOICES = (
    (TICKET.pipeline, message("Pipeline")),
    (TICKET.stage, message("Stage")),
    (TICKET.owner, message("Owner")),
)
"""What chooses the tickets of a sheet, in the order of `Choice`."""


def add(work: Work) -> None:
    @ui.page("/file")
    def file() -> RedirectResponse | None:
        if work.account is None:
            return to("/connect")
        _File(work).draw()
        return None


class _File(Screen):
    """The file on the table, a place to drop one, and recent ones."""

    def draw(self) -> None:
        with self.frame("/file", message("Which spreadsheet?")):
            self.error(self.work.error)
            self.unfinished()
            self.current()
            self.upload()
            self.recent()
            self.sheet()

    def current(self) -> None:
        """Show the file on the table, and the way on."""
        file = self.work.file
        if file is None:
            return
        with ui.element("section").classes("card"):
            self.text(message("{file}", file=file.name), "h2")
            self.text(
                message("The results come into a copy, which you can download.")
                if self.work.is_upload
                else message("In {folder}. The results are written into this file.", folder=str(file.parent)),
                "p",
                "soft",
            )
            self.go(message("Continue: look at the columns"), "/columns")

    def upload(self) -> None:
        """Offer a place to drop a file."""
        form = ui.element("form").props(f'method=post action="{ROUTE}" enctype="multipart/form-data"')
        with form.classes("drop"), ui.element("label"):
            self.text(message("Choose a CSV, Excel or OpenDocument file, or drop it here"), "span", "strong")
            self.text(message("Choose a file"), "span", "press first").props("aria-hidden=true")
            field = ui.element("input").props(f'type=file name=file accept="{",".join(sorted(SPREADSHEETS))}"')
            field.on("change", js_handler="(event) => event.target.form.submit()")

    def recent(self) -> None:
        """Offer the files of earlier runs, with what became of them."""
        seen: dict[str, str] = {}
        for run in islice(list_runs(self.work.state), RUNS_READ):
            file = Path(run.file)
            if run.kind == "run" and run.file not in seen and not is_upload(self.work.state, file) and file.is_file():
                told = [status_count(status, count) for status, count in run.counts.items() if status and count]
                seen[run.file] = self.words(listed(told) if told else state_word(run.state))
        if not seen:
            return
        self.text(message("Recent files"), "h2")
        with ui.element("div").classes("strip"):
            for path, counts in islice(seen.items(), RECENT):
                text = message("{file}: {result}", file=Path(path).name, result=counts)
                self.button(text, lambda path=path: self.use(Path(path)), second=True)

    def use(self, file: Path) -> None:
        """Work on a file of an earlier run."""
        self.work.use_file(file)
        ui.navigate.to("/columns")

    def sheet(self) -> None:
        """Offer a workbook of tickets to edit: which ones, and which columns."""
        schema = self.work.schema
        if schema is None:
            return
        with ui.element("details").classes("card"):
            self.text(message("Get a sheet of tickets to edit"), "summary", "strong")
            self.text(
                message("Edit it in your spreadsheet program, and choose it here. It knows which cells you edit.")
            )
            fields = {}
            with ui.element("div").classes("strip"):
                for name, text in CHOICES:
                    options = {"": self.words(message("any")), **choices(schema, name)}
                    fields[name] = ui.select(options, value="", label=self.words(text), with_input=True)
                    fields[name].props("outlined dense")
            columns = ui.select(
                {one.name: one.label for one in schema.properties.values() if not one.read_only and not one.hidden},
                value=[name for name in TICKET.usual_columns if name in schema.properties],
                label=self.words(message("Columns")),
                multiple=True,
                with_input=True,
            )
            columns.props("outlined use-chips").classes("wide-field")

            async def make() -> None:
                ui.notify(self.words(message("Reading the tickets …")))
                pipeline, stage, owner = (str(fields[name].value or "") or None for name, _ in CHOICES)
                choice = Choice(pipeline=pipeline, stage=stage, owner=owner)
                made = await self.work.make_sheet(columns.value or (), choice)
                if made is None:
                    ui.navigate.to("/file")
                else:
                    ui.download.content(made, "tickets.xlsx")

            self.button(message("Download the sheet"), make, second=True)
