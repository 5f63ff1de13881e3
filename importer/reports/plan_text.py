"""The plan in words: its counts, what happens to each column, what is erased, what it would cost.

Where the values before were not read (`--no-diff`), only what the sheet says is said.
"""

from __future__ import annotations

from collections.abc import Iterator

from importer.labels import clip, clip_change, header_text, plain_text
from importer.reports.column_plan import ColumnFlow, ColumnPlan, ExampleRow, Range
from importer.reports.plan_view import PlanView
from importer.reports.text import Renderer, duration
from schemas.message import Message, Translations, count_message, message

_EXAMPLE_CHANGES = 4
"""Changes of the example that are named."""
_LONGEST_NAME, _LONGEST_VALUE = 40, 30


class PlanText:
    """Says a plan in one language. `arrow` stands between before and after."""

    def __init__(self, translations: Translations, *, arrow: str) -> None:
        self.say = Renderer(translations)
        self._arrow = arrow

    # --- counts -------------------------------------------------------------------------------------------------

    def title(self, plan: PlanView) -> str:
        """Return which file goes to which portal."""
        file, sheet = plan.file, plan.sheet
        place = message('{file}, sheet "{sheet}"', file=file, sheet=sheet) if sheet else message("{file}", file=file)
        title = plain_text(self.say(place))
        return f"{title} {self._arrow} {plain_text(self.say(plan.portal))}" if plan.portal else title

    def rows(self, plan: PlanView) -> str:
        """Return what is to become of the rows, counted."""
        if plan.undone_run:
            first = count_message("{count} ticket to put back", "{count} tickets to put back", plan.rows_to_update)
        elif plan.compared:
            first = count_message("{count} row to update", "{count} rows to update", plan.rows_to_update)
        else:
            first = count_message("{count} row to send", "{count} rows to send", plan.rows_to_update)
        rows = [first, message("{count} invalid", count=plan.invalid)]
        if plan.compared:
            rows.insert(1, message("{count} unchanged", count=plan.unchanged))
        line = ", ".join(map(self.say, rows))
        if plan.conflicts:
            text = message("{count} of them changed in the portal since the sheet was made", count=plan.conflicts)
            line += f" ({self.say(text)})"
        return line

    def cells(self, changed: int, cleared: int, *, compared: bool = True) -> str:
        """Return how many cells are given a value, and how many emptied."""
        if compared:
            counted = count_message(
                "{count} cell to change, {cleared} to clear",
                "{count} cells to change, {cleared} to clear",
                changed,
                cleared=cleared,
            )
        else:
            counted = count_message(
                "{count} cell with a value, {cleared} empty",
                "{count} cells with a value, {cleared} empty",
                changed,
                cleared=cleared,
            )
        return self.say(counted)

    def titles(self, plan: PlanView) -> tuple[tuple[Message, Message, Message], str]:
        """Return the headers of the table of columns."""
        if not plan.compared:
            return (message("column"), message("value"), message("empty")), self.say(message("most often"))
        before_after = f"{self.say(message('before'))} {self._arrow} {self.say(message('after'))}"
        return (message("column"), message("change"), message("clear")), before_after

    # --- what happens to a column -------------------------------------------------------------------------------

    def details(self, column: ColumnPlan, room: int) -> list[str]:
        """Return what happens to a column, a line each. room: characters that each side of a change may have."""
        if column.after is not None:
            return self._ranges(column.before, column.after)
        counts = [one.cells for one in column.flows]
        width = max((len(self.say.number(count)) for count in counts), default=0)
        lines = []
        for flow in column.flows:
            often = f"{self.say.number(flow.cells):>{width}} x " if len(counts) > 1 and max(counts) > 1 else ""
            lines.append(often + self._flow(flow, room))
        if column.others:
            number = self.say.number(column.others)
            text = count_message("and {number} other", "and {number} others", column.others, number=number)
            lines.append(self.say(text))
        return lines

    def _flow(self, flow: ColumnFlow, room: int) -> str:
        if flow.before is None:
            return clip(self.say.value(flow.after), room * 2)
        old, new = clip_change(self.say.value(flow.before), self.say.value(flow.after), room)
        return f"{old} {self._arrow} {new}"

    def _ranges(self, before: Range | None, after: Range) -> list[str]:
        to = self.say.range(after)
        if before is None:
            return [to]
        start = self.say.range(before)
        return [self.say(message("from {range}", range=start)), self.say(message("to {range}", range=to))]

    # --- what else is worth knowing -----------------------------------------------------------------------------

    def example(self, one: ExampleRow) -> str:
        """Return one ticket, by name where it is known, with what changes on it."""
        name = clip(plain_text(one.name), _LONGEST_NAME)
        ticket = f'{plain_text(one.key)} "{name}"' if name else plain_text(one.key)
        parts = []
        for header, before, after in one.changes[:_EXAMPLE_CHANGES]:
            new = self.say.value(after)
            change = clip(new, _LONGEST_VALUE)
            if before is not None:
                change = f" {self._arrow} ".join(clip_change(self.say.value(before), new, _LONGEST_VALUE))
            parts.append(f"{clip(header_text(header), _LONGEST_NAME)} {change}")
        if (more := len(one.changes) - _EXAMPLE_CHANGES) > 0:
            parts.append(self.say(message("and {count} more", count=more)))
        start = self.say(message("For example row {row}, ticket {ticket}:", row=one.row, ticket=ticket))
        return f"{start} {'; '.join(parts)}"

    def erasures(self, plan: PlanView) -> Iterator[str]:
        """Yield what is erased, a line a column."""
        for column in plan.columns:
            if text := _erasure(column, compared=plan.compared):
                yield self.say(text)

    def moves(self, plan: PlanView) -> Iterator[str]:
        """Yield tickets that move, close, or change hands, as far as that is known."""
        for text in _moves(plan) if plan.compared else _blind_moves(plan):
            if text.values["count"]:
                yield self.say(text)

    def forecast(self, plan: PlanView) -> str:
        """Return what it would cost."""
        forecast = plan.forecast
        parts = [
            count_message("{count} update request", "{count} update requests", forecast.requests),
            *([count_message("{count} read", "{count} reads", forecast.reads)] if forecast.reads else ()),
            message("about {time}", time=duration(forecast.seconds)),
        ]
        if forecast.daily_share is not None:
            share = self.say.percent(forecast.daily_share)
            parts.append(message("{share} % of the day's calls", share=share))
        return ", ".join(map(self.say, parts))


