"""What every command works with: the person, the state folder, the portal; and how a job is run to its end."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from importer.cli.parser import FULL
from importer.errors import FileError, ImportTicketsError, Interrupted
from importer.i18n import choose_language, translations

if TYPE_CHECKING:
    from importer.cli.terminal_ui import TerminalUi
    from importer.jobs.context import Context
    from importer.jobs.options import PortalAccess, Result
    from importer.jobs.state import StateFolder
    from importer.portal.clock import StopSignal
    from importer.reports.terminal import Terminal
    from schemas.message import Translations

    Job = Callable[[Context], Coroutine[Any, Any, Result]]

T = TypeVar("T")


def language_of(options: argparse.Namespace) -> str:
    """Return the language of what people read."""
    return choose_language(options.lang, os.environ)


def words_of(options: argparse.Namespace) -> Translations:
    """Return the catalogue of that language."""
    return translations(language_of(options))


def ui_of(options: argparse.Namespace) -> TerminalUi:
    """Return the person at the terminal."""
    from importer.cli.terminal_ui import TerminalUi

    return TerminalUi(words_of(options), quiet=options.quiet, verbose=options.verbose)


def lister_of(options: argparse.Namespace) -> Terminal:
    """Return what draws on standard output: listings are data."""
    from importer.reports.terminal import Terminal

    return Terminal(words_of(options), stream=sys.stdout)


def state_folder() -> StateFolder:
    """Return the state folder of this user."""
    from importer.jobs.state import StateFolder

    return StateFolder.from_environment(os.environ)


def access_of(options: argparse.Namespace) -> PortalAccess:
    """Return how to reach the portal: `--sandbox`, else `--portal`, else what the environment says, else `default`.

    Raises UsageError where no portal of that name is kept, or its token cannot be had.
    """
    from importer.jobs.portals import Portals

    access = portal_access(
        os.environ,
        sandbox=options.sandbox,
        max_rate=options.max_rate,
        daily_reserve=options.daily_reserve,
        languages=filter(None, (language_of(options), getattr(options, "locale", None))),
    )
    return access if access.sandbox else Portals(state_folder()).reach(access, options.portal)


def where_run_was(run: str, context: Context, options: argparse.Namespace) -> Context:
    """Return the context in which a run is undone or resumed: in the portal that was typed, else in the run's own.

    Raises FileError where the run's journal cannot be read.
    """
    from importer.jobs.portals import Portals

    if options.sandbox or options.portal:
        return context
    option = context.state.read_record(run).portal.option
    return dataclasses.replace(context, access=Portals(context.state).reach_again(context.access, option))


def portal_access(
    environ: Mapping[str, str],
    *,
    sandbox: bool,
    max_rate: int | None,
    daily_reserve: float,
    languages: Iterable[str] = (),
) -> PortalAccess:
    """Return how to reach the portal. The token comes from the environment alone.

    languages: of what people read, and of the file; the portal's own labels are in English in any case.
    """
    from importer.jobs.options import PortalAccess

    return dataclasses.replace(
        PortalAccess.from_environment(environ),
        sandbox=sandbox,
        max_rate=max_rate,
        daily_reserve=daily_reserve,
        languages=tuple(dict.fromkeys(languages)),
    )


def fill(kind: type[T], options: argparse.Namespace, **others: Any) -> T:
    """Return a dataclass of options: its fields from the options of the same names, but for `others`.

    A field that is no option of the command, or was not given, keeps its default.
    """
    typed = {name: value for name, value in vars(options).items() if value is not None}
    assert dataclasses.is_dataclass(kind)
    named = {one.name: typed[one.name] for one in dataclasses.fields(kind) if one.name in typed}
    return kind(**{**named, **others})


def command_line(file: Path, access: PortalAccess) -> str:
    """Return the command that runs `file` in that portal, as it can be pasted."""
    import shlex
    import subprocess

    name = subprocess.list2cmdline([str(file)]) if sys.platform == "win32" else shlex.quote(str(file))
    return f"import-tickets {name}{access.option}"


def print_json(value: object) -> None:
    """Print what a script reads, in ASCII: no control character of the portal's reaches a terminal."""
    print(json.dumps(value, indent=2))


