"""What is typed on a terminal before it is asked for."""

from __future__ import annotations

from typing import TextIO


def forget_typed(answers: TextIO) -> None:
    """Drop what was typed before a question was shown. Where nobody types, nothing is dropped."""
    try:
        if not answers.isatty():
            return
        descriptor = answers.fileno()
    except (AttributeError, OSError, ValueError):  # closed, or none
        return
    try:
        import termios
    except ImportError:
        _forget_on_windows()
        return
    try:
        termios.tcflush(descriptor, termios.TCIFLUSH)
    except (OSError, termios.error):  # the terminal is gone
        return


def _forget_on_windows() -> None:
    """Drop the keys that wait in the console."""
    import importlib

    console = importlib.import_module("msvcrt")  # typeshed shows it to Windows alone
    while console.kbhit():
        console.getwch()
