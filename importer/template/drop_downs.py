"""What may be typed into the cells of a template: drop-downs, and the hidden sheet they take their choices from.

The stages offered are those of the row's pipeline: by a formula over the pipeline's cell, or by the rows of each
pipeline where the template has no such column. A rule here helps; what is sent is judged by the validator alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from importer.findings import column_letter
from importer.loader.table import LISTS_SHEET
from importer.template.cells import Choices
from importer.template.style import clip, escape, fill, plain_cell
from schemas.message import Message, Translations, message
from schemas.property import Property
from schemas.ticket_object import TICKET
from schemas.values import type_of

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation

MAX_RANGES = 500
"""Ranges that validations name at most: rows of one pipeline can be told from others only while they lie together."""
MAX_PROMPT, MAX_TITLE = 255, 32
"""Characters of a validation's words. Source: ECMA-376 part 1, 18.3.1.32, as Excel enforces it."""
_WILD = re.compile(r"^[<>=]|[*?~]")
"""Labels that COUNTIF and MATCH would take for a condition."""


@dataclass(frozen=True, slots=True)
class TemplateColumn:
    """One column beside the record ID."""

    header: str
    definition: Property
    choices: Choices | None = None


class Lists:
    """The hidden sheet with the choices of all columns."""

    def __init__(self, book: Workbook, columns: Sequence[TemplateColumn]) -> None:
        self._places: dict[str, tuple[str, int]] = {}
        self._stages: dict[str, tuple[int, int]] = {}
        self._pipelines = ""
        lists: list[list[str]] = []
        for column in columns:
            choices = column.choices
            if choices is None or not choices.offered or column.definition.read_only:
                continue
            if choices.by_pipeline is not None:
                self._pipelines = column_letter(len(lists))
                lists.append(self._pipeline_of_each_stage(choices))
            self._places[column.definition.name] = (column_letter(len(lists)), len(choices.offered) + 1)
            lists.append([column.definition.name, *choices.offered])
        sheet = book.create_sheet(LISTS_SHEET)
        sheet.sheet_state = "hidden"
        cells = [plain_cell(sheet) for _ in lists]
        for row in range(max(map(len, lists), default=0)):
            sheet.append(
                [fill(cell, one[row]) if row < len(one) else None for cell, one in zip(cells, lists, strict=True)]
            )

    def _pipeline_of_each_stage(self, choices: Choices) -> list[str]:
        names = [TICKET.pipeline]
        for pipeline, stages in (choices.by_pipeline or {}).items():
            self._stages[pipeline] = (len(names) + 1, len(names) + len(stages))
            names += [pipeline] * len(stages)
        return names

    def range_of(self, column: TemplateColumn) -> str:
        """Return the cells that hold the choices of a column."""
        letter, last = self._places[column.definition.name]
        return _cells(letter, 2, last)

    def stages_of(self, column: TemplateColumn, pipeline: str) -> str:
        """Return the cells that hold the stages of a pipeline; all stages where it is not known, or has none."""
        first, last = self._stages.get(pipeline, (1, 0))
        return _cells(self._places[column.definition.name][0], first, last) if first <= last else self.range_of(column)

    def stages_by_cell(self, column: TemplateColumn, pipeline_cell: str) -> str:
        """Return a formula for the stages of the pipeline that a cell names; all stages where it names none."""
        letter, last = self._places[column.definition.name]
        names = _cells(self._pipelines, 2, last)
        count = f"COUNTIF({names},{pipeline_cell})"
        start = f"'{LISTS_SHEET}'!${letter}$1"
        own = f"OFFSET({start},MATCH({pipeline_cell},{names},0),0,{count},1)"
        return f"IF({count}=0,{self.range_of(column)},{own})"


def _cells(letter: str, first: int, last: int) -> str:
    return f"'{LISTS_SHEET}'!${letter}${first}:${letter}${last}"


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that rules are for: the last one's number, and the pipeline of each from row 2 on, as it is shown."""

    last: int
    pipelines: Sequence[str]


