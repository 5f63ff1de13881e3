"""Problems: what is wrong in which cells, grouped; the other rows may go on without these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nicegui import ui
from starlette.responses import RedirectResponse

from importer.errors import ImportTicketsError
from importer.findings import Finding
from importer.jobs.corrections import correction_of, suggestion, wrong_part
from importer.jobs.stored_run import stored_columns
from importer.reports.text import correction_lines, grouped
from importer.web.editors import Editor, add_editor
from importer.web.frame import Screen, Text, named, place_of, to
from importer.web.runs import Run
from importer.web.work import Work, overwrite_conflicts
from schemas.message import Message, count_message, message
from schemas.property import PortalSchema

READ = 5_000
"""Findings that are read to be grouped; of a file that has more, the page says so."""
CELLS_SHOWN = 12
GROUPS_SHOWN = 50
EVERY = 0
"""Stands for every cell of a group where one is chosen."""
CELLS_OFFERED = 200
TITLES = {
    "run": message("Is anything wrong in the file?"),
    "undo": message("What can be put back?"),
    "reconcile": message("Does the portal have what the file has?"),
}
"""By the kind of the job."""


@dataclass(slots=True)
class Group:
    """Findings that say the same of one column."""

    text: str
    header: str
    places: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def add(work: Work) -> None:
    @ui.page("/problems")
    def problems() -> RedirectResponse | None:
        run = work.run
        if run is None:
            return to("/columns")
        if run.kind != "run" and place_of(run) != "/problems":
            return to(place_of(run))
        _Problems(work, run).draw()
        return None


class _Problems(Screen):
    """How far the reading is, then the groups."""

    def __init__(self, work: Work, run: Run) -> None:
        super().__init__(work)
        self.run = run
        self.schema: PortalSchema | None = None

    def draw(self) -> None:
        with self.frame("/problems", TITLES.get(self.run.kind, TITLES["run"])):
            if self.run.phase == "working" and not self.run.was_agreed:
                self.reading()
                return
            self.notices(self.run.notices)
            error = self.run.result.error if self.run.result else None
            self.error(error)
            self.error(self.work.error)
            self.corrected()
            groups, count = self.groups()
            if groups:
                self.text(
                    count_message("{count} problem was found.", "{count} problems were found.", count), "p", "strong"
                )
                self.text(
                    message(
                        "Rows with a problem are never sent. Correct the cells here, or in the spreadsheet and check "
                        "it again; or go on without these rows."
                    ),
                    "p",
                    "soft",
                )
                self.where()
                self.listing(groups)
                self.conflicts(groups)
            elif error is None:
                self.text(message("No. Every row can be sent as it is."), "p")
            self.ways_on(has_groups=bool(groups))

    def ways_on(self, *, has_groups: bool) -> None:
        """Offer to check again, and to go on."""
        with ui.element("div").classes("strip"):
            self.go(message("Back"), "/columns", second=True)
            if has_groups and self.work.is_upload:
                self.go(message("Choose the corrected file"), "/file", second=True)
            elif has_groups or self.run.phase == "done":
                self.button(message("Check again"), self.again, second=True)
            if self.run.phase == "asking":
                invalid = self.run.plan.invalid if self.run.plan else 0
                text = (
                    count_message("Continue without this row", "Continue without these {count} rows", invalid)
                    if invalid
                    else message("Continue: see the plan")
                )
                self.go(text, "/plan")
            elif self.run.phase == "done":
                self.go(message("See the result"), "/result", second=True)

    def again(self) -> None:
        """Read the file anew."""
        self.work.look = None
        if self.work.file is not None:
            self.work.start_run()
        ui.navigate.to("/problems" if self.work.file is not None else "/file")

    def reading(self) -> None:
        """Show how far the reading is."""
        line = self.text(message("Reading the file …")).props("role=status")

        def show() -> None:
            event = self.run.event
            if event is not None and event.kind == "read" and event.total:
                text = message(
                    "Reading what the tickets have now: {done} of {total}",
                    done=grouped(event.done, self._words),
                    total=grouped(event.total, self._words),
                )
                line.set_text(self.words(text))

        self.follow(show)

    def groups(self) -> tuple[list[Group], int]:
        """Return the findings grouped, the largest group first, and how many findings there are."""
        findings: Sequence[Finding] = self.run.findings
        count = self.run.finding_count
        if self.run.run_id:
            try:
                with self.work.state.open_journal(self.run.run_id) as journal:
                    self.schema = stored_columns(journal.record)[0]
                    findings = list(journal.report.findings(limit=READ))
                    count = sum(journal.report.count_findings().values())
            except ImportTicketsError:
                pass
        found: dict[tuple[str, str], Group] = {}
        for finding, (place, text) in zip(findings, self.finding_rows(findings), strict=True):
            group = found.setdefault((finding.header or "", text), Group(text, finding.header or ""))
            group.places.append(finding.cell or place)
            group.findings.append(finding)
        return sorted(found.values(), key=lambda one: -len(one.places)), count

    def corrected(self) -> None:
        """Say which cells were corrected here."""
        if self.work.corrections:
            text = count_message(
                "One cell was corrected in {file}: {cells}",
                "{count} cells were corrected in {file}: {cells}",
                len(self.work.corrections),
                file=self.work.file.name if self.work.file else "",
                cells=", ".join(correction_lines(self.work.corrections.values())),
            )
            self.text(text, "p", "note").props("role=status")

    def where(self) -> None:
        """Ask where corrections go; into the file itself only if that is chosen."""
        file = self.work.file
        if self.work.into_file or file is None:
            return
        name = self.words(message("Corrections go into"))
        options = {False: self.words(message("a copy beside the file")), True: file.name}
        with named(ui.element("div").classes("strip").props("role=group"), name):
            Text("span", name)
            ui.radio(options, on_change=self.choose, value=False).props("inline")

    def choose(self, event: object) -> None:
        """Note where corrections go."""
        self.work.into_file = bool(getattr(event, "value", False))

    def listing(self, groups: Sequence[Group]) -> None:
        """Show the groups with their cells, and what they can be corrected with."""
        with ui.element("ul").classes("groups"):
            for group in groups[:GROUPS_SHOWN]:
                with ui.element("li").classes("card"):
                    with ui.element("div").classes("strip"):
                        Text("span", group.header, "strong")
                        Text("span", self.places(group), "soft")
                    Text("p", group.text)
                    if self.schema is not None and correction_of(group.findings[0], "", self.schema) is not None:
                        self.correcting(group, self.schema)
        if len(groups) > GROUPS_SHOWN:
            Text("p", self.words(message("{count} more kinds of problems follow.", count=len(groups) - GROUPS_SHOWN)))

    def conflicts(self, groups: Sequence[Group]) -> None:
        """Offer to overwrite what the portal changed after the sheet was made; the plan then shows it cell by cell."""
        count = sum(one.code == "conflict" for group in groups for one in group.findings)
        if not count or self.run.kind != "run" or self.run.was_agreed:
            return
        text = count_message(
            "Overwrite the cell that the portal changed", "Overwrite the {count} cells that the portal changed", count
        )

        def overwrite() -> None:
            overwrite_conflicts(self.work)
            ui.navigate.to("/problems")

        with ui.element("div").classes("strip"):
            self.button(text, overwrite, second=True)

    def correcting(self, group: Group, schema: PortalSchema) -> None:
        """Offer to correct every cell of a group at once, or one of them."""
        first = group.findings[0]
        near = suggestion(first, schema)
        cells = len(group.findings)
        with ui.element("div").classes("strip"):
            label = self.words(message("New value ({column})", column=group.header))
            read = add_editor(schema, first.property_name, label=label, value=near or wrong_part(first, schema))
            which = None
            if cells > 1:
                every = count_message("in the one cell", "in all {count} cells", cells)
                offered = {place: group.places[place - 1] for place in range(1, min(cells, CELLS_OFFERED) + 1)}
                options = {EVERY: self.words(every), **offered}
                which = ui.select(options, value=EVERY, label=self.words(message("Where"))).props("outlined dense")
            button = self.button(message("Correct"), lambda: self.correct(group, schema, read, which), second=True)
            name = self.words(message("Correct {cells}", cells=", ".join(group.places[:CELLS_SHOWN])))
            named(button, name)

    async def correct(self, group: Group, schema: PortalSchema, read: Editor, which: ui.select | None) -> None:
        """Write the new value into the cells, and judge the file anew."""
        text, place = read(), int(which.value) if which is not None else EVERY
        if not text or self.work.is_sending:
            ui.notify(self.words(message("Choose a value first.")), type="warning")
            return
        findings = group.findings if place == EVERY else [group.findings[place - 1]]
        found = [one for one in (correction_of(finding, text, schema) for finding in findings) if one is not None]
        await self.work.correct(found)
        ui.navigate.to("/problems")

    def places(self, group: Group) -> str:
        """Return the first cells of a group, and how many more there are."""
        shown = ", ".join(group.places[:CELLS_SHOWN])
        more: Message = message("{cells} and {count} more", cells=shown, count=len(group.places) - CELLS_SHOWN)
        return self.words(more) if len(group.places) > CELLS_SHOWN else shown
