"""Each command: arguments to options, one call, the result shown, the exit code returned."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from importer.errors import ImportTicketsError, InternalFault, Interrupted, UsageError

if TYPE_CHECKING:
    from importer.cli.terminal_ui import Person
    from importer.jobs.context import Context
    from importer.jobs.options import PortalAccess, ReadOptions, Result
    from importer.jobs.state import StateFolder
    from importer.portal.clock import StopSignal

    Job = Callable[[Context], Coroutine[Any, Any, Result]]

INTERRUPTED = 130


def run_command(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    """Do what was parsed. The one place where our exceptions become a message and an exit code."""
    try:
        return _COMMANDS[options.command](_with_settings(options, arguments))
    except ImportTicketsError as error:
        _show_error(error, arguments)
        if options.command in _JOBS and options.json:
            _print_failure(error, options)
        return error.exit_code
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a traceback is kept in a file, not shown
        fault = explain(error)
        _show_error(fault, arguments)
        if options.command in _JOBS and options.json:
            _print_failure(fault, options)
        return fault.exit_code


def _print_failure(error: ImportTicketsError, options: argparse.Namespace) -> None:
    """Print the one object that `--json` promises, of a job that did not even begin."""
    from importer.jobs.finish import fail_early
    from importer.reports.summary import summary_json

    file = getattr(options, "file", None)
    dry_run = getattr(options, "dry_run", False)
    result = fail_early(error, file=file.absolute() if file else None, dry_run=dry_run)
    print(summary_json(dict(result.summary)))


def _with_settings(options: argparse.Namespace, arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options with those of the settings file, where the command reads one."""
    if not hasattr(options, "config"):
        return options
    from importer.cli.parser import UnusableSetting, long_options, parse
    from importer.cli.settings import config_arguments, settings_files
    from importer.i18n import language_typed
    from schemas.message import message

    sources = settings_files(options.file, options.config)
    every, own = long_options("run"), long_options(options.command)
    settings: list[str] = []
    found = options
    for source in sources:
        settings += config_arguments(source, every, own)
        try:
            found = parse(arguments, settings=settings, language=language_typed(arguments, os.environ))
        except UnusableSetting as error:
            raise UsageError(message("{path}: {problem}", path=str(source.path), problem=str(error))) from error
    found.settings = os.pathsep.join(str(source.path.absolute()) for source in sources) or None
    return found


def _show_error(error: ImportTicketsError, arguments: Sequence[str]) -> None:
    from importer.i18n import language_typed, translations
    from importer.reports.terminal import Terminal

    Terminal(translations(language_typed(arguments, os.environ))).show_error(error)


def _language(options: argparse.Namespace) -> str:
    from importer.i18n import choose_language

    return choose_language(options.lang, os.environ)


def _person(options: argparse.Namespace) -> Person:
    from importer.cli.terminal_ui import Person
    from importer.i18n import translations

    return Person(translations(_language(options)), quiet=options.quiet, verbose=options.verbose)


def _state() -> StateFolder:
    from importer.jobs.state import StateFolder

    return StateFolder.from_environment(os.environ)


def _access(options: argparse.Namespace) -> PortalAccess:
    from importer.cli.settings import portal_access

    return portal_access(
        os.environ,
        sandbox=options.sandbox,
        max_rate=options.max_rate,
        daily_reserve=options.daily_reserve,
        languages=filter(None, (_language(options), getattr(options, "locale", None))),
    )


def _read_options(options: argparse.Namespace) -> ReadOptions:
    from importer.jobs.options import ReadOptions

    return ReadOptions(
        sheet=options.sheet,
        id_property=options.id_property,
        mapping=dict(options.map),
        skip_columns=tuple(options.skip_column),
        skip_unknown=options.skip_unknown,
        skip_read_only=options.skip_read_only,
        policies=tuple(options.policy),
        clear_word=options.clear_word or "",
        blank=options.blank,
        options=options.options,
        allow_spoiled=options.allow_spoiled,
        schema=options.schema,
        locale=options.locale,
        date_format=options.date_format,
        time_zone=options.timezone,
        encoding=options.encoding,
        delimiter=options.delimiter,
    )


def _run(options: argparse.Namespace) -> int:
    from importer.jobs.main import import_tickets
    from importer.jobs.options import RunOptions

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
        overwrite=options.overwrite,
        settings=getattr(options, "settings", None),
        on_conflict=options.on_conflict,
    )
    return _perform(options, partial(import_tickets, wishes), file=options.file)


def _resume(options: argparse.Namespace) -> int:
    from importer.jobs.resume import resume_run

    wishes = {"html": options.html, "overwrite": options.overwrite}
    return _perform(options, partial(resume_run, options.run, **wishes))


def _undo(options: argparse.Namespace) -> int:
    from importer.jobs.undo import undo_run

    wishes = {
        "dry_run": options.dry_run,
        "yes": options.yes,
        "html": options.html,
        "overwrite": options.overwrite,
    }
    return _perform(options, partial(undo_run, options.run, **wishes))


