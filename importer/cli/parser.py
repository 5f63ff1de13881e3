"""What commands are made of: a parser in the language of the person, the types of values, groups of options.

In:  the words of an option, in English.
Out: a parser whose help, and what it says of bad usage, is in the language of a catalogue, one line each.
"""

from __future__ import annotations

import argparse
import gettext
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from importer.i18n import CATALOGUES, DOMAIN

if TYPE_CHECKING:
    from importer.jobs.options import Amount, RowRanges
    from schemas.message import Translations

OWN_WORDS: tuple[str, ...] = (
    "usage: ",
    "%(prog)s: error: %(message)s\n",
    "argument %(argument_name)s: %(message)s",
    "unrecognized arguments: %s",
    "the following arguments are required: %s",
    "one of the arguments %s is required",
    "expected one argument",
    "expected at most one argument",
    "expected at least one argument",
    "invalid choice: %(value)r (choose from %(choices)s)",
    "invalid %(type)s value: %(value)r",
    "unknown parser %(parser_name)r (choices: %(choices)s)",
    "ambiguous option: %(option)s could match %(matches)s",
    "not allowed with argument %s",
    "ignored explicit argument %r",
    "unexpected option string: %s",
    "positional arguments",
    "options",
    "show this help message and exit",
)
"""What argparse says of arguments, as it looks it up; the catalogue takes these from here."""

MANY = 2

FULL = "full"
"""What `--json=full` is among the options, where `--json` is True."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: what it is for, what may be typed after it, and what does it; `perform` returns the exit code."""

    help: str
    add_options: Callable[[Parser], None]
    perform: Callable[[argparse.Namespace], int]
    is_job: bool = False
    """Whether `--json` prints the summary of the contract, also of a failure; others print an object of their own."""
    reads_settings: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """One option or positional argument, as the help and the documentation show it; texts are in English."""

    names: tuple[str, ...]
    help: str
    group: str = "options"
    value: str = ""
    """What stands for its value, `PATH`; nothing where it takes none."""
    values: int = 0
    """How many values it may be given: 0, 1 or MANY."""
    choices: tuple[str, ...] = ()
    without: str = ""
    """What holds where it is not given."""
    required: bool = False
    is_path: bool = False

    @property
    def is_positional(self) -> bool:
        """Whether it is given by position, not by name."""
        return not self.names[0].startswith("-")

    @property
    def long_names(self) -> list[str]:
        """Its long names, without dashes; a form with its value in it, `--json=full`, is no name."""
        return [name.removeprefix("--") for name in self.names if name.startswith("--") and "=" not in name]


