"""Plan: the first half of the main job, written into a file that a second person can look at, approve and apply."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from importer.errors import FileError, InvalidRows, NotConfirmed, UsageError, cannot_write
from importer.files import try_writing
from importer.i18n import translations
from importer.jobs.confirm import confirm
from importer.jobs.context import Context
from importer.jobs.finish import finish
from importer.jobs.job import Job
from importer.jobs.main import prepare
from importer.jobs.opening import opening
from importer.jobs.options import Result, RunOptions
from importer.jobs.plan_file import BOOK_SUFFIX, kept_facts, read_plan, write_plan
from importer.jobs.plan_notes import who_am_i
from importer.jobs.state import StateFolder
from importer.jobs.targets import is_same
from importer.journal import Journal, RunRecord
from importer.loader.formats import SPREADSHEETS
from schemas.message import Translations, count_message, message


async def make_plan_file(options: RunOptions, path: Path, context: Context) -> Result:
    """Do the main job on `options.file` up to the question, and write the plan to `path` (absolute). Nothing is sent.

    FILE is left alone, unless rows are invalid and nobody said to leave them out: then there is no plan.
    """
    options = replace(options, file=options.file.absolute())
    async with opening(context, file=options.file, sheet=options.read.sheet, dry_run=True) as held:
        _check_path(options, path, context)
        planner = who_am_i(context.state)
        job = await prepare(options, held)
        job.journal.note(dry_run=True)
        job = held.begin(replace(job, options=replace(options, dry_run=True)))
        confirm(job)
        _settle_invalid_rows(job)
        head = _head(job.journal, options, path, planner) | {"cleared_by_word": sorted(job.cleared_by_word)}
        noting = context.state.outputs.noting(path)
        write_plan(
            path, head, job.journal.plan_records, like=options.file, check=noting, words=translations(context.lang)
        )
        digest = read_plan(path).digest
        job.journal.note(plan={"path": str(path), "sha256": digest, "planned": planner})
        context.ui.say(message("The plan is in {path}; nothing was sent.", path=str(path)))
        held.result = replace(finish(job), next_commands=(next_command("apply", path, context.access.option),))
    return held.result


def next_command(name: str, path: Path, option: str) -> str:
    """Return a command about a plan, as it can be pasted. option: the one that leads to the portal."""
    import shlex
    import subprocess

    quoted = subprocess.list2cmdline([str(path)]) if os.name == "nt" else shlex.quote(str(path))
    return f"import-tickets {name} {quoted}{option}"


def is_sandbox(record: RunRecord) -> bool:
    """Whether a run was made in the embedded sandbox."""
    return urlsplit(record.portal.base_url or "").hostname == "sandbox"


def _check_path(options: RunOptions, path: Path, context: Context) -> None:
    """Raise UsageError where the plan could not be written, or would replace what it must not."""
    if path.suffix.lower() in SPREADSHEETS - {BOOK_SUFFIX}:
        raise UsageError(message("{path} names a spreadsheet; a plan's name ends in .jsonl or .xlsx.", path=str(path)))
    if is_same(path, options.file) or (options.html and is_same(path, options.html)):
        raise UsageError(message("{path} is another file of this run; name another one.", path=str(path)))
    context.state.outputs.check(path, overwrite=options.overwrite)
    try:
        try_writing(path)
    except OSError as error:
        raise FileError(cannot_write(path, error)) from error


def _settle_invalid_rows(job: Job) -> None:
    """Raise UsageError where rows are invalid, and nobody says that the others are to be planned without them."""
    blocking = job.journal.plan.count_blocking_rows()
    if not blocking or job.options.on_invalid == "skip":
        return
    if job.options.on_invalid == "ask" and job.ui.can_ask:
        question = count_message(
            "Leave out one invalid row, and plan the others?",
            "Leave out {count} invalid rows, and plan the others?",
            blocking,
        )
        if job.ui.ask(question):
            return
        raise NotConfirmed(message("There is no plan."), answered=True)
    raise InvalidRows(
        count_message(
            "There is no plan: one row is invalid. Fix it, or plan the others with --on-invalid skip.",
            "There is no plan: {count} rows are invalid. Fix them, or plan the others with --on-invalid skip.",
            blocking,
        )
    )


def _head(journal: Journal, options: RunOptions, path: Path, planner: Mapping[str, str]) -> dict[str, Any]:
    record, file = journal.record, options.file
    try:
        relative = Path(os.path.relpath(file, path.parent)).as_posix()
    except ValueError:  # on another drive
        relative = file.name
    return {
        "planned": planner,
        "file": {"name": file.name, "path": relative, "sha256": record.digest},
        "run": kept_facts(record),
        "cleared_by_word": [],
        "allow_empty_column": options.allow_empty_column,
    }


def save_plan(journal: Journal, path: Path, state: StateFolder, words: Translations) -> None:
    """Write the plan that waits in a journal to a new file, as `make_plan_file` does; invalid rows are left out.

    path: where it stands for a moment only, before it is handed out: FILE is looked for beside it.
    """
    options = RunOptions(Path(journal.record.file))
    head = _head(journal, options, path, who_am_i(state))
    head["file"]["path"] = options.file.name
    write_plan(path, head, journal.plan_records, like=options.file, check=lambda _: None, words=words)
