"""Columns: what each header was taken for, with samples; unknown ones are given a property, or left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from nicegui import ui
from starlette.responses import RedirectResponse

from importer.jobs.options import ReadOptions
from importer.model import Policy
from importer.web.columns import ColumnLook, FileLook, settings_text
from importer.web.frame import Screen, Text, named, titled, to
from importer.web.work import Work
from schemas.message import Message, count_message, message

LEAVE_OUT = "\0"
KEY = "id"
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
LOCALES = {
    "": message("as the file says"),
    "en-US": message("English (United States): {number}", number="1,234.56"),
    "en-GB": message("English (United Kingdom): {number}", number="1,234.56"),
    "pt-BR": message("Portuguese (Brazil): {number}", number="1.234,56"),
    "es-ES": message("Spanish: {number}", number="1.234,56"),
    "fr-FR": message("French: {number}", number="1 234,56"),
    "de-DE": message("German: {number}", number="1.234,56"),
}
LISTS = {
    "": message("as the file says"),
    "labels": message("what people see (labels)"),
    "values": message("internal values"),
}


def of_sheet(read: ReadOptions, name: str) -> ReadOptions:
    """Read another sheet; what was said of the columns was said of those of the sheet before."""
    return replace(read, sheet=name, mapping={}, skip_columns=(), policies=(), id_property=None)


def of_key(read: ReadOptions, name: str) -> ReadOptions:
    """Let the column of a property name the tickets."""
    return replace(read, id_property=name)


def of_dates(read: ReadOptions, form: str) -> ReadOptions:
    """Read dates that are text in this order; empty: as the file says."""
    return replace(read, date_format=form or None)


def of_locale(read: ReadOptions, name: str) -> ReadOptions:
    """Read numbers, dates and words as they are written somewhere; empty: as the file says."""
    return replace(read, locale=name or None)


def of_lists(read: ReadOptions, kind: str) -> ReadOptions:
    """Read cells of lists as labels or as values alone; empty: as the file says."""
    return replace(read, options="labels" if kind == "labels" else "values" if kind else None)


def add(work: Work) -> None:
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
            if self.work.options.settings:
                self.text(message("Settings are taken from {path}.", path=self.work.options.settings), "p", "soft")
            self.wrong()
            self.reading(look)
            if look.columns:
                self.listing()
            with ui.element("div").classes("strip"):
                self.go(message("Back"), "/file", second=True)
                if not look.findings:
                    self.button(message("Check the rows"), self.check_rows)
                    if settings_text(self.work.read).strip():
                        self.button(message("Save these settings"), self.save, second=True)

    def wrong(self) -> None:
        """Show what stands against a run: of single columns how many, beside which it stands too."""
        assert self.work.look is not None
        columns = sum(one.finding is not None for one in self.work.look.columns)
        others = [one for one in self.work.look.findings if one.position is None]
        if not columns and not others:
            return
        with ui.element("div").classes("note bad").props("role=alert"):
            if columns:
                self.text(
                    count_message("One column needs your decision.", "{count} columns need your decision.", columns)
                )
            for finding in others:
                self.text(finding.text)

    def reading(self, look: FileLook) -> None:
        """Ask what the file alone does not say: which sheet, which column names the tickets, how dates are written."""
        with ui.element("div").classes("strip"):
            if look.sheets:
                self.choice(message("Sheet"), {one: one for one in look.sheets}, look.sheet, of_sheet)
            if look.keys:
                keys = {one: f"{look.properties.get(one, one)} ({one})" for one in look.keys}
                self.choice(message("Column that names the tickets"), keys, self.work.read.id_property, of_key)
            if look.has_dates:
                title = message("Dates that are written as text")
                self.choice(title, self.worded(DATE_FORMATS), self.work.read.date_format or "", of_dates)
        if look.columns:
            self.rarely_asked()

    def rarely_asked(self) -> None:
        """Ask what nearly every file says itself; shut as long as nothing is chosen."""
        read = self.work.read
        with ui.element("details").classes("card") as details:
            details.props("open" if read.locale or read.options else "")
            self.text(message("How numbers and lists are written"), "summary", "strong")
            with ui.element("div").classes("strip"):
                title = message("Numbers that are written as text")
                self.choice(title, self.worded(LOCALES), read.locale or "", of_locale)
                self.choice(message("Cells of lists hold"), self.worded(LISTS), read.options or "", of_lists)

    def worded(self, texts: Mapping[str, Message]) -> dict[str, str]:
        """Return what can be chosen in the person's language."""
        return {one: self.words(text) for one, text in texts.items()}

    def choice(
        self, title: Message, options: dict[str, str], value: str | None, of: Callable[[ReadOptions, str], ReadOptions]
    ) -> None:
        """Let the person say one thing of how the file is read, and look again."""

        def choose(event: object) -> None:
            self.work.read = of(self.work.read, str(getattr(event, "value", "")))
            self.again()

        of_settings = {} if value is None or value in options else {value: value}
        shown = options | of_settings
        ui.select(shown, value=value, label=self.words(title), on_change=choose).props("outlined")

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
        if column.finding is not None:
            self.text(column.finding.text, "div", "bad-text")
        if column.is_key:
            self.text(message("names the ticket"), "div", "strong")
        elif column.property_name:
            with ui.element("div").classes("strip spread") as cell:
                with ui.element("div"):
                    Text("div", column.label)
                    Text("div", column.property_name, "soft")
                name = self.words(message('Change the property of "{header}"', header=column.header))
                change = self.button(message("Change"), lambda: self.change(cell, column), second=True)
                named(change.classes("small"), name)
        else:
            self.picker(column)

    def change(self, cell: ui.element, column: ColumnLook) -> None:
        """Let the person give a column that is known another property, or leave it out."""
        cell.clear()
        with cell:
            self.picker(column).run_method("focus")

    def picker(self, column: ColumnLook) -> ui.select:
        """Let the person give a column a property, or leave it out."""
        assert self.work.look is not None
        options = {LEAVE_OUT: self.words(message("(leave out)"))}
        if not any(one.is_key for one in self.work.look.columns):
            options[KEY] = self.words(message("Record ID: names the ticket"))
        labels = self.work.look.properties
        by_label = sorted(labels, key=lambda name: labels[name].casefold())
        names = dict.fromkeys([*(one for one in column.near if one in labels), *by_label])  # what is most alike first
        options |= {name: f"{labels[name]} ({name})" for name in names}
        text = self.words(message('Property of "{header}"', header=column.header))
        value = LEAVE_OUT if column.left_out else column.property_name
        return ui.select(
            options,
            value=value if value in options else None,
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
        options = self.worded({str(one): POLICIES[str(one)] for one in Policy})

        def set_policy(event: object) -> None:
            policies = [one for one in self.work.read.policies if one[0] != column.header]
            policies.append((column.header, str(getattr(event, "value", ""))))
            self.work.read = replace(self.work.read, policies=tuple(policies))
            self.again()

        select = ui.select(options, value=column.policy, label=name, on_change=set_policy)
        select.props("outlined dense options-dense").classes("policy")

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
