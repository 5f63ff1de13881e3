"""The entry point: `import-tickets`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from importer.cli.little_memory import is_too_little, say_too_little
from importer.cli.standard_streams import UNWRITTEN, sturdy_streams

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from importer.errors import ImportTicketsError

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments ask, and return the exit code.

    Whatever becomes of the terminal, the work is done and its exit code is as ever; only where standard output cannot
    take the data it was to have, the code says that.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    with sturdy_streams() as output:
        ended: SystemExit | None = None
        try:
            try:
                code = _main(arguments)
            except SystemExit as error:
                ended, code = error, 0
            output.flush()
        except KeyboardInterrupt:  # before the work began, or after it was done
            code = _INTERRUPTED
        if output.lost is not None:
            wants_json = any(one.startswith("--json") for one in arguments)
            if wants_json or not output.is_broken_pipe:  # `| head` is no surprise to anybody
                _say_lost(output.lost, code, arguments)
            return UNWRITTEN
        if ended is not None:
            raise ended
    return code


def _main(arguments: list[str]) -> int:
    """`--version` and `--help` answer before anything else is imported."""
    if arguments == ["--version"]:
        from importer import __version__

        print(f"import-tickets {__version__}")
        return 0
    if is_too_little():
        return say_too_little(arguments)
    # Threads for matrices, of which there are none here, each take some 30 MB as pandas is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from importer.cli.command_line import parse
    from importer.i18n import language_typed

    options = parse(arguments, language=language_typed(arguments, os.environ))
    return _run_command(options, arguments)


def options_of_run(file: Path) -> argparse.Namespace:
    """Return the options of a run on a file where nothing is typed but its name: what the settings files say.

    Raises UsageError for one that cannot be understood.
    """
    from importer.cli.command_line import parse
    from importer.cli.settings import with_settings

    arguments = ["run", str(file)]
    return with_settings(parse(arguments), arguments)


def _run_command(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    """Do what was parsed. The one place where our exceptions become a message and an exit code."""
    from importer.cli.commands import COMMANDS
    from importer.cli.faults import check_open_files, explain
    from importer.errors import ImportTicketsError
    from importer.i18n import choose_language

    command = COMMANDS[options.command]
    options.settings, options.of_run_on = None, options_of_run
    try:
        check_open_files()
        choose_language(getattr(options, "lang", None), os.environ)  # one that is not there is refused by all
        if command.reads_settings:
            from importer.cli.settings import with_settings

            options = with_settings(options, arguments)
        return command.perform(options)
    except ImportTicketsError as error:
        return _fail(error, options, arguments)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a traceback is kept in a file, not shown
        return _fail(explain(error), options, arguments)


def _fail(error: ImportTicketsError, options: argparse.Namespace, arguments: Sequence[str]) -> int:
    """Show why a command did not even begin; under `--json`, print the object that it promises, too."""
    from importer.cli.commands import COMMANDS
    from importer.errors import ImportTicketsError
    from importer.i18n import choose_language, language_typed, translations
    from importer.reports.terminal import Terminal

    language = language_typed(arguments, os.environ)
    if options.settings:
        with suppress(ImportTicketsError):  # where the settings' language is what is wrong
            language = choose_language(options.lang, os.environ)
    terminal = Terminal(translations(language))
    terminal.show_error(error)
    wants_json, on_finish = getattr(options, "json", False), getattr(options, "on_finish", None)
    if COMMANDS[options.command].is_job and (wants_json or on_finish):
        from importer.cli.faults import is_somewhere
        from importer.cli.on_finish import run_on_finish
        from importer.cli.parser import FULL
        from importer.jobs.finish import fail_early
        from importer.reports.summary import summary_json

        file = getattr(options, "file", None)
        dry_run = getattr(options, "dry_run", False)
        result = fail_early(error, file=file.absolute() if file and is_somewhere() else file, dry_run=dry_run)
        told = {**result.summary, "settings": options.settings}
        summary = summary_json(told | {"changes": [], "outcomes": []} if wants_json == FULL else told)
        if wants_json:
            print(summary)
        if on_finish:
            run_on_finish(on_finish, summary, terminal.say)
    elif wants_json:
        from importer.cli.session import print_json

        print_json({"error": {"code": error.code, "message": str(error.text)}, "exit_code": error.exit_code})
    return error.exit_code


def _say_lost(error: OSError, code: int, arguments: list[str]) -> None:
    from importer.errors import reason_of
    from importer.i18n import language_typed, translations
    from schemas.message import message

    text = message(
        "Standard output could not be written ({reason}); the command itself ended with exit code {code}.",
        reason=reason_of(error),
        code=code,
    )
    print(text.render(translations(language_typed(arguments, os.environ))), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