def wait_for(work: Coroutine[Any, Any, T]) -> T:
    """Return what comes of work that sends nothing, and may be left at any moment."""
    import asyncio

    return asyncio.run(work)


def run_job(options: argparse.Namespace, job: Job, *, file: Path | None = None) -> int:
    """Run a job with the person, the portal and the state folder that the options name; show how it ended."""
    from importer.jobs.context import Context
    from importer.jobs.finish import break_off
    from importer.journal.run_record import now
    from importer.reports.summary import summary_json
    from schemas.message import message

    ui, began, dry_run = ui_of(options), now(), getattr(options, "dry_run", False)
    if options.settings:
        ui.say(message("Settings are taken from {path}.", path=options.settings))
    access, state = access_of(options), state_folder()
    try:
        result = drive(lambda stop: job(Context(access, state, ui, stop, language_of(options))))
    except ImportTicketsError as error:
        result = break_off(error, state, file=file.absolute() if file else None, dry_run=dry_run, since=began)
    if options.settings:
        result = dataclasses.replace(result, summary={**result.summary, "settings": options.settings})
    ui.show_result(result)
    summary = summary_json(dict(result.summary))
    if options.json:
        print(_full_json(result, state) if options.json == FULL else summary)
    if options.on_finish:
        from importer.cli.on_finish import run_on_finish

        run_on_finish(options.on_finish, summary, ui.say)
    return result.exit_code


def _full_json(result: Result, state: StateFolder) -> str:
    """Return the summary with what became of every cell and row; nothing of them where no journal is left."""
    from importer.jobs.run_cells import everything
    from importer.reports.summary import summary_json

    details: dict[str, Any] = {"changes": [], "outcomes": []}
    if run_id := result.summary["run_id"]:
        with contextlib.suppress(FileError):
            details = everything(state, run_id)
    return summary_json({**result.summary, **details})


def drive(job: Callable[[StopSignal], Coroutine[Any, Any, T]]) -> T:
    """Run a job to its end.

    The first Ctrl-C, SIGTERM or closed window asks it to stop once what is in flight is finished; where nothing is,
    and at the second, it is left at once: Interrupted is raised. A fault of our own is raised as InternalFault.
    """
    import asyncio
    import logging
    import signal

    from importer.cli.faults import explain
    from importer.portal.clock import StopSignal

    stop = StopSignal()
    main: asyncio.Task[T] | None = None

    async def run() -> T:
        nonlocal main
        main = asyncio.current_task()
        return await job(stop)

    def ask_to_stop(number: int, frame: object) -> None:
        del number, frame
        if stop.graceful and not stop.is_set:
            stop.set()
            return
        # What asyncio would say of the work that is left in the middle is of no use to anybody.
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        if main is None or main.done() or main.cancelling() or _is_in_task():
            raise KeyboardInterrupt
        main.get_loop().call_soon_threadsafe(main.cancel)

    previous = {number: signal.signal(number, ask_to_stop) for number in _stop_signals()}
    try:
        return asyncio.run(run())
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise Interrupted from None
    except ImportTicketsError:
        raise
    except Exception as error:
        raise explain(error) from error
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _is_in_task() -> bool:
    """Return whether a task is at work in this thread, and not the event loop: that loses wake-ups when it is cut off.

    A task that is never woken would be waited for without end.
    """
    import asyncio

    try:
        return asyncio.current_task() is not None
    except RuntimeError:  # no loop runs
        return True


def _stop_signals() -> list[int]:
    """Return the signals that ask to stop, as far as this system knows them: Ctrl-C, an order, a closed window.

    `nohup` has the closed window ignored, and so it stays.
    """
    import signal

    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # the third is not known to Windows, the last to it alone
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    return [one for one in known if one == signal.SIGINT or signal.getsignal(one) is not signal.SIG_IGN]
