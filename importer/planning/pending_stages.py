"""Stages of rows that name no pipeline: they wait for the ticket's own, or are settled without it."""

from __future__ import annotations

from dataclasses import replace

from importer.findings import Finding
from importer.model import CheckedRow, Columns
from schemas.cells import shown
from schemas.message import message
from schemas.property import PortalSchema


def settle_pending(row: CheckedRow, columns: Columns, schema: PortalSchema) -> CheckedRow | Finding:
    """Return the row with its stage settled where the ticket's pipeline isn't known.

    A stage that fits one pipeline is taken; one that fits several gives the finding `ambiguous_option`.
    """
    wanted = dict(row.wanted)
    for name, choices in row.pending.items():
        if len(choices) > 1:
            return _ambiguous(row, name, columns, schema)
        wanted[name] = next(iter(choices.values()))
    return replace(row, wanted=wanted, pending={})


def _ambiguous(row: CheckedRow, name: str, columns: Columns, schema: PortalSchema) -> Finding:
    stages = [
        schema.stage_label(stage) if stage else f"{row.typed.strip()} ({_label(schema, pipeline)})"
        for pipeline, stage in row.pending[name].items()
    ]
    text = message(
        "this stage is in several pipelines: {stages}; write it as Stage (Pipeline), or add a pipeline column",
        stages=", ".join(f'"{stage}"' for stage in stages),
    )
    value = row.typed or stages[0].rpartition(" (")[0] or stages[0]
    return columns.finding("ambiguous_option", text, row=row.row, key=row.key, name=name, value=value)


def several_in_pipeline(
    row: CheckedRow, name: str, pipeline_id: str, columns: Columns, schema: PortalSchema
) -> Finding:
    """Return the finding of a stage whose label several stages of the ticket's own pipeline bear."""
    pipeline = schema.pipeline(pipeline_id)
    text = message(
        'several stages of the ticket\'s pipeline "{pipeline}" are called "{value}"; write the ID of the one you mean: '
        "{stages}",
        pipeline=_label(schema, pipeline_id),
        value=shown(row.typed.strip()),
        stages=", ".join(f"{stage.id} ({stage.label})" for stage in pipeline.stages) if pipeline else "?",
    )
    return columns.finding("ambiguous_option", text, row=row.row, key=row.key, name=name, value=row.typed)


def _label(schema: PortalSchema, pipeline_id: str) -> str:
    pipeline = schema.pipeline(pipeline_id)
    return pipeline.label if pipeline else pipeline_id
