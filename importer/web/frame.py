"""What every screen has: steps, the band that names the account, the main column; and the pieces of screens.

Texts of sheet and portal are shown as text alone: by elements that hold text, never by markup.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement
from starlette.responses import RedirectResponse

from importer.errors import ImportTicketsError
from importer.findings import Finding
from importer.i18n import say
from importer.labels import plain_text
from importer.reports.text import grouped
from importer.reports.text import place_of as cell_of
from importer.web.remedies import on_page
from importer.web.runs import Run
from importer.web.work import Work
from schemas.message import Message, message

E = TypeVar("E", bound=ui.element)
STYLE = (Path(__file__).parent / "style.css").read_text("utf-8")
POLL_S, REPEAT_S = 0.25, 15.0
STEPS: tuple[tuple[str, Message], ...] = (
    ("/connect", message("Connect")),
    ("/file", message("File")),
    ("/columns", message("Columns")),
    ("/problems", message("Problems")),
    ("/plan", message("Plan")),
    ("/sending", message("Sending")),
    ("/result", message("Result")),
)


def to(path: str) -> RedirectResponse:
    """Return the answer that leads to another screen."""
    return RedirectResponse(path, status_code=303)


def place_of(run: Run | None) -> str:
    """Return the screen that a job is shown on, as far as it is."""
    if run is None:
        return "/file"
    if run.phase == "done":
        is_to_correct = run.kind == "run" and run.finding_count and not run.was_agreed
        return "/problems" if is_to_correct else "/result"
    if run.phase == "asking":
        return "/problems" if run.finding_count and not run.was_agreed else "/plan"
    return "/sending" if run.was_agreed or run.kind == "resume" else "/problems"


def step_of(run: Run | None) -> tuple[object, ...]:
    """Return what changes with each step of a job, and with another job."""
    return (id(run), run.phase, run.questions) if run is not None else ()


class Text(TextElement):
    """An element of HTML that holds a text, as text."""

    def __init__(self, tag: str, text: str, classes: str = "") -> None:
        super().__init__(tag=tag, text=plain_text(text, keep_lines=True))
        self.classes(classes)


def named(element: E, name: str) -> E:
    """Give an element a name for those who do not see it; as a value, never as part of a list of properties."""
    element.props["aria-label"] = name
    return element


def titled(cell: ui.element, title: str) -> ui.element:
    """Let a cell of a table say its column's title, for where the table is shown as cards."""
    cell.props["data-title"] = title
    return cell


