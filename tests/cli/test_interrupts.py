"""Ctrl-C and its like, wherever they find the program."""

import asyncio
import contextlib
import io
import signal
import sys

import pytest

from importer.cli.main import main
from importer.cli.session import drive
from importer.errors import Interrupted


def test_a_signal_leaves_nothing_of_the_event_loop_half_done():
    """A callback of the loop that was cut off woke nobody; what it was to wake was waited for without end."""
    finished = []

    def wake():
        signal.raise_signal(signal.SIGINT)
        finished.append("wake")

    async def job(stop):
        del stop
        asyncio.get_running_loop().call_soon(wake)
        await asyncio.sleep(60)

    with pytest.raises(Interrupted):
        drive(job)

    assert finished == ["wake"]


def test_a_signal_ends_at_once_what_a_task_does():
    finished = []

    async def job(stop):
        del stop
        signal.raise_signal(signal.SIGINT)
        finished.append("job")

    with pytest.raises(Interrupted):
        drive(job)

    assert finished == []


def test_a_graceful_job_is_asked_and_left_at_the_second_signal():
    async def job(stop):
        stop.graceful = True
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(Interrupted):
        drive(job)


def test_ctrl_c_before_the_work_begins_shows_no_traceback(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("importer.cli.command_line.parse", interrupted)

    assert main(["runs"]) == 130
    assert capsys.readouterr().err == ""


def test_a_signal_as_the_output_is_passed_on_shows_no_traceback(monkeypatch):
    class Slow(io.StringIO):
        def flush(self):
            if not self.closed:
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(sys, "stdout", Slow())

    with interruptible():
        assert main(["--version"]) == 130


@contextlib.contextmanager
def interruptible():
    """A suite that a shell started in the background was told to ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
