"""The stage column, whose values depend on the row's pipeline, or wait for the ticket's where the row names none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from importer.column_reader import ReadColumn, column_texts
from importer.loader.table import Chunk
from importer.records import Columns
from schemas.cells import Kind, Problem, Result
from schemas.choices import StageConverter
from schemas.property import PIPELINE, STAGE, PortalSchema

PendingStage = Mapping[str, Mapping[str, str]]
"""{hs_pipeline_stage: {pipeline: stage}}, as a checked row has it."""

NOTHING: PendingStage = {}

_Found = tuple[str | None, Problem | None, PendingStage | None]
"""The value of a cell or what is wrong with it, and what waits."""

_UNREAD: _Found = (None, None, None)


class StageReader:
    """Reads the stage column, whose values depend on the row's pipeline."""

    def __init__(self, columns: Columns, schema: PortalSchema) -> None:
        by_name = {one.definition.name: one.position for one in columns.values}
        self.position = by_name.get(STAGE)
        self._pipeline = by_name.get(PIPELINE)
        self._converter = StageConverter(schema.pipelines)
        self._known: dict[tuple[str | None, str], _Found] = {}
        self.waits = self._pipeline is None and not self._converter.is_blind

    def read(self, chunk: Chunk, read: Mapping[int, ReadColumn]) -> tuple[ReadColumn, dict[int, PendingStage]] | None:
        """Return the stages of a chunk, and by place those that wait; None where the sheet has no stage column."""
        if self.position is None:
            return None
        texts = column_texts(chunk, self.position)
        kinds = chunk.kinds.get(self.position)
        unreadable = [] if kinds is None else np.flatnonzero(kinds >= Kind.ERROR).tolist()
        pipelines: Sequence[str | None] = (
            read[self._pipeline].cells if self._pipeline is not None else [""] * len(texts)
        )
        pairs = list(zip(pipelines, texts, strict=True))
        for pair in set(pairs).difference(self._known):
            self._known[pair] = self._convert(*pair)
        found = [self._known[pair] for pair in pairs]
        for place in unreadable:
            found[place] = _UNREAD
        column = ReadColumn([value for value, _, _ in found])
        if None in column.cells:
            column.problems = {place: problem for place, (_, problem, _) in enumerate(found) if problem is not None}
        return column, {place: choices for place, (_, _, choices) in enumerate(found) if choices is not None}

    def _convert(self, pipeline: str | None, text: str) -> _Found:
        result, choices = self._read(pipeline, text)
        return (None, result, None) if isinstance(result, Problem) else (result, None, choices)

    def _read(self, pipeline: str | None, text: str) -> tuple[Result, PendingStage | None]:
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
