"""Columns: what each header was taken for, with samples; unknown ones are given a property, or left out."""

from __future__ import annotations

from dataclasses import replace

from nicegui import ui
from starlette.responses import RedirectResponse

from importer.model import Policy
from importer.web.columns import ColumnLook, settings_text
from importer.web.frame import Screen, Text, titled, to
from importer.web.work import Work
from schemas.message import message

LEAVE_OUT = "\0"
POLICIES = {
    "overwrite": message("Cells replace what the ticket has"),
    "keep-blank": message("Empty cells change nothing"),
    "fill-empty": message("Only where the ticket has nothing"),
    "append": message("Added to what the ticket has"),
    "remove": message("Taken out of what the ticket has"),
}
DATE_FORMATS = {
    "": message("as the file says"),
    "DD/MM/YYYY": message("day first: 31/12/2026"),
    "MM/DD/YYYY": message("month first: 12/31/2026"),
    "YYYY-MM-DD": message("year first: 2026-12-31"),
}


def add(work: Work) -> None:
    """Declare the screen."""

    @ui.page("/columns", response_timeout=120)
    async def columns() -> RedirectResponse | None:
        if work.account is None or work.file is None:
            return to("/connect" if work.account is None else "/file")
        if work.look is None:
            await work.look_at_file()
        _Columns(work).draw()
        return None


class _Columns(Screen):
    """A row for each column."""

    def draw(self) -> None:
        with self.frame("/columns", message("Are these the right columns?")):
            self.error(self.work.error)
            look = self.work.look
            if look is None:
                self.go(message("Choose another file"), "/file", second=True)
                return
            if look.findings:
                with ui.element("div").classes("note bad").props("role=alert"):
                    for finding in look.findings:
                        self.text(finding.text)
            self.listing()
            if look.has_dates:
                self.dates()
            with ui.element("div").classes("strip"):
                self.go(message("Back"), "/file", second=True)
                if not look.findings:
                    self.button(message("Check the rows"), self.check_rows)
                    if settings_text(self.work.read).strip():
                        self.button(message("Save these settings"), self.save, second=True)

    def listing(self) -> None:
        """Show each column with its property and samples."""
        assert self.work.look is not None
        titles = (message("Column"), message("Goes to"), message("First values"), message("What its cells do"))
        with ui.element("div").classes("wide").props("tabindex=0 role=group"), ui.element("table").classes("sheet"):
            with ui.element("thead"), ui.element("tr"):
                for title in titles:
                    self.text(title, "th").props("scope=col")
            with ui.element("tbody"):
                for column in self.work.look.columns:
                    with ui.element("tr"):
                        Text("td", column.header, "strong")
                        with titled(ui.element("td"), self.words(titles[1])):
                            self.target(column)
                        with titled(ui.element("td"), self.words(titles[2])):
                            for sample in column.samples:
                                Text("div", sample[:60])
                        with titled(ui.element("td"), self.words(titles[3])):
                            if column.policy:
                                self.policy(column)

    def target(self, column: ColumnLook) -> None:
        """Show what a column was taken for, or let the person say it."""
        if column.is_key:
            self.text(message("names the ticket"), "strong")
        elif column.property_name:
            Text("div", column.label)
            Text("div", column.property_name, "soft")
        else:
            self.picker(column)

    def picker(self, column: ColumnLook) -> None:
        """Let the person give a column a property, or leave it out."""
        assert self.work.look is not None
        options = {LEAVE_OUT: self.words(message("(leave out)"))}
        labels = self.work.look.properties
        names = dict.fromkeys([*(one for one in column.near if one in labels), *labels])  # what is most alike first
        options |= {name: f"{labels[name]} ({name})" for name in names}
        text = self.words(message('Property of "{header}"', header=column.header))
        ui.select(
            options,
            value=LEAVE_OUT if column.left_out else None,
            label=text,
            with_input=True,
            on_change=lambda event: self.give(column.header, event.value),
        ).props("outlined dense")

    async def give(self, header: str, name: str | None) -> None:
        """Give a column a property, or leave it out, and look again."""
        if name is None:
            return
        read = self.work.read
        mapping = {one: to for one, to in read.mapping.items() if one != header}
        skip = [one for one in read.skip_columns if one != header]
        if name == LEAVE_OUT:
            skip.append(header)
        else:
            mapping[header] = name
        self.work.read = replace(read, mapping=mapping, skip_columns=tuple(skip))
        self.again()

    def policy(self, column: ColumnLook) -> None:
        """Let the person say what the cells of a column do."""
        name = self.words(message('What the cells of "{header}" do', header=column.header))
        options = {str(one): self.words(POLICIES[str(one)]) for one in Policy}

        def set_policy(event: object) -> None:
            policies = [one for one in self.work.read.policies if one[0] != column.header]
            policies.append((column.header, str(getattr(event, "value", ""))))
            self.work.read = replace(self.work.read, policies=tuple(policies))
            self.again()

        select = ui.select(options, value=column.policy, on_change=set_policy)
        select.props(f'outlined dense options-dense aria-label="{name.replace(chr(34), chr(39))}"')

    def dates(self) -> None:
        """Ask once how dates are written that are text."""

        def set_format(event: object) -> None:
            self.work.read = replace(self.work.read, date_format=str(getattr(event, "value", "")) or None)

        ui.select(
            {one: self.words(text) for one, text in DATE_FORMATS.items()},
            value=self.work.read.date_format or "",
            label=self.words(message("Dates that are written as text")),
            on_change=set_format,
        ).props("outlined")

    def save(self) -> None:
        """Hand out what was said here as a settings file, which the command line reads where it lies beside FILE."""
        ui.download.content(settings_text(self.work.read), "import-tickets.toml")

    def again(self) -> None:
        """Look at the file anew, as it is to be read now."""
        self.work.look = None
        ui.navigate.to("/columns")

    def check_rows(self) -> None:
        """Begin the run: it asks before anything is sent."""
        if not self.work.is_sending:
            self.work.start_run()
        ui.navigate.to("/problems")
