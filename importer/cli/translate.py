"""The words of the command line in another language than English: those of our options, and argparse's own."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
)
"""What argparse says of arguments, as it looks it up; the catalogue takes these from here."""


@contextmanager
def argparse_speaks(catalogue: Translations) -> Iterator[None]:
    """Let argparse take its own words from `catalogue` meanwhile; it looks them up by these names of its module."""
    module = vars(argparse)
    own = {name: module[name] for name in ("_", "ngettext")}
    module.update(_=catalogue.gettext, ngettext=catalogue.ngettext)
    try:
        yield
    finally:
        module.update(own)


def reword(parser: argparse.ArgumentParser, translate: Callable[[str], str], catalogue: Translations) -> None:
    """Replace every text of `parser` and of the commands below it by what `translate` makes of it.

    What a value of an option is refused with follows in the language of `catalogue`.
    """
    # argparse has no public way to what was added to a parser.
    parser.description = _reworded(parser.description, translate)
    parser.epilog = _reworded(parser.epilog, translate)
    for group in parser._action_groups:  # noqa: SLF001
        group.title = _reworded(group.title, translate)
    for action in parser._actions:  # noqa: SLF001
        action.help = _reworded(action.help, translate)
        if isinstance(action.metavar, str):
            action.metavar = translate(action.metavar)
        if callable(action.type):
            action.type = _refusing_in(catalogue, action.type)
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for line in action._choices_actions:  # noqa: SLF001
                line.help = _reworded(line.help, translate)
            for child in action.choices.values():
                reword(child, translate, catalogue)


def _reworded(text: str | None, translate: Callable[[str], str]) -> str | None:
    return translate(text) if text and text != argparse.SUPPRESS else text


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
