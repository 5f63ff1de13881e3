"""The commands around the main job: template, doctor, schema, runs, sandbox."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from importer.errors import ImportTicketsError, UsageError
from importer.i18n import choose_language, translations
from importer.jobs.state import StateFolder
from schemas.message import Message, Translations, count_message, message

if TYPE_CHECKING:
    from importer.cli.terminal_ui import Person
    from importer.jobs.options import PortalAccess
    from importer.jobs.run_list import RunDetails, RunInfo
    from importer.reports.terminal import Terminal
    from schemas.property import PortalSchema, Property

T = TypeVar("T")
Command = Callable[[argparse.Namespace], int]


def _json_errors(command: Command) -> Command:
    """Let a command print one object under `--json` even where it fails; the words for people follow elsewhere."""

    @wraps(command)
    def wrapped(options: argparse.Namespace) -> int:
        try:
            return command(options)
        except ImportTicketsError as error:
            if getattr(options, "json", False):
                _print_json({"error": {"code": error.code, "message": str(error.text)}, "exit_code": error.exit_code})
            raise

    return wrapped


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2))  # in ASCII: no control character of the portal's reaches a terminal


def _words(options: argparse.Namespace) -> Translations:
    return translations(choose_language(options.lang, os.environ))


def _person(options: argparse.Namespace) -> Person:
    from importer.cli.terminal_ui import Person

    return Person(_words(options), quiet=options.quiet, verbose=options.verbose)


def _lister(options: argparse.Namespace) -> Terminal:
    """Return what draws on standard output: listings are data."""
    from importer.reports.terminal import Terminal

    return Terminal(_words(options), stream=sys.stdout)


def _state() -> StateFolder:
    return StateFolder.from_environment(os.environ)


def _access(options: argparse.Namespace) -> PortalAccess:
    from importer.cli.settings import portal_access

    return portal_access(
        os.environ,
        sandbox=options.sandbox,
        max_rate=options.max_rate,
        daily_reserve=options.daily_reserve,
        languages=[choose_language(options.lang, os.environ)],
    )


def _drive(job: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(job)


# --- template ---------------------------------------------------------------------------------------------------


@_json_errors
def template_command(options: argparse.Namespace) -> int:
    """Write a workbook of tickets to edit."""
    from importer.jobs.template import TemplateOptions, make_template
    from importer.template.ticket_query import Choice

    choice = Choice(
        id_file=options.id_file,
        pipeline=options.pipeline,
        stage=options.stage,
        owner=options.owner,
        modified_since=options.modified_since,
        filters=tuple(options.filter),
        limit=options.limit,
    )
    names = tuple(filter(None, (name.strip() for name in (options.properties or "").split(","))))
    wishes = TemplateOptions(
        options.out, names, choice, overwrite=options.overwrite, lang=choose_language(options.lang, os.environ)
    )
    person = _person(options)
    result = _drive(make_template(wishes, _access(options), _state(), person))
    person.say(
        count_message(
            "{file}: {count} ticket to edit. Edit it, then: import-tickets {file}",
            "{file}: {count} tickets to edit. Edit it, then: import-tickets {file}",
            result.tickets,
            file=str(result.path),
        )
    )
    if options.json:
        _print_json(result.summary())
    return result.exit_code


# --- doctor -----------------------------------------------------------------------------------------------------


@_json_errors
def doctor_command(options: argparse.Namespace) -> int:
    """Check what a run depends on."""
    from importer.jobs.doctor import as_json, examine, exit_code_of

    checks = _drive(examine(_access(options), _state(), os.environ))
    if options.json:
        _print_json(as_json(checks))
    else:
        fine = {"ok": True, "warning": None, "problem": False}
        _lister(options).show_checks((fine[one.state], one.text, one.remedy) for one in checks)
    return exit_code_of(checks)


# --- schema -----------------------------------------------------------------------------------------------------


@_json_errors
def schema_command(options: argparse.Namespace) -> int:
    """Save or print the portal's ticket schema."""
    return _schema_pull(options) if options.action == "pull" else _schema_show(options)


