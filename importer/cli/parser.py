"""What may be typed: commands, options, their defaults and their help."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from importer import __version__
from importer.cli.types import amount, condition, days, mapping, natural, percent, policy, port, positive, word
from importer.i18n import ENGLISH

if TYPE_CHECKING:
    from schemas.message import Translations

    Commands = argparse._SubParsersAction["Parser"]  # noqa: SLF001 - it has no public name

COMMANDS = {
    "run": "read, validate, compare, confirm, update, write the results back",
    "resume": "go on with a run that stopped early",
    "undo": "put back what a run changed, where nobody has changed it since",
    "reconcile": "report where the portal and the sheet differ, cell by cell",
    "runs": "the runs kept on this machine",
    "template": "write a workbook of tickets to edit",
    "schema": "save or print the portal's ticket schema",
    "doctor": "check token, scopes, limits, clock and state folder",
    "sandbox": "serve the embedded sandbox portal",
}


NO_FILE = "name a spreadsheet: import-tickets FILE"


def parse(arguments: Sequence[str], *, settings: Sequence[str] = (), language: str = ENGLISH) -> argparse.Namespace:
    """Return the options that were typed; `import-tickets FILE` is `import-tickets run FILE`.

    settings: arguments of a settings file, which hold where nothing else was typed.
    Exits with 2 and the usage for what cannot be understood, and with 0 after `--help`; both in `language`.
    Raises UnusableSetting for a setting that cannot be understood.
    """
    typed = _with_command(list(arguments))
    if language == ENGLISH:
        return _parse(typed, settings, str, None)

    from importer.cli.translate import argparse_speaks
    from importer.i18n import translations

    catalogue = translations(language)
    with argparse_speaks(catalogue):
        return _parse(typed, settings, catalogue.gettext, catalogue)


def _with_command(typed: list[str]) -> list[str]:
    """Return what was typed with its command in front: options may stand before it, and `run` may be left out."""
    if not typed or typed[0] in {*COMMANDS, "-h", "--help", "--version"}:
        return typed
    place = _after_options(typed) if typed[0].startswith("-") else 0
    if place < len(typed) and typed[place] in COMMANDS:
        options, command, rest = typed[:place], typed[place], typed[place + 1 :]
        end = rest.index("--") if "--" in rest else len(rest)
        return [command, *rest[:end], *options, *rest[end:]]  # behind, where an action such as `show` takes them
    if place == len(typed) and {"-h", "--help"} & {*typed}:
        return ["--help"]
    return ["run", *typed]


def _after_options(typed: Sequence[str]) -> int:
    """Return the place of the first argument that is neither an option nor the value of one."""
    options = long_options("run")
    place = 0
    while place < len(typed) and typed[place].startswith("-") and typed[place] not in {"-", "--"}:
        name, sign, _ = typed[place].removeprefix("--").partition("=")
        meant = [name] if name in options else [one for one in options if one.startswith(name)]
        place += 2 if not sign and any(options[one] for one in meant) else 1
    return min(place, len(typed))


def _parse(
    typed: list[str], settings: Sequence[str], translate: Callable[[str], str], catalogue: Translations | None
) -> argparse.Namespace:
    def make(parser: Parser) -> Parser:
        if catalogue is not None:
            from importer.cli.translate import reword

            reword(parser, translate, catalogue)
        return parser

    parser = make(build_parser())
    if not typed:
        parser.error(translate(NO_FILE))
    if not settings:
        return parser.parse_args(typed)
    command = typed[0]
    told = vars(make(build_parser(_SettingsParser)).parse_args([command, *settings, "FILE"]))
    _parser_of(command, parser).set_defaults(**{name: told[name] for name in told.keys() - {"command", "file"}})
    options = parser.parse_args(typed)
    if options.quiet and options.verbose:  # one of them was typed
        setattr(options, "quiet" if told["quiet"] else "verbose", False)
    return options


MANY = 2


def long_options(command: str) -> dict[str, int]:
    """Return the long options of a command, without dashes, and how many values each may be given: 0, 1 or MANY."""
    return {
        name.removeprefix("--"): 0 if action.nargs == 0 else MANY if isinstance(action.default, list) else 1
        for action in _parser_of(command, build_parser())._actions  # noqa: SLF001 - argparse has no public way
        for name in action.option_strings
        if name.startswith("--")
    }


def _parser_of(command: str, parser: Parser) -> Parser:
    actions = parser._actions  # noqa: SLF001 - likewise
    found: Parser = next(one for one in actions if isinstance(one, argparse._SubParsersAction)).choices[command]  # noqa: SLF001
    return found


class Parser(argparse.ArgumentParser):
    """A parser that repeats what was typed without its control characters, and without a token typed by mistake."""

    def error(self, message: str) -> NoReturn:
        """Exit with 2, the usage and the message."""
        super().error(_tidy(message))


def _tidy(text: str) -> str:
    from importer.reports.text import plain_text

    return re.sub(r"\bpat-[\w-]+", "[token]", plain_text(text))


class UnusableSetting(Exception):
    """A setting that argparse does not take; its text says which and why."""


class _SettingsParser(Parser):
    """A parser of what a settings file stands for."""

    def error(self, message: str) -> NoReturn:
        """Raise UnusableSetting: nothing was typed wrong, so the usage is no help."""
        raise UnusableSetting(_tidy(message))


def build_parser(kind: type[Parser] = Parser) -> Parser:
    """Return the parser of every command. `import-tickets FILE` is turned into `run FILE` before it."""
    parser = kind(
        prog="import-tickets",
        description="Update HubSpot tickets in bulk from a spreadsheet, and see beside every row what became of it.",
        epilog="`import-tickets FILE` is short for `import-tickets run FILE`; its options: import-tickets run --help",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _run(commands)
    _resume(commands)
    _undo(commands)
    _reconcile(commands)
    _runs(commands)
    _template(commands)
    _schema(commands)
    _doctor(commands)
    _sandbox(commands)
    return parser


def _add(commands: Commands, name: str) -> argparse.ArgumentParser:
    return commands.add_parser(name, help=COMMANDS[name], description=_sentence(COMMANDS[name]))


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _run(commands: Commands) -> None:
    parser = _add(commands, "run")
    parser.add_argument("file", metavar="FILE", type=Path, help="the spreadsheet: CSV, TSV, XLSX, XLSM, XLS or ODS")
    _sending_options(parser)
    parser.add_argument(
        "--on-invalid", choices=["stop", "skip"], help="rows that fail validation: send nothing, or send the others"
    )
    parser.add_argument("--no-diff", action="store_true", help="do not read current values first; send every cell")
    parser.add_argument(
        "--max-changes", type=amount, metavar="N", help="refuse a plan that changes more cells (N or N%%)"
    )
    parser.add_argument(
        "--max-clears", type=amount, metavar="N", help="refuse a plan that clears more cells (N or N%%)"
    )
    parser.add_argument(
        "--on-conflict",
        choices=["skip", "overwrite"],
        default="skip",
        help="tickets changed in the portal since the sheet was made",
    )
    _reading_options(parser)
    parser.add_argument(
        "--output", type=Path, metavar="PATH", help="write the annotated spreadsheet there; leave FILE alone"
    )
    _common_options(parser, html=True)
    _portal_options(parser)


def _reading_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("reading")
    group.add_argument("--sheet", metavar="NAME", help="which sheet of a workbook")
    group.add_argument("--id-property", metavar="NAME", help="the unique property that keys the rows")
    group.add_argument(
        "--map",
        action="append",
        default=[],
        type=mapping,
        metavar="HEADER=PROPERTY",
        help="take this column for that property",
    )
    group.add_argument("--skip-column", action="append", default=[], metavar="HEADER", help="leave this column out")
    group.add_argument("--skip-unknown", action="store_true", help="leave out columns that are no property")
    group.add_argument("--skip-read-only", action="store_true", help="leave out columns that cannot be written")
    group.add_argument("--blank", choices=["clear", "keep"], default="clear", help="what an empty cell means")
    group.add_argument(
        "--policy",
        action="append",
        default=[],
        type=policy,
        metavar="HEADER=POLICY",
        help="what a column's cells do: overwrite, keep-blank, fill-empty, append, remove",
    )
    group.add_argument("--clear-word", type=word, metavar="WORD", help="a cell that holds just this word clears")
    group.add_argument(
        "--options",
        choices=["labels", "values"],
        help="how texts are meant that are the label of one option and the value of another",
    )
    group.add_argument("--allow-spoiled", action="store_true", help="send texts that look spoiled")
    group.add_argument("--schema", type=Path, metavar="FILE", help="validate against a saved schema")
    group.add_argument(
        "--locale", metavar="LOCALE", help="how to read numbers and dates that are text: pt-BR, en-GB, ..."
    )
    group.add_argument("--date-format", metavar="FORMAT", help="as DD/MM/YYYY HH:mm, or in strptime's letters")
    group.add_argument("--timezone", metavar="ZONE", help="the zone of times that name none; the portal's otherwise")
    group.add_argument("--encoding", metavar="NAME", help="how to read a CSV file")
    group.add_argument("--delimiter", metavar="CHAR", help="what parts the fields of a CSV file")
    group.add_argument("--config", type=Path, metavar="PATH", help="a settings file that may hold any option")


def _sending_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="send no update")
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask before updating")


def _common_options(parser: argparse.ArgumentParser, *, html: bool = False) -> None:
    group = parser.add_argument_group("output")
    if html:
        group.add_argument("--html", type=Path, metavar="PATH", help="write the HTML report too")
        group.add_argument("--overwrite", action="store_true", help="let the outputs replace files that exist")
    group.add_argument("--json", action="store_true", help="a machine-readable summary on standard output")
    group.add_argument("--lang", metavar="LANG", help="language of what people read: en, pt-BR")
    volume = group.add_mutually_exclusive_group()
    volume.add_argument("--quiet", action="store_true", help="less on standard error")
    volume.add_argument("--verbose", action="store_true", help="more on standard error")


def _portal_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("portal")
    group.add_argument("--sandbox", action="store_true", help="use the embedded sandbox portal in place of a real one")
    group.add_argument("--max-rate", type=positive, metavar="N", help="at most N requests per 10 s")
    group.add_argument(
        "--daily-reserve", type=percent, default=5.0, metavar="PERCENT", help="calls of the day left to others"
    )


def _resume(commands: Commands) -> None:
    parser = _add(commands, "resume")
    parser.add_argument("run", metavar="RUN", nargs="?", help="which run; the latest unfinished one if left out")
    parser.add_argument(
        "--yes", "-y", action="store_true", help="accepted for scripts; a run that was confirmed does not ask"
    )
    _common_options(parser, html=True)
    _portal_options(parser)


def _undo(commands: Commands) -> None:
    parser = _add(commands, "undo")
    parser.add_argument("run", metavar="RUN", help="which run; `import-tickets runs` lists them")
    _sending_options(parser)
    _common_options(parser, html=True)
    _portal_options(parser)


def _reconcile(commands: Commands) -> None:
    parser = _add(commands, "reconcile")
    parser.add_argument("file", metavar="FILE", type=Path, help="the spreadsheet")
    parser.add_argument(
        "--yes", "-y", action="store_true", help="accepted for scripts; a reconciliation changes nothing in the portal"
    )
    parser.add_argument(
        "--output", type=Path, metavar="PATH", help="write the annotated spreadsheet there; leave FILE alone"
    )
    _reading_options(parser)
    _common_options(parser, html=True)
    _portal_options(parser)


def _runs(commands: Commands) -> None:
    parser = _add(commands, "runs")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    # What an action leaves out must not undo what was typed before it: `runs --json show RUN`.
    listing = actions.add_parser("list", help="list them (the default)", argument_default=argparse.SUPPRESS)
    show = actions.add_parser("show", help="show one of them", argument_default=argparse.SUPPRESS)
    show.add_argument("run", metavar="RUN", help="which run")
    purge = actions.add_parser("purge", help="remove journals", argument_default=argparse.SUPPRESS)
    purge.add_argument("--older-than", required=True, type=days, metavar="AGE", help="such as 90d")
    purge.add_argument("--yes", "-y", action="store_true", default=False, help="do not ask")
    purge.add_argument("--force", action="store_true", default=False, help="unfinished runs too")
    for one in (parser, listing, show, purge):
        _common_options(one)


def _template(commands: Commands) -> None:
    parser = _add(commands, "template")
    parser.add_argument("out", metavar="OUT", type=Path, help="the workbook to write, OUT.xlsx")
    parser.add_argument("--properties", metavar="NAMES", help="internal names, with commas between them")
    parser.add_argument("--id-file", type=Path, metavar="PATH", help="a text file with one ticket ID a line")
    parser.add_argument("--pipeline", metavar="NAME", help="tickets of this pipeline (ID or label)")
    parser.add_argument("--stage", metavar="NAME", help="tickets at this stage (ID or label)")
    parser.add_argument("--owner", metavar="NAME", help="tickets of this owner (ID, e-mail or name)")
    parser.add_argument("--modified-since", metavar="DATE", help="tickets changed since then (YYYY-MM-DD)")
    parser.add_argument(
        "--filter",
        action="append",
        default=[],
        type=condition,
        metavar="PROPERTY=VALUE",
        help="tickets with this value; an empty value means none",
    )
    parser.add_argument("--limit", type=positive, metavar="N", help="at most N tickets")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT where it exists")
    _common_options(parser)
    _portal_options(parser)


def _schema(commands: Commands) -> None:
    parser = _add(commands, "schema")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    pull = actions.add_parser("pull", help="save the portal's ticket schema")
    pull.add_argument("--output", type=Path, metavar="FILE", help="where; ticket-schema.json if left out")
    pull.add_argument("--overwrite", action="store_true", help="replace FILE where it exists")
    show = actions.add_parser("show", help="print it, or one property")
    show.add_argument("property", metavar="PROPERTY", nargs="?", help="internal name or label")
    show.add_argument("--all", action="store_true", help="list the properties of single stages too")
    show.add_argument("--schema", type=Path, metavar="FILE", help="print a saved schema")
    for one in (pull, show):
        _common_options(one)
        _portal_options(one)


def _doctor(commands: Commands) -> None:
    parser = _add(commands, "doctor")
    _common_options(parser)
    _portal_options(parser)


def _sandbox(commands: Commands) -> None:
    parser = _add(commands, "sandbox")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    serve = actions.add_parser("serve", help="serve it on loopback until interrupted")
    serve.add_argument("--port", type=port, default=0, metavar="N", help="a free one if left out")
    serve.add_argument("--latency-ms", type=natural, default=0, metavar="MS", help="how long each answer takes")
    serve.add_argument("--rate", type=natural, metavar="N", help="requests allowed per 10 s; 0 is no limit")
