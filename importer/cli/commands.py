"""Each command: arguments to options, one call, the result shown, the exit code returned."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from importer import __version__
from importer.cli.arguments import COMMANDS, build_parser
from importer.errors import ImportTicketsError

if TYPE_CHECKING:
    from importer.cli.person import Person
    from importer.portal.waiting import StopSignal
    from importer.runs.options import PortalAccess, ReadOptions, Result
    from importer.runs.state import StateFolder

INTERRUPTED = 130


def run_command(arguments: list[str]) -> int:
    """Parse and do. The one place where our exceptions become a message and an exit code."""
    parser = build_parser()
    if arguments and arguments[0] not in COMMANDS and arguments[0] not in {"-h", "--help"}:
        arguments = ["run", *arguments]
    try:
        options = _parse(parser, arguments)
        if options.command is None:
            if options.version:
                print(f"import-tickets {__version__}")
                return 0
            parser.print_help()
            return 2
        return _COMMANDS[options.command](options)
    except ImportTicketsError as error:
        _show_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parse(parser: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    """Return the options: those of the settings file first, so that those typed win."""
    from importer.cli.settings import config_arguments

    options = parser.parse_args(arguments)
    if options.command not in {"run", "reconcile"}:
        return options
    takes_value = _long_options(parser, options.command)
    settings = config_arguments(options.file, options.config, takes_value)
    return parser.parse_args([options.command, *settings, *arguments[1:]]) if settings else options


def _long_options(parser: argparse.ArgumentParser, command: str) -> dict[str, bool]:
    commands = next(one for one in parser._actions if isinstance(one, argparse._SubParsersAction))  # noqa: SLF001 - argparse has no public way
    return {
        name.removeprefix("--"): action.nargs != 0
        for action in commands.choices[command]._actions  # noqa: SLF001
        for name in action.option_strings
        if name.startswith("--")
    }


def _show_error(error: ImportTicketsError) -> None:
    from importer.language import choose_language, translations
    from importer.reports.terminal import Terminal

    Terminal(translations(choose_language(None, os.environ))).show_error(error)


def _language(options: argparse.Namespace) -> str:
    from importer.language import choose_language

    return choose_language(options.lang, os.environ)


def _person(options: argparse.Namespace, lang: str) -> Person:
    from importer.cli.person import Person
    from importer.language import translations

    return Person(translations(lang), quiet=options.quiet, verbose=options.verbose)


def _state() -> StateFolder:
    from importer.runs.state import StateFolder

    return StateFolder.from_environment(os.environ)


def _access(options: argparse.Namespace) -> PortalAccess:
    from importer.cli.settings import portal_access

    return portal_access(
        os.environ, sandbox=options.sandbox, max_rate=options.max_rate, daily_reserve=options.daily_reserve
    )


def _read_options(options: argparse.Namespace) -> ReadOptions:
    from importer.runs.options import ReadOptions

    return ReadOptions(
        sheet=options.sheet,
        id_property=options.id_property,
        mapping=dict(options.map),
        skip_columns=tuple(options.skip_column),
        skip_unknown=options.skip_unknown,
        skip_read_only=options.skip_read_only,
        blank=options.blank,
        schema=options.schema,
        locale=options.locale,
        date_format=options.date_format,
        time_zone=options.timezone,
        encoding=options.encoding,
        delimiter=options.delimiter,
    )


def _run(options: argparse.Namespace) -> int:
    from importer.runs.options import RunOptions
    from importer.runs.run import run_import

    lang = _language(options)
    person = _person(options, lang)
    wishes = RunOptions(
        file=options.file,
        read=_read_options(options),
        dry_run=options.dry_run,
        yes=options.yes,
        on_invalid=options.on_invalid or "ask",
        diff=not options.no_diff,
        max_changes=options.max_changes,
        max_clears=options.max_clears,
        output=options.output,
        html=options.html,
        on_conflict=options.on_conflict,
        lang=lang,
    )
    return _finish(options, person, _drive(lambda stop: run_import(wishes, _access(options), _state(), person, stop)))


def _resume(options: argparse.Namespace) -> int:
    from importer.runs.resume import resume_run

    lang = _language(options)
    person = _person(options, lang)
    access, state = _access(options), _state()
    return _finish(
        options,
        person,
        _drive(lambda stop: resume_run(options.run, access, state, person, stop, html=options.html, lang=lang)),
    )


def _undo(options: argparse.Namespace) -> int:
    from importer.runs.undo import undo_run

    lang = _language(options)
    person = _person(options, lang)
    access, state = _access(options), _state()
    return _finish(
        options,
        person,
        _drive(
            lambda stop: undo_run(
                options.run,
                access,
                state,
                person,
                stop,
                dry_run=options.dry_run,
                yes=options.yes,
                html=options.html,
                lang=lang,
            )
        ),
    )


def _reconcile(options: argparse.Namespace) -> int:
    from importer.runs.options import RunOptions
    from importer.runs.reconcile import reconcile

    lang = _language(options)
    person = _person(options, lang)
    wishes = RunOptions(
        file=options.file,
        read=_read_options(options),
        dry_run=True,
        output=options.output,
        html=options.html,
        lang=lang,
    )
    return _finish(options, person, _drive(lambda stop: reconcile(wishes, _access(options), _state(), person, stop)))


def _drive(job: Callable[[StopSignal], Coroutine[Any, Any, Result]]) -> Result:
    """Run a job to its end. The first Ctrl-C or SIGTERM asks it to stop, the second leaves at once."""
    import asyncio
    import signal

    from importer.portal.waiting import StopSignal

    stop = StopSignal()

    def ask_to_stop(number: int, frame: object) -> None:
        del frame
        if stop.is_set or not stop.is_watched:
            signal.signal(number, signal.SIG_DFL)
            raise KeyboardInterrupt
        stop.set()

    previous = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return asyncio.run(job(stop))
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _finish(options: argparse.Namespace, person: Person, result: Result) -> int:
    """Show how a job ended, and print its summary where that was asked for."""
    from importer.reports.summary import summary_json

    person.show_result(result)
    if options.json:
        print(summary_json(dict(result.summary)))
    return result.exit_code


def _around(name: str) -> Callable[[argparse.Namespace], int]:
    """Return the command `name` of those around the main job."""

    def command(options: argparse.Namespace) -> int:
        from importer.cli import commands_more

        return getattr(commands_more, f"{name}_command")(options)  # type: ignore[no-any-return]

    return command


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "run": _run,
    "resume": _resume,
    "undo": _undo,
    "reconcile": _reconcile,
    **{name: _around(name) for name in ("runs", "template", "schema", "doctor", "sandbox")},
}
