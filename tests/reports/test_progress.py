"""How far a step has come, on a clock of our own."""

import re
from datetime import datetime

import pytest

from importer.i18n import translations
from importer.reports.progress import Progress


class Clock:
    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def progress(pipe, clock):
    return Progress(
        "Updating",
        total=10_000,
        translations=translations("en"),
        stream=pipe,
        clock=clock,
        now=lambda: datetime(2026, 11, 23, 14, 0, 0),  # noqa: DTZ001 - the reader's own time of day
    )


def test_rows_rate_and_time_left(progress, clock):
    with progress:
        progress.update(1000, updated=990, failed=10, daily_share=0.031)
        at_once = progress.line()
        clock.seconds += 10
        later = progress.line()

    assert at_once == "Updating  10 %  1000/10000  990 updated, 10 failed  day's calls 3.1 %"
    assert later == (
        "Updating  10 %  1000/10000  990 updated, 10 failed  100 rows/s  1 min 30 s left  day's calls 3.1 %"
    )


def test_what_was_done_before_does_not_count_as_speed(progress, clock):
    """A resumed run begins where it stopped."""
    with progress:
        progress.start_at(9000)
        clock.seconds += 10
        progress.update(9100)

    assert "10 rows/s  1 min 30 s left" in progress.line()


def test_a_wait_is_told_until_it_is_over(progress, clock):
    with progress:
        progress.wait(90)
        progress.wait(5)
        waiting = progress.line()
        clock.seconds += 91
        over = progress.line()

    assert waiting == "Updating  0 %  0/10000  waiting for the portal until 14:01:30"
    assert "waiting" not in over


def test_without_a_terminal_a_line_now_and_then(progress, clock, pipe):
    """Twenty updates in twenty seconds are two lines, not twenty."""
    with progress:
        for second in range(20):
            clock.seconds += 1
            progress.update(second * 100)

    assert pipe.getvalue().splitlines() == [
        "Updating  9 %  900/10000  90 rows/s  1 min 41 s left",
        "Updating  19 %  1900/10000  95 rows/s  1 min 25 s left",
    ]


def test_without_a_total(pipe, clock):
    progress = Progress("Reading", total=None, translations=translations("pt-BR"), stream=pipe, clock=clock)
    with progress:
        clock.seconds += 4
        progress.update(2000)
        unknown = progress.line()
        progress.update(2000, total=4000)

    assert unknown == "Reading  2000  500 linhas/s"
    assert progress.line() == "Reading  50 %  2000/4000  500 linhas/s  faltam 4 s"


@pytest.mark.parametrize("width", [40, 80, 120])
def test_on_a_terminal_one_line_that_fits_and_goes_away(screen, clock, width, monkeypatch):
    from rich.console import Console

    monkeypatch.setenv("TERM", "xterm-256color")
    console = Console(file=screen, width=width, force_terminal=True, color_system=None)
    progress = Progress(
        "Updating",
        total=10_000,
        translations=translations("en"),
        stream=screen,
        console=lambda: console,
        clock=clock,
    )
    clock.seconds += 10
    with progress:
        clock.seconds += 10
        progress.update(5000, updated=4990, failed=10, daily_share=0.5)

    drawn = screen.getvalue()
    frames = [line for line in re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]|\r", "\n", drawn).splitlines() if "Updating" in line]
    assert frames
    assert "50 %  5000/10000" in frames[-1]
    assert max(map(len, frames)) <= width
    assert "\x1b[2K" in drawn
    if width == 120:
        assert "━" in frames[-1]
