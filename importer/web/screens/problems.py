"""Problems: what is wrong in which cells, grouped; the other rows may go on without these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nicegui import ui
from starlette.responses import RedirectResponse

from importer.errors import ImportTicketsError
from importer.findings import Finding
from importer.web.frame import Screen, Text, to
from importer.web.runs import Run
from importer.web.work import Work
from schemas.message import Message, count_message, message

READ = 5_000
"""Findings that are read to be grouped; a file that has more is told so."""
CELLS_SHOWN = 12
GROUPS_SHOWN = 50


@dataclass(slots=True)
class Group:
    """Findings that say the same of one column."""

    text: str
    header: str
    places: list[str] = field(default_factory=list)


def add(work: Work) -> None:
    """Declare the screen."""

    @ui.page("/problems")
    def problems() -> RedirectResponse | None:
        run = work.run
        if run is None:
            return to("/columns")
        _Problems(work, run).draw()
        return None


class _Problems(Screen):
    """How far the reading is, then the groups."""

    def __init__(self, work: Work, run: Run) -> None:
        super().__init__(work)
        self.run = run

    def draw(self) -> None:
        with self.frame("/problems", message("Is anything wrong in the file?")):
            if self.run.phase == "working" and not self.run.was_agreed:
                self.reading()
                return
            self.notices(self.run.notices)
            error = self.run.result.error if self.run.result else None
            self.error(error)
            groups, count = self.groups()
            if groups:
                self.text(
                    count_message("{count} problem was found.", "{count} problems were found.", count), "p", "strong"
                )
                self.listing(groups)
                self.text(
                    message(
                        "Rows with a problem are never sent. Correct them in the spreadsheet, save it and check it "
                        "again; or go on without them."
                    ),
                    "p",
                    "soft",
                )
            elif error is None:
                self.text(message("No. Every row can be sent as it is."), "p")
            self.ways_on(has_groups=bool(groups))

    def ways_on(self, *, has_groups: bool) -> None:
        """Offer to check again, and to go on."""
        with ui.element("div").classes("row"):
            self.go(message("Back"), "/columns", second=True)
            if has_groups and self.work.is_upload:
                self.go(message("Choose the corrected file"), "/file", second=True)
            elif has_groups or self.run.phase == "done":
                self.button(message("Check again"), self.again, second=True)
            if self.run.phase == "asking":
                invalid = self.run.plan.invalid if self.run.plan else 0
                text = (
                    count_message("Go on without this row", "Go on without these {count} rows", invalid)
                    if invalid
                    else message("Go on: see the plan")
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
                    "Reading what the tickets have now: {done} of {total}", done=event.done, total=event.total
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
                    findings = list(journal.report.findings(limit=READ))
                    count = sum(journal.report.count_findings().values())
            except ImportTicketsError:
                pass
        found: dict[tuple[str, str], Group] = {}
        for finding, (place, text) in zip(findings, self.finding_rows(findings), strict=True):
            group = found.setdefault((finding.header or "", text), Group(text, finding.header or ""))
            group.places.append(finding.cell or place)
        return sorted(found.values(), key=lambda one: -len(one.places)), count

    def listing(self, groups: Sequence[Group]) -> None:
        """Show the groups with their cells."""
        rows = [(one.header, one.text, self.places(one)) for one in groups[:GROUPS_SHOWN]]
        self.table((message("Column"), message("What is wrong"), message("Cells")), rows)
        if len(groups) > GROUPS_SHOWN:
            Text("p", self.words(message("{count} more kinds of problems follow.", count=len(groups) - GROUPS_SHOWN)))

    def places(self, group: Group) -> str:
        """Return the first cells of a group, and how many more there are."""
        shown = ", ".join(group.places[:CELLS_SHOWN])
        more: Message = message("{cells} and {count} more", cells=shown, count=len(group.places) - CELLS_SHOWN)
        return self.words(more) if len(group.places) > CELLS_SHOWN else shown
