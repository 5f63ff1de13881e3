"""How far a step has come, on a clock of our own."""

import re

import pytest

from importer.i18n import translations
from importer.reports.progress import Progress
from schemas.message import message


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
    )


def test_rows_time_and_rate(progress, clock):
    with progress:
        progress.update(1000, failed=10, daily_share=0.031)
        at_once = progress.line()
        clock.seconds += 10
        later = progress.line()

    assert at_once == "Updating  10 %  1,000/10,000  10 failed  day's calls 3.1 %"
    assert later == (
        "Updating  10 %  1,000/10,000  10 failed  about 1 min 30 s left  10 s so far  100 rows/s  day's calls 3.1 %"
    )


def test_the_estimate_knows_what_the_window_allows(progress, clock):
    """A window of 5,000 rows in 10 seconds is used up in two: the next rows leave in the next window."""
    with progress:
        clock.seconds += 2
        progress.allow(500)
        progress.update(5000)

    assert progress.line() == "Updating  50 %  5,000/10,000  about 10 s left  2 s so far  500 rows/s"


def test_a_hundred_per_cent_is_the_end(progress, clock):
    with progress:
        clock.seconds += 10
        progress.update(9999)
        nearly = progress.line()
        progress.update(10_000)

    assert "99 %" in nearly
    assert progress.line() == "Updating  100 %  10,000/10,000  10 s so far  1,000 rows/s"


def test_a_wait_counts_down_until_it_is_over(progress, clock):
    with progress:
        progress.wait(90, message("HubSpot's rate limit is reached"))
        progress.wait(5)
        waiting = progress.line()
        clock.seconds += 30
        later = progress.line()
        clock.seconds += 61
        over = progress.line()

    assert waiting == "Updating  0 %  0/10,000  waiting 1 min 30 s  HubSpot's rate limit is reached"
    assert "waiting 1 min  " in later
    assert "waiting" not in over


def test_without_a_terminal_a_line_now_and_then(progress, clock, pipe):
    """Twenty updates in twenty seconds are two lines, not twenty."""
    with progress:
        for second in range(20):
            clock.seconds += 1
            progress.update(second * 100)

    assert pipe.getvalue().splitlines() == [
        "Updating  9 %  900/10,000  about 1 min 41 s left  10 s so far  90 rows/s",
        "Updating  19 %  1,900/10,000  about 1 min 25 s left  20 s so far  95 rows/s",
    ]


def test_without_a_total(pipe, clock):
    progress = Progress("Reading", total=None, translations=translations("pt-BR"), stream=pipe, clock=clock)
    with progress:
        clock.seconds += 4
        progress.update(2000)
        unknown = progress.line()
        progress.update(2000, total=4000)

    assert unknown == "Reading  2.000  há 4 s  500 linhas/s"
    assert progress.line() == "Reading  50 %  2.000/4.000  faltam cerca de 4 s  há 4 s  500 linhas/s"


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
        progress.update(5000, failed=10, daily_share=0.5)

    drawn = screen.getvalue()
    frames = [line for line in re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]|\r", "\n", drawn).splitlines() if "Updating" in line]
    assert frames
    assert "50 %  5,000/10,000" in frames[-1]
    assert max(map(len, frames)) <= width
    assert "\x1b[2K" in drawn
    if width > 40:
        assert "━" in frames[-1]
