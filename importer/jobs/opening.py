"""How a job is opened: what it holds is closed in the end, and errors become its result."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from importer.errors import ImportTicketsError
from importer.jobs.context import Context
from importer.jobs.finish import fail_early, finish
from importer.jobs.job import Opening


@asynccontextmanager
async def opening(
    context: Context, *, file: Path | None = None, sheet: str | None = None, dry_run: bool = False
) -> AsyncIterator[Opening]:
    """Hold open what a job needs. Errors of file, columns, portal and person become its result, and are not raised."""
    held = Opening(context, file, sheet, dry_run)
    try:
        async with held.stack:
            try:
                yield held
            except ImportTicketsError as error:
                if held.job is None:
                    raise
                held.result = finish(held.job, error)
    except ImportTicketsError as error:
        held.result = fail_early(
            error,
            file=held.file,
            sheet=held.sheet,
            dry_run=held.dry_run,
            started_at=held.started_at,
            portal_option=context.access.option,
        )
