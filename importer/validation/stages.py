"""The stage column, whose values depend on the row's pipeline, or wait for the ticket's where the row names none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat

import numpy as np

from importer.loader.table import Chunk
from importer.model import Columns
from importer.validation.column import Judge, Known, ReadColumn, column_texts
from schemas.cells import Kind, Problem, Reading, Result
from schemas.property import PIPELINE, STAGE, PortalSchema
from schemas.types.option import StageConverter

PendingStage = Mapping[str, Mapping[str, str]]
"""{hs_pipeline_stage: {pipeline: stage}}, as a checked row has it."""

Waiting = Callable[[], list[PendingStage]]
"""Makes the list by place of the stages that wait, NOTHING where one does not; empty where none can."""

NOTHING: PendingStage = {}

_Cell = str | tuple[str | None, str]
"""The text of a cell; with the pipeline of its row, where the sheet has a column of them."""


class StageReader:
    """Reads the stage column, whose values depend on the row's pipeline."""

    def __init__(self, columns: Columns, schema: PortalSchema, reading: Reading, judge: Judge) -> None:
        by_name = {one.definition.name: one.position for one in columns.values}
        self.position = by_name.get(STAGE)
        self._pipeline = by_name.get(PIPELINE)
        self.converter = StageConverter(schema.pipelines, reading)
        self._known: Known[_Cell] = Known(self._convert, judge)
        self._choices: dict[_Cell, PendingStage] = {}
        self.waits = self._pipeline is None and not self.converter.is_blind

    def read(self, chunk: Chunk, read: Mapping[int, ReadColumn]) -> tuple[ReadColumn, Waiting]:
        """Return the stages of a chunk, and those that wait for a pipeline; asked where there is a stage column.

        Only who makes the rows needs the latter.
        """
        assert self.position is not None
        texts = column_texts(chunk, self.position)
        kinds = chunk.kinds.get(self.position)
        cells: Sequence[_Cell] = texts
        if self._pipeline is not None:
            cells = list(zip(read[self._pipeline].cells, texts, strict=True))
        column = self._known.read(cells)
        no_text = [] if kinds is None else np.flatnonzero(kinds >= Kind.ERROR).tolist()
        for place in no_text:
            column.cells[place] = None
            column.problems.pop(place, None)
            column.refused.pop(place, None)

        def waiting() -> list[PendingStage]:
            pending = list(map(self._choices.get, cells, repeat(NOTHING))) if self._choices else []
            for place in no_text if pending else []:
                pending[place] = NOTHING
            return pending

        return column, waiting

    def forget(self) -> None:
        """Forget what was read, for the converter reads differently now."""
        self._known.forget()
        self._choices.clear()

    def _convert(self, cell: _Cell) -> Result:
        pipeline, text = ("", cell) if isinstance(cell, str) else cell
        if not text.strip():
            return ""
        if self.converter.is_blind:
            return text.strip()
        if pipeline:
            return self.converter.in_pipeline(text, pipeline)
        choices = self.converter.in_any(text)
        if isinstance(choices, Problem):
            return choices
        self._choices[cell] = {STAGE: choices}
        return next(iter(choices.values()))