def _schema_pull(options: argparse.Namespace) -> int:
    from importer.jobs.schema import DEFAULT_FILE, pull_schema

    path = options.output or DEFAULT_FILE
    person = _person(options)
    schema = _drive(pull_schema(path, _access(options), _state(), person, overwrite=options.overwrite))
    person.say(message("{count} properties written to {file}.", count=len(schema.properties), file=str(path)))
    if options.json:
        _print_json({"schema": str(path), "properties": len(schema.properties), "exit_code": 0})
    return 0


def _schema_show(options: argparse.Namespace) -> int:
    from importer.jobs.schema import find_property, listed_properties, load_schema, property_json, schema_json

    schema = _drive(load_schema(options.schema, _access(options), _state(), _person(options)))
    if options.property is not None:
        definition = find_property(options.property, schema)
        if options.json:
            _print_json(property_json(definition, schema))
        else:
            _show_property(_lister(options), definition, schema, _words(options))
        return 0
    properties, left_out = listed_properties(schema, everything=options.all or options.json)
    if options.json:
        _print_json(schema_json(schema, properties))
        return 0
    _show_schema(_lister(options), properties, schema, _words(options))
    if left_out:
        _person(options).say(
            message(
                "{count} more properties are times in single stages, all read-only; --all lists them too.",
                count=left_out,
            )
        )
    return 0


def _show_schema(lister: Terminal, properties: list[Property], schema: PortalSchema, words: Translations) -> None:
    from importer.jobs.schema import choices_in

    lister.show_table(
        [message("Property"), message("Label"), message("Type"), message("Notes"), message("Options")],
        (
            (one.name, one.label, _type(one), _flags(one, words), str(len(choices_in(one, schema)) or ""))
            for one in properties
        ),
    )


def _type(definition: Property) -> str:
    return f"{definition.type}, {definition.field_type}" if definition.field_type else definition.type


def _flags(definition: Property, words: Translations) -> str:
    flags = (
        (definition.read_only, message("read-only")),
        (definition.unique, message("unique")),
        (definition.hidden, message("hidden")),
        (definition.sensitivity != "non_sensitive", message("sensitive")),
    )
    return ", ".join(text.render(words) for is_set, text in flags if is_set)


def _show_property(lister: Terminal, definition: Property, schema: PortalSchema, words: Translations) -> None:
    from importer.jobs.schema import choices_in

    rules = "; ".join(" ".join((one.type, *one.arguments)) for one in definition.rules)
    facts = [
        (message("Property"), definition.name),
        (message("Label"), definition.label),
        (message("Type"), _type(definition)),
        (message("Notes"), _flags(definition, words)),
        (message("Group"), definition.group),
        (message("Description"), definition.description),
        (message("Rules"), rules),
    ]
    lister.show_facts((name, value) for name, value in facts if value)
    choices = choices_in(definition, schema)
    if choices:
        lister.show_table([message("Value"), message("Label"), message("Notes")], choices)


# --- runs -------------------------------------------------------------------------------------------------------


@_json_errors
def runs_command(options: argparse.Namespace) -> int:
    """List, show or remove the runs kept on this machine."""
    if options.action == "show":
        return _runs_show(options)
    if options.action == "purge":
        return _runs_purge(options)
    from importer.jobs.run_list import list_runs

    runs = list_runs(_state())
    if options.json:
        _print_json({"runs": [one.as_json() for one in runs]})
        return 0
    rows = [_run_line(one) for one in runs]
    if not rows:
        _person(options).say(message("There are no runs on this machine yet."))
        return 0
    _lister(options).show_table(
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
    )
    if any(row[-1] for row in rows):
        _person(options).say(
            message("Go on with `import-tickets resume RUN`, take back with `import-tickets undo RUN`.")
        )
    return 0


def _run_line(run: RunInfo) -> tuple[str, ...]:
    from pathlib import Path

    kind = f"{run.kind}, dry" if run.dry_run else run.kind
    name = Path(run.file).name
    verb = "resume" if run.can_resume else "undo" if run.can_undo else ""
    return run.id, kind, run.state, name, run.portal_id or run.base_url, _counts(run), verb


def _counts(run: RunInfo) -> str:
    return ", ".join(f"{count} {status}" for status, count in run.counts.items() if status)