def _erasure(column: ColumnPlan, *, compared: bool) -> Message | None:
    if not column.cleared:
        return None
    if not compared and column.cleared_everywhere:
        return message('"{column}" is empty on every row: what the portal holds there is erased.', column=column.header)
    if not compared:
        return count_message(
            "{count} empty cell of {column}: what the portal holds there is erased.",
            "{count} empty cells of {column}: what the portal holds there is erased.",
            column.cleared,
            column=column.header,
        )
    if column.cleared_everywhere:
        return count_message(
            '"{column}" is empty on every valid row: {count} value is erased.',
            '"{column}" is empty on every valid row: {count} values are erased.',
            column.cleared,
            column=column.header,
        )
    return count_message(
        "{count} value of {column} is erased.",
        "{count} values of {column} are erased.",
        column.cleared,
        column=column.header,
    )


def _moves(plan: PlanView) -> list[Message]:
    return [
        count_message(
            "{count} ticket moves to another stage", "{count} tickets move to another stage", plan.stage_moves
        ),
        count_message(
            "{count} ticket goes to another pipeline without a stage of it; the portal may refuse that",
            "{count} tickets go to another pipeline without a stage of it; the portal may refuse that",
            plan.stageless,
        ),
        count_message("{count} ticket closes", "{count} tickets close", plan.closing),
        count_message("{count} ticket gets another owner", "{count} tickets get another owner", plan.owner_changes),
    ]


def _blind_moves(plan: PlanView) -> list[Message]:
    """Return the same where nobody knows what the tickets are like now."""
    return [
        count_message("{count} row names a stage", "{count} rows name a stage", plan.stage_moves),
        count_message(
            "{count} row names a pipeline without a stage of it; the portal may refuse that",
            "{count} rows name a pipeline without a stage of it; the portal may refuse that",
            plan.stageless,
        ),
        count_message("{count} row names a closed stage", "{count} rows name a closed stage", plan.closing),
        count_message("{count} row names an owner", "{count} rows name an owner", plan.owner_changes),
    ]
