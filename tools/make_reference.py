"""Writes the pages of `docs/reference` from the code: options, codes, the JSON summary, variables, exit codes.

    python -m tools.make_reference        writes them; a test fails while one is stale

What the code does not say stands here, by name; a test fails when a name here is none of the code's any more, or one
of the code's is missing here.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from importer.cli.commands import COMMANDS
from importer.cli.parser import MANY, Option, Parser
from importer.findings import CODES
from tools.catalogue import Found, Texts, find_messages, read_catalogue, texts_of

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
SUMMARY_SCHEMA = ROOT / "importer" / "reports" / "summary.schema.json"

SECTIONS = {
    "unreadable_file": "The file",
    "unknown_property": "The columns",
    "missing_key": "The rows",
    "invalid_option": "The values",
    "not_found": "The tickets",
    "no_token": "The run",
    "bad_usage": "The command",
}
"""First code of each section."""

VARIABLES = {
    "HUBSPOT_ACCESS_TOKEN": "The token: a service key, a private app's token or an OAuth access token. It is never "
    "taken from the command line or a settings file.",
    "HUBSPOT_BASE_URL": "The API's address; `https://api.hubapi.com` where it is not set. Plain http is accepted for "
    "an address of this machine alone.",
    "HUBSPOT_API_VERSION": "`v3` where it is not set, or a dated version such as `2026-03`, which changes the paths.",
    "IMPORT_TICKETS_HOME": "The state folder: runs, the last schema, the sandbox's database; see below.",
    "IMPORT_TICKETS_LANG": "The language of what people read: `en` or `pt-BR`. `--lang` wins over it.",
    "LC_ALL": "Where `IMPORT_TICKETS_LANG` is not set, the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set "
    "names the language.",
    "LC_MESSAGES": "See `LC_ALL`.",
    "LANG": "See `LC_ALL`.",
    "NO_COLOR": "No colours where it is set, whatever it holds (<https://no-color.org>).",
    "HTTPS_PROXY": "Requests to the portal go through this proxy. `import-tickets doctor` names it.",
    "ALL_PROXY": "As `HTTPS_PROXY`, where that is not set.",
    "NO_PROXY": "Hosts that are reached without the proxy.",
    "SSL_CERT_FILE": "Certificates to trust in place of the usual ones, for a company's own proxy.",
    "SSL_CERT_DIR": "As `SSL_CERT_FILE`, a folder of them.",
}

EXIT_CODES = {
    0: "All rows are `updated` or `unchanged`; in a dry run, they would be. A reconciliation found no difference.",
    1: "The run ended, and some rows are `invalid`, `failed` or `differs`; or an undo left conflicts. A dry run with "
    "invalid rows ends so too.",
    2: "Nothing was sent, for a reason on our side: bad usage, an unreadable file, columns that do not fit, invalid "
    "rows with `--on-invalid stop`, a guard rail, no confirmation.",
    3: "Stopped by the portal or the network, before or after the first update. `import-tickets resume` goes on where "
    "something was sent.",
    4: "Standard output could not be written: the JSON or the list is lost. The work itself was done, and its own exit "
    "code is named on standard error.",
    130: "Interrupted by Ctrl-C or SIGTERM. `import-tickets resume` goes on.",
}

HEADER = "<!-- Made from the code by `make docs`; edit the code, or tools/make_reference.py. -->\n\n"


def pages() -> dict[str, str]:
    """Return the pages by file name."""
    made = {
        "commands.md": commands_page(),
        "codes.md": codes_page(),
        "json.md": json_page(),
        "environment.md": environment_page(),
        "exit-codes.md": exit_codes_page(),
        "messages.md": messages_page(),
    }
    return {name: HEADER + text.rstrip("\n") + "\n" for name, text in made.items()}


# --- commands -------------------------------------------------------------------------------------------------------


def parsers() -> Iterator[tuple[str, Parser]]:
    """Yield every command by its words, `runs purge` after `runs`."""
    from importer.cli.command_line import build_parser

    yield from _below("", build_parser())


def _below(words: str, parser: Parser) -> Iterator[tuple[str, Parser]]:
    if words:
        yield words, parser
    for name, child in parser.commands.items():
        yield from _below(f"{words} {name}".strip(), child)


def _with_settings() -> str:
    """Return the commands that read a settings file."""
    *names, last = (f"`{name}`" for name, command in COMMANDS.items() if command.reads_settings)
    return f"{', '.join(names)} and {last}"


def commands_page() -> str:
    """Return the page of commands and options."""
    lines = [
        "# Commands and options",
        "",
        (
            "`import-tickets FILE` is short for `import-tickets run FILE`. Words for people go to standard error; "
            "standard output carries only data: a listing, or the `--json` summary."
        ),
        "",
        (f"The options of {_with_settings()} can also stand in a [settings file](environment.md#the-settings-file)."),
    ]
    shared: dict[str, tuple[list[str], list[str]]] = {}
    for words, parser in parsers():
        for title, table in _groups(parser).items():
            known, users = shared.setdefault(title, (table, []))
            if known == table:
                users.append(words)
    for words, parser in parsers():
        lines += _command(words, parser, shared)
    for title, (table, users) in shared.items():
        takers = ", ".join(f"`{one}`" for one in users)
        lines += ["", f"## {title.capitalize()} options", "", f"Of {takers}.", "", *table]
    return "\n".join(lines)


def _command(words: str, parser: Parser, shared: Mapping[str, tuple[list[str], list[str]]]) -> Iterator[str]:
    usage = (parser.usage or "").removeprefix(f"{parser.prog} ").removesuffix("[options]")
    if parser.commands and not parser.needs_command:
        usage = usage.replace("ACTION", "[ACTION]")
    yield from ("", f"{'#' * (2 + words.count(' '))} import-tickets {words}", "")
    yield from (str(parser.description), "", f"    import-tickets {words} {usage}[options]")
    table = _rows(one for one in parser.told if one.group == "options")
    if table:
        yield from ("", *_TABLE_HEAD, *table)
    named = [title for title, table in _groups(parser).items() if shared[title][0] == table]
    if named:
        links = ", ".join(f"[{title}](#{title}-options)" for title in named)
        yield from ("", f"And the options of {links}.")
    for title, table in _groups(parser).items():
        if shared[title][0] != table:
            yield from ("", *table)


_TABLE_HEAD = ["| option | meaning | default |", "| --- | --- | --- |"]


def _groups(parser: Parser) -> dict[str, list[str]]:
    """Return the titled groups of a parser as tables."""
    titles = dict.fromkeys(one.group for one in parser.told if one.group != "options")
    return {title: [*_TABLE_HEAD, *_rows(one for one in parser.told if one.group == title)] for title in titles}


def _rows(options: Iterable[Option]) -> list[str]:
    return [_row(one) for one in options if "--help" not in one.names]


def _row(option: Option) -> str:
    meaning = _cell(option.help.replace("%%", "%"))
    if option.values == MANY:
        meaning += " (may be given several times)"
    return f"| {_names(option)} | {meaning} | {default_of(option)} |"


def _names(option: Option) -> str:
    if option.is_positional:
        return f"`{f'[{option.value}]' if option.without else option.value}`"
    if option.choices:
        return f"`{option.names[0]}` {' or '.join(f'`{one}`' for one in option.choices)}"
    return ", ".join(f"`{_cell(f'{name} {option.value}'.strip())}`" for name in option.names)


def default_of(option: Option) -> str:
    """Return what holds where an option is not given. Raises ValueError for one that does not say so."""
    if option.without:
        is_value = option.without in option.choices or option.without.isdecimal()
        return f"`{option.without}`" if is_value else _cell(option.without)
    if option.is_positional:
        return ""
    if option.required:
        return "must be given"
    if not option.values:
        return "off"
    raise ValueError(f"what holds without {option.names[0]}? Say so where the option is added")


def _cell(text: str) -> str:
    """Return a text as a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


