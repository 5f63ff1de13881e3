"""Walks through the guide as a reader would, page after page, and keeps the printed outputs true.

    python -m tools.guide_walk        writes the outputs anew where the program prints something else by now

A walk has a folder of its own that stands in for the reader's home, a sandbox portal of its own, and one language.
The few words of the shell that the guide uses are understood here, so that a walk takes seconds; the same commands
are given to a real shell by the test that installs the program.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from unittest import mock

from tools.guide_pages import GUIDE, LANGUAGES, PAGES, ROOT, Step, read_page, steps_of

HOME = "/home/ana"
"""What stands in the guide for the reader's home folder."""
_LATEST = "$(import-tickets runs | awk 'NR == 2 {print $1}')"
"""The guide's way to the ID of the latest run."""

SHOWING = frozenset({"output", "shows"})
"""Steps that are compared, not done."""

VOLATILE = (
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "0192d3f0-7c1a-7b3e-9f52-4242a1b2c3d4"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?"), "2026-11-23 14:15:03"),
    (re.compile(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d"), "23/11/2026 14:15:03"),
    (re.compile(r"\d{4}-\d\d-\d\d 00:00 \("), "2026-11-24 00:00 ("),
    (re.compile(r"\d\d/\d\d/\d{4} 00:00 \("), "24/11/2026 00:00 ("),
    (re.compile(r"\b62[0-4]([.,]?)\d{3}\b"), r"624\g<1>992"),
    (re.compile(r"\b(about|cerca de) \d+ s(?=, )"), r"\1 1 s"),
    (
        re.compile(r"(import-tickets )\d+\.\d+.*"),
        r"\g<1>0.2.0, Python 3.13.1 on Linux; httpx 0.28.1, openpyxl 3.1.5, ...",
    ),
)
"""Correlation IDs, moments, calls of the day that are left, estimates, versions: other ones each time."""
_RUN_ID = re.compile(r"\b\d{8}-\d{6}-[0-9a-f]{4}\b")


def tidy(text: str) -> str:
    """Return a printed text without what is another one each time; run IDs are told apart."""
    text = "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
    for pattern, instead in VOLATILE:
        text = pattern.sub(instead, text)
    runs = list(dict.fromkeys(_RUN_ID.findall(text)))
    return _RUN_ID.sub(lambda found: _sample_id(runs.index(found[0])), text)


def _sample_id(number: int) -> str:
    """Return a run ID for the guide: the later in a list, the earlier in time."""
    return f"20261123-{1430 - number}03-{(0x7F3A - 0x0B1D * number) % 0x10000:04x}"


@dataclass
class Walk:
    """One reader at one terminal. `portal`: the environment of a served portal, for a token that it refuses."""

    home: Path
    portal: dict[str, str] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    printed: str = ""
    code: int = 0
    runs: Iterator[int] = field(default_factory=itertools.count)
    """Run IDs end in random digits, and stand in order of time: here several are made in a second."""

    def __post_init__(self) -> None:
        """Sit down in the folder of the source, with a bare environment."""
        self.home = self.home.resolve()
        self.folder = ROOT
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HUBSPOT_", "IMPORT_"))}
        self.environ = {**kept, "HOME": str(self.home), "LC_ALL": "C", "NO_COLOR": "1", **self.environ}

    def carry_out(self, step: Step) -> None:
        """Do what a step asks; outputs are for the caller to compare with `printed`."""
        if step.kind == "file":
            (self.folder / step.name).write_text(step.text, encoding="utf-8")
        elif step.kind == "edit":
            edit_workbook(self.folder / step.name, step.cells)
        elif step.kind == "run" and not step.shell_only:
            self.printed = ""
            before = dict(self.environ)
            if step.expired:
                self.environ.update(self.portal, HUBSPOT_ACCESS_TOKEN="expired")
            for command in step.commands:
                self._run(command)
            if step.expired:
                self.environ = before

    def now(self, step: Step) -> str:
        """Return what should stand in a step that shows something, tidied."""
        if step.kind == "shows":
            return tidy((self.folder / step.name).read_text(encoding="utf-8-sig"))
        return "\n".join(tidy(self.printed).splitlines()[-step.last :])

    def _run(self, line: str) -> None:
        name, sign, value = line.removeprefix("export ").partition("=")
        if sign and name.isidentifier():
            self.environ[name] = self._latest_run() if value == _LATEST else self._words(value)[0]
            return
        command, *words = self._words(line)
        if command == "import-tickets":
            target = self.folder / words.pop() if ">" in words else None
            said, printed, self.code = self._program([word for word in words if word != ">"])
            if target is not None:
                target.write_text(printed, encoding="utf-8")
            self.printed += said if target is not None else printed
        elif command == "cd":
            self.folder = self.folder / words[0]
        else:
            self._COMMANDS[command](self, words)
            self.code = 0

    def _words(self, text: str) -> list[str]:
        """Return the words of a command, `$NAME` and `~` filled in."""
        text = re.sub(r"\$([A-Z_]+)", lambda found: self.environ[found[1]], text)
        return [str(self.home) + word[1:] if word.startswith("~") else word for word in shlex.split(text)]

    def _latest_run(self) -> str:
        _, printed, _ = self._program(["runs"])
        return printed.splitlines()[1].split()[0]

    def _copy(self, words: list[str]) -> None:
        shutil.copy(self.folder / words[0], self.folder / words[1])

    def _make_folder(self, words: list[str]) -> None:
        (self.folder / words[-1]).mkdir(parents=True, exist_ok=True)

    def _show(self, words: list[str]) -> None:
        self.printed += f"{self.code}\n" if words == ["$?"] else (self.folder / words[0]).read_text(encoding="utf-8")

    def _remove(self, words: list[str]) -> None:
        (self.folder / words[0]).unlink()

    _COMMANDS: ClassVar = {"rm": _remove, "cp": _copy, "mkdir": _make_folder, "echo": _show, "cat": _show}

    def _program(self, arguments: list[str]) -> tuple[str, str, int]:
        """Run the program in this process; return its standard error, what a terminal shows, and the exit code."""
        from importer.cli.main import main

        terminal, errors = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.environ, clear=True),
            mock.patch.object(sys, "stdin", io.StringIO()),
            mock.patch("importer.jobs.state.secrets.token_hex", side_effect=lambda _: f"{next(self.runs):04x}"),
            _standing_in(self.folder),
            contextlib.redirect_stdout(terminal),
            contextlib.redirect_stderr(_Both(terminal, errors)),
        ):
            try:
                code = main(arguments)
            except SystemExit as ended:
                code = int(ended.code or 0)
        self._let_time_pass()
        said, printed = (one.getvalue().replace(str(self.home), HOME) for one in (errors, terminal))
        return said, printed, code

    def _let_time_pass(self) -> None:
        """Forget when requests left: a reader takes longer for a page than the portal's window lasts."""
        if state := self.environ.get("IMPORT_TICKETS_HOME"):
            shutil.rmtree(Path(state) / "limits", ignore_errors=True)


