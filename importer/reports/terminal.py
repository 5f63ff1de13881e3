"""What people read while the program runs, on standard error: plan, findings, totals, tables, progress.

How lines and tables reach the stream is `importer.reports.screen`; what is asked, `importer.cli.questions`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TextIO

from importer.errors import ErrorsOnly, ImportTicketsError, NotConfirmed
from importer.findings import STATUS_HEADER
from importer.journal import FindingGroup
from importer.labels import clip, header_text, plain_text
from importer.model import Status
from importer.reports.finding_groups import GROUPS_SHOWN, group_findings, where
from importer.reports.plan_drawing import draw_plan, plan_text
from importer.reports.plan_view import PlanView
from importer.reports.progress import Progress
from importer.reports.screen import HEADER_LENGTH, WIDE, Screen
from importer.reports.summary import Summary
from importer.reports.text import status_count, status_words
from schemas.message import Message, Translations, count_message, message

_STYLES: dict[str, str] = {
    Status.UPDATED: "green",
    Status.WOULD_UPDATE: "green",
    Status.MATCHES: "green",
    Status.DIFFERS: "red",
    Status.INVALID: "red",
    Status.FAILED: "red",
    Status.NOT_SENT: "yellow",
}


class Terminal:
    """Draws for people on `stream` (standard error), in the language of `translations`.

    `quiet` leaves out what `say` and `progress` would show. `width` stands in for the terminal's own.
    """

    def __init__(
        self,
        translations: Translations,
        *,
        stream: TextIO | None = None,
        quiet: bool = False,
        width: int | None = None,
    ) -> None:
        self.screen = Screen(translations, stream if stream is not None else sys.stderr, width=width)
        self.quiet = quiet

    # --- lines --------------------------------------------------------------------------------------------------

    def say(self, text: Message) -> None:
        """Write one line, unless quiet."""
        if not self.quiet:
            self.screen.write(self.screen.words(text))

    def show_error(self, error: ImportTicketsError) -> None:
        """Write what ended the run, with the headers or rows at fault."""
        if error.findings:
            self.show_findings(group_findings(error.findings), count=len(error.findings))
        else:
            is_answer = isinstance(error, ErrorsOnly) or (isinstance(error, NotConfirmed) and error.answered)
            self.screen.write(self.screen.words(error.text), style="" if is_answer else "bold red")

    def show_next(self, command: str) -> None:
        """Write the command to run next, whole, so that it can be copied."""
        self.screen.write(self.screen.words(message("Next: {command}", command=command)), style="bold", fold=False)

    def show_fact(self, text: Message) -> None:
        """Write a line to be copied from, whole, also when quiet."""
        self.screen.write(self.screen.words(text), fold=False)

    def show_outcomes(self, outcomes: Iterable[tuple[int, str, Status | None, Message | None]]) -> None:
        """Draw rows that were sent, and what became of each: (row, key, status, why it was refused)."""
        from rich.text import Text

        table = self.screen.table()
        for row, key, status, reason in outcomes:
            style = _STYLES.get(status, "") if status else ""
            fate = Text(self.screen.words(status_words(status)) if status else "", style=style)
            if reason is not None:
                fate.append(f"  {plain_text(self.screen.words(reason))}", style="")
            table.add_row(Text(self.screen.words(message("row {row}", row=row))), Text(plain_text(key)), fate)
        self.screen.draw(table)

    def progress(self, title: Message, *, total: int | None = None) -> Progress:
        """Return a context manager that shows how far a step has come; `total` rows, where that is known."""
        return Progress(
            self.screen.words(title),
            total=total,
            translations=self.screen.translations,
            stream=self.screen.stream,
            console=self.screen.console if self.screen.interactive else None,
            quiet=self.quiet,
        )

    # --- plan, findings and totals ------------------------------------------------------------------------------

    def show_plan(self, plan: PlanView) -> None:
        draw_plan(self.screen, plan)

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
            self.screen.write(plain_text(self.screen.words(title)), style="bold")
        narrow = self.screen.interactive and self.screen.console().width < WIDE
        table = self.screen.table()
        shown = list(islice(groups, limit))
        for group in shown:
            one = group.first
            header = Text(clip(header_text(one.header), HEADER_LENGTH * 2 // 3 if narrow else HEADER_LENGTH))
            text = Text(plain_text(self.screen.words(one.text)))
            place = Text(where(group, self.screen.translations), style="bold")
            code = Text(one.code, style="dim")
            table.add_row(header, Text("  ").join(part for part in (text, place, code) if part))
        if shown:
            self.screen.draw(table)
        if left := count - sum(group.count for group in shown):
            self.screen.write(f"  {self.screen.words(message('... and {count} more', count=left))}")

    def show_summary(self, summary: Summary, *, report: str | None = None, was_undo: bool = False) -> None:
        """Write what became of the rows, in one sentence, and where to look. `report` is the spreadsheet's name."""
        from rich.text import Text

        rows, cells = summary["rows"], summary["cells"]
        counts = ((status, rows.get(status.replace(" ", "_"), 0)) for status in Status)
        parts = [
            Text(self.screen.words(status_count(status, count, was_undo=was_undo)), style=_STYLES.get(status, ""))
            for status, count in counts
            if count
        ]
        line = Text(", ").join(parts) if parts else Text(self.screen.words(message("No rows")))
        if summary["dry_run"]:
            total = count_message("{count} row: ", "{count} rows: ", rows["total"])
            line = Text(self.screen.words(total)) + line
            line.append(f" ({plan_text(self.screen).cells(cells['changed'], cells['cleared'])})")
        if report:
            where = message('See "{column}" in {file}', column=STATUS_HEADER, file=report)
            line.append(f". {plain_text(self.screen.words(where))}")
        self.screen.draw(line)

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
        from rich.text import Text

        lines = [[plain_text(cell) for cell in row] for row in rows]
        kept = list(range(len(headers)))
        if self.screen.interactive:
            widths = [
                max(map(len, (self.screen.words(one), *(row[at] for row in lines)))) for at, one in enumerate(headers)
            ]
            room = self.screen.console().width - 2  # it is indented
            for column in drop:
                if sum(widths[at] + 2 for at in kept) > room:
                    kept.remove(column)
        table = self.screen.table([headers[at] for at in kept])
        for drawn, at in zip(table.columns, kept, strict=True):
            drawn.no_wrap = at in whole
        for line in lines:
            table.add_row(*(Text(line[at]) for at in kept))
        self.screen.draw(table)

    def show_facts(self, facts: Iterable[tuple[Message, str]]) -> None:
        """Draw names and what they hold, one a line."""
        from rich.text import Text

        table = self.screen.table()
        for name, value in facts:
            table.add_row(Text(self.screen.words(name), style="bold"), Text(plain_text(value)))
        self.screen.draw(table)

    def show_checks(self, checks: Iterable[tuple[bool | None, Message, Message | None]]) -> None:
        """Draw what was checked: (fine, or None for a warning; what was found; how to fix it)."""
        from rich.text import Text

        words = {True: ("ok", "green"), None: ("!", "yellow"), False: (self.screen.words(message("no")), "bold red")}
        table = self.screen.table()
        for fine, found, remedy in checks:
            word, style = words[fine]
            text = Text(plain_text(self.screen.words(found)))
            if remedy is not None:
                text.append(f"\n{plain_text(self.screen.words(remedy))}", style="italic")
            table.add_row(Text(word, style=style), text)
        self.screen.draw(table)
