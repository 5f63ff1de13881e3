"""What people read while the program runs, on standard error: plan, findings, totals, questions.

Colours and moving lines only on a terminal, and none where NO_COLOR is set (https://no-color.org); elsewhere plain
lines that are never folded. Text from the sheet or the portal is never taken for markup, and brings no control
characters. rich is imported when something is drawn.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, TextIO
from zlib import crc32

from importer.errors import ErrorsOnly, ImportTicketsError, NotConfirmed
from importer.findings import STATUS_HEADER
from importer.i18n import ENGLISH, PORTUGUESE, language_of
from importer.journal import FindingGroup
from importer.labels import clip, header_text, plain_text
from importer.model import Status
from importer.reports.column_plan import ColumnFlow, ColumnPlan
from importer.reports.finding_groups import GROUPS_SHOWN, group_findings, where
from importer.reports.plan_text import PlanText
from importer.reports.plan_view import MOST_ROWS_BY_YES, PlanView
from importer.reports.progress import Progress
from importer.reports.summary import Summary
from importer.reports.text import status_count
from importer.reports.typed import forget_typed
from schemas.message import Message, Translations, count_message, message

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

_LONGEST_SAMPLE, _SHORTEST_SAMPLE = 40, 12
_NUMBERS_WIDTH = 24
"""What the plan's table needs beside headers and samples: two numbers, gaps, an arrow."""
_HEADER_LENGTH = 24
_NO_FLOW = ColumnFlow(None, "", 0)
_WIDE = 100
"""On narrower terminals, headers are cut shorter."""
_UNFOLDED = 1000
"""The width where there is no terminal: lines are as long as they are."""

_STYLES: dict[str, str] = {
    Status.UPDATED: "green",
    Status.WOULD_UPDATE: "green",
    Status.MATCHES: "green",
    Status.UNCHANGED: "",
    Status.DIFFERS: "red",
    Status.INVALID: "red",
    Status.FAILED: "red",
    Status.NOT_SENT: "yellow",
}
"""In the order in which the totals name them."""

_YES = {ENGLISH: {"y", "yes"}, PORTUGUESE: {"y", "yes", "s", "sim"}}


_ANSI_SYSTEMS = frozenset({"standard", "256", "truecolor"})
_PORTAL_COLOURS = ("1;32", "1;34", "1;35", "1;36", "1;7;32", "1;7;34", "1;7;35", "1;7;36")
"""Looks of a portal's name, all readable on dark and light (ECMA-48, 8.3.117); red and yellow mean something else."""