def _runs_show(options: argparse.Namespace) -> int:
    from importer.jobs.run_list import show_run

    details = show_run(_state(), options.run)
    if options.json:
        _print_json(details.as_json())
        return 0
    lister = _lister(options)
    lister.show_facts((name, value) for name, value in _run_facts(details, _words(options)) if value)
    if details.columns:
        lister.show_table(
            [message("Property"), message("Changed"), message("Cleared")],
            ((one.property_name, str(one.changed), str(one.cleared)) for one in details.columns),
        )
    lister.show_findings(details.findings, count=details.finding_count, limit=len(details.findings))
    return 0


def _run_facts(details: RunDetails, words: Translations) -> list[tuple[Message, str]]:
    run = details.info
    requests = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in details.requests.items() if count)
    place = f"{run.file} ({run.sheet})" if run.sheet else run.file
    return [
        (message("Run"), run.id),
        (message("Kind"), f"{run.kind}, dry" if run.dry_run else run.kind),
        (message("Undo of"), run.parent or ""),
        (message("State"), run.state),
        (message("Stopped"), details.stop.render(words) if details.stop else ""),
        (message("File"), place),
        (message("Report"), details.report or ""),
        (message("Portal"), " ".join(filter(None, (run.portal_id, run.base_url)))),
        (message("Started"), run.started_at),
        (message("Finished"), run.finished_at),
        (message("Rows"), _counts(run)),
        (message("Requests"), requests),
        (message("Next"), run.next_command or ""),
    ]


def _runs_purge(options: argparse.Namespace) -> int:
    from importer.jobs.run_list import plan_purge, purge_runs

    state, person = _state(), _person(options)
    plan = plan_purge(state, older_than_days=options.older_than)
    chosen: list[RunInfo] = []
    if plan.old and _agreed(options, person, _purge_question(len(plan.old))):
        chosen += plan.old
    if plan.unfinished and not options.force:
        person.say(
            message(
                "{count} unfinished runs are kept, for `resume` could go on with them; --force removes them too.",
                count=len(plan.unfinished),
            )
        )
    elif plan.unfinished and _agreed(options, person, _unfinished_question(len(plan.unfinished))):
        chosen += plan.unfinished
    removed, spared = purge_runs(state, chosen)
    if spared:
        person.say(message("Kept, for they are in use or cannot be removed: {runs}", runs=", ".join(spared)))
    person.say(
        count_message("{count} run removed.", "{count} runs removed.", len(removed))
        if removed
        else message("No run was removed.")
    )
    if options.json:
        kept = [one.id for one in (*plan.old, *plan.unfinished) if one.id not in removed]
        _print_json({"removed": removed, "kept": kept, "exit_code": 0})
    return 0


def _purge_question(count: int) -> Message:
    return count_message(
        "Remove one run for good? It can no longer be undone then.",
        "Remove {count} runs for good? They can no longer be undone then.",
        count,
    )


def _unfinished_question(count: int) -> Message:
    return count_message(
        "Remove one unfinished run too? What it left unsent is lost then.",
        "Remove {count} unfinished runs too? What they left unsent is lost then.",
        count,
    )


def _agreed(options: argparse.Namespace, person: Person, question: Message) -> bool:
    """Return whether somebody says yes. Raises UsageError where nobody is there to ask."""
    if options.yes:
        return True
    if not person.can_ask:
        raise UsageError(
            message("Nothing was removed: there is no terminal to ask on. Run again with --yes."), code="not_confirmed"
        )
    return person.ask(question)


# --- sandbox ----------------------------------------------------------------------------------------------------


def sandbox_command(options: argparse.Namespace) -> int:
    """Serve the embedded sandbox portal until interrupted."""
    from importer.sandbox.options import Limits
    from importer.sandbox.serve import serve

    rate = Limits().rate if options.rate is None else options.rate
    try:
        serve(options.port, _state().home, limits=Limits(latency_ms=options.latency_ms, rate=rate))
    except OSError as error:
        raise UsageError(
            message(
                "The sandbox cannot be served on port {port} ({reason}).",
                port=options.port,
                reason=os.strerror(error.errno) if error.errno else str(error),
            )
        ) from error
    return 0