def rules_of(
    position: int, columns: Sequence[TemplateColumn], rows: Rows, lists: Lists, words: Translations
) -> list[DataValidation]:
    """Return the rules for the cells of the column at `position` of the sheet (0 is the record ID)."""
    column = columns[position - 1]
    letter = column_letter(position)
    whole = f"{letter}2:{letter}{rows.last}"
    if column.definition.read_only:
        return []
    if column.choices is None:
        rule = _typed_rule(column, words)
        return [_placed(rule, whole)] if rule is not None else []
    if not column.choices.offered:
        return []
    if column.choices.by_pipeline is None:
        return [_placed(_list_rule(column, lists.range_of(column), words), whole)]
    place = next((n for n, one in enumerate(columns, 1) if one.definition.name == TICKET.pipeline), None)
    if place is not None and not any(map(_WILD.search, column.choices.by_pipeline)):
        formula = lists.stages_by_cell(column, f"${column_letter(place)}2")
        return [_placed(_list_rule(column, formula, words), whole)]
    ranges = _ranges(rows.pipelines) if place is None else None
    if ranges is None:
        return [_placed(_list_rule(column, lists.range_of(column), words), whole)]
    return [
        _placed(
            _list_rule(column, lists.stages_of(column, pipeline), words),
            " ".join(f"{letter}{first}:{letter}{last}" for first, last in found),
        )
        for pipeline, found in ranges.items()
    ]


def _ranges(keys: Sequence[str]) -> dict[str, list[tuple[int, int]]] | None:
    """Return the rows (from 2 on) of each key as ranges; None where they would be too many."""
    starts = [0, *(n for n, (one, other) in enumerate(pairwise(keys), 1) if one != other), len(keys)]
    if len(starts) > MAX_RANGES or not keys:
        return None
    found: dict[str, list[tuple[int, int]]] = {}
    for first, end in pairwise(starts):
        found.setdefault(keys[first], []).append((first + 2, end + 1))
    return found


def _list_rule(column: TemplateColumn, formula: str, words: Translations) -> DataValidation:
    from openpyxl.worksheet.datavalidation import DataValidation

    assert column.choices is not None
    may_be_empty = column.definition.name not in {TICKET.pipeline, TICKET.stage}
    rule = DataValidation(type="list", formula1=formula, allow_blank=may_be_empty)
    if column.choices.multiple is None:
        text = message("Choose one of the list, or leave the cell empty.")
        return _refuse(rule, column, text if may_be_empty else message("Choose one of the list."), words)
    # A list offers one choice at a time; several are typed, so that nothing may be refused here.
    rule.showErrorMessage = False
    rule.showInputMessage = True
    rule.promptTitle = escape(clip(column.header, MAX_TITLE))
    text = message("Several with ; between them: {choices}", choices="; ".join(column.choices.offered))
    rule.prompt = escape(clip(text.render(words), MAX_PROMPT))
    return rule


def _typed_rule(column: TemplateColumn, words: Translations) -> DataValidation | None:
    """Return the rule that asks, before it lets a cell be no number or no date; None for text."""
    from openpyxl.worksheet.datavalidation import DataValidation

    kind = type_of(column.definition).input_rule
    if kind == "true or false":
        rule = DataValidation(type="list", formula1='"TRUE,FALSE"', allow_blank=True)
        return _refuse(rule, column, message("Write TRUE or FALSE, or leave the cell empty."), words)
    if kind == "number":
        rule = DataValidation(type="decimal", formula1="-1E+300", formula2="1E+300", allow_blank=True)
        text = message("This is not a number; it would be read as text.")
    elif kind == "date":
        rule = DataValidation(type="date", operator="greaterThan", formula1="0", allow_blank=True)
        text = message("This is not a date that the spreadsheet knows; it would be read as text.")
    else:
        return None
    rule.errorStyle = "warning"
    return _refuse(rule, column, text, words)


def _refuse(rule: DataValidation, column: TemplateColumn, text: Message, words: Translations) -> DataValidation:
    rule.showErrorMessage = True
    rule.errorTitle = escape(clip(column.header, MAX_TITLE))
    rule.error = clip(text.render(words), MAX_PROMPT)
    return rule


def _placed(rule: DataValidation, cells: str) -> DataValidation:
    from openpyxl.worksheet.cell_range import MultiCellRange

    rule.sqref = MultiCellRange(cells)
    return rule