class Parser(argparse.ArgumentParser):
    """A parser that says what was wrong in one line, in the person's language, and remembers what it may be given.

    It repeats what was typed without control characters, and without a token typed by mistake.
    """

    kind_below: type[Parser] | None = None
    """What the parsers of its commands are, where that is something else."""

    def __init__(self, *, catalogue: Translations, **about: Any) -> None:
        formatter = partial(argparse.HelpFormatter, max_help_position=28)
        super().__init__(add_help=False, formatter_class=formatter, **about)
        self.catalogue = catalogue
        self.words = catalogue.gettext
        self.told: list[Option] = []
        self.commands: dict[str, Parser] = {}
        self._groups: dict[str, Any] = {"options": self}
        self.needs_command = False
        self._below: Any = None

    def add(self, *names: str, help: str, group: str = "options", without: str = "", **about: Any) -> None:  # noqa: A002 - argparse's name
        """Add an option, or a positional argument, under the title of its group."""
        action, read, metavar = about.get("action"), about.get("type"), about.get("metavar", "")
        is_flag = action in {"store_true", "store_false", "store_const", "help", "version"}
        choices = read.choices if isinstance(read, OneOf) else ()
        metavar = metavar or "|".join(choices)
        default = self.words(without) if without else "" if is_flag else _shown(about.get("default"))
        values = 0 if is_flag else MANY if action == "append" else 1
        required = bool(about.get("required"))
        self.told.append(
            Option(names, help, group, metavar, values, choices, without or default, required, read is Path)
        )
        words = self.words(help)
        if default:
            words += f" ({self.words('default')}: {default})"
        if metavar:
            about["metavar"] = metavar if choices else self.words(metavar)
        if callable(read):
            about["type"] = _refusing_in(self.catalogue, read)
        self._group(group).add_argument(*names, help=words, **about)

    def _group(self, title: str) -> Any:
        if title not in self._groups:
            self._groups[title] = self.add_argument_group(self.words(title))
        return self._groups[title]

    def one_of(self, *options: tuple[str, str], group: str) -> None:
        """Add flags of which only one may be given: (name, help) each."""
        exclusive = self._group(group).add_mutually_exclusive_group()
        for name, text in options:
            self.told.append(Option((name,), text, group))
            exclusive.add_argument(name, action="store_true", help=self.words(text))

    def add_command(self, name: str, text: str, *, dest: str, required: bool = False, **about: Any) -> Parser:
        """Return the parser of a command below this one."""
        about.setdefault("catalogue", self.catalogue)
        if self._below is None:
            self.needs_command = required
            metavar = self.words(dest.upper())
            self._below = self.add_subparsers(
                dest=dest, metavar=metavar, required=required, prog=self.prog, parser_class=self.kind_below or Parser
            )
        words = self.words(text)
        parser: Parser = self._below.add_parser(
            name, help=words, description=f"{words[0].upper()}{words[1:]}.", **about
        )
        self.commands[name] = parser
        return parser

    def finish(self) -> None:
        """Say in one line how the command is used, and add `--help`, which comes last."""
        positionals = [one for one in self.told if one.is_positional]
        parts = [f"[{self.words(one.value)}]" if one.without else self.words(one.value) for one in positionals]
        parts += [self.words("ACTION")] if self.commands else []
        self.usage = " ".join([self.prog, *parts, self.words("[options]")])
        self.add("--help", "-h", action="help", help="show this help message and exit")
        for parser in self.commands.values():
            parser.finish()

    def long_options(self) -> dict[str, int]:
        """Return the long options, without dashes, and how many values each may be given: 0, 1 or MANY."""
        return {name: one.values for one in self.told for name in one.long_names}

    def error(self, message: str) -> NoReturn:
        """Exit with 2 and the message."""
        self.exit(2, self.words("%(prog)s: error: %(message)s\n") % {"prog": self.prog, "message": tidy(message)})


def _shown(default: object) -> str:
    """Return a default as people type it; nothing for none."""
    return "" if default is None or default == [] else f"{default:g}" if isinstance(default, float) else str(default)


def tidy(text: str) -> str:
    """Return a text without control characters, and without a token."""
    from importer.labels import plain_text

    return re.sub(r"\bpat-[\w-]+", "[token]", plain_text(text))


@contextmanager
def argparse_speaks(language: str) -> Iterator[None]:
    """Let argparse take its own words from our catalogue: it looks them up in the domain that gettext is set to."""
    domain, wish = gettext.textdomain(), os.environ.get("LANGUAGE")
    gettext.bindtextdomain(DOMAIN, str(CATALOGUES))
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = language.replace("-", "_")
    try:
        yield
    finally:
        gettext.textdomain(domain)
        if wish is None:
            del os.environ["LANGUAGE"]
        else:
            os.environ["LANGUAGE"] = wish


