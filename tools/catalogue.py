"""Keeps the Portuguese catalogue: `python -m tools.catalogue update` after a message was written or changed.

update   takes new messages into import_tickets.po, takes dead ones out, and compiles it
compile  writes import_tickets.mo from import_tickets.po
check    says what is missing, fuzzy or stale

Messages are the literals in `message("...")` and `count_message("one", "many", ...)` of the packages, and the words of
the command line: `not_taken("...")`, and what the parser says of commands and options.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from gettext import NullTranslations
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

from schemas.message import THOUSAND

ROOT = Path(__file__).parents[1]
PACKAGES = ("importer", "schemas")
FOLDER = ROOT / "importer" / "locale" / "pt_BR" / "LC_MESSAGES"
PO = FOLDER / "import_tickets.po"
MO = FOLDER / "import_tickets.mo"

_ARGUMENTS = {"message": 1, "count_message": 2, "not_taken": 1}
_RECORD = "CodeInfo"
"""Whose arguments are texts, each on its own."""
_OWN_MODULE = "schemas/message.py"
_COMMAND_LINE = "importer/cli/parser.py"
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
"""In place of the moment of compiling, so that the same texts compile to the same bytes."""
_IDLE_HEADERS = tuple(
    f'"{name}:'
    for name in (
        "Generated-By",
        "Language-Team",
        "Last-Translator",
        "PO-Revision-Date",
        "POT-Creation-Date",
        "Report-Msgid-Bugs-To",
    )
)


Texts = str | tuple[str, ...]
"""A text, or (singular, plural)."""


class Found(NamedTuple):
    """One message in the source: its template, or (singular, plural)."""

    file: str
    line: int
    id: str | tuple[str, str]


class NoLiteral(NamedTuple):
    """A call whose template cannot be collected."""

    file: str
    line: int


def find_messages(root: Path = ROOT) -> Iterator[Found | NoLiteral]:
    """Yield the messages of the packages below `root`, by file and line."""
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if name != _OWN_MODULE:
                yield from messages_in(path.read_text("utf-8"), name)
    yield Found(_OWN_MODULE, 0, THOUSAND)
    yield from (Found(_COMMAND_LINE, 0, text) for text in words_of_the_command_line())


def words_of_the_command_line() -> list[str]:
    """Return the texts of the parser, once each, and argparse's own."""
    from importer.cli import command_line
    from importer.cli.parser import OWN_WORDS

    found = [command_line.NO_FILE, command_line.ABOUT, *command_line.HEADINGS, *command_line.OTHER_WORDS, *OWN_WORDS]
    found += [text for _, text in (*command_line.EXAMPLES, *command_line.MORE)]

    def note(text: str) -> str:
        found.append(text)
        return text

    class Noting(NullTranslations):
        """Translates nothing, and notes what was asked for."""

        def gettext(self, message: str) -> str:
            return note(message)

    command_line.build_parser(catalogue=Noting()).format_help()
    return list(dict.fromkeys(found))


def messages_in(source: str, name: str) -> Iterator[Found | NoLiteral]:
    """Yield the messages of one module."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        if _called(call.func) == _RECORD:
            yield from (Found(name, call.lineno, text) for text in _texts(call.args))
            continue
        count = _ARGUMENTS.get(_called(call.func))
        if count is None:
            continue
        texts = _texts(call.args[:count])
        if len(texts) < count:
            yield NoLiteral(name, call.lineno)
        elif count == 1:
            yield Found(name, call.lineno, texts[0])
        else:
            yield Found(name, call.lineno, (texts[0], texts[1]))


def _texts(arguments: list[ast.expr]) -> list[str]:
    return [one.value for one in arguments if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def _called(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else ""


def read_catalogue() -> Catalog:
    """Return the catalogue that people edit."""
    with PO.open("rb") as file:
        catalogue = read_po(file, locale="pt_BR")
    catalogue.creation_date = catalogue.revision_date = _NO_DATE
    return catalogue


def read_compiled() -> Catalog:
    """Return the catalogue that is shipped."""
    with MO.open("rb") as file:
        return read_mo(file)


def texts_of(catalogue: Catalog) -> dict[Texts, Texts]:
    """Return the messages of a catalogue with their translations, its header aside."""
    return {_fixed(one.id): _fixed(one.string) for one in catalogue if one.id}


def _fixed(text: Any) -> Texts:
    return tuple(text) if isinstance(text, (list, tuple)) else str(text or "")


def untranslated(catalogue: Catalog) -> list[object]:
    """Return the messages of a catalogue that have no translation, or a doubtful one."""
    return [one.id for one in catalogue if one.id and (one.fuzzy or not all(_parts(_fixed(one.string))))]


def _parts(string: object) -> tuple[object, ...]:
    return string if isinstance(string, tuple) else (string,)


def update() -> None:
    """Write the catalogue anew: messages of today, with the translations there are."""
    known = texts_of(read_catalogue()) if PO.exists() else {}
    catalogue = Catalog(locale="pt_BR", project="import-tickets", version="1", fuzzy=False, header_comment="")
    for found in find_messages():
        if isinstance(found, Found):
            catalogue.add(found.id, known.get(found.id, ""), locations=[(found.file, found.line)])
    with PO.open("wb") as file:
        write_po(file, catalogue, width=0, include_lineno=False, omit_header=False, sort_by_file=True)
    _drop_idle_headers()
    compile_catalogue()


def _drop_idle_headers() -> None:
    """Take out the header lines that change though no message does, and those that say nothing."""
    lines = PO.read_text("utf-8").lstrip().splitlines(keepends=True)
    PO.write_text("".join(line for line in lines if not line.startswith(_IDLE_HEADERS)), "utf-8", newline="\n")


def compile_catalogue() -> None:
    """Write the binary catalogue from the one that people edit."""
    with MO.open("wb") as file:
        write_mo(file, read_catalogue())


def check() -> list[str]:
    """Return what is wrong with the catalogue, a line each."""
    messages = list(find_messages())
    wanted = {found.id for found in messages if isinstance(found, Found)}
    catalogue = read_catalogue()
    listed = texts_of(catalogue)
    faults = [f"no literal: {one.file}:{one.line}" for one in messages if isinstance(one, NoLiteral)]
    faults += [f"not in the catalogue: {one!r}" for one in sorted(wanted - listed.keys(), key=str)]
    faults += [f"no longer used: {one!r}" for one in sorted(listed.keys() - wanted, key=str)]
    faults += [f"not translated: {one!r}" for one in untranslated(catalogue)]
    if texts_of(read_compiled()) != {text: string for text, string in listed.items() if all(_parts(string))}:
        faults.append(f"{MO.name} is not what {PO.name} compiles to")
    return faults


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["update"]:
            update()
        case ["compile"]:
            compile_catalogue()
        case ["check"]:
            sys.exit("\n".join(check()) or None)
        case _:
            sys.exit(__doc__)
