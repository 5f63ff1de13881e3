"""The pages of the guide, as steps that can be carried out.

In:  Markdown. A block of `sh` holds commands; a comment right above a block or table says what else it is:

    <!-- exit: 1 -->          the commands below end with this code (0 where nothing is said)
    <!-- shell only -->       the commands below need a real shell: installing, for example
    <!-- expired token -->    the commands below are run with a token that the portal does not accept
    <!-- output -->           the block below is what the commands above print
    <!-- output: last 2 -->   likewise, but only the last two lines of it
    <!-- file: NAME -->       the block below is to be saved under this name
    <!-- edit: NAME -->       the table below names cells of that workbook, and what to write into them
    <!-- shows: NAME -->      the block below is what that file holds by now

Out: the steps of a page in order. Nothing is run here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
GUIDE = DOCS / "guide"
LANGUAGES = ("en", "pt-BR")
PAGES = (
    "first-import",
    "fixing-errors",
    "clearing-cells",
    "stages-owners-dates",
    "templates",
    "undo",
    "reconciling",
    "scheduled-runs",
    "when-it-stops",
    "settings-file",
)
"""In the order in which they are read, and run."""

_COMMENT = r"^<!-- ([a-z ]+?)(?:: (.*?))? -->\n"
_FENCE = r"^```([a-z]*)\n((?:.*\n)*?)^```\n"
_TABLE = r"(?:^\|.*\|\n)+"
_PIECE = re.compile(f"{_COMMENT}|{_FENCE}|{_TABLE}", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, or to compare. `span`: where its text stands in the page."""

    kind: str
    """`run`, `output`, `file`, `edit` or `shows`."""
    text: str
    name: str = ""
    span: tuple[int, int] = (0, 0)
    code: int = 0
    last: int = 0
    """Lines of an `output` at its end; 0 is all of it."""
    shell_only: bool = False
    expired: bool = False

    @property
    def commands(self) -> list[str]:
        """The lines of a `run` step, each a command; a backslash at the end of a line joins it to the next."""
        return [line.strip() for line in self.text.replace("\\\n", " ").splitlines() if line.strip()]

    @property
    def cells(self) -> dict[str, str]:
        """Cell -> text, of an `edit` step; an empty text empties the cell."""
        rows = [[part.strip() for part in line.strip("|").split("|")] for line in self.text.strip().splitlines()[2:]]
        return {row[0]: row[-1].removeprefix("`").removesuffix("`") if "`" in row[-1] else "" for row in rows}


def read_page(language: str, page: str) -> str:
    """Return the Markdown of a page."""
    return (GUIDE / language / f"{page}.md").read_text(encoding="utf-8")


def steps_of(markdown: str) -> list[Step]:
    """Return the steps of a page. Raises ValueError for a comment that is none of ours."""
    steps: list[Step] = []
    marks: dict[str, str] = {}
    for found in _PIECE.finditer(markdown):
        mark, value, language, block = found[1], found[2], found[3], found[4]
        if mark is not None:
            if mark not in {"exit", "shell only", "expired token", "output", "file", "edit", "shows"}:
                raise ValueError(f"what is <!-- {mark} -->?")
            marks[mark] = value or ""
            continue
        is_table = language is None
        text = found[0] if is_table else block
        span = (found.start(), found.end()) if is_table else (found.start(4), found.end(4))
        steps += _step(language, text, span, marks)
        marks = {}
    return steps


def _step(language: str | None, text: str, span: tuple[int, int], marks: dict[str, str]) -> list[Step]:
    for kind in ("file", "edit", "shows"):
        if kind in marks:
            return [Step(kind, text, marks[kind], span)]
    if "output" in marks:
        return [Step("output", text, span=span, last=int(marks["output"].removeprefix("last ") or "0"))]
    if language == "sh":
        code = int(marks.get("exit", "0"))
        shell_only, expired = "shell only" in marks, "expired token" in marks
        return [Step("run", text, span=span, code=code, shell_only=shell_only, expired=expired)]
    return []