# --- codes ----------------------------------------------------------------------------------------------------------


def codes_page() -> str:
    """Return the page of codes."""
    lines = [
        "# Codes",
        "",
        (
            "Every message that is about a cell, a row or a file bears one of these codes. They are the same in the "
            "terminal, in the spreadsheet, in JSON and on the HTML page, and they do not change with the language."
        ),
    ]
    for code, info in CODES.items():
        if code in SECTIONS:
            lines += ["", f"## {SECTIONS[code]}"]
        lines += ["", f"### {code}", "", info.meaning, "", f"- Example: {info.example}", f"- What to do: {info.remedy}"]
    return "\n".join(lines)


# --- messages -------------------------------------------------------------------------------------------------------


def messages_page() -> str:
    """Return the page of every message in both languages, by the part of the program that says it."""
    translated = texts_of(read_catalogue())
    rooms: dict[str, dict[str, str]] = {}
    seen: set[object] = set()
    for found in find_messages():
        if isinstance(found, Found) and found.id not in seen:
            seen.add(found.id)
            room = rooms.setdefault("/".join(found.file.split("/")[:2]).removesuffix(".py"), {})
            room[_forms(found.id)] = _forms(translated.get(found.id, ""))
    lines = [
        "# Messages in both languages",
        "",
        (
            "Every text that the program shows, with its Portuguese translation, for a native reader to go through. "
            "`{name}` stands for a value. Two forms with a bar between them are for one and for several. To correct "
            "one, edit `importer/locale/pt_BR/LC_MESSAGES/import_tickets.po` and run `make translations`."
        ),
    ]
    for name, texts in sorted(rooms.items()):
        lines += ["", f"## {name}", "", "| English | Português |", "| --- | --- |"]
        lines += [f"| {english} | {portuguese} |" for english, portuguese in texts.items()]
    return "\n".join(lines) + "\n"


