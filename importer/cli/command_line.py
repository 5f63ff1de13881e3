"""From what was typed to the options of a command.

In:  arguments, and those that a settings file stands for.
Out: a namespace; or an exit with 2 and one line that says what was wrong and what was probably meant.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import textwrap
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import NoReturn

from importer import __version__
from importer.cli.commands import COMMANDS
from importer.cli.parser import Parser, add_job_output, argparse_speaks, tidy
from importer.i18n import ENGLISH, translations
from schemas.message import Message, Translations, message

EXAMPLES = (
    ("import-tickets edits.xlsx --dry-run", "show what would change; nothing is sent"),
    ("import-tickets edits.xlsx", "show it, ask, update the tickets"),
    ("import-tickets undo", "restore what the latest run changed"),
)
ABOUT = "Update HubSpot tickets in bulk from a spreadsheet, and see the result beside every row."
HEADINGS = EXAMPLES_TITLE, COMMANDS_TITLE, MORE_TITLE = "examples", "commands", "more"
MORE = (
    ("import-tickets run --help", "the options of `import-tickets FILE`, which is short for `import-tickets run FILE`"),
    ("import-tickets explain CODE", "what a code means, and what to do"),
    ("README.md, docs/", "the documentation, in the source of import-tickets"),
)
NO_FILE = "name a spreadsheet: import-tickets FILE"
VERSION_HELP = "show program's version number and exit"
OTHER_WORDS = ("[options]", "default", "ACTION", "COMMAND")

_NARROWEST = 20
"""Characters that a text has in a line beside a name, however narrow the terminal."""
_POSITIONALS = {"command", "file", "run", "out", "plan", "property"}


class UnusableSetting(Exception):
    """A setting that no option takes; its text says which and why."""


class TopParser(Parser):
    """The parser of every command; its help begins with examples."""

    def format_help(self) -> str:
        """Return the first page of help."""
        words = self.words
        commands = [(f"{name}", words(one.help)) for name, one in COMMANDS.items()]
        examples = [(line, words(text)) for line, text in EXAMPLES]
        more = [(line, words(text)) for line, text in MORE]
        usage = f"{words('usage: ')}import-tickets {words('FILE')} {words('[options]')}"
        return "\n\n".join(
            [
                _section(words(EXAMPLES_TITLE), examples),
                _folded(words(ABOUT)),
                f"{usage}\n{' ' * len(words('usage: '))}import-tickets {words('COMMAND')} {words('[options]')}",
                _section(words(COMMANDS_TITLE), commands),
                _section(words(MORE_TITLE), more) + "\n",
            ]
        )


def _section(title: str, lines: Sequence[tuple[str, str]]) -> str:
    """Return names and what is said of them, folded as argparse folds its own lines."""
    width = max(len(name) for name, _ in lines)
    told = (_folded(text, f"  {name:{width}}  ", " " * (width + 4)) for name, text in lines)
    return "\n".join([f"{title}:", *told])


def _folded(text: str, first: str = "", others: str = "") -> str:
    width = max(shutil.get_terminal_size().columns - 2, len(others) + _NARROWEST)
    return textwrap.fill(
        text, width, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )


class _Raising(Parser):
    """A parser of what a settings file stands for: nothing was typed wrong."""

    def error(self, message: str) -> NoReturn:
        """Raise UnusableSetting."""
        raise UnusableSetting(tidy(message))


class _SettingsParser(_Raising, TopParser):
    """The same of every command."""

    kind_below = _Raising


def build_parser(kind: type[TopParser] = TopParser, *, catalogue: Translations | None = None) -> TopParser:
    """Return the parser of every command. `import-tickets FILE` is turned into `run FILE` before it."""
    parser = kind(prog="import-tickets", catalogue=catalogue or translations(ENGLISH))
    parser.add(
        "--version", action="version", version=f"%(prog)s {__version__}", help="show program's version number and exit"
    )
    for name, command in COMMANDS.items():
        below = parser.add_command(name, command.help, dest="command")
        command.add_options(below)
        if command.is_job:
            add_job_output(below)
    parser.finish()
    return parser


def parse(arguments: Sequence[str], *, settings: Sequence[str] = (), language: str = ENGLISH) -> argparse.Namespace:
    """Return the options that were typed; `import-tickets FILE` is `import-tickets run FILE`.

    settings: arguments of a settings file, which hold where nothing else was typed.
    Exits with 2 and one line for what cannot be understood, and with 0 after `--help`; both in `language`.
    Raises UnusableSetting for a setting that cannot be understood.
    """
    with argparse_speaks(language) if language != ENGLISH else nullcontext():
        catalogue = translations(language)
        parser = build_parser(catalogue=catalogue)
        typed = _with_command(list(arguments), parser)
        if not typed:
            import sys

            parser.print_help(sys.stderr)
            parser.error(parser.words(NO_FILE))
        _check_command(typed, arguments, parser)
        if not settings:
            return _understand(typed, parser)
        reader = _named(typed, build_parser(_SettingsParser, catalogue=catalogue))
        told = vars(reader.parse_known_args([*settings, "FILE"])[0])
        _named(typed, parser).set_defaults(**{name: told[name] for name in told.keys() - _POSITIONALS})
        options = _understand(typed, parser)
        if options.quiet and options.verbose:  # one of them was typed
            setattr(options, "quiet" if told["quiet"] else "verbose", False)
        return options


def _named(typed: Sequence[str], parser: Parser) -> Parser:
    """Return the parser of the command that was typed, or of its action."""
    below = parser.commands[typed[0]]
    return below.commands.get(typed[1], below) if len(typed) > 1 else below


def _understand(typed: Sequence[str], parser: Parser) -> argparse.Namespace:
    _check_options(typed, parser)
    options, unknown = parser.parse_known_args(typed)
    if unknown:
        parser.commands[typed[0]].error(parser.words("unrecognized arguments: %s") % " ".join(unknown))
    return options


def _check_options(typed: Sequence[str], parser: Parser) -> None:
    """Exit with 2 for a misspelt option, even where something else is missing, which argparse would say first."""
    if typed[0] not in parser.commands:
        return
    below = parser.commands[typed[0]]
    known = [name for one in (below, *below.commands.values()) for name in one.long_options()]
    for one in itertools.takewhile(lambda one: one != "--", typed):
        name = one[2:].partition("=")[0]
        if not one.startswith("--") or any(option.startswith(name) for option in known):
            continue
        if near := _near(f"--{name}", [f"--{option}" for option in sorted(known)]):
            below.error(
                _said(message("there is no option {option}; did you mean {near}?", option=one, near=near), parser)
            )


def _said(text: Message, parser: Parser) -> str:
    return text.render(parser.catalogue)


def _near(text: str, candidates: Sequence[str]) -> str:
    """Return the one that was probably meant, or nothing."""
    from schemas.cells import Nearest

    return next(iter(Nearest(candidates)(text, limit=1)), "")


def _with_command(typed: list[str], parser: Parser) -> list[str]:
    """Return what was typed with its command in front: options may stand before it, and `run` may be left out."""
    if not typed or typed[0] in {*COMMANDS, "-h", "--help", "--version"}:
        return typed
    place = _after_options(typed, parser.commands["run"]) if typed[0].startswith("-") else 0
    if place < len(typed) and typed[place] in COMMANDS:
        options, command, rest = typed[:place], typed[place], typed[place + 1 :]
        end = rest.index("--") if "--" in rest else len(rest)
        return [command, *rest[:end], *options, *rest[end:]]  # behind, where an action such as `show` takes them
    if place == len(typed) and {"-h", "--help"} & {*typed}:
        return ["--help"]
    return ["run", *typed]


def _after_options(typed: Sequence[str], parser: Parser) -> int:
    """Return the place of the first argument that is neither an option nor the value of one."""
    options = parser.long_options()
    place = 0
    while place < len(typed) and typed[place].startswith("-") and typed[place] not in {"-", "--"}:
        name, sign, _ = typed[place].removeprefix("--").partition("=")
        meant = [name] if name in options else [one for one in options if one.startswith(name)]
        place += 2 if not sign and any(options[one] for one in meant) else 1
    return min(place, len(typed))


def _check_command(typed: Sequence[str], arguments: Sequence[str], parser: Parser) -> None:
    """Say which command, or which action of one, was probably meant, where none of that name is there."""
    below = parser.commands.get(typed[0])
    if below is None:
        return
    rest = typed[1:]
    place = _after_options(rest, below)
    word = rest[place] if place < len(rest) else ""
    if typed[0] == "run" and "run" not in arguments and word.isidentifier() and not Path(word).exists():
        if near := _near(word, list(COMMANDS)):
            parser.error(
                _said(
                    message('there is no command or file "{word}"; did you mean {near}?', word=word, near=near), parser
                )
            )
    elif below.commands and word and word not in below.commands:
        near = _near(word, list(below.commands)) or ", ".join(below.commands)
        below.error(_said(message('there is no action "{word}"; did you mean {near}?', word=word, near=near), parser))


def long_options(command: str, action: str = "") -> dict[str, int]:
    """Return the long options of a command, without dashes, and how many values each may be given: 0, 1 or MANY."""
    return _named([command, action], build_parser()).long_options()
