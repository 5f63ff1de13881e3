"""`import-tickets explain`: what a code means, and what to do. It reads nothing but the list of codes."""

from __future__ import annotations

import argparse

from importer.cli.parser import Command, Parser, add_output
from importer.cli.session import lister_of, print_json, words_of
from importer.errors import UsageError
from schemas.message import message


def add_options(parser: Parser) -> None:
    parser.add("code", metavar="CODE", nargs="?", help="a code, as a message shows it", without="all of them")
    add_output(parser)


def perform(options: argparse.Namespace) -> int:
    """Print what a code means, or all the codes."""
    from importer.findings import CODES

    if options.code is None:
        if options.json:
            print_json({"codes": [_as_json(code) for code in CODES]})
        else:
            say = words_of(options).gettext
            rows = [(code, say(info.meaning)) for code, info in CODES.items()]
            lister_of(options).show_table([message("Code"), message("Meaning")], rows, whole=(0,))
        return 0
    code = _find(options.code)
    if options.json:
        print_json(_as_json(code))
        return 0
    info, say = CODES[code], words_of(options).gettext
    lister_of(options).show_facts(
        [
            (message("Code"), code),
            (message("Meaning"), say(info.meaning)),
            (message("Example"), say(info.example)),
            (message("What to do"), say(info.remedy)),
        ]
    )
    return 0


def _as_json(code: str) -> dict[str, str]:
    from importer.findings import CODES

    info = CODES[code]
    return {"code": code, "meaning": info.meaning, "example": info.example, "remedy": info.remedy}


def _find(typed: str) -> str:
    """Return the code that was typed, in any case and with any dashes. Raises UsageError where there is none."""
    from importer.findings import CODES
    from schemas.cells import Nearest, quoted

    code = typed.strip().lower().replace("-", "_").replace(" ", "_")
    if code in CODES:
        return code
    if near := Nearest(list(CODES))(code):
        raise UsageError(message('There is no code "{code}"; did you mean {near}?', code=typed, near=quoted(near)))
    raise UsageError(message('There is no code "{code}"; `import-tickets explain` lists them.', code=typed))


COMMAND = Command("say what a code means, and what to do", add_options, perform)