def _forms(text: Texts) -> str:
    """Return a text, or its forms for one and several, as code in a cell of a table."""
    forms = [text] if isinstance(text, str) else text
    return " \\| ".join(f"`` {_cell(one)} ``" if one else "" for one in dict.fromkeys(forms))


# --- the JSON summary -----------------------------------------------------------------------------------------------


def json_page() -> str:
    """Return the page of the summary."""
    schema = json.loads(SUMMARY_SCHEMA.read_text(encoding="utf-8"))
    rows = [f"| `{path}` | {kind} | {_cell(meaning)} |" for path, kind, meaning in fields(schema)]
    lines = [
        "# JSON summary",
        "",
        schema["description"],
        "",
        (
            "It is one object, described by the JSON Schema `importer/reports/summary.schema.json`. A run, `resume`, "
            "`undo` and `reconcile` print it; an example: [Scheduled runs](../guide/en/scheduled-runs.md#the-summary)."
        ),
        "",
        "| field | type | meaning |",
        "| --- | --- | --- |",
        *rows,
        "",
        (
            "`--json=full` prints the same object with two more lists. `changes` has every cell that was changed (dry "
            "run: would be): `row`, `cell`, `ticket`, `column`, `property`, `before` (null where it is not known), "
            "`after`, `status`, with labels as people read them. `outcomes` has every row: `row`, `key`, `ticket` "
            "(null where it is not known), `status`, `message`."
        ),
        "",
        (
            "Other commands print an object of their own under `--json`. Where one fails, it is "
            '`{"error": {"code", "message"}, "exit_code"}`.'
        ),
    ]
    return "\n".join(lines)