def _refusing_in(catalogue: Translations, read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return `read`, its refusals in the language of `catalogue`."""

    def translated(text: str) -> Any:
        try:
            return read(text)
        except argparse.ArgumentTypeError as refused:
            from schemas.message import Message

            reason = refused.args[0]
            words = reason.render(catalogue) if isinstance(reason, Message) else str(reason)
            raise argparse.ArgumentTypeError(words) from refused

    return translated


# --- what a value may be ----------------------------------------------------------------------------------------


def not_taken(template: str, text: str, **more: str) -> argparse.ArgumentTypeError:
    """Return what says that an option does not take `text`: a literal with `{value}`, for the catalogue takes it up."""
    from schemas.message import Message

    return argparse.ArgumentTypeError(Message(template, {"value": repr(text), **more}))


class OneOf:
    """Takes one of a few words, and says which was probably meant."""

    def __init__(self, *choices: str) -> None:
        self.choices = choices

    def __call__(self, text: str) -> str:
        if text in self.choices:
            return text
        from schemas.cells import Nearest

        listed = ", ".join(self.choices)
        if near := Nearest(self.choices)(text, limit=1):
            raise not_taken(
                '{value} is not one of {choices}; did you mean "{near}"?', text, choices=listed, near=near[0]
            )
        raise not_taken("{value} is not one of {choices}", text, choices=listed)


def mapping(text: str) -> tuple[str, str]:
    """Return (left, right) of `LEFT=RIGHT`; the last `=` parts them, for headers may hold one."""
    left, sign, right = text.rpartition("=")
    if not sign or not left.strip() or not right.strip():
        raise not_taken("{value} is not of the form HEADER=PROPERTY", text)
    return left.strip(), right.strip()


def policy(text: str) -> tuple[str, str]:
    """Return (header, policy) of `HEADER=POLICY`."""
    from importer.model import Policy
    from schemas.cells import Nearest

    header, sign, name = text.rpartition("=")
    if not sign or not header.strip():
        raise not_taken("{value} is not of the form HEADER=POLICY", text)
    if name.strip() in set(Policy):
        return header.strip(), name.strip()
    if near := Nearest(list(Policy))(name.strip(), limit=1):
        raise not_taken('{value} names no policy; did you mean "{near}"?', text, near=str(near[0]))
    raise not_taken("{value} names no policy; there are overwrite, keep-blank, fill-empty, append and remove", text)


def word(text: str) -> str:
    """Return a text without outer blanks, which holds something."""
    if not text.strip():
        raise not_taken("{value} is empty", text)
    return text.strip()


def condition(text: str) -> tuple[str, str]:
    """Return (property, value) of `PROPERTY=VALUE`; the first `=` parts them, and the value may be empty."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise not_taken("{value} is not of the form PROPERTY=VALUE", text)
    return name.strip(), value.strip()


def amount(text: str) -> Amount:
    """Return a limit: `50`, or `10%`."""
    from importer.jobs.options import Amount

    if (found := Amount.read(text)) is None:
        raise not_taken("{value} isn't a number or a per cent", text)
    return found


def row_ranges(text: str) -> RowRanges:
    """Return rows of the sheet: `2-51,80`."""
    from importer.jobs.options import RowRanges

    stretches = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*([1-9][0-9]{0,8})\s*(?:-\s*([1-9][0-9]{0,8})\s*)?", part)
        if not found or int(found[2] or found[1]) < int(found[1]):
            raise not_taken("{value} does not name rows; write 2-51,80", text)
        stretches.append((int(found[1]), int(found[2] or found[1])))
    return RowRanges(tuple(stretches))


def natural(text: str) -> int:
    """Return a whole number from 0, of at most nine digits."""
    if not re.fullmatch("[0-9]{1,9}", text):
        raise not_taken("{value} is not a whole number from 0 to 999999999", text)
    return int(text)


def positive(text: str) -> int:
    """Return a whole number from 1, of at most nine digits."""
    if natural(text) < 1:
        raise not_taken("{value} isn't a whole number of 1 or more", text)
    return int(text)


def port(text: str) -> int:
    """Return the number of a TCP port, 0 for any that is free."""
    if natural(text) > 65_535:
        raise not_taken("{value} is not a port from 0 to 65535", text)
    return int(text)


def percent(text: str) -> float:
    """Return a share from 0 to 100, with or without its sign."""
    try:
        share = float(text.removesuffix("%"))
    except ValueError:
        share = -1
    if not 0 <= share <= 100:
        raise not_taken("{value} is not a per cent from 0 to 100", text)
    return share


def days(text: str) -> int:
    """Return a number of days: `90d`, `12w` or `90`."""
    found = re.fullmatch(r"([0-9]{1,5})([dw]?)", text.strip())
    if not found:
        raise not_taken("{value} isn't an age; write 90d or 12w", text)
    return int(found[1]) * (7 if found[2] == "w" else 1)


# --- groups of options that several commands have -----------------------------------------------------------------

FILE_HELP = "the spreadsheet: CSV, TSV, XLSX, XLSM, XLS or ODS"


def add_yes(parser: Parser, text: str = "do not ask before updating") -> None:
    parser.add("--yes", "-y", action="store_true", default=False, help=text)


def add_html(parser: Parser, *, without: str = "no page") -> None:
    parser.add("--html", type=Path, metavar="PATH", help="write the HTML report too", without=without)


def add_results(parser: Parser) -> None:
    """Add where the annotated spreadsheet goes."""
    parser.add(
        "--output",
        type=Path,
        metavar="PATH",
        help="write the annotated spreadsheet there; leave FILE alone",
        without="FILE itself",
    )


def add_reading(parser: Parser) -> None:
    """Add how FILE is read and understood: `importer.jobs.options.ReadOptions`."""
    parser.add(
        "--sheet", metavar="NAME", help="which sheet of a workbook", without="the only visible sheet with a key column"
    )
    add = partial(parser.add, group="reading")
    add(
        "--id-property",
        metavar="NAME",
        help="the unique property that identifies the rows",
        without="found from the headers",
    )
    add(
        "--map",
        action="append",
        default=[],
        type=mapping,
        metavar="HEADER=PROPERTY",
        help="take this column for that property",
        without="by name, then by label",
    )
    add("--skip-column", action="append", default=[], metavar="HEADER", help="leave this column out", without="none")
    add("--skip-unknown", action="store_true", help="leave out columns that are not properties")
    add("--skip-read-only", action="store_true", help="leave out columns that cannot be written")
    add("--blank", type=OneOf("clear", "keep"), default="clear", help="what an empty cell means")
    add(
        "--policy",
        action="append",
        default=[],
        type=policy,
        metavar="HEADER=POLICY",
        help="what a column's cells do: overwrite, keep-blank, fill-empty, append, remove",
        without="overwrite",
    )
    add(
        "--clear-word",
        type=word,
        metavar="WORD",
        help="a cell that holds just this word clears",
        without="none",
    )
    add(
        "--options",
        type=OneOf("labels", "values"),
        help="how texts are meant that are the label of one option and the value of another",
        without="such a cell is `ambiguous_option`",
    )
    add("--allow-spoiled", action="store_true", help="send texts that look spoiled")
    _add_texts(add)
    add_config(parser, "reading", "the user's own, and mappings beside FILE")


def _add_texts(add: Callable[..., None]) -> None:
    """Add how texts of FILE are read, and against what."""
    add(
        "--schema",
        type=Path,
        metavar="FILE",
        help="validate against a saved schema",
        without="the portal's, fetched at the start",
    )
    add(
        "--locale",
        metavar="LOCALE",
        help="how to read numbers and dates that are text: pt-BR, en-GB, ...",
        without="the one that the workbook names, if any",
    )
    add(
        "--date-format",
        metavar="FORMAT",
        help="as DD/MM/YYYY HH:mm, or in strptime's letters",
        without="what `--locale` says, if anything",
    )
    add("--timezone", metavar="ZONE", help="the zone of times that name none", without="the portal's")
    add("--encoding", metavar="NAME", help="how to read a CSV file", without="detected")
    add("--delimiter", metavar="CHAR", help="what separates the fields of a CSV file", without="detected")


def add_config(parser: Parser, group: str = "options", without: str = "the user's own") -> None:
    """Add the settings file that stands for options."""
    parser.add(
        "--config",
        type=Path,
        metavar="PATH",
        group=group,
        help="a settings file that may hold any option",
        without=without,
    )


def add_output(parser: Parser, *, overwrite: bool = False) -> None:
    """Add how the command speaks to people and to scripts."""
    if overwrite:
        parser.add("--overwrite", action="store_true", help="let the outputs replace files that exist")
    add = partial(parser.add, group="output")
    add("--json", action="store_true", help="a machine-readable summary on standard output")
    add(
        "--lang",
        metavar="LANG",
        help="language of what people read: en, pt-BR",
        without="`IMPORT_TICKETS_LANG`, else the locale's, else English",
    )
    parser.one_of(("--quiet", "less on standard error"), ("--verbose", "more on standard error"), group="output")


def add_job_output(parser: Parser) -> None:
    """Add what a job alone can do at its end: print everything, and run a command (`importer.cli.on_finish`)."""
    parser.add(
        "--json=full",
        dest="json",
        action="store_const",
        const=FULL,
        help="the same, with every changed cell and the result of every row",
        group="output",
    )
    parser.add(
        "--on-finish",
        metavar="COMMAND",
        group="output",
        help="run this at the end, however it ended, with the summary of --json on its standard input",
        without="nothing",
    )


def add_portal(parser: Parser) -> None:
    """Add how the portal is reached: `importer.jobs.options.PortalAccess`."""
    add = partial(parser.add, group="portal")
    add(
        "--portal",
        type=word,
        metavar="NAME",
        help="a portal kept by `import-tickets login`",
        without="`HUBSPOT_ACCESS_TOKEN`, else the one kept as `default`",
    )
    add("--sandbox", action="store_true", help="use the embedded sandbox portal instead of a real one")
    add(
        "--max-rate",
        type=positive,
        metavar="N",
        help="at most N requests per 10 s",
        without="what the portal's headers allow",
    )
    add("--daily-reserve", type=percent, default=5.0, metavar="PERCENT", help="calls of the day left to others")