def _reconcile(options: argparse.Namespace) -> int:
    from importer.jobs.options import RunOptions
    from importer.jobs.reconcile import reconcile

    wishes = RunOptions(
        file=options.file,
        read=_read_options(options),
        dry_run=True,
        output=options.output,
        html=options.html,
        overwrite=options.overwrite,
    )
    return _perform(options, partial(reconcile, wishes), file=options.file)


def _perform(options: argparse.Namespace, job: Job, *, file: Path | None = None) -> int:
    """Run a job with the person, the portal and the state folder that the options name; show how it ended."""
    from importer.jobs.context import Context
    from importer.jobs.finish import break_off
    from importer.jobs.state import now
    from importer.reports.summary import summary_json
    from schemas.message import message

    person, access, state = _person(options), _access(options), _state()
    began, dry_run = now(), getattr(options, "dry_run", False)
    settings = getattr(options, "settings", None)
    if settings:
        person.say(message("Settings are taken from {path}.", path=settings))
    try:
        result = _drive(lambda stop: job(Context(access, state, person, stop, _language(options))))
    except ImportTicketsError as error:
        result = break_off(error, state, file=file.absolute() if file else None, dry_run=dry_run, since=began)
    if settings:
        result = replace(result, summary={**result.summary, "settings": settings})
    person.show_result(result)
    if options.json:
        print(summary_json(dict(result.summary)))
    return result.exit_code


def _drive(job: Callable[[StopSignal], Coroutine[Any, Any, Result]]) -> Result:
    """Run a job to its end.

    The first Ctrl-C, SIGTERM or closed window asks it to stop once what is in flight is finished; where nothing is,
    and at the second, it is left at once: Interrupted is raised. A fault of our own is raised as InternalFault.
    """
    import asyncio
    import signal

    from importer.portal.clock import StopSignal

    stop = StopSignal()

    def ask_to_stop(number: int, frame: object) -> None:
        del number, frame
        if stop.is_set or not stop.graceful:
            raise KeyboardInterrupt
        stop.set()

    previous = {number: signal.signal(number, ask_to_stop) for number in _stop_signals()}
    try:
        return asyncio.run(job(stop))
    except KeyboardInterrupt:
        raise Interrupted from None
    except Exception as error:
        raise explain(error) from error
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _stop_signals() -> list[int]:
    """Return the signals that ask to stop, as far as this system knows them: Ctrl-C, an order, a closed window.

    `nohup` has the closed window ignored, and so it stays.
    """
    import signal

    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # the third is not known to Windows, the last to it alone
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    return [one for one in known if one == signal.SIGINT or signal.getsignal(one) is not signal.SIG_IGN]


def explain(error: Exception) -> ImportTicketsError:
    """Return the error of ours for one that nobody expected: a limit of the machine, or a fault of this program."""
    import errno

    from importer.errors import MachineLimit, too_many_files
    from schemas.message import message

    if isinstance(error, MemoryError):
        return MachineLimit(
            message(
                "There is not enough memory. End other programs, or cut the file into smaller ones and run them one "
                "after the other."
            )
        )
    number = error.errno if isinstance(error, OSError) else None
    if number in {errno.EMFILE, errno.ENFILE}:
        return MachineLimit(too_many_files())
    if number in {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}:
        import tempfile

        return MachineLimit(
            message(
                "There is no space left in {folder}. Make room, or let TMPDIR name another folder for temporary files.",
                folder=str(getattr(error, "filename", None) or tempfile.gettempdir()),
            )
        )
    return _keep_traceback(error)


def _keep_traceback(error: Exception) -> InternalFault:
    """Write what went wrong into the state folder, without the token, and return the error that names the file."""
    import tempfile
    import traceback

    from schemas.message import message

    text = "".join(traceback.format_exception(error))
    if token := os.environ.get("HUBSPOT_ACCESS_TOKEN", "").strip():
        text = text.replace(token, "[token]")
    try:
        state = _state()
        state.make_home()
        descriptor, path = tempfile.mkstemp(prefix="fault-", suffix=".txt", dir=state.home)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        path = f"{type(error).__name__}: {error}"
    return InternalFault(
        message(
            "This is a fault of import-tickets itself, and not of your file. Please report it with {path}. "
            "`import-tickets runs` tells whether something was sent, and how to go on.",
            path=path,
        )
    )


def _around(name: str) -> Callable[[argparse.Namespace], int]:
    """Return the command `name` of those around the main job."""

    def command(options: argparse.Namespace) -> int:
        from importer.cli import commands_more

        return getattr(commands_more, f"{name}_command")(options)  # type: ignore[no-any-return]

    return command


_JOBS = frozenset({"run", "resume", "undo", "reconcile"})
"""What prints a summary under `--json`; the others print an object of their own."""

_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "run": _run,
    "resume": _resume,
    "undo": _undo,
    "reconcile": _reconcile,
    **{name: _around(name) for name in ("runs", "template", "schema", "doctor", "sandbox")},
}