def fields(schema: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield (path, type, meaning) of every field of a schema. Raises KeyError for one that is not described."""
    for name, field in schema["properties"].items():
        path = f"{above}{name}"
        yield path, _type(field), field["description"]
        if "properties" in field:
            yield from fields(field, f"{path}.")
        elif "properties" in field.get("items", {}):
            yield from fields(field["items"], f"{path}[].")


def _type(field: Mapping[str, Any]) -> str:
    if "enum" in field:
        values = field["enum"]
        return "a [code](codes.md)" if "unreadable_file" in values else ", ".join(map(str, values))
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    return " or ".join(kinds)


# --- variables and exit codes ---------------------------------------------------------------------------------------


def environment_page() -> str:
    """Return the page of variables, folders and the settings file."""
    from importer.cli.settings import READING

    rows = [f"| `{name}` | {_cell(meaning)} |" for name, meaning in VARIABLES.items()]
    return "\n".join(
        [
            "# Environment, folders, settings file",
            "",
            "## Variables",
            "",
            "| variable | meaning |",
            "| --- | --- |",
            *rows,
            "",
            "## The state folder",
            "",
            "Where `IMPORT_TICKETS_HOME` is not set, it is the platform's own place for such things:",
            "",
            "| system | folder |",
            "| --- | --- |",
            "| Linux | `~/.local/state/import-tickets` |",
            "| macOS | `~/Library/Application Support/import-tickets` |",
            "| Windows | `%LOCALAPPDATA%\\import-tickets` |",
            "",
            "| in it | what it holds |",
            "| --- | --- |",
            "| `runs/RUN.sqlite3` | the journal of a run: what was read and sent, the values before, every answer |",
            "| `schema-....json` | the ticket schema last fetched from an address, for dry runs without a token |",
            "| `limits/` | how many requests left lately, so that runs share a portal's limit |",
            "| `locks/` | which files a run is at work on |",
            "| `outputs/` | by digest, what a run wrote beside a spreadsheet: it may be replaced while unchanged |",
            "| `plans/`, `plan-key` | which plans were applied from here, and the key that `plan` and `approve` note |",
            "| `portals.json` | portals kept by `login`: names, addresses, kinds; their tokens are in the keyring |",
            "| `uploads/` | spreadsheets given to the page, until another one is chosen or the program ends |",
            "| `sandbox.sqlite3` | the tickets of the embedded sandbox portal; remove it to begin anew |",
            "| `fault-....txt` | what went wrong, where the program itself was at fault |",
            "",
            "## The settings file",
            "",
            (
                f"`import-tickets.toml` is read by {_with_settings()}, each of which "
                "takes the options that it has: the file that `--config` names, else the one in your own settings "
                "folder (Linux `~/.config/import-tickets`, macOS `~/Library/Application "
                "Support/import-tickets`, Windows `%LOCALAPPDATA%\\import-tickets`) and the one beside FILE. What is "
                "typed wins over it, and the one beside FILE over your own."
            ),
            "",
            (
                "What lies beside FILE may have come with it. So it may only say how to read FILE: `[columns]`, and of "
                f"the options {', '.join(f'`{one}`' for one in sorted(READING))}. Every other option is refused there."
            ),
            "",
            "| in it | meaning |",
            "| --- | --- |",
            "| `[options]` | long names of options, without dashes: `true` or `false`, a text, a number, or a list |",
            "| `[columns] map` | a table: header = property |",
            "| `[columns] skip` | a header, or a list of them, to leave out |",
            "| `[columns] policy` | a table: header = what its cells do |",
            "",
            "The [guide](../guide/en/settings-file.md) has an example.",
        ]
    )


def exit_codes_page() -> str:
    """Return the page of exit codes."""
    reasons = _reasons()
    rows = [
        f"| {code} | {_cell(meaning)} | {', '.join(f'`{one}`' for one in sorted(reasons.get(code, ())))} |"
        for code, meaning in EXIT_CODES.items()
    ]
    return "\n".join(
        [
            "# Exit codes",
            "",
            "| exit code | meaning | codes of what ended it |",
            "| --- | --- | --- |",
            *rows,
            "",
            "`--json` prints its summary with every one of them but 4, bad usage aside.",
            "",
            "What a script should do with each: [Scheduled runs](../guide/en/scheduled-runs.md#exit-codes).",
        ]
    )


def _reasons() -> dict[int, set[str]]:
    """Return, by exit code, the codes of the errors that end a run with it."""
    from importer import errors

    found: dict[int, set[str]] = {}
    for one in vars(errors).values():
        if isinstance(one, type) and issubclass(one, errors.ImportTicketsError) and one.code:
            found.setdefault(one.exit_code, set()).add(one.code)
    for code in ("no_token", "unsafe_address", "file_busy", "file_changed", "empty_file", "unsafe_file"):
        found[errors.UsageError.exit_code].add(code)
    return found


def read_variables() -> set[str]:
    """Return the names of environment variables that the source reads."""
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "importer").rglob("*.py"))
    return set(re.findall(r'"((?:HUBSPOT|IMPORT_TICKETS|LC|SSL_CERT|HTTPS|ALL|NO)_[A-Z_]+|LANG)"', source)) & {
        *re.findall(r'"([A-Z][A-Z_]+)"', source)
    }


def renew_summary_schema() -> None:
    """Write into the schema of the summary which codes there are."""
    schema = json.loads(SUMMARY_SCHEMA.read_text(encoding="utf-8"))
    schema["properties"]["errors"]["items"]["properties"]["code"]["enum"] = list(CODES)
    SUMMARY_SCHEMA.write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Write the pages, and the codes into the schema of the summary."""
    renew_summary_schema()
    REFERENCE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"docs/reference/{name}\n")


if __name__ == "__main__":
    main()
