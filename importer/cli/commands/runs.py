"""`import-tickets runs`: the runs kept on this machine: listed, shown, removed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from importer.cli.parser import Command, Parser, add_output, add_yes, days
from importer.cli.session import lister_of, print_json, state_folder, ui_of, words_of
from importer.errors import UsageError
from schemas.message import Message, Translations, count_message, message

if TYPE_CHECKING:
    from importer.cli.terminal_ui import TerminalUi
    from importer.jobs.run_list import RunDetails, RunInfo


def add_options(parser: Parser) -> None:
    # What an action leaves out must not undo what was typed before it: `runs --json show RUN`.
    more: dict[str, Any] = {"dest": "action", "argument_default": argparse.SUPPRESS}
    listing = parser.add_command("list", "list them (the default)", **more)
    show = parser.add_command("show", "show one of them", **more)
    show.add("run", metavar="RUN", help="which run, or a part of its ID")
    show.add("--cells", action="store_true", default=False, help="every cell that it changed")
    show.add(
        "--csv",
        type=Path,
        default=None,
        metavar="PATH",
        help="write a CSV file: the result of each row, or with --cells each changed cell",
        without="no file",
    )
    show.add("--overwrite", action="store_true", default=False, help="replace PATH where it exists")
    purge = parser.add_command("purge", "remove journals", **more)
    purge.add("--older-than", required=True, type=days, metavar="AGE", help="such as 90d")
    add_yes(purge, "do not ask")
    purge.add("--force", action="store_true", default=False, help="unfinished runs too")
    for one in (parser, listing, show, purge):
        add_output(one)


def perform(options: argparse.Namespace) -> int:
    """List, show or remove the runs kept on this machine."""
    if options.action == "show":
        return _runs_show(options)
    if options.action == "purge":
        return _runs_purge(options)
    from importer.jobs.run_list import list_runs

    runs = list_runs(state_folder())
    if options.json:
        print_json({"runs": [one.as_json() for one in runs]})
        return 0
    rows = [_run_line(one, words_of(options)) for one in runs]
    if not rows:
        ui_of(options).say(message("There are no runs on this machine yet."))
        return 0
    lister_of(options).show_table(
        [
            message("Run"),
            message("Kind"),
            message("State"),
            message("File"),
            message("Portal"),
            message("Rows"),
            message("Next"),
        ],
        rows,
        whole=(0,),
        drop=(4, 1, 5, 3),
    )
    if any(row[-1] for row in rows):
        ui_of(options).say(message("Continue with `import-tickets resume RUN`, undo with `import-tickets undo RUN`."))
    return 0


def _run_line(run: RunInfo, words: Translations) -> tuple[str, ...]:
    from importer.reports.text import kind_words, state_word

    kind, state = kind_words(run.kind, dry_run=run.dry_run).render(words), state_word(run.state).render(words)
    name = Path(run.file).name
    verb = "resume" if run.can_resume else "undo" if run.can_undo else ""
    return run.id, kind, state, name, run.portal_id or run.base_url, _counts(run, words), verb


def _counts(run: RunInfo, words: Translations) -> str:
    from importer.reports.text import status_count

    counts = [(status, count) for status, count in run.counts.items() if status]
    return ", ".join(status_count(*one, was_undo=run.kind == "undo").render(words) for one in counts)


def _runs_show(options: argparse.Namespace) -> int:
    from importer.jobs.run_cells import as_json, changed_cells, write_cells, write_rows
    from importer.jobs.run_list import show_run

    state = state_folder()
    run_id = state.find_run(options.run)
    details = show_run(state, run_id)
    if options.csv is not None:
        if options.cells:
            write_cells(state, run_id, options.csv, overwrite=options.overwrite)
        else:
            write_rows(state, run_id, options.csv, words_of(options), overwrite=options.overwrite)
        ui_of(options).say(message("Written to {file}.", file=str(options.csv)))
    words = None if options.json else words_of(options)
    cells = [as_json(one) for one in changed_cells(state, run_id, words)] if options.cells else []
    if options.json:
        print_json({**details.as_json(), **({"changed_cells": cells} if options.cells else {})})
        return 0
    lister = lister_of(options)
    lister.show_facts((name, value) for name, value in _run_facts(details, words_of(options)) if value)
    if details.columns:
        lister.show_table(
            [message("Property"), message("Changed"), message("Cleared")],
            ((one.property_name, str(one.changed), str(one.cleared)) for one in details.columns),
        )
    if cells and options.csv is None:
        names = ("cell", "ticket", "column", "before", "after")
        lister.show_table(
            [message("Cell"), message("Ticket"), message("Column"), message("Before"), message("After")],
            ([str(one[name] or "") for name in names] for one in cells),
            whole=(0, 1),
            drop=(1,),
        )
    from importer.reports.finding_groups import group_findings

    lister.show_findings(group_findings(details.findings), count=details.finding_count, limit=len(details.findings))
    return 0


def _run_facts(details: RunDetails, words: Translations) -> list[tuple[Message, str]]:
    from importer.reports.text import kind_words, local_moment, request_words, state_word

    run = details.info
    requests = (request_words(name, count).render(words) for name, count in details.requests.items() if count)
    place = f"{run.file} ({run.sheet})" if run.sheet else run.file
    return [
        (message("Run"), run.id),
        (message("Kind"), kind_words(run.kind, dry_run=run.dry_run).render(words)),
        (message("Undo of"), run.parent or ""),
        (message("State"), state_word(run.state).render(words)),
        (message("Stopped"), details.stop.render(words) if details.stop else ""),
        (message("File"), place),
        (message("Report"), details.report or ""),
        (message("Portal"), " ".join(filter(None, (run.portal_id, run.base_url)))),
        (message("Started"), local_moment(run.started_at).render(words)),
        (message("Finished"), local_moment(run.finished_at).render(words) if run.finished_at else ""),
        (message("Rows"), _counts(run, words)),
        (message("Requests"), ", ".join(requests)),
        (message("Next"), run.next_command or ""),
    ]


def _runs_purge(options: argparse.Namespace) -> int:
    from importer.jobs.run_list import plan_purge, purge_runs

    state, ui = state_folder(), ui_of(options)
    plan = plan_purge(state, older_than_days=options.older_than)
    chosen: list[RunInfo] = []
    if plan.old and _agreed(options, ui, _purge_question(len(plan.old))):
        chosen += plan.old
    if plan.unfinished and not options.force:
        ui.say(
            message(
                "{count} unfinished runs are kept, for `resume` could go on with them; --force removes them too.",
                count=len(plan.unfinished),
            )
        )
    elif plan.unfinished and _agreed(options, ui, _unfinished_question(len(plan.unfinished))):
        chosen += plan.unfinished
    removed, spared = purge_runs(state, chosen)
    if spared:
        ui.say(message("Kept, for they are in use or cannot be removed: {runs}", runs=", ".join(spared)))
    ui.say(
        count_message("{count} run removed.", "{count} runs removed.", len(removed))
        if removed
        else message("No run was removed.")
    )
    if options.json:
        kept = [one.id for one in (*plan.old, *plan.unfinished) if one.id not in removed]
        print_json({"removed": removed, "kept": kept, "exit_code": 0})
    return 0


def _purge_question(count: int) -> Message:
    return count_message(
        "Remove one run permanently? It can no longer be undone then.",
        "Remove {count} runs permanently? They can no longer be undone then.",
        count,
    )


def _unfinished_question(count: int) -> Message:
    return count_message(
        "Remove one unfinished run too? What it left unsent is lost then.",
        "Remove {count} unfinished runs too? What they left unsent is lost then.",
        count,
    )


def _agreed(options: argparse.Namespace, ui: TerminalUi, question: Message) -> bool:
    """Return whether somebody says yes. Raises UsageError where nobody is there to ask."""
    if options.yes:
        return True
    if not ui.can_ask:
        raise UsageError(
            message("Nothing was removed: there is no terminal to ask on. Run again with --yes."), code="not_confirmed"
        )
    return ui.ask(question)


COMMAND = Command("the runs kept on this machine", add_options, perform)
