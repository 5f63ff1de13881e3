"""The plan as a terminal shows it: its counts, a table of columns, what moves, what is erased, what it would cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from importer.labels import clip, header_text
from importer.reports.column_plan import ColumnPlan
from importer.reports.plan_text import PlanText
from importer.reports.plan_view import PlanView
from importer.reports.screen import HEADER_LENGTH, Screen
from schemas.message import message

if TYPE_CHECKING:
    from rich.table import Table

_LONGEST_SAMPLE, _SHORTEST_SAMPLE = 40, 12
_NUMBERS_WIDTH = 24
"""What the table needs beside headers and samples: two numbers, gaps, an arrow."""


def draw_plan(screen: Screen, plan: PlanView) -> None:
    """Draw the plan: rows, cells by property with what changes most often, what moves, and what it would cost."""
    words = plan_text(screen)
    screen.write(words.title(plan), style="bold")
    if plan.undone_run:
        screen.write(f"  {screen.words(message('Undo of run {run}', run=plan.undone_run))}")
    screen.write(f"  {words.rows(plan)}")
    if not plan.compared:
        blind = message("Current values were not read (--no-diff), so it is not known which of these are changes.")
        screen.write(f"  {screen.words(blind)}", style="yellow")
    if plan.columns:
        screen.write(f"  {words.cells(plan.cells_changed, plan.cells_cleared, compared=plan.compared)}")
        screen.draw(_plan_table(screen, words, plan))
    if plan.example:
        screen.write(f"  {words.example(plan.example)}")
    if plan.time_zone:
        screen.write(f"  {screen.words(message('Times are in {zone}.', zone=plan.time_zone))}")
    for line in words.moves(plan):
        screen.write(f"  {line}")
    for line in words.erasures(plan):
        screen.write(f"  {line}", style="bold red")
    for notice in plan.notices:
        screen.write(f"  {screen.words(notice)}", style="yellow")
    if plan.rows_to_update:
        screen.write(f"  {words.forecast(plan)}")


def plan_text(screen: Screen) -> PlanText:
    """Return what says a plan, with an arrow that the screen can show."""
    return PlanText(screen.translations, arrow="→" if screen.can_unicode else "->")


def _plan_table(screen: Screen, words: PlanText, plan: PlanView) -> Table:
    from rich.text import Text

    titles, last = words.titles(plan)
    table = screen.table(titles, right=(1, 2))
    table.add_column(Text(last), overflow="fold")
    room = _sample_room(screen, plan.columns)
    for column in plan.columns:
        style = "bold red" if column.cleared else ""
        table.add_row(
            Text(clip(header_text(column.header), HEADER_LENGTH), style=style if column.cleared_everywhere else ""),
            Text(words.say.number(column.changed)),
            Text(words.say.number(column.cleared), style=style),
            Text("\n".join(words.details(column, room))),
        )
    return table


def _sample_room(screen: Screen, columns: Sequence[ColumnPlan]) -> int:
    """Return how many characters each side of a change may have, so that it stays on one line."""
    if not screen.interactive:
        return _LONGEST_SAMPLE
    headers = max(len(clip(one.header, HEADER_LENGTH)) for one in columns)
    often = max((len(str(flow.cells)) for one in columns for flow in one.flows), default=1) + len(" x ")
    left = screen.console().width - headers - _NUMBERS_WIDTH - often
    return max(_SHORTEST_SAMPLE, min(_LONGEST_SAMPLE, left // 2))