class Terminal:
    """Draws for people on `stream` (standard error), in the language of `translations`.

    `quiet` leaves out what `say` and `progress` would show. `width` stands in for the terminal's own.
    """

    def __init__(
        self,
        translations: Translations,
        *,
        stream: TextIO | None = None,
        answers: TextIO | None = None,
        quiet: bool = False,
        width: int | None = None,
    ) -> None:
        self._translations = translations
        self._stream = stream if stream is not None else sys.stderr
        self._answers = answers if answers is not None else sys.stdin
        self._width = width
        self.offers_errors = False
        """Whether `e` answers a question: write the errors into the sheet, and send nothing."""
        self._console: Console | None = None
        self.quiet = quiet
        self.interactive = self._stream.isatty()

    # --- lines --------------------------------------------------------------------------------------------------

    def say(self, text: Message) -> None:
        """Write one line, unless quiet."""
        if not self.quiet:
            self._write(self._words(text))

    def warn(self, text: Message) -> None:
        """Write one line that deserves a second look."""
        self._write(self._words(text), style="yellow")

    def show_error(self, error: ImportTicketsError) -> None:
        """Write what ended the run, with the headers or rows at fault."""
        if error.findings:
            self.show_findings(group_findings(error.findings), count=len(error.findings))
        else:
            is_answer = isinstance(error, ErrorsOnly) or (isinstance(error, NotConfirmed) and error.answered)
            self._write(self._words(error.text), style="" if is_answer else "bold red")

    def show_next(self, command: str) -> None:
        """Write the command to run next, whole, so that it can be copied."""
        self._write(self._words(message("Next: {command}", command=command)), style="bold", fold=False)

    def ask(self, question: Message) -> bool:
        """Ask, and return whether the answer is yes. No answer at all is a no."""
        return self._is_yes(self._answer(f"{self._question(question)} {self._words(message('[y/N]'))} "))

    def ask_rows(self, question: Message, rows: int, name: str = "") -> int:
        """Ask, and return how many of the rows are to be sent: all for yes, none for no, else the number.

        name: what has to be typed for a yes; a number sends no more than may be sent without it.
        """
        most = min(rows, MOST_ROWS_BY_YES) if name else rows
        choices = (
            message('Type "{name}" to go ahead, or a number:', name=name) if name else message("[y/N or a number]")
        )
        while True:
            answer = self._answer(f"{self._question(question)} {self._words(choices)} ")
            if not (answer.isascii() and answer.isdigit()) or answer == name:
                return rows if (answer == name if name else self._is_yes(answer)) else 0
            if 0 < int(answer[:10]) <= most:
                return int(answer)
            self._write(
                self._words(
                    message('Type a number from 1 to {rows}, or "{name}".', rows=most, name=name)
                    if name
                    else message("Type a number from 1 to {rows}, or y or n.", rows=most)
                )
            )

    def show_fact(self, text: Message) -> None:
        """Write a line to be copied from, whole, also when quiet."""
        self._write(self._words(text), fold=False)

    def _question(self, question: Message) -> str:
        """Return a question, on a terminal with the portal that it names in a colour that is always that portal's."""
        text, portal = self._words(question), question.values.get("portal")
        if not isinstance(portal, Message) or not self.interactive:
            return text
        console = self._open_console()
        if console.no_color or console.color_system not in _ANSI_SYSTEMS:
            return text
        colour = _PORTAL_COLOURS[crc32(str(portal).encode()) % len(_PORTAL_COLOURS)]
        name = self._words(portal)
        return text.replace(name, f"\x1b[{colour}m{name}\x1b[0m")

    def _answer(self, prompt: str) -> str:
        """Return the line that is typed after a prompt, "" for Ctrl-C and the end of input.

        What was typed before the prompt is dropped. Raises ErrorsOnly where that is the answer.
        """
        forget_typed(self._answers)
        try:
            self._stream.write(prompt)
            self._stream.flush()
            answer = self._answers.readline()
        except (OSError, ValueError, KeyboardInterrupt):  # the terminal is gone, or was closed; Ctrl-C says no
            answer = ""
        if not answer.endswith("\n"):
            self._stream.write("\n")
        if self.offers_errors and answer.strip().lower() == "e":
            raise ErrorsOnly(message("Nothing was changed in HubSpot."))
        return answer.strip()

    def _is_yes(self, answer: str) -> bool:
        return answer.lower() in _YES[language_of(self._translations)]

    def show_outcomes(self, outcomes: Iterable[tuple[int, str, Status | None, Message | None]]) -> None:
        """Draw rows that were sent, and what became of each: (row, key, status, why it was refused)."""
        from rich.text import Text

        table = self._table()
        for row, key, status, reason in outcomes:
            style = _STYLES.get(status, "") if status else ""
            fate = Text(status or "", style=style)
            if reason is not None:
                fate.append(f"  {plain_text(self._words(reason))}", style="")
            table.add_row(Text(self._words(message("row {row}", row=row))), Text(plain_text(key)), fate)
        self._draw(table)

    def ask_name(self, question: Message, name: str) -> bool:
        """Ask, and return whether the name was typed, whole. No answer at all is a no."""
        how = message('Type "{name}" to go ahead:', name=name)
        return self._answer(f"{self._question(question)} {self._words(how)} ") == name

    def progress(self, title: Message, *, total: int | None = None) -> Progress:
        """Return a context manager that shows how far a step has come; `total` rows, where that is known."""
        return Progress(
            self._words(title),
            total=total,
            translations=self._translations,
            stream=self._stream,
            console=self._open_console if self.interactive else None,
            quiet=self.quiet,
        )

    # --- the plan -----------------------------------------------------------------------------------------------

    def show_plan(self, plan: PlanView) -> None:
        """Draw the plan: rows, cells by property with what changes most often, what moves, and what it would cost."""
        words = self._plan_text
        self._write(words.title(plan), style="bold")
        if plan.undone_run:
            self._write(f"  {self._words(message('Undo of run {run}', run=plan.undone_run))}")
        self._write(f"  {words.rows(plan)}")
        if not plan.compared:
            blind = message("Current values were not read (--no-diff), so it is not known which of these are changes.")
            self._write(f"  {self._words(blind)}", style="yellow")
        if plan.columns:
            self._write(f"  {words.cells(plan.cells_changed, plan.cells_cleared, compared=plan.compared)}")
            self._draw(self._plan_table(plan))
        if plan.example:
            self._write(f"  {words.example(plan.example)}")
        if plan.time_zone:
            self._write(f"  {self._words(message('Times are in {zone}.', zone=plan.time_zone))}")
        for line in words.moves(plan):
            self._write(f"  {line}")
        for line in words.erasures(plan):
            self._write(f"  {line}", style="bold red")
        for notice in plan.notices:
            self._write(f"  {self._words(notice)}", style="yellow")
        if plan.rows_to_update:
            self._write(f"  {words.forecast(plan)}")

    @property
    def _plan_text(self) -> PlanText:
        return PlanText(self._translations, arrow="→" if self._can_unicode else "->")

    def _plan_table(self, plan: PlanView) -> Table:
        from rich.text import Text

        words = self._plan_text
        titles, last = words.titles(plan)
        table = self._table(titles, right=(1, 2))
        table.add_column(Text(last), overflow="fold")
        room = self._sample_room(plan.columns)
        for column in plan.columns:
            style = "bold red" if column.cleared else ""
            table.add_row(
                Text(
                    clip(header_text(column.header), _HEADER_LENGTH), style=style if column.cleared_everywhere else ""
                ),
                Text(words.number(column.changed)),
                Text(words.number(column.cleared), style=style),
                Text("\n".join(words.details(column, room))),
            )
        return table

    def _sample_room(self, columns: Sequence[ColumnPlan]) -> int:
        """Return how many characters each side of a change may have, so that it stays on one line."""
        if not self.interactive:
            return _LONGEST_SAMPLE
        headers = max(len(clip(one.header, _HEADER_LENGTH)) for one in columns)
        often = max(len(str(flow.cells)) for one in columns for flow in (*one.flows, _NO_FLOW)) + len(" x ")
        left = self._open_console().width - headers - _NUMBERS_WIDTH - often
        return max(_SHORTEST_SAMPLE, min(_LONGEST_SAMPLE, left // 2))

    # --- findings and totals ------------------------------------------------------------------------------------

    def show_findings(
        self,
        groups: Iterable[FindingGroup],
        *,
        count: int,
        title: Message | None = None,
        limit: int = GROUPS_SHOWN,
    ) -> None:
        """Draw the first `limit` groups of equal findings below `title`, and how many of `count` findings are left."""
        from rich.text import Text

        if title is not None:
            self._write(plain_text(self._words(title)), style="bold")
        narrow = self.interactive and self._open_console().width < _WIDE
        table = self._table()
        shown = list(islice(groups, limit))
        for group in shown:
            one = group.first
            header = Text(clip(header_text(one.header), _HEADER_LENGTH * 2 // 3 if narrow else _HEADER_LENGTH))
            text = Text(plain_text(self._words(one.text)))
            place = Text(where(group, self._translations), style="bold")
            code = Text(one.code, style="dim")
            table.add_row(header, Text("  ").join(part for part in (text, place, code) if part))
        if shown:
            self._draw(table)
        if left := count - sum(group.count for group in shown):
            self._write(f"  {self._words(message('... and {count} more', count=left))}")

    def show_summary(self, summary: Summary, *, report: str | None = None, was_undo: bool = False) -> None:
        """Write what became of the rows, in one sentence, and where to look. `report` is the spreadsheet's name."""
        from rich.text import Text

        rows, cells = summary["rows"], summary["cells"]
        counts = ((status, style, rows.get(status.replace(" ", "_"), 0)) for status, style in _STYLES.items())
        parts = [
            Text(self._words(status_count(status, count, was_undo=was_undo)), style=style)
            for status, style, count in counts
            if count
        ]
        line = Text(", ").join(parts) if parts else Text(self._words(message("No rows")))
        if summary["dry_run"]:
            total = count_message("{count} row: ", "{count} rows: ", rows["total"])
            line = Text(self._words(total)) + line
            line.append(f" ({self._plan_text.cells(cells['changed'], cells['cleared'])})")
        if report:
            where = message('See "{column}" in {file}', column=STATUS_HEADER, file=report)
            line.append(f". {plain_text(self._words(where))}")
        self._draw(line)

    # --- tables -------------------------------------------------------------------------------------------------

    def show_table(
        self,
        headers: Sequence[Message],
        rows: Iterable[Sequence[str]],
        *,
        whole: tuple[int, ...] = (),
        drop: tuple[int, ...] = (),
    ) -> None:
        """Draw a table: runs, properties, options.

        whole: columns that are never folded, to be copied from. drop: those to leave out, one after the other, while
        the table is wider than the terminal.
        """
        lines = [[plain_text(cell) for cell in row] for row in rows]
        kept = list(range(len(headers)))
        if self.interactive:
            widths = [max(map(len, (self._words(one), *(row[at] for row in lines)))) for at, one in enumerate(headers)]
            room = self._open_console().width - 2  # it is indented
            for column in drop:
                if sum(widths[at] + 2 for at in kept) > room:
                    kept.remove(column)
        self._draw_table([headers[at] for at in kept], [[row[at] for at in kept] for row in lines], whole, kept)

    def _draw_table(
        self, headers: Sequence[Message], lines: Iterable[Sequence[str]], whole: tuple[int, ...], kept: Sequence[int]
    ) -> None:
        from rich.text import Text

        table = self._table(headers)
        for column, index in zip(table.columns, kept, strict=True):
            column.no_wrap = index in whole
        for line in lines:
            table.add_row(*map(Text, line))
        self._draw(table)

    def show_facts(self, facts: Iterable[tuple[Message, str]]) -> None:
        """Draw names and what they hold, one a line."""
        from rich.text import Text

        table = self._table()
        for name, value in facts:
            table.add_row(Text(self._words(name), style="bold"), Text(plain_text(value)))
        self._draw(table)

    def show_checks(self, checks: Iterable[tuple[bool | None, Message, Message | None]]) -> None:
        """Draw what was checked: (fine, or None for a warning; what was found; how to mend it)."""
        words = {True: ("ok", "green"), None: ("!", "yellow"), False: (self._words(message("no")), "bold red")}
        from rich.text import Text

        table = self._table()
        for fine, found, remedy in checks:
            word, style = words[fine]
            text = Text(plain_text(self._words(found)))
            if remedy is not None:
                text.append(f"\n{plain_text(self._words(remedy))}", style="italic")
            table.add_row(Text(word, style=style), text)
        self._draw(table)

    def _table(self, headers: Sequence[Message] = (), *, right: tuple[int, ...] = ()) -> Table:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, show_header=bool(headers), pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for index, header in enumerate(headers):
            title = Text(self._words(header))
            table.add_column(title, justify="right" if index in right else "left", overflow="fold")
        return table

    # --- the stream ---------------------------------------------------------------------------------------------

    def _words(self, text: Message) -> str:
        return text.render(self._translations)

    @property
    def _can_unicode(self) -> bool:
        """Whether signs beyond a code page can be written."""
        return (getattr(self._stream, "encoding", None) or "utf-8").lower().startswith("utf")

    def _write(self, line: str, *, style: str = "", fold: bool = True) -> None:
        """Write a line of ours; where there is no terminal, without rich."""
        line = "\n".join(map(plain_text, line.split("\n")))
        if not self.interactive:
            self._stream.write(f"{line}\n")
            self._stream.flush()
            return
        from rich.padding import Padding
        from rich.text import Text

        bare = line.lstrip(" ")
        text = Text(bare, style=style)
        indent = len(line) - len(bare)
        if indent and fold:  # so that what is folded stays below its beginning
            self._open_console().print(Padding(text, (0, 0, 0, indent), expand=False))
        else:
            self._open_console().print(Text(" " * indent) + text, soft_wrap=not fold)

    def _draw(self, drawing: RenderableType) -> None:
        from rich.padding import Padding
        from rich.table import Table

        console = self._open_console()
        if isinstance(drawing, Table):
            drawing = Padding(drawing, (0, 0, 0, 2), expand=False)
        if self.interactive:
            console.print(drawing)
            return
        with console.capture() as captured:
            console.print(drawing, soft_wrap=True)
        self._stream.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
        self._stream.flush()

    def _open_console(self) -> Console:
        if self._console is None:
            from rich.console import Console

            width = self._width if self.interactive else _UNFOLDED
            self._console = Console(file=self._stream, markup=False, emoji=False, highlight=False, width=width)
        return self._console
