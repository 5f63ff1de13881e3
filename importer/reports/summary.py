"""The machine-readable summary of a run: one JSON object, whatever came of it.

Its shape is the contract's, written down as a JSON Schema in `summary.schema.json` beside this module. Texts are
English whatever the language of the run: scripts read this.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from importer.errors import ImportTicketsError
from importer.findings import Finding, cell_name
from importer.journal import BatchAnswer, Journal
from importer.model import Difference, Status

Summary = dict[str, Any]

_REQUESTS = ("read", "update", "retried", "rate_limited")


def build_summary(
    journal: Journal,
    *,
    exit_code: int,
    finished_at: str | None = None,
    requests: Mapping[str, int] | None = None,
    report: Path | str | None = None,
    stop: ImportTicketsError | None = None,
) -> Summary:
    """Return the summary of a run, an undo or a reconciliation from its journal.

    `stop` is what ended it early: it comes first among the errors. `finished_at`, `requests` and `report` are those
    the journal noted, where they are not given. Rows without an outcome count as not sent.
    """
    record = journal.record
    counts = journal.rows.count_by_status()
    dry_run = record.dry_run
    changed, cleared = journal.report.count_cells(Status.WOULD_UPDATE if dry_run else Status.UPDATED)
    summary = _blank_summary()
    summary |= {
        "run_id": record.id,
        "file": record.file,
        "sheet": record.sheet,
        "dry_run": dry_run,
        "settings": record.settings,
        "key": {"column": record.key.header or None, "property": record.key.property},
        "rows": count_rows(counts, reconciled=record.kind == "reconcile"),
        "cells": {"changed": changed, "cleared": cleared},
        "requests": _count_requests(requests if requests is not None else record.requests),
        "batches": [_describe_answer(one) for one in journal.batches.answers()],
        "errors": _list_errors(list(journal.report.findings()), stop),
        "report": str(report) if report is not None else record.report,
        "started_at": record.started_at,
        "finished_at": finished_at or record.finished_at,
        "exit_code": exit_code,
    }
    if record.plan is not None:
        summary["plan"] = record.plan["path"]
    if record.kind == "reconcile":
        summary["differences"] = [_describe_difference(one) for one in journal.report.differences()]
    return summary


def failure_summary(
    error: ImportTicketsError,
    *,
    exit_code: int | None = None,
    file: Path | str | None = None,
    sheet: str | None = None,
    dry_run: bool = False,
    started_at: str | None = None,
    finished_at: str | None = None,
    requests: Mapping[str, int] | None = None,
) -> Summary:
    """Return the summary of a run that ended before it had a journal: the file, the columns, the token."""
    return _blank_summary() | {
        "file": str(file) if file is not None else None,
        "sheet": sheet,
        "dry_run": dry_run,
        "requests": _count_requests(requests),
        "errors": _list_errors([], error),
        "started_at": started_at,
        "finished_at": finished_at,
        "exit_code": error.exit_code if exit_code is None else exit_code,
    }


def count_rows(counts: Mapping[str, int], *, reconciled: bool = False) -> dict[str, int]:
    """Return `rows` of the summary from how many rows have which status ("" where undecided)."""
    rows = {
        "total": sum(counts.values()),
        "updated": counts.get(Status.UPDATED, 0),
        "unchanged": counts.get(Status.UNCHANGED, 0),
        "invalid": counts.get(Status.INVALID, 0),
        "failed": counts.get(Status.FAILED, 0),
        "not_sent": counts.get(Status.NOT_SENT, 0) + counts.get("", 0),
        "would_update": counts.get(Status.WOULD_UPDATE, 0),
    }
    if reconciled:
        rows |= {"matches": counts.get(Status.MATCHES, 0), "differs": counts.get(Status.DIFFERS, 0)}
    return rows


def summary_json(summary: Summary) -> str:
    """Return the summary as one JSON document, ASCII only: it survives any console and any pipe."""
    return json.dumps(summary, indent=2)


def summary_schema() -> Summary:
    """Return the JSON Schema (draft 2020-12) that every summary fits."""
    schema: Summary = json.loads(resources.files(__package__).joinpath("summary.schema.json").read_text("utf-8"))
    return schema


def _blank_summary() -> Summary:
    """Return a summary of nothing: every key is there."""
    return {
        "run_id": None,
        "file": None,
        "sheet": None,
        "dry_run": False,
        "settings": None,
        "key": {"column": None, "property": None},
        "rows": count_rows({}),
        "cells": {"changed": 0, "cleared": 0},
        "requests": _count_requests(None),
        "batches": [],
        "errors": [],
        "report": None,
        "started_at": None,
        "finished_at": None,
        "exit_code": 0,
    }


def _count_requests(counts: Mapping[str, int] | None) -> dict[str, int]:
    return {name: int((counts or {}).get(name, 0)) for name in _REQUESTS}


def _list_errors(found: list[Finding], stop: ImportTicketsError | None) -> list[Summary]:
    errors = [_describe(one) for one in found]
    if stop is None:
        return errors
    reasons = [_describe(one) for one in stop.findings]
    if not reasons and stop.code:
        reasons = [_describe(Finding(stop.code, stop.text))]
    return [one for one in reasons if one not in errors] + errors


def _describe_answer(one: BatchAnswer) -> Summary:
    """One answer to an update: ours in our names, what the portal said in its own."""
    life = {name: one.told.get(name) for name in ("status", "requestedAt", "startedAt", "completedAt")}
    return {
        "batch": one.batch,
        "rows": [one.first, one.last],
        "inputs": one.inputs,
        "answered_at": one.at,
        "http_status": one.status,
        **life,
        "links": one.told.get("links") or {},
        "correlationId": one.correlation,
        "problem": one.problem,
        "errors": one.told.get("errors") or [],
        "warnings": one.told.get("warnings") or [],
    }


def _describe_difference(one: Difference) -> Summary:
    return {
        "row": one.row,
        "cell": cell_name(one.row, one.position),
        "column": one.header,
        "property": one.property_name,
        "key": one.key,
        "sheet": one.sheet,
        "portal": one.portal,
        "changed_at": one.changed_at,
        "changed_by": one.changed_by,
        "run": one.run,
        "reason": one.reason,
    }


def _describe(finding: Finding) -> Summary:
    return {
        "row": finding.row,
        "cell": finding.cell,
        "column": finding.header,
        "property": finding.property_name,
        "key": finding.key,
        "value": finding.value,
        "code": finding.code,
        "message": str(finding.text),
    }
