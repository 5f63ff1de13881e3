"""How far a step has come: a line that redraws itself on a terminal, a line now and then elsewhere.

The line tells rows done, updated and failed, rows a second and the time left, the share of the day's calls that is
used up, and until when the portal makes us wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self, TextIO

from importer.model import Status
from importer.reports.text import duration, percent
from schemas.message import Translations, message

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

SECONDS_BETWEEN_LINES = 10.0
"""Where there is no terminal: how often a line is written."""

_REDRAWS_A_SECOND = 5
_LONGEST_BAR = 30
_SHORTEST_BAR = 8
_SETTLED_AFTER_S = 2.0
"""Before this, a rate is a guess and is not shown."""


class Progress:
    """Shows how far a step has come while it is open. Take one from `Terminal.progress`.

    `console` is given on a terminal alone. `clock` counts seconds; `now` is the time of day for people.
    """

    def __init__(
        self,
        title: str,
        *,
        total: int | None,
        translations: Translations,
        stream: TextIO,
        console: Callable[[], Console] | None = None,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._title = title
        self._total = total
        self._translations = translations
        self._stream = stream
        self._console = console
        self._quiet = quiet
        self._clock = clock
        self._now = now
        self._live: Live | None = None
        self._done = self._first_done = 0
        self._updated = self._failed = 0
        self._daily_share: float | None = None
        self._wait_ends: float | None = None
        self._started = self._last_line = clock()

    def __enter__(self) -> Self:
        """Start drawing."""
        self._started = self._last_line = self._clock()
        if self._console is not None and not self._quiet:
            from rich.live import Live

            self._live = Live(
                get_renderable=self._draw,
                console=self._console(),
                transient=True,
                refresh_per_second=_REDRAWS_A_SECOND,
            )
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the line away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def start_at(self, done: int) -> None:
        """Tell that `done` rows were done before: a resumed run does not count them to its speed."""
        self._done = self._first_done = done

    def update(
        self,
        done: int,
        *,
        total: int | None = None,
        updated: int | None = None,
        failed: int | None = None,
        daily_share: float | None = None,
    ) -> None:
        """Tell how many rows are done by now, how many of them were updated and failed; what is left out stays.

        `daily_share`: the share (0 to 1) of the day's calls that is used up.
        """
        self._done = done
        self._total = self._total if total is None else total
        self._updated = self._updated if updated is None else updated
        self._failed = self._failed if failed is None else failed
        self._daily_share = self._daily_share if daily_share is None else daily_share
        self._write_now_and_then()

    def wait(self, seconds: float) -> None:
        """Tell that the portal makes us wait; the line says until when, and drops it once that has passed."""
        self._wait_ends = max(self._wait_ends or 0.0, self._clock() + seconds)
        self._write_now_and_then()

    def line(self) -> str:
        """Return what the line says now, without its bar."""
        return "  ".join([self._title, *self._parts()])

    def _parts(self) -> list[str]:
        told = []
        share = self._share()
        if share is not None:
            told.append(f"{int(share * 100)} %")
        told.append(f"{self._done}/{self._total}" if self._total else str(self._done))
        if self._failed:
            told.append(f"{self._updated} {Status.UPDATED}, {self._failed} {Status.FAILED}")
        waiting = self._waiting()
        if waiting:
            return [*told, waiting]
        rate = self._rate()
        if rate:
            told.append(message("{rate} rows/s", rate=round(rate)).render(self._translations))
            if self._total:
                left = duration((self._total - self._done) / rate)
                told.append(message("{time} left", time=left).render(self._translations))
        if self._daily_share is not None:
            used = percent(self._daily_share, self._translations)
            told.append(message("day's calls {share} %", share=used).render(self._translations))
        return told

    def _share(self) -> float | None:
        return min(1.0, self._done / self._total) if self._total else None

    def _rate(self) -> float | None:
        passed = self._clock() - self._started
        done = self._done - self._first_done
        return done / passed if passed >= _SETTLED_AFTER_S and done > 0 else None

    def _waiting(self) -> str:
        left = (self._wait_ends or 0.0) - self._clock()
        if self._wait_ends is None or left <= 0:
            self._wait_ends = None
            return ""
        until = f"{self._now() + timedelta(seconds=left):%H:%M:%S}"
        return message("waiting for the portal until {time}", time=until).render(self._translations)

    def _write_now_and_then(self) -> None:
        if self._quiet or self._console is not None:
            return
        if self._clock() - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = self._clock()
            self._stream.write(f"{self.line()}\n")
            self._stream.flush()

    def _draw(self) -> Text:
        from rich.text import Text

        assert self._console is not None
        told = self._parts()
        width = self._console().width - len(self._title) - 2
        while len(told) > 1 and len("  ".join(told)) > width:
            told.pop()
        parts = "  ".join(told)
        share = self._share()
        room = min(_LONGEST_BAR, width - len(parts) - 3)
        drawn = Text(self._title, style="bold", no_wrap=True, overflow="ellipsis", end="")
        if share is not None and room >= _SHORTEST_BAR:
            full, empty = ("━", "─") if self._console().encoding.lower().startswith("utf") else ("#", "-")
            filled = int(share * room)
            drawn.append("  ")
            drawn.append(full * filled, style="green")
            drawn.append(empty * (room - filled), style="dim")
        return drawn.append(f"  {parts}", style="not bold")
