"""Where options come from besides the command line: the environment, and `import-tickets.toml`."""

from __future__ import annotations

import argparse
import os
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from importer.cli.command_line import UnusableSetting, long_options, parse
from importer.cli.commands import COMMANDS
from importer.cli.parser import MANY
from importer.errors import UsageError, reason_of
from importer.i18n import language_typed
from importer.jobs.kept_headers import CONFIG_NAME
from schemas.message import message

PATHS = frozenset({"output", "html", "failed-to", "schema", "id-file"})
"""Options that name a file; in a settings file they start at its folder, wherever the program is started."""

READING = frozenset(
    {
        "sheet",
        "id-property",
        "skip-column",
        "skip-unknown",
        "skip-read-only",
        "options",
        "blank",
        "clear-word",
        "locale",
        "date-format",
        "timezone",
        "encoding",
        "delimiter",
        "lang",
    }
)
"""Options that a settings file beside a spreadsheet may hold: they say how to read what came with it."""

_OTHERS = {name: {"output"} for name in ("plan", "restore", "schema")}
"""Options that mean something else than a run's of the same name, which is what a settings file speaks of."""

MOST_BYTES = 1_000_000
"""The most that a settings file may have."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file, and whether it is the user's: named by `--config`, or kept in the user's settings folder.

    What lies beside a spreadsheet came with it: it says how to read the spreadsheet, and nothing else.
    """

    path: Path
    is_users: bool


def user_settings() -> Path:
    """Return where the user's own settings file is, or would be."""
    from platformdirs import user_config_path

    return user_config_path("import-tickets", appauthor=False) / CONFIG_NAME


def settings_files(file: Path | None, named: Path | None) -> list[SettingsFile]:
    """Return the settings files to read, those that win last: what `--config` names, else the user's and FILE's."""
    if named is not None:
        return [SettingsFile(named, is_users=True)]
    own = user_settings()
    found = [SettingsFile(own, is_users=True)] if own.is_file() else []
    beside = file.absolute().parent / CONFIG_NAME if file else None
    if beside and beside.is_file() and not (found and beside.samefile(own)):
        found.append(SettingsFile(beside, is_users=False))
    return found


def with_settings(options: argparse.Namespace, arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options with those of the settings files, of which `settings` says where they are.

    Raises UsageError for a file that cannot be read, or that holds what no option takes.
    """
    sources = settings_files(getattr(options, "file", None), getattr(options, "config", None))
    settings: list[str] = []
    found = options
    own = long_options(options.command, getattr(options, "action", None) or "").keys() - _OTHERS.get(
        options.command, set()
    )
    for source in sources:
        settings += config_arguments(source, settable_options(), own)
        try:
            found = parse(arguments, settings=settings, language=language_typed(arguments, os.environ))
        except UnusableSetting as error:
            raise UsageError(message("{path}: {problem}", path=str(source.path), problem=str(error))) from error
    found.settings = os.pathsep.join(str(source.path.absolute()) for source in sources) or None
    return found


def settable_options() -> dict[str, int]:
    """Return the long options that a settings file may hold: those of the commands that read one."""
    readers = [name for name, command in COMMANDS.items() if command.reads_settings]
    return {option: values for name in readers for option, values in long_options(name).items()}


def config_arguments(source: SettingsFile, options: Mapping[str, int], own: Collection[str] | None = None) -> list[str]:
    """Return the arguments that a settings file stands for.

    options: the long options (without dashes) that may stand in it, and how many values each may be given.
    own: those of them that this command has; the others are passed by, for one file serves several commands.
    Raises UsageError for a file that cannot be read, that holds what is no option, or what it has no right to say.
    """
    path = source.path
    try:
        settings = _read_toml(path)
    except (OSError, ValueError, RecursionError) as error:  # a ValueError: no TOML, no UTF-8; the last: lists in lists
        raise UsageError(
            message("The settings file {path} cannot be read ({reason}).", path=str(path), reason=reason_of(error))
        ) from error
    for section in settings.keys() - {"options", "columns"}:
        raise UsageError(message('{path}: "{name}" must be [options] or [columns].', path=str(path), name=section))
    arguments: list[str] = []
    for name, value in _table(settings, "options", path).items():
        option = name.replace("_", "-")
        found = _option(option, value, options, source)
        if own is None or option in own:
            arguments += found
    return arguments + _column_arguments(_table(settings, "columns", path), path, options if own is None else own)


def _read_toml(path: Path) -> dict[str, Any]:
    """Return what a file says that may have come from a stranger: no more of it is read than settings need."""
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES:,} bytes")
    return tomllib.loads(content.decode("utf-8-sig"))


def _column_arguments(columns: Mapping[str, Any], path: Path, options: Collection[str]) -> list[str]:
    """Return the arguments that the table [columns] stands for."""
    for name in columns.keys() - {"map", "skip", "policy"}:
        raise UsageError(
            message('{path}: [columns] holds "map", "skip" and "policy", not "{name}".', path=str(path), name=name)
        )
    tables = {name: _table(columns, name, path) for name in ("map", "policy")}
    arguments = [
        f"--{name}={header}={value}"
        for name, table in tables.items()
        for header, value in table.items()
        if name in options
    ]
    skip = columns.get("skip", [])
    headers = skip if isinstance(skip, list) else [skip]
    if not all(isinstance(header, str) for header in headers):
        raise UsageError(message('{path}: "{name}" must be a list of headers.', path=str(path), name="skip"))
    return arguments + [f"--skip-column={header}" for header in headers if "skip-column" in options]


def _table(settings: Mapping[str, Any], name: str, path: Path) -> Mapping[str, Any]:
    table = settings.get(name, {})
    if not isinstance(table, dict):
        raise UsageError(message('{path}: "{name}" must be a table of names and values.', path=str(path), name=name))
    return table


def _option(name: str, value: object, options: Mapping[str, int], source: SettingsFile) -> list[str]:
    path = source.path
    _check_name(name, options, source)
    if not options[name]:
        if not isinstance(value, bool):
            raise UsageError(message('{path}: "{name}" must be true or false.', path=str(path), name=name))
        return [f"--{name}"] if value else []
    values: Sequence[object] = value if isinstance(value, list) and options[name] == MANY else [value]
    if not all(isinstance(one, (str, int, float)) and not isinstance(one, bool) for one in values):
        raise UsageError(message('{path}: "{name}" must be a text or a number.', path=str(path), name=name))
    if name in PATHS:
        values = [path.absolute().parent / os.path.expanduser(str(one)) for one in values]  # noqa: PTH111 - Path's raises
    return [f"--{name}={one}" for one in values]


def _check_name(name: str, options: Mapping[str, int], source: SettingsFile) -> None:
    """Raise UsageError where `name` is no option, or none that this file may set."""
    path = str(source.path)
    known = sorted(options.keys() - {"config", "help"})
    if name not in known:
        from schemas.cells import Nearest, quoted

        if near := Nearest(known)(name):
            raise UsageError(
                message(
                    '{path}: there is no option "{name}"; did you mean {near}?', path=path, name=name, near=quoted(near)
                )
            )
        raise UsageError(
            message('{path}: there is no option "{name}"; options have their long names.', path=path, name=name)
        )
    if not source.is_users and name not in READING:
        raise UsageError(
            message(
                '{path}: "{name}" does not count here. A settings file beside a spreadsheet may only say how to read '
                "it ({allowed}, and [columns]). Move the option to {own}, or name the file with --config.",
                path=path,
                name=name,
                allowed=", ".join(sorted(READING)),
                own=str(user_settings()),
            )
        )
