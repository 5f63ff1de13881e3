"""The stage column, whose values depend on the row's pipeline, or wait for the ticket's where the row names none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from importer.column_reader import ReadColumn, column_texts
from importer.loader.table import Chunk
from importer.records import Columns
from schemas.cells import Kind, Problem, Result
from schemas.choices import StageConverter
from schemas.property import PIPELINE, STAGE, PortalSchema

PendingStage = Mapping[str, Mapping[str, str]]
"""{hs_pipeline_stage: {pipeline: stage}}, as a checked row has it."""

NOTHING: PendingStage = {}


class StageReader:
    """Reads the stage column, whose values depend on the row's pipeline."""

    def __init__(self, columns: Columns, schema: PortalSchema) -> None:
        by_name = {one.definition.name: one.position for one in columns.values}
        self.position = by_name.get(STAGE)
        self._pipeline = by_name.get(PIPELINE)
        self._converter = StageConverter(schema.pipelines)
        self._known: dict[tuple[str | None, str], tuple[Result, PendingStage | None]] = {}
        self.waits = self._pipeline is None and not self._converter.is_blind

    def read(self, chunk: Chunk, read: Mapping[int, ReadColumn]) -> tuple[ReadColumn, dict[int, PendingStage]] | None:
        """Return the stages of a chunk, and by place those that wait; None where the sheet has no stage column."""
        if self.position is None:
            return None
        texts = column_texts(chunk, self.position)
        kinds = chunk.kinds.get(self.position)
        readable = _readable(kinds, len(texts))
        pipelines: Sequence[str | None] = (
            read[self._pipeline].cells if self._pipeline is not None else [""] * len(texts)
        )
        column = ReadColumn([])
        pending: dict[int, PendingStage] = {}
        for place, pair in enumerate(zip(pipelines, texts, strict=True)):
            if pair not in self._known:
                self._known[pair] = self._convert(*pair)
            result, choices = self._known[pair]
            if not readable[place]:
                column.cells.append(None)
            elif isinstance(result, Problem):
                column.cells.append(None)
                column.problems[place] = result
            else:
                column.cells.append(result)
                if choices is not None:
                    pending[place] = choices
        return column, pending

    def _convert(self, pipeline: str | None, text: str) -> tuple[Result, PendingStage | None]:
        if not text.strip():
            return "", None
        if self._converter.is_blind:
            return text.strip(), None
        if pipeline:
            return self._converter.in_pipeline(text, pipeline), None
        choices = self._converter.in_any(text)
        if isinstance(choices, Problem):
            return choices, None
        return next(iter(choices.values())), {STAGE: choices}


def _readable(kinds: Any, count: int) -> list[bool]:
    if kinds is None:
        return [True] * count
    readable: list[bool] = (kinds < Kind.ERROR).tolist()
    return readable