class Screen:
    """One screen while it is drawn: the work that it shows, and the words of its language."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._words = work.words
        self._step = step_of(work.run)  # before anything is drawn of it: the job goes on meanwhile
        self._path = ""

    def words(self, text: Message) -> str:
        """Return a text in the person's language, with what to do here in place of options of the command line."""
        return say(self._words, on_page(text))

    def text(self, text: Message, tag: str = "p", classes: str = "") -> Text:
        return Text(tag, self.words(text), classes)

    @contextmanager
    def frame(self, path: str, title: Message) -> Iterator[None]:
        """Draw what every screen has, and hold its column open."""
        self._path = path
        ui.colors(primary="#1d5bbf", positive="#1b6e3c", negative="#b3261e", warning="#8a5300")
        ui.add_css(STYLE)
        ui.page_title(f"{self.words(title)} · import-tickets")
        ui.query("html").props(f"lang={self.work.lang}")
        ui.link(self.words(message("Skip to the content")), "#content").classes("skip")
        with ui.element("header").classes("top"):
            Text("span", "import-tickets", "brand")
            self._steps(path)
            history = ui.link(self.words(message("History")), "/history").classes("step")
            if path == "/history":
                history.props("aria-current=page")
        if path != "/connect" and self.work.account is not None:
            with ui.element("div").classes(f"band {self.work.account.kind}").props("role=status"):
                self.text(self.work.account.name, "strong")
                self.text(KINDS[self.work.account.kind], "span")
        with ui.element("div").classes("column").props("id=content tabindex=-1"):
            self.text(title, "h1")
            yield

    def _steps(self, path: str) -> None:
        with named(ui.element("nav"), self.words(message("Steps"))), ui.element("ol").classes("steps"):
            for number, (target, title) in enumerate(STEPS, 1):
                with ui.element("li"):
                    link = ui.link("", target).classes("step")
                    with link:
                        Text("span", str(number), "number").props("aria-hidden=true")
                        self.text(title, "span")
                    if target == path:
                        link.props("aria-current=page")

    def follow(self, on_change: Callable[[], None] | None = None) -> None:
        """Go to the screen of the job's next step once it is there; call `on_change` with whatever happens before."""
        run, seen, again_at = self.work.run, -1, 0.0

        def look() -> None:
            nonlocal seen, again_at
            is_elsewhere = on_change is not None and place_of(run) != self._path
            if is_elsewhere or self._step != step_of(self.work.run):
                if time.monotonic() >= again_at:  # a browser under load may miss the first word
                    again_at = time.monotonic() + REPEAT_S
                    place = place_of(self.work.run)
                    if on_change is None:
                        ui.navigate.to(place)
                    else:  # in place of a screen on which one only waits: the back button leads past it
                        ui.run_javascript(f"location.replace({json.dumps(place)})")
            elif run is not None and run.changes != seen and on_change is not None:
                seen = run.changes
                on_change()

        ui.timer(POLL_S, look)

    # --- pieces --------------------------------------------------------------------------------------------------

    def button(self, text: Message, on_click: object, *, second: bool = False, danger: bool = False) -> ui.button:
        """Add a button; `second`: not the one that goes on."""
        kind = "second" if second else "danger" if danger else "first"
        button = ui.button(self.words(text), on_click=on_click, color=None)  # type: ignore[arg-type]
        return button.props("unelevated no-caps").classes(f"press {kind}")

    def go(self, text: Message, target: str, *, second: bool = False) -> ui.button:
        """Add a button that goes to another screen."""
        return self.button(text, lambda: ui.navigate.to(target), second=second)

    def error(self, error: ImportTicketsError | None) -> None:
        """Show why a step did not come to its end."""
        if error is None:
            return
        with ui.element("div").classes("note bad").props("role=alert"):
            Text("p", self.words(error.text))
            for finding in error.findings[1:]:
                Text("p", self.words(finding.text))

    def unfinished(self) -> None:
        """Offer to go on with a run that stopped early: here, or once its account is connected."""
        run = self.work.unfinished()
        if run is None:
            return
        with ui.element("div").classes("note strip"):
            name = Path(run.file).name
            text = message("{file}: run {run} stopped before its end. What was sent is known.", file=name, run=run.id)
            self.text(text)
            if self.work.account is None:
                self.text(message("Connect to its account to continue."))
            else:
                self.button(message("Continue with {file}", file=name), lambda: self.resume(run.id))

    def resume(self, run_id: str) -> None:
        """Go on with a run."""
        self.work.start_resume(run_id)
        ui.navigate.to("/sending")

    def notices(self, notices: Iterable[Message]) -> None:
        """Show what is worth knowing."""
        shown = list(dict.fromkeys(self.words(one) for one in notices))
        if shown:
            with ui.element("ul").classes("note list"):
                for text in shown:
                    Text("li", text)

    def table(self, headers: Sequence[Message], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = ()) -> None:
        """Show a table of texts; `numbers`: columns that hold them."""
        with (
            ui.element("div").classes("wide").props("tabindex=0 role=group"),
            ui.element("table").classes("sheet"),
        ):
            with ui.element("thead"), ui.element("tr"):
                for place, header in enumerate(headers):
                    self.text(header, "th", "number" if place in numbers else "").props("scope=col")
            with ui.element("tbody"):
                for row in rows:
                    with ui.element("tr"):
                        for place, text in enumerate(row):
                            titled(Text("td", text, "number" if place in numbers else ""), self.words(headers[place]))

    def finding_rows(self, findings: Iterable[Finding]) -> list[tuple[str, str]]:
        """Return the places of findings and what is wrong there."""
        return [(cell_of(one, self._words), self.words(one.text)) for one in findings]

    def numbers(self, *facts: tuple[int, Message, str]) -> None:
        """Show a few large numbers with what they count: (number, text, class)."""
        with ui.element("dl").classes("numbers"):
            for number, text, kind in facts:
                with ui.element("div").classes(kind):
                    self.text(text, "dt")
                    Text("dd", grouped(number, self._words))


KINDS = {
    "practice": message("Nothing here reaches HubSpot."),
    "sandbox": message("A test account."),
    "production": message("A live account: what you send changes real tickets."),
}
