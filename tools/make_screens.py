"""Draws what a person sees at each end of a run: in both languages, on terminals of several widths.

    python -m tools.make_screens        writes tests/cli/screens/*.txt anew

Each file holds one end, language by language and width by width. The program runs in this process on a pseudo-terminal;
what it draws and takes away again (progress) is not in the picture, nor is what is another one each time.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import pty
import re
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from tools.guide_pages import ROOT
from tools.guide_walk import tidy

SCREENS = ROOT / "tests" / "cli" / "screens"
LANGUAGES = ("en", "pt-BR")
WIDTHS = (80, 100, 120)
CTRL_C = "^C"
END_OF_INPUT = "\x04"
LATEST = "RUN"
"""In place of the ID of the latest run."""

GOOD = """\
Record ID,Ticket name,Priority,Refund amount
25012345001,Invoice shows the wrong address (1),High,12.5
25012345009,Password reset mail missing (3),Urgent,
25012345013,"Invoice shows the wrong address, and a second one that a customer wrote to us about in May",High,1038.66
"""
BAD = """\
25012345015,Router loses connection (5),Urgentt,about 100
99999999999,No such ticket,High,
"""


@dataclass(frozen=True)
class End:
    """One end of a run: what is typed at its questions. `down`: nobody listens where the portal should be."""

    arguments: tuple[str, ...]
    answers: tuple[str, ...] = ()
    down: bool = False
    widths: tuple[int, ...] = WIDTHS
    lines: int | None = None
    """So many lines of the screen are kept."""


ENDS: Mapping[str, End] = {
    "no": End(("good.csv",), ("n\n",), widths=WIDTHS[:1]),
    "ctrl-c": End(("good.csv",), (CTRL_C,), widths=WIDTHS[:1]),
    "end-of-input": End(("good.csv",), (END_OF_INPUT,), widths=WIDTHS[:1]),
    "yes": End(("good.csv", "--html", "page.html", "--overwrite"), ("y\n",)),
    "runs": End(("runs",)),
    "runs-show": End(("runs", "show", LATEST)),
    "undo": End(("undo",), ("y\n",)),
    "bad-rows-no": End(("bad.csv",), ("q\n", "n\n"), widths=WIDTHS[:1]),
    "bad-rows": End(("bad.csv",), ("n\n", "e\n")),
    "corrected": End(("bad.csv",), ("y\n", "n\n", "y\n", "n\n"), widths=WIDTHS[:1]),
    "guard-rail": End(("good.csv", "--yes", "--max-changes", "1"), widths=WIDTHS[:1]),
    "portal-down": End(("good.csv", "--yes"), down=True, widths=WIDTHS[:1]),
    "doctor": End(("doctor",), widths=WIDTHS[:1]),
    "schema-show": End(("schema", "show"), lines=20),
    "schema-show-property": End(("schema", "show", "hs_pipeline_stage"), widths=WIDTHS[:1]),
}
"""In this order: an undo takes back what the yes before it changed."""


def screens() -> dict[str, str]:
    """Return every screen by the name of its file."""
    drawn: dict[str, list[str]] = {name: [] for name in (*ENDS, "waiting")}
    for language in LANGUAGES:
        with tempfile.TemporaryDirectory() as folder, _home(Path(folder), language):
            for width in WIDTHS:
                for name, end in ENDS.items():
                    if width in end.widths:
                        title = f"=== {language}, {width} columns: import-tickets {' '.join(end.arguments)}"
                        drawn[name].append(f"{title}\n{_draw(end, width, Path(folder))}\n")
                drawn["waiting"].append(
                    f"=== {language}, {width} columns: while it waits\n{_waiting(language, width)}\n"
                )
    return {f"{name}.txt": "\n".join(parts) for name, parts in drawn.items()}


@contextlib.contextmanager
def _home(folder: Path, language: str) -> Iterator[None]:
    """Sit down in an empty folder with a state folder, and make waits short."""
    from importer.portal.client import Portal
    from importer.portal.clock import Clock

    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HUBSPOT_", "IMPORT_"))}
    own = {"HOME": str(folder), "IMPORT_TICKETS_HOME": str(folder / "home"), "TERM": "xterm", "NO_COLOR": "1"}
    quick = functools.partialmethod(Clock.__init__, speed=500)
    before = Path.cwd()
    os.chdir(folder)
    try:
        with (
            mock.patch.dict(os.environ, {**kept, **own, "IMPORT_TICKETS_LANG": language}, clear=True),
            mock.patch.object(Clock, "__init__", quick),
            mock.patch.object(Portal, "latency_s", 0.2),  # a time that is forecast is as long in letters on any machine
        ):
            yield
    finally:
        os.chdir(before)


def _draw(end: End, width: int, folder: Path) -> str:
    """Carry out a command on a terminal of that width, and return what stands there at its end."""
    (folder / "good.csv").write_text(GOOD, encoding="utf-8")
    for copy in folder.glob("*.corrected*"):
        copy.unlink()
    shutil.rmtree(folder / "home" / "limits", ignore_errors=True)  # by the quick clock an hour has passed
    (folder / "bad.csv").write_text(GOOD + BAD, encoding="utf-8")
    portal = {"COLUMNS": str(width)}
    latest = max((one.stem for one in (folder / "home" / "runs").glob("*.sqlite3")), default="")
    arguments = [latest if one == LATEST else one for one in end.arguments]
    if end.down:
        portal |= {"HUBSPOT_BASE_URL": "http://127.0.0.1:9", "HUBSPOT_ACCESS_TOKEN": "pat-na1-0"}
    elif arguments[0] != "runs":
        arguments.append("--sandbox")
    with mock.patch.dict(os.environ, portal):
        code, shown = on_terminal(arguments, end.answers)
    text = tidy(_screen(shown).replace(f"{folder.resolve()}{os.sep}", "/home/ana/"))
    for pattern, instead in _OTHERS_EACH_TIME:
        text = pattern.sub(instead, text)
    lines = [
        re.sub(r"\b(\d+ min )?\d+ (s|min)(?=[:,])", "2 s", line) for line in text.splitlines() if "API v3" not in line
    ]
    told = [line for at, line in enumerate(lines) if not at or line != lines[at - 1] or "2 s:" not in line]
    return "\n".join([*told[: end.lines], f"[exit code {code}]"])


_OTHERS_EACH_TIME = (
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d\b"), "2026-11-23 14:15"),
    (re.compile(r"\b\d\d/\d\d/\d{4} \d\d:\d\d\b"), "23/11/2026 14:15"),
    (re.compile(r"(?s)(import-tickets 0\.2\.0, ).*?(?=\n  ok)"), r"\g<1>..."),
)


def _waiting(language: str, width: int) -> str:
    """Return the line that stands on a terminal while the portal makes a run wait."""
    from rich.console import Console

    from importer.i18n import translations
    from importer.reports.progress import Progress
    from schemas.message import message

    words, shown = translations(language), io.StringIO()
    console = Console(file=shown, width=width, force_terminal=True, color_system=None)
    title = message("Updating").render(words)
    with Progress(title, total=45_000, translations=words, stream=shown, console=lambda: console, clock=float) as line:
        line.update(12_300, failed=2, daily_share=0.004)
        line.wait(83, message("HubSpot's rate limit is reached"))
    return [part for part in re.split(r"\x1b\[[?0-9;]*[A-Za-z]|[\r\n]", shown.getvalue()) if part.strip()][-1]


def on_terminal(arguments: list[str], answers: tuple[str, ...]) -> tuple[int, str]:
    """Run the program on a pseudo-terminal, answer its questions; return exit code and all that was drawn."""
    from importer.cli.main import main

    lead, follow = pty.openpty()
    shown = io.StringIO()
    reader = threading.Thread(target=_read, args=(lead, shown, answers))
    with (
        os.fdopen(os.dup(follow), "r", encoding="utf-8") as typed,
        os.fdopen(os.dup(follow), "w", encoding="utf-8") as drawn,
        mock.patch.object(sys, "stdin", typed),
        contextlib.redirect_stderr(drawn),
        contextlib.redirect_stdout(drawn),
    ):
        reader.start()
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
    os.close(follow)
    reader.join()
    os.close(lead)
    return code, shown.getvalue()


def _read(lead: int, shown: io.StringIO, answers: tuple[str, ...]) -> None:
    """Read what is drawn until the terminal is closed; answer the questions in turn."""
    left = list(answers)
    while True:
        try:
            piece = os.read(lead, 4096)
        except OSError:  # Linux: the other end is closed
            return
        if not piece:
            return
        shown.write(piece.decode("utf-8", "replace"))
        if re.search(r"\[[ys]/N\] $", shown.getvalue()):
            answer = left.pop(0) if left else END_OF_INPUT
            if answer == CTRL_C:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            else:
                os.write(lead, answer.encode())


def _screen(drawn: str) -> str:
    """Return what stands on a terminal after it was given `drawn`: lines overwritten and erased as rich does it."""
    lines, row, column = [""], 0, 0
    for part in re.findall(r"\x1b\[[?0-9;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", drawn):
        if part == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        elif part == "\r":
            column = 0
        elif part == "\x1b[2K":
            lines[row] = ""
        elif match := re.fullmatch(r"\x1b\[(\d+)A", part):
            row = max(0, row - int(match[1]))
        elif not part.startswith("\x1b"):
            lines[row] = lines[row].ljust(column)[:column] + part + lines[row][column + len(part) :]
            column += len(part)
    return "\n".join(lines)


def main() -> None:
    """Write the screens."""
    SCREENS.mkdir(exist_ok=True)
    for name, text in screens().items():
        (SCREENS / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"tests/cli/screens/{name}\n")


if __name__ == "__main__":
    main()