class _Both(io.StringIO):
    """Standard error, as the terminal shows it among everything else, and by itself."""

    def __init__(self, terminal: io.StringIO, errors: io.StringIO) -> None:
        super().__init__()
        self._streams = (terminal, errors)

    def write(self, text: str) -> int:
        """Write to both."""
        return max(one.write(text) for one in self._streams)


@contextlib.contextmanager
def _standing_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def edit_workbook(path: Path, cells: dict[str, str]) -> None:
    """Write into cells of a workbook's first sheet, as somebody with a spreadsheet program does."""
    import openpyxl

    book = openpyxl.load_workbook(path)
    for address, text in cells.items():
        book.worksheets[0][address] = text or None
    book.save(path)


def refresh(language: str, walk: Walk, *, say: Callable[[str], object]) -> None:
    """Carry out all pages of a language, and write their outputs anew where they are others by now."""
    for page in PAGES:
        text = read_page(language, page)
        fresh: list[tuple[tuple[int, int], str]] = []
        for step in steps_of(text):
            walk.carry_out(step)
            if step.kind == "run" and not step.shell_only and walk.code != step.code:
                say(f"{language}/{page}: {step.commands[-1]} ends with {walk.code}, not {step.code}\n{walk.printed}")
            if step.kind in SHOWING and walk.now(step) != tidy(step.text):
                fresh.append((step.span, walk.now(step) + "\n"))
        for (start, end), now in reversed(fresh):
            text = text[:start] + now + text[end:]
        if fresh:
            (GUIDE / language / f"{page}.md").write_text(text, encoding="utf-8")
            say(f"{language}/{page}: {len(fresh)} outputs written anew")


def main() -> None:
    """Refresh the guides of both languages."""
    from tests.sandbox_server import SandboxServer

    for language in LANGUAGES:
        with tempfile.TemporaryDirectory() as home, SandboxServer() as portal:
            refresh(language, Walk(Path(home), portal.environment), say=lambda line: sys.stdout.write(f"{line}\n"))


if __name__ == "__main__":
    main()
