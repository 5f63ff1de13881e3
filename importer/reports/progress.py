"""How far a step has come: a line that redraws itself on a terminal, a line now and then elsewhere.

The line has rows done and failed, the time left and the time passed, rows a second, the share of the day's calls that
is used up, and for how long the portal makes us wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Self, TextIO

from importer.model import Status
from importer.reports.text import duration, grouped, percent, status_count
from schemas.message import Message, Translations, message

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

SECONDS_BETWEEN_LINES = 10.0
"""Where there is no terminal: how often a line is written."""

_REDRAWS_A_SECOND = 5
_LONGEST_BAR = 30
_SHORTEST_BAR = 8
_KEPT_PARTS = 3
"""The share, the rows and the time left are worth more than a bar."""
_SETTLED_AFTER_S = 2.0
"""Before this, a rate is a guess and is not shown."""


class Progress:
    """Shows how far a step has come while it is open. Take one from `Terminal.progress`.

    `console` is given on a terminal alone. `clock` counts seconds.
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
    ) -> None:
        self._title = title
        self._total = total
        self._translations = translations
        self._stream = stream
        self._console = console
        self._quiet = quiet
        self._clock = clock
        self._live: Live | None = None
        self._done = self._failed = 0
        self._daily_share: float | None = None
        self._rows_a_second = 0.0
        self._wait_ends = 0.0
        self._wait_reason: Message | None = None
        self._started = self._last_line = clock()

    def __enter__(self) -> Self:
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

    def update(
        self, done: int, *, total: int | None = None, failed: int | None = None, daily_share: float | None = None
    ) -> None:
        """Note how many rows are done by now, and how many of them failed; what is left out stays.

        `daily_share`: the share (0 to 1) of the day's calls that is used up.
        """
        self._done = done
        self._total = self._total if total is None else total
        self._failed = self._failed if failed is None else failed
        self._daily_share = self._daily_share if daily_share is None else daily_share
        self._write_now_and_then()

    def allow(self, rows_a_second: float) -> None:
        """Note what the portal's window allows in the long run; 0 where that is not known.

        A window may be used up at once, so that the first seconds promise more than can be kept.
        """
        self._rows_a_second = rows_a_second or self._rows_a_second

    def wait(self, seconds: float, reason: Message | None = None) -> None:
        """Note that the portal makes us wait; the line counts down, and drops it once that has passed."""
        ends = self._clock() + seconds
        if ends >= self._wait_ends:
            self._wait_ends, self._wait_reason = ends, reason
        self._write_now_and_then()

    def line(self) -> str:
        """Return what the line says now, without its bar."""
        return "  ".join([self._title, *self._parts()])

    def _parts(self) -> list[str]:
        """Return what the line says, the most important first."""
        parts = []
        share = self._share()
        if share is not None:
            parts.append(f"{int(share * 100)} %")
        done = grouped(self._done, self._translations)
        parts.append(f"{done}/{grouped(self._total, self._translations)}" if self._total else done)
        parts += self._waiting() or self._speed()
        if self._failed:
            parts.insert(2, self._say(status_count(Status.FAILED, self._failed)))
        if self._daily_share is not None:
            used = percent(self._daily_share, self._translations)
            parts.append(self._say(message("day's calls {share} %", share=used)))
        return parts

    def _speed(self) -> list[str]:
        """Return the time left, the time passed and rows a second, once they are more than a guess."""
        passed = self._clock() - self._started
        if passed < _SETTLED_AFTER_S or self._done <= 0:
            return []
        rate = self._done / passed
        if self._rows_a_second:
            rate = min(rate, self._rows_a_second)
        speed = [
            self._say(message("{time} so far", time=duration(passed))),
            self._say(message("{rate} rows/s", rate=grouped(round(rate), self._translations))),
        ]
        if self._total and self._done < self._total:
            left = duration((self._total - self._done) / rate)
            speed.insert(0, self._say(message("about {time} left", time=left)))
        return speed

    def _waiting(self) -> list[str]:
        left = self._wait_ends - self._clock()
        if left <= 0:
            return []
        wait = [self._say(message("waiting {time}", time=duration(left)))]
        return [*wait, self._say(self._wait_reason)] if self._wait_reason else wait

    def _share(self) -> float | None:
        return min(1.0, self._done / self._total) if self._total else None

    def _say(self, text: Message) -> str:
        return text.render(self._translations)

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
        kept = self._parts()
        width = self._console().width - len(self._title) - 2
        share = self._share()
        bar = _SHORTEST_BAR + 3 if share is not None else 0
        while len(kept) > 1 and len("  ".join(kept)) > width - bar * (len(kept) > _KEPT_PARTS):
            kept.pop()
        parts = "  ".join(kept)
        room = min(_LONGEST_BAR, width - len(parts) - 3)
        drawn = Text(self._title, style="bold", no_wrap=True, overflow="ellipsis", end="")
        if share is not None and room >= _SHORTEST_BAR:
            full, empty = ("━", "─") if self._console().encoding.lower().startswith("utf") else ("#", "-")
            filled = int(share * room)
            drawn.append("  ")
            drawn.append(full * filled, style="green")
            drawn.append(empty * (room - filled), style="dim")
        return drawn.append(f"  {parts}", style="not bold")
