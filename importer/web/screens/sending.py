"""Sending: how far it is, and why it waits. Closing the page does no harm."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from nicegui import ui
from starlette.responses import RedirectResponse

from importer.portal.events import Event
from importer.reports.text import duration, grouped
from importer.web.frame import Screen, Text, named, place_of, to
from importer.web.runs import Run
from importer.web.work import Work
from schemas.message import message


def add(work: Work) -> None:
    @ui.page("/sending")
    def sending() -> RedirectResponse | None:
        run = work.run
        if run is None or place_of(run) != "/sending":
            return to(place_of(run))
        _Sending(work, run).draw()
        return None


class _Sending(Screen):
    """A bar with its numbers."""

    def __init__(self, work: Work, run: Run) -> None:
        super().__init__(work)
        self.run = run
        self.began, self.done_at_first = time.monotonic(), -1

    def draw(self) -> None:
        with self.frame("/sending", message("Sending")):
            with ui.element("div").classes("bar") as bar:
                name = self.words(message("Rows sent"))
                named(bar, name).props("role=progressbar aria-valuemin=0 aria-valuemax=100")
                part = ui.element("div")
            line = Text("p", self.words(message("Starting …"))).props("role=status")
            wait = Text("p", "", "soft")
            self.text(
                message(
                    "You may close this page: the work goes on as long as the program runs, and a run that is cut "
                    "short can be resumed."
                ),
                "p",
                "soft",
            )
            with ui.element("div").classes("strip"):
                pause = self.button(message("Pause after what is under way"), self.run.leave, second=True)

            def show() -> None:
                if self.run.stop.is_set and pause.enabled:
                    pause.set_text(self.words(message("Pausing: what is under way is finished first")))
                    pause.disable()
                event = self.run.event
                if event is not None and event.kind == "rows" and event.total:
                    share = min(100, round(100 * event.done / event.total))
                    part.style(f"width: {share}%")
                    bar.props(f"aria-valuenow={share}")
                    line.set_text(self.progress(event))
                wait.set_text(self.wait())

            self.follow(show)

    def progress(self, event: Event) -> str:
        """Return how far it is, how fast, and how long it will take."""
        if self.done_at_first < 0:
            self.began, self.done_at_first = time.monotonic(), event.done
        seconds = time.monotonic() - self.began
        rate = (event.done - self.done_at_first) / seconds if seconds > 1 else 0.0
        text = self.words(
            message(
                "{done} of {total} rows, {failed} refused",
                done=grouped(event.done, self._words),
                total=grouped(event.total, self._words),
                failed=grouped(event.failed, self._words),
            )
        )
        if rate:
            left = duration((event.total - event.done) / rate)
            text += "; " + self.words(
                message("{rate} rows a second, {left} left", rate=grouped(round(rate), self._words), left=left)
            )
        return text

    def wait(self) -> str:
        """Return why it waits, if it does."""
        waiting = self.run.waiting
        if waiting is None or waiting.reason is None or waiting.until is None:
            return ""
        seconds = (waiting.until - datetime.now(UTC)).total_seconds()
        if seconds <= 0:
            return ""
        return self.words(
            message("Waiting {seconds} s: {reason}", seconds=max(1, round(seconds)), reason=waiting.reason)
        )
