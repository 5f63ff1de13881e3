"""Questions on a terminal, and what is typed there. What was typed before a question was shown is no answer to it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import TextIO
from zlib import crc32

from importer.errors import ErrorsOnly
from importer.i18n import ENGLISH, PORTUGUESE, language_of
from importer.labels import plain_text
from importer.reports.plan_view import MOST_ROWS_BY_YES
from importer.reports.screen import Screen
from schemas.message import Message, message

_YES = {ENGLISH: {"y", "yes"}, PORTUGUESE: {"y", "yes", "s", "sim"}}

_ANSI_SYSTEMS = frozenset({"standard", "256", "truecolor"})
_PORTAL_COLOURS = ("1;32", "1;34", "1;35", "1;36", "1;7;32", "1;7;34", "1;7;35", "1;7;36")
"""Looks of a portal's name, all readable on dark and light (ECMA-48, 8.3.117); red and yellow mean something else."""


class Questions:
    """Asks on `screen`; the answers are lines of `answers` (standard input)."""

    def __init__(self, screen: Screen, answers: TextIO | None = None) -> None:
        self._screen = screen
        self._answers = answers if answers is not None else sys.stdin
        self.offers_errors = False
        """Whether `e` answers a question: write the errors into the sheet, and send nothing."""

    def ask(self, question: Message) -> bool:
        """Ask, and return whether the answer is yes. No answer at all is a no."""
        return self._is_yes(self._answer(self._prompt(question, message("[y/N]"))))

    def ask_each(self, questions: Sequence[Message]) -> list[bool]:
        """Ask one after the other, and return whether each answer was yes. `q`, Ctrl-C and no answer end the asking."""
        if len(questions) > 1:
            self._screen.write(self._screen.words(message("Type q to skip the questions that are left.")))
        answers = [False] * len(questions)
        for number, question in enumerate(questions):
            typed = self._typed(self._prompt(question, message("[y/N]")))
            if not typed.endswith("\n") or typed.strip().lower() == "q":
                break
            answers[number] = self._is_yes(typed.strip())
        return answers

    def ask_rows(self, question: Message, rows: int, name: str = "") -> int:
        """Ask, and return how many of the rows are to be sent: all for yes, none for no, else the number.

        name: what has to be typed for a yes; a number sends no more than may be sent without it.
        """
        most = min(rows, MOST_ROWS_BY_YES) if name else rows
        choices = (
            message('Type "{name}" to go ahead, or a number:', name=name) if name else message("[y/N or a number]")
        )
        while True:
            answer = self._answer(self._prompt(question, choices))
            if not (answer.isascii() and answer.isdigit()) or answer == name:
                return rows if (answer == name if name else self._is_yes(answer)) else 0
            if 0 < int(answer[:10]) <= most:
                return int(answer)
            self._screen.write(
                self._screen.words(
                    message('Type a number from 1 to {rows}, or "{name}".', rows=most, name=name)
                    if name
                    else message("Type a number from 1 to {rows}, or y or n.", rows=most)
                )
            )

    def ask_name(self, question: Message, name: str) -> bool:
        """Ask, and return whether the name was typed, whole. No answer at all is a no."""
        how = message('Type "{name}" to go ahead:', name=name)
        return self._answer(self._prompt(question, how)) == name

    def _prompt(self, question: Message, choices: Message) -> str:
        """Return a question with what may be answered.

        On a terminal it is folded between words, and a portal that it names has a colour that is always that portal's.
        """
        text, choice = plain_text(self._screen.words(question)), plain_text(self._screen.words(choices))
        if not self._screen.interactive:
            return f"{text} {choice} "
        console = self._screen.console()
        text = self._screen.fold([*text.split(" "), choice])
        portal = question.values.get("portal")
        if not isinstance(portal, Message) or console.no_color or console.color_system not in _ANSI_SYSTEMS:
            return f"{text} "
        colour = _PORTAL_COLOURS[crc32(str(portal).encode()) % len(_PORTAL_COLOURS)]
        name = r"\s".join(map(re.escape, plain_text(self._screen.words(portal)).split(" ")))
        return re.sub(name, lambda found: f"\x1b[{colour}m{found[0]}\x1b[0m", text) + " "

    def _answer(self, prompt: str) -> str:
        """Return what is typed after a prompt. Raises ErrorsOnly where that is the answer."""
        answer = self._typed(prompt).strip()
        if self.offers_errors and answer.lower() == "e":
            raise ErrorsOnly(message("Nothing was changed in HubSpot."))
        return answer

    def _typed(self, prompt: str) -> str:
        """Return the line that is typed after a prompt, with its end; "" for Ctrl-C and the end of input.

        What was typed before the prompt is dropped.
        """
        _forget_typed(self._answers)
        try:
            self._screen.stream.write(prompt)
            self._screen.stream.flush()
            answer = self._answers.readline()
        except (OSError, ValueError, KeyboardInterrupt):  # the terminal is gone, or was closed; Ctrl-C says no
            answer = ""
        if not answer.endswith("\n"):
            self._screen.stream.write("\n")
        return answer

    def _is_yes(self, answer: str) -> bool:
        return answer.lower() in _YES[language_of(self._screen.translations)]


def _forget_typed(answers: TextIO) -> None:
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
